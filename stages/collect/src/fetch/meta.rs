//! The start of a page and the meta tags in it, found without a parser of HTML.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Bytes of a page that are searched.
const MAX_START: usize = 1 << 20;

/// The start of a body that is searched, its encodings taken off as far as that succeeds.
pub(crate) fn start<'a>(encodings: &[String], body: &'a [u8]) -> Cow<'a, [u8]> {
    let mut start = Vec::new();
    if !encodings.is_empty() {
        let mut reader: Box<dyn Read> = Box::new(body);
        for coding in encodings.iter().rev() {
            reader = match coding.as_str() {
                "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(reader)),
                // With zlib's two bytes before it, or without.
                "deflate" if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
                    Box::new(ZlibDecoder::new(reader))
                }
                "deflate" => Box::new(DeflateDecoder::new(reader)),
                "br" => Box::new(brotli::Decompressor::new(reader, 4096)),
                _ => return Cow::Borrowed(body),
            };
        }
        // What comes before damage is searched as well.
        let _ = reader.take(MAX_START as u64).read_to_end(&mut start);
    }
    match start.is_empty() {
        // Servers may leave the field and send what is not encoded.
        true => Cow::Borrowed(body.get(..MAX_START).unwrap_or(body)),
        false => Cow::Owned(start),
    }
}

/// A meta tag.
pub(crate) struct Meta {
    /// What it is about.
    pub name: String,
    /// What it says.
    pub content: String,
}

/// The meta tags of a page in any encoding that has ASCII's bytes for ASCII; comments and scripts
/// are passed over.
pub(crate) fn metas(page: &[u8]) -> impl Iterator<Item = Meta> {
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            let start = memchr::memchr(b'<', rest)?;
            rest = rest.get(start + 1..)?;
            if let Some(comment) = rest.strip_prefix(b"!--") {
                rest = after(comment, b"-->");
            } else if is_tag(rest, b"script") {
                rest = after_closing(rest, b"script");
            } else if is_tag(rest, b"style") {
                rest = after_closing(rest, b"style");
            } else if is_tag(rest, b"meta") {
                let (meta, left) = attributes(rest.get(4..)?);
                rest = left;
                if !meta.name.is_empty() {
                    return Some(meta);
                }
            }
        }
    })
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    let begins = rest
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name));
    let next = rest.get(name.len());
    begins && next.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let end = memchr::memmem::find(text, mark);
    end.map_or(&[], |end| text.get(end + mark.len()..).unwrap_or_default())
}

fn after_closing<'a>(mut rest: &'a [u8], name: &[u8]) -> &'a [u8] {
    loop {
        rest = after(rest, b"</");
        if rest.is_empty() || is_tag(rest, name) {
            return rest;
        }
    }
}

/// Reads the attributes of a tag and goes behind it.
fn attributes(mut rest: &[u8]) -> (Meta, &[u8]) {
    let (mut name, mut content) = (String::new(), String::new());
    loop {
        let skip = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
        let start = rest.iter().position(|byte| !skip(byte));
        rest = start
            .and_then(|start| rest.get(start..))
            .unwrap_or_default();
        if rest.is_empty() || rest.starts_with(b">") {
            break;
        }
        let ends = |byte: &u8| skip(byte) || matches!(*byte, b'=' | b'>');
        // An attribute may begin with `=`.
        let end = rest
            .iter()
            .skip(1)
            .position(ends)
            .map_or(rest.len(), |end| end + 1);
        let (key, after) = rest.split_at(end);
        let (value, after) = value(after);
        match key.to_ascii_lowercase().as_slice() {
            b"name" | b"http-equiv" if name.is_empty() => name = value,
            b"content" if content.is_empty() => content = value,
            _ => {}
        }
        rest = after;
    }
    let name = name.trim().to_owned();
    (Meta { name, content }, rest)
}

/// The value behind an attribute's name, if there is one.
fn value(after: &[u8]) -> (String, &[u8]) {
    let Some(value) = after.trim_ascii_start().strip_prefix(b"=") else {
        return (String::new(), after);
    };
    let value = value.trim_ascii_start();
    let (value, rest) = match value.first() {
        Some(quote @ (b'"' | b'\'')) => {
            let value = value.get(1..).unwrap_or_default();
            let end = memchr::memchr(*quote, value).unwrap_or(value.len());
            (value.get(..end), value.get(end + 1..))
        }
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
            let end = value.iter().position(ends).unwrap_or(value.len());
            (value.get(..end), value.get(end..))
        }
    };
    let value = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    (value, rest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_pages_are_searched() {
        let page = "<meta name=robots content=noai>".repeat(3000);
        let packed = |name: &str| -> Vec<u8> {
            let (mut out, level) = (Vec::new(), flate2::Compression::fast());
            let mut reader: Box<dyn Read> = match name {
                "gzip" => Box::new(flate2::read::GzEncoder::new(page.as_bytes(), level)),
                "zlib" => Box::new(flate2::read::ZlibEncoder::new(page.as_bytes(), level)),
                "deflate" => Box::new(flate2::read::DeflateEncoder::new(page.as_bytes(), level)),
                _ => Box::new(brotli::CompressorReader::new(page.as_bytes(), 4096, 1, 20)),
            };
            reader.read_to_end(&mut out).unwrap();
            out
        };
        for (coding, name) in [
            ("gzip", "gzip"),
            ("deflate", "zlib"),
            ("deflate", "deflate"),
            ("br", "br"),
        ] {
            let body = packed(name);
            assert_eq!(
                *start(&[coding.to_owned()], &body),
                *page.as_bytes(),
                "{name}"
            );
            assert!(
                start(&[coding.to_owned()], &body[..body.len() - 9]).starts_with(b"<meta"),
                "{name} cut"
            );
            assert_eq!(
                *start(&[coding.to_owned()], b"<meta x>"),
                *b"<meta x>",
                "{name} by name only"
            );
        }
        assert_eq!(*start(&[], b"<meta x>"), *b"<meta x>");
    }
}
