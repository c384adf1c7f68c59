//! Charsets of records: declared, told by a byte order mark, or guessed.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use crate::sniff;

/// Bytes that a guess looks at.
const GUESSED: usize = 64 << 10;

/// How the bytes of a text become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// As a browser would.
    Encoding(&'static Encoding),
    /// UTF-32, which the Encoding Standard does not have; whether the most significant byte
    /// comes first.
    Utf32 { big: bool },
}

impl Charset {
    /// Read as it is.
    pub const UTF_8: Self = Self::Encoding(UTF_8);

    /// Finds a charset by a label of the Encoding Standard.
    pub fn for_label(label: &str) -> Option<Self> {
        let label = label.trim();
        let utf32 = |big| Some(Self::Utf32 { big });
        match label.to_ascii_lowercase().as_str() {
            "utf-32" | "utf32" | "utf-32le" => utf32(false),
            "utf-32be" => utf32(true),
            _ => Encoding::for_label(label.as_bytes()).map(Self::Encoding),
        }
    }

    /// UTF-16 or UTF-32, by a byte order mark or by where the zeros are.
    pub fn wide(head: &[u8]) -> Option<Self> {
        match utf32(head) {
            Some(big) => Some(Self::Utf32 { big }),
            None => sniff::utf16(head).map(Self::Encoding),
        }
    }

    /// The charset of a text that begins so and declares none: UTF-8 if it can be.
    pub fn found(head: &[u8]) -> Self {
        let is_utf8 = std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none(), |_| true);
        match Self::wide(head) {
            Some(wide) => wide,
            None if is_utf8 => Self::UTF_8,
            None => Self::Encoding(guess(head)),
        }
    }

    /// Bytes as text; what is not valid is U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Encoding(encoding) => encoding.decode_without_bom_handling(bytes).0,
            Self::Utf32 { big } => from_utf32(bytes, big).into(),
        }
    }

    /// Whether bytes are read as they are.
    pub fn is_utf8(self) -> bool {
        self == Self::UTF_8
    }
}

/// Whether bytes are UTF-32, and then whether the most significant byte comes first.
pub(crate) fn utf32(head: &[u8]) -> Option<bool> {
    let units = head.chunks_exact(4);
    if units.len() < 2 {
        return None;
    }
    let all = |read: fn([u8; 4]) -> u32| {
        units.clone().all(|unit| {
            let code = unit.try_into().map(read).ok();
            code.and_then(char::from_u32)
                .is_some_and(|c| c != '\0' && c != '\u{fffe}')
        })
    };
    match (all(u32::from_be_bytes), all(u32::from_le_bytes)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// Decodes UTF-32. What is not a character is U+FFFD; byte order marks are left out.
pub(crate) fn from_utf32(bytes: &[u8], big: bool) -> String {
    let read = if big {
        u32::from_be_bytes
    } else {
        u32::from_le_bytes
    };
    let units = bytes.chunks_exact(4);
    let code = |unit: &[u8]| unit.try_into().map(read).ok();
    let c = |unit| code(unit).and_then(char::from_u32);
    let all = units.map(|unit| c(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    all.filter(|c| *c != '\u{feff}').collect()
}

/// The most likely charset of bytes that are not UTF-8.
pub(crate) fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let whole = bytes.len() <= GUESSED;
    detector.feed(bytes.get(..GUESSED).unwrap_or(bytes), whole);
    detector.guess(None, Utf8Detection::Deny)
}

/// Bytes as text: UTF-8, or else in the charset that is most likely.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => guess(bytes).decode_without_bom_handling(bytes).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_charsets_are_told_by_their_zeros() {
        let utf32 = |text: &str, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
            text.chars().flat_map(|c| bytes(c as u32)).collect()
        };
        for (bytes, big) in [
            (utf32("\u{feff}[1]", u32::to_le_bytes), false),
            (utf32("[\"中\"]", u32::to_be_bytes), true),
        ] {
            assert_eq!(Charset::wide(&bytes), Some(Charset::Utf32 { big }));
        }
        assert_eq!(Charset::wide(b"plain words"), None);
        assert_eq!(Charset::wide(b"\0\0\0\0\0\0\0\0"), None);
        let utf16: Vec<u8> = "[\"a\"]"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let expected = Charset::Encoding(encoding_rs::UTF_16LE);
        assert_eq!(Charset::wide(&utf16), Some(expected));
        assert_eq!(Charset::for_label("GBK"), Charset::for_label("gb2312"));
        assert_eq!(Charset::for_label("klingon"), None);
    }

    #[test]
    fn text_that_is_not_utf_8_is_guessed() {
        let gbk = encoding_rs::GBK.encode("文章的标题和正文都在这里").0;
        assert_eq!(text(&gbk), "文章的标题和正文都在这里");
        assert_eq!(text("文".as_bytes()), "文");
        assert!(Charset::found(&"文".as_bytes()[..2]).is_utf8());
    }
}
