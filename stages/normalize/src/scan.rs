//! One look at every byte of a text, to learn which passes it needs. Most text needs none.

/// A control character other than tab and line feed, or DEL.
const CONTROL: u8 = 1;
/// Any non-ASCII character.
const WIDE: u8 = 2;
/// An ampersand.
const AMPERSAND: u8 = 4;
/// Something that private data needs: a digit, an at sign.
const PRIVATE: u8 = 8;

static CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'\t' | b'\n' => 0,
            0..=0x1F | 0x7F => CONTROL,
            b'&' => AMPERSAND,
            b'0'..=b'9' | b'@' => PRIVATE,
            0x80..=0xFF => WIDE,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// What a text holds, and so which passes may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found(u8);

impl Found {
    pub fn of(text: &str) -> Self {
        let mut seen = 0u8;
        for byte in text.bytes() {
            seen |= CLASS[usize::from(byte)];
        }
        Self(seen)
    }

    pub fn wide(self) -> bool {
        self.0 & WIDE != 0
    }

    pub fn control(self) -> bool {
        self.0 & CONTROL != 0
    }

    pub fn ampersand(self) -> bool {
        self.0 & AMPERSAND != 0
    }

    pub fn private(self) -> bool {
        self.0 & PRIVATE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_each_class() {
        let plain = Found::of("Plain text,\n\twith lines.");
        assert!(!plain.wide() && !plain.control() && !plain.ampersand() && !plain.private());
        assert!(Found::of("é").wide());
        assert!(Found::of("\u{7f}").control() && Found::of("\r\n").control());
        assert!(Found::of("a&b").ampersand());
        assert!(Found::of("a@b").private() && Found::of("7").private());
    }
}
