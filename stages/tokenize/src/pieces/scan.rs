//! Looking at a text byte by byte and character by character.

use super::classes::{Classes, Kind, LETTER};

/// A text to be cut.
pub(super) struct Text<'t> {
    bytes: &'t [u8],
    classes: &'static Classes,
}

/// A character: its kind, and where it ends. Behind the end of the text the kind is 0 and the end
/// where it was asked for.
#[derive(Clone, Copy)]
pub(super) struct Character {
    pub kind: Kind,
    pub end: usize,
}

impl<'t> Text<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            classes: Classes::get(),
        }
    }

    /// The byte at a place; 0 behind the end.
    #[inline]
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[inline]
    pub fn ends_at(&self, at: usize) -> bool {
        at >= self.bytes.len()
    }

    /// The character that begins at a place.
    #[inline(always)]
    pub fn at(&self, at: usize) -> Character {
        match self.bytes.get(at) {
            Some(&byte) if byte < 0x80 => Character {
                kind: self.classes.ascii[usize::from(byte)],
                end: at + 1,
            },
            Some(_) => self.beyond_ascii(at),
            None => Character { kind: 0, end: at },
        }
    }

    /// A character of two to four bytes; the text is valid UTF-8.
    #[inline]
    fn beyond_ascii(&self, at: usize) -> Character {
        let low = |i: usize| u32::from(self.byte(at + i) & 0x3f);
        let first = u32::from(self.byte(at));
        let (character, length) = match first {
            0..0xe0 => ((first & 0x1f) << 6 | low(1), 2),
            0xe0..0xf0 => ((first & 0x0f) << 12 | low(1) << 6 | low(2), 3),
            _ => (
                (first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3),
                4,
            ),
        };
        Character {
            kind: self.classes.of(character),
            end: at + length,
        }
    }

    /// Where the characters of these kinds that begin at a place end.
    #[inline]
    pub fn while_any(&self, mut at: usize, kinds: Kind) -> usize {
        loop {
            let character = self.at(at);
            if character.kind & kinds == 0 {
                return at;
            }
            at = character.end;
        }
    }

    /// Where the characters of none of these kinds that begin at a place end.
    #[inline]
    pub fn while_none(&self, mut at: usize, kinds: Kind) -> usize {
        while !self.ends_at(at) {
            let character = self.at(at);
            if character.kind & kinds != 0 {
                break;
            }
            at = character.end;
        }
        at
    }

    /// Where the letters that begin at a place end; eight bytes at a time while they are ASCII.
    #[inline]
    pub fn letters_end(&self, mut at: usize) -> usize {
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            if let Some(eight) = rest.first_chunk::<8>() {
                let run = ascii_letters(u64::from_le_bytes(*eight));
                at += run;
                if run == 8 {
                    continue;
                }
            }
            let character = self.at(at);
            if character.kind & LETTER == 0 {
                return at;
            }
            at = character.end;
        }
    }
}

/// How many of eight bytes, from the lowest on, are ASCII letters.
#[inline]
fn ascii_letters(eight: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let small = (eight | (0x20 * ONES)) & !HIGH;
    // The high bit of each byte: at least 'a', and beyond 'z'.
    let from_a = small + (0x80 - u64::from(b'a')) * ONES;
    let past_z = small + (0x7f - u64::from(b'z')) * ONES;
    let letters = from_a & !past_z & !eight & HIGH;
    ((!letters & HIGH).trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_bytes_at_once_are_as_one_by_one(bytes: [u8; 8]) {
            let one_by_one = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
            prop_assert_eq!(ascii_letters(u64::from_le_bytes(bytes)), one_by_one);
        }
    }

    #[test]
    fn every_byte_is_told_apart() {
        for byte in 0..=255u8 {
            let eight = u64::from_le_bytes([b'x', byte, b'y', b' ', 0, 0, 0, 0]);
            let expected = if byte.is_ascii_alphabetic() { 3 } else { 1 };
            assert_eq!(ascii_letters(eight), expected, "{byte}");
        }
    }
}
