//! Classes of bytes, eight at a time: a word of 64 bits holds eight bytes, and what is found of each
//! is its high bit (Mycroft 1987; Lamport 1975, *Multiple byte processing with full-word
//! instructions*).

/// The high bit of each byte.
pub(crate) const HIGH: u64 = splat(0x80);

/// Eight times the same byte.
pub(crate) const fn splat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Bytes from `first` to `last`, where all are ASCII.
#[inline]
pub(crate) fn in_range(lane: u64, first: u8, last: u8) -> u64 {
    lane.wrapping_add(splat(0x80 - first)) & !lane.wrapping_add(splat(0x7f - last)) & HIGH
}

/// The high bits as the lowest eight bits; no other bit may be set.
#[inline]
pub(crate) fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_told_apart() {
        for byte in 0..0x80 {
            for (first, last) in [(b'a', b'z'), (b'0', b'9'), (b'_', b'_'), (b' ', b'~')] {
                // Neighbours of both kinds, so that a carry would show.
                let lane = u64::from_le_bytes([byte, b'a', 0, byte, 0x7f, b'_', byte, byte]);
                let expected = lane.to_le_bytes().map(|b| (first..=last).contains(&b));
                let bits = gather(in_range(lane, first, last));
                let found: Vec<bool> = (0..8).map(|i| bits >> i & 1 == 1).collect();
                assert_eq!(found, expected);
            }
        }
    }
}
