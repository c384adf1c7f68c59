//! Runs of ASCII letters, eight bytes at a time: most of English.

/// Number of ASCII letters at the start of `bytes`.
#[inline]
pub(crate) fn letters_len(bytes: &[u8]) -> usize {
    // Eight bytes at a time, as one number.
    let mut at = 0;
    while let Some(&eight) = bytes[at..].first_chunk() {
        let others = !letters_of(u64::from_le_bytes(eight)) & HIGH;
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let mut last = [0; 8];
    let rest = &bytes[at..];
    last[..rest.len()].copy_from_slice(rest);
    let others = !letters_of(u64::from_le_bytes(last)) & HIGH;
    at + others.trailing_zeros() as usize / 8
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH << 7;

/// The high bits of those bytes that are ASCII letters.
#[inline]
fn letters_of(bytes: u64) -> u64 {
    let lower = (bytes | (EACH * 0x20)) & !HIGH;
    // Below 0x80 a sum reaches into the high bit, and no further, from a certain byte on.
    let from_a = lower + EACH * u64::from(0x80 - b'a');
    let beyond_z = lower + EACH * u64::from(0x80 - b'z' - 1);
    from_a & !beyond_z & !bytes & HIGH
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn letters_are_counted_as_one_by_one(bytes in proptest::collection::vec(proptest::prelude::prop_oneof![b'A'..=b'z', 0u8..], 0..40)) {
            let plain = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            proptest::prop_assert_eq!(super::letters_len(&bytes), plain);
        }
    }
}
