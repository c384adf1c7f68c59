//! Charsets of markup: what the bytes say goes before what the declaration says.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use super::attribute;
use crate::charset::{from_utf32, guess};

/// How a file that holds ASCII as ASCII writes other characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charset {
    encoding: &'static Encoding,
    /// For pieces that are not UTF-8, when the file is.
    fallback: Option<&'static Encoding>,
}

/// How characters lie in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// ASCII characters are ASCII bytes, and never a part of others.
    Ascii,
    /// Two bytes a unit, or escape sequences: decoded before they are looked at.
    Decoded(&'static Encoding),
    /// Four bytes a character; big-endian or not.
    Utf32(bool),
}

/// The layout of a file by its first bytes (XML 1.0, appendix F).
pub(crate) fn layout(head: &[u8]) -> Layout {
    if let Some(big) = utf32(head) {
        return Layout::Utf32(big);
    }
    match head {
        [0xfe, 0xff, ..] | [0, b'<', 0, _, ..] => Layout::Decoded(UTF_16BE),
        [0xff, 0xfe, ..] | [b'<', 0, _, 0, ..] => Layout::Decoded(UTF_16LE),
        _ if declared(head) == Some(ISO_2022_JP) => Layout::Decoded(ISO_2022_JP),
        _ => Layout::Ascii,
    }
}

/// Whether bytes are UTF-32, by byte order mark or by how `<` lies in them; big-endian or not.
fn utf32(head: &[u8]) -> Option<bool> {
    match head {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', 0, 0, 0, _, ..] => Some(true),
        [0xff, 0xfe, 0, 0, _, _, 0..=0x10, 0, ..] | [b'<', 0, 0, 0, _, 0, 0, 0, ..] => Some(false),
        _ => None,
    }
}

/// The encoding that an XML declaration names.
fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.get(..1024).unwrap_or(head);
    let at = memchr::memmem::find(head, b"<?xml")?;
    let rest = head.get(at + 5..)?;
    let inner = rest.get(..memchr::memchr(b'>', rest)?)?;
    let inner = inner.strip_suffix(b"?").unwrap_or(inner);
    Encoding::for_label(attribute(inner, "encoding")?)
}

impl Charset {
    /// UTF-8 whatever comes: of bytes that were decoded before.
    pub const UTF_8: Self = Self {
        encoding: UTF_8,
        fallback: None,
    };

    /// Decides by the first bytes of a file.
    pub fn of(head: &[u8]) -> Self {
        if head.starts_with(b"\xef\xbb\xbf") {
            return Self::UTF_8;
        }
        let declared = declared(head).filter(|encoding| encoding.is_ascii_compatible());
        let Some(declared) = declared.filter(|declared| *declared != UTF_8) else {
            return Self::UTF_8;
        };
        // Two characters of a Chinese charset may pass as UTF-8 by chance, many do not.
        let is_utf8 = match std::str::from_utf8(head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        let high = head.iter().filter(|byte| **byte >= 0xc0).count();
        match is_utf8 && high > 1 {
            true => Self {
                encoding: UTF_8,
                fallback: Some(declared),
            },
            false => Self {
                encoding: declared,
                fallback: None,
            },
        }
    }

    /// Decodes a piece of the file.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        if bytes.is_ascii() || self.encoding == UTF_8 {
            if let Ok(text) = std::str::from_utf8(bytes) {
                return Cow::Borrowed(text);
            }
        } else {
            return self.encoding.decode_without_bom_handling(bytes).0;
        }
        let encoding = self.fallback.unwrap_or_else(|| guess(bytes));
        encoding.decode_without_bom_handling(bytes).0
    }
}

/// Decodes a whole file.
pub(crate) fn whole(bytes: &[u8]) -> Cow<'_, str> {
    match layout(bytes) {
        Layout::Utf32(big) => Cow::Owned(from_utf32(bytes, big)),
        Layout::Decoded(encoding) => encoding.decode(bytes).0,
        Layout::Ascii => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            Charset::of(bytes).decode(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_before_declarations() {
        let of = |xml: &[u8]| Charset::of(xml).decode(xml).into_owned();
        assert!(of(b"<?xml version='1.0' encoding='iso-8859-1'?><a>caf\xe9").ends_with("café"));
        assert!(
            of("<?xml version='1.0' encoding='iso-8859-1'?><a>café né".as_bytes())
                .ends_with("café né")
        );
        assert!(
            of(b"<?xml version='1.0' encoding='utf-8'?><a>caf\xe9 cr\xe8me")
                .ends_with("café crème")
        );
        assert!(of(b"<?xml encoding='gb2312'?><a>\xd6\xd0\xb9\xfa").ends_with("中国"));
        assert!(of(b"<?xml encoding='nonsense'?><a>x").ends_with('x'));
    }

    #[test]
    fn layouts() {
        assert_eq!(layout(b"<\0?\0"), Layout::Decoded(UTF_16LE));
        assert_eq!(layout(b"\xff\xfe<\0"), Layout::Decoded(UTF_16LE));
        assert_eq!(layout(b"\xff\xfe\0\0<\0\0\0"), Layout::Utf32(false));
        assert_eq!(layout(b"\0\0\0<\0\0\0?"), Layout::Utf32(true));
        assert_eq!(
            layout(b"<?xml encoding=\"iso-2022-jp\"?>"),
            Layout::Decoded(ISO_2022_JP)
        );
        assert_eq!(layout(b"<rss>"), Layout::Ascii);
    }
}
