//! Single-byte charsets, both ways and "sloppily": bytes that a charset leaves undefined stand for
//! the control characters of the same number, as browsers have it (after ftfy's sloppy codecs).

use std::sync::LazyLock;

use encoding_rs::Encoding;

/// Byte that stands for U+FFFD: information was lost there (ASCII SUBSTITUTE, as in ftfy).
pub(super) const LOST: u8 = 0x1A;

/// Characters below this number are looked up directly.
const DIRECT: usize = 0x2600;

/// High half of code page 437 (IBM PC), bytes 0x80 to 0xFF.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// High half of code page 850 (DOS Western Europe), bytes 0x80 to 0xFF.
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// A single-byte charset that extends ASCII.
pub(super) struct Codec {
    /// Whether U+FFFD may stand for a byte that the charset leaves undefined.
    pub lossy: bool,
    /// Whether byte A0 is a space there, which careless tools turn into an ASCII space.
    pub a0_is_space: bool,
    direct: Box<[u8; DIRECT]>,
    beyond: Vec<(char, u8)>,
}

impl Codec {
    fn new(high_half: impl Iterator<Item = char>, lossy: bool, a0_is_space: bool) -> Self {
        let mut codec = Self {
            lossy,
            a0_is_space,
            direct: Box::new([0; DIRECT]),
            beyond: Vec::new(),
        };
        for (byte, c) in (0x80u8..=0xFF).zip(high_half) {
            match codec.direct.get_mut(c as usize) {
                Some(slot) => *slot = byte,
                None => codec.beyond.push((c, byte)),
            }
        }
        codec
    }

    fn of(encoding: &'static Encoding) -> Self {
        let high = (0x80u8..=0xFF).map(|byte| {
            let (text, _) = encoding.decode_without_bom_handling(&[byte]).into_owned();
            match text.chars().next() {
                Some(c) if c != '\u{FFFD}' => c,
                _ => char::from(byte),
            }
        });
        let macintosh = encoding == encoding_rs::MACINTOSH;
        Self::new(high, !macintosh, !macintosh)
    }

    /// Windows-1252 and Latin-1 in one: text often passed through both.
    fn western() -> Self {
        let mut codec = Self::of(encoding_rs::WINDOWS_1252);
        for byte in 0x80u8..=0x9F {
            codec.direct[usize::from(byte)] = byte;
        }
        codec
    }

    /// The byte of a non-ASCII character.
    pub fn byte(&self, c: char) -> Option<u8> {
        if c == '\u{FFFD}' {
            return self.lossy.then_some(LOST);
        }
        match self.direct.get(c as usize) {
            Some(&byte) => (byte != 0).then_some(byte),
            None => self.beyond.iter().find(|(d, _)| *d == c).map(|(_, b)| *b),
        }
    }

    /// The bytes of a text, unless it holds a character that the charset lacks.
    pub fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match u8::try_from(c) {
                Ok(byte) if byte < 0x80 => bytes.push(byte),
                _ => bytes.push(self.byte(c)?),
            }
        }
        Some(bytes)
    }
}

/// `(Cow, bool)` to an owned pair.
trait IntoOwned {
    fn into_owned(self) -> (String, bool);
}

impl IntoOwned for (std::borrow::Cow<'_, str>, bool) {
    fn into_owned(self) -> (String, bool) {
        (self.0.into_owned(), self.1)
    }
}

/// Windows-1252 with Latin-1, the first of [`CODECS`].
pub(super) fn western() -> Option<&'static Codec> {
    CODECS.first()
}

/// The charsets that UTF-8 is most often mistaken for, in the order in which they are tried
/// (ftfy's order, code page 850 added).
pub(super) static CODECS: LazyLock<Vec<Codec>> = LazyLock::new(|| {
    vec![
        Codec::western(),
        Codec::of(encoding_rs::WINDOWS_1251),
        Codec::of(encoding_rs::WINDOWS_1250),
        Codec::of(encoding_rs::WINDOWS_1253),
        Codec::of(encoding_rs::WINDOWS_1254),
        Codec::of(encoding_rs::WINDOWS_1257),
        Codec::of(encoding_rs::ISO_8859_2),
        Codec::of(encoding_rs::MACINTOSH),
        Codec::new(CP437.chars(), false, true),
        Codec::new(CP850.chars(), false, true),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_are_complete() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(CP850.chars().count(), 128);
    }

    #[test]
    fn western_takes_both_readings_of_a_byte() {
        let western = western().unwrap();
        assert_eq!(western.byte('“'), Some(0x93));
        assert_eq!(western.byte('\u{93}'), Some(0x93));
        assert_eq!(western.byte('é'), Some(0xE9));
        assert_eq!(western.byte('ж'), None);
        assert_eq!(western.byte('\u{FFFD}'), Some(LOST));
        assert_eq!(western.encode("Ã¶x"), Some(vec![0xC3, 0xB6, b'x']));
    }
}
