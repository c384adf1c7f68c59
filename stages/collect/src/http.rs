//! HTTP responses as crawlers store them: head, transfer and content encodings.

use std::io::{ErrorKind, Read};

use flate2::bufread::GzDecoder;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use textmill_schemas::Reason;

use crate::record::too_large;
use crate::sniff;

/// Content encodings of one response at most.
const MAX_ENCODINGS: usize = 4;
/// Bytes that tell whether a body is text.
const SNIFFED: usize = 1024;

/// What a response's head says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Status code.
    pub status: u16,
    /// Content type as declared.
    pub content_type: Option<String>,
    /// Whether the body comes in chunks.
    pub chunked: bool,
    /// Encodings of the body, in the order in which they were applied.
    pub encodings: Vec<String>,
}

/// A media type with its charset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// Type and subtype in lower case.
    pub essence: String,
    /// Charset parameter in lower case.
    pub charset: Option<String>,
}

/// Header lines as names in lower case and values; folded lines are joined.
pub(crate) fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        let line = String::from_utf8_lossy(line);
        let folded = line.starts_with([' ', '\t']);
        if let (true, Some((_, value))) = (folded, fields.last_mut()) {
            value.push(' ');
            value.push_str(line.trim());
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// Reads a response's head: status line and header fields.
pub(crate) fn parse(head: &[u8]) -> Result<Head, String> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let mut words = first.split_whitespace();
    let protocol = words.next().unwrap_or_default();
    if !(protocol.starts_with("HTTP/") || protocol == "ICY") {
        return Err("the response does not begin with an HTTP status line".to_owned());
    }
    let status = words.next().and_then(|status| status.parse().ok());
    let mut parsed = Head {
        status: status.ok_or("the HTTP status line has no status code")?,
        ..Head::default()
    };
    let mut transfer = Vec::new();
    for (name, value) in fields(lines) {
        match name.as_str() {
            "content-type" if !value.is_empty() => parsed.content_type = Some(value),
            "transfer-encoding" => transfer.extend(list(&value)),
            "content-encoding" => parsed.encodings.extend(list(&value)),
            _ => {}
        }
    }
    parsed.chunked = transfer.iter().any(|coding| coding == "chunked");
    transfer.retain(|coding| coding != "chunked");
    parsed.encodings.extend(transfer);
    parsed
        .encodings
        .retain(|coding| !matches!(coding.as_str(), "identity" | "none" | "utf-8"));
    Ok(parsed)
}

fn list(value: &str) -> impl Iterator<Item = String> {
    let items = value
        .split(',')
        .map(|item| item.trim().to_ascii_lowercase());
    items.filter(|item| !item.is_empty())
}

/// Takes a `Content-Type` apart.
pub(crate) fn media_type(value: &str) -> MediaType {
    // Several values in one field come from servers that add theirs to the application's.
    let mut parts = value.split([';', ',']);
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty())
            .then(|| value.to_ascii_lowercase())
    });
    MediaType { essence, charset }
}

/// Joins the chunks of a body, as far as the crawler has not done so.
pub(crate) fn join(head: &Head, body: Vec<u8>) -> Vec<u8> {
    if head.chunked { dechunk(body) } else { body }
}

/// Takes content encodings off a body whose chunks are joined, as far as the crawler has not done
/// so. Of a body that may end early (`cut`) what there is stays.
pub(crate) fn decode(
    head: &Head,
    mut body: Vec<u8>,
    limit: u64,
    cut: bool,
) -> Result<Vec<u8>, Reason> {
    if head.encodings.len() > MAX_ENCODINGS {
        return Err(Reason::new("collect.content_encoding")
            .measured(head.encodings.len() as f64, MAX_ENCODINGS as f64)
            .detail("too many content encodings"));
    }
    for coding in head.encodings.iter().rev() {
        body = take_off(coding, body, limit, cut)?;
    }
    Ok(body)
}

fn take_off(coding: &str, body: Vec<u8>, limit: u64, cut: bool) -> Result<Vec<u8>, Reason> {
    let bytes = body.as_slice();
    let zlib =
        matches!(bytes, [a, b, ..] if a & 0x0f == 8 && u16::from_be_bytes([*a, *b]) % 31 == 0);
    let decoded = match coding {
        "gzip" | "x-gzip" if bytes.starts_with(&[0x1f, 0x8b]) => gunzip(bytes, limit, cut),
        "deflate" | "x-deflate" if zlib => bounded(ZlibDecoder::new(bytes), limit, cut),
        "deflate" | "x-deflate" => bounded(DeflateDecoder::new(bytes), limit, cut),
        "br" => bounded(brotli::Decompressor::new(bytes, 4096), limit, cut),
        "zstd" => match zstd::stream::read::Decoder::new(bytes) {
            Ok(decoder) => bounded(decoder, limit, cut),
            Err(error) => Err(Failure::Broken(error.to_string())),
        },
        _ => Err(Failure::Broken("not supported".to_owned())),
    };
    match decoded {
        // Some plain text is also a stream of nothing.
        Ok(decoded) if decoded.is_empty() && is_plain(bytes) => Ok(body),
        Ok(decoded) => Ok(decoded),
        Err(Failure::TooLarge) => Err(too_large(limit + 1, limit)),
        // Crawlers that decode bodies often leave the header as it was.
        Err(Failure::Broken(_)) if is_plain(bytes) => Ok(body),
        Err(Failure::Broken(detail)) => Err(Reason::new("collect.content_encoding")
            .detail(format!("content encoding {coding:?}: {detail}"))),
    }
}

/// Decodes gzip members; what follows them without being one is padding.
fn gunzip(mut bytes: &[u8], limit: u64, cut: bool) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    while bytes.starts_with(&[0x1f, 0x8b]) {
        let left = limit.saturating_sub(out.len() as u64);
        let member = bounded(GzDecoder::new(&mut bytes), left, cut);
        match member {
            Ok(member) if out.is_empty() => out = member,
            Ok(member) => out.extend(member),
            Err(Failure::Broken(_)) if !out.is_empty() => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(out)
}

fn is_plain(body: &[u8]) -> bool {
    sniff::binary(body.get(..SNIFFED).unwrap_or(body)).is_none()
}

enum Failure {
    TooLarge,
    Broken(String),
}

fn bounded(decoder: impl Read, limit: u64, cut: bool) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    match decoder.take(limit + 1).read_to_end(&mut out) {
        Ok(_) if out.len() as u64 > limit => Err(Failure::TooLarge),
        Ok(_) => Ok(out),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => match cut && !out.is_empty() {
            true => Ok(out),
            false => Err(Failure::Broken("the body is truncated".to_owned())),
        },
        Err(error) => Err(Failure::Broken(error.to_string())),
    }
}

/// Joins the chunks of a body (RFC 9112, 7.1). From the first thing that is no chunk on, the
/// bytes stay as they are: crawlers often store joined bodies under the old header.
fn dechunk(body: Vec<u8>) -> Vec<u8> {
    let mut joined = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some((size, after)) = chunk_size(rest) {
        if size == 0 {
            return joined;
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(after.len());
        let (chunk, after) = after.split_at(size);
        joined.extend_from_slice(chunk);
        rest = after
            .strip_prefix(b"\r\n")
            .or_else(|| after.strip_prefix(b"\n"))
            .unwrap_or(after);
        if rest.is_empty() {
            return joined;
        }
    }
    joined.extend_from_slice(rest);
    joined
}

fn chunk_size(rest: &[u8]) -> Option<(u64, &[u8])> {
    // 16 digits and a short extension at most
    let end = memchr::memchr(b'\n', rest.get(..256).unwrap_or(rest))?;
    let (line, after) = (rest.get(..end)?, rest.get(end + 1..)?);
    let size = line.split(|byte| *byte == b';').next()?;
    let size = std::str::from_utf8(size).ok()?.trim();
    if !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u64::from_str_radix(size, 16).ok()?, after))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 1 << 20;

    fn head(encodings: &[&str]) -> Head {
        Head {
            encodings: encodings.iter().map(ToString::to_string).collect(),
            ..Head::default()
        }
    }

    fn packed(coding: &str, body: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match coding {
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            _ => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[test]
    fn heads() {
        let parsed = parse(
            b"HTTP/1.1 404 Not Found\r\ncontent-TYPE: text/html;\r\n charset=\"GBK\"\r\nTransfer-Encoding: gzip, chunked\r\nContent-Encoding: br\r\n\r\n",
        )
        .unwrap();
        assert_eq!(parsed.status, 404);
        assert!(parsed.chunked);
        assert_eq!(parsed.encodings, ["br", "gzip"]);
        let media = media_type(&parsed.content_type.unwrap());
        assert_eq!(media.essence, "text/html");
        assert_eq!(media.charset.as_deref(), Some("gbk"));
        assert_eq!(media_type("Text/Plain").charset, None);
        assert!(parse(b"<html>").is_err());
        assert!(parse(b"HTTP/1.1 OK").is_err());
    }

    #[test]
    fn encodings_come_off() {
        let body = "a body of some length ".repeat(20).into_bytes();
        let of = |codings: &[&str], bytes: Vec<u8>| decode(&head(codings), bytes, LIMIT, false);
        assert_eq!(of(&["gzip"], packed("gzip", &body)).unwrap(), body);
        assert_eq!(of(&["deflate"], packed("zlib", &body)).unwrap(), body);
        assert_eq!(of(&["deflate"], packed("deflate", &body)).unwrap(), body);
        let zstd = zstd::encode_all(&body[..], 1).unwrap();
        assert_eq!(of(&["zstd"], zstd).unwrap(), body);
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22)
            .write_all(&body)
            .unwrap();
        assert_eq!(of(&["br"], brotli).unwrap(), body);
        let padded = [packed("gzip", &body), packed("gzip", b"+"), vec![0; 9]].concat();
        assert_eq!(of(&["gzip"], padded).unwrap(), [&body[..], b"+"].concat());
        let twice = packed("gzip", &packed("zlib", &body));
        assert_eq!(of(&["deflate", "gzip"], twice).unwrap(), body);
        for undone in ["gzip", "br", "deflate"] {
            assert_eq!(of(&[undone], body.clone()).unwrap(), body, "{undone}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        let body = packed("gzip", &vec![b'a'; 2 << 20]);
        let bomb = decode(&head(&["gzip"]), body.clone(), LIMIT, false).unwrap_err();
        assert_eq!(
            (bomb.rule.as_str(), bomb.limit),
            ("collect.too_large", Some(LIMIT as f64))
        );
        let cut = decode(&head(&["gzip"]), body[..500].to_vec(), 4 * LIMIT, false).unwrap_err();
        assert!(cut.detail.unwrap().contains("truncated"));
        let start = decode(&head(&["gzip"]), body[..500].to_vec(), 4 * LIMIT, true).unwrap();
        assert!(start.len() > 10_000 && start.iter().all(|byte| *byte == b'a'));
        let brotli = decode(
            &head(&["br"]),
            (0..=255).rev().skip(9).collect(),
            LIMIT,
            false,
        )
        .unwrap_err();
        assert_eq!(brotli.rule, "collect.content_encoding");
        assert!(decode(&head(&["gzip"; 5]), vec![], LIMIT, false).is_err());
    }

    #[test]
    fn chunks() {
        let join = |body: &str| String::from_utf8(dechunk(body.into())).unwrap();
        assert_eq!(join("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), "abcde");
        assert_eq!(join("3\r\nabc\r\n5\r\nde"), "abcde");
        assert_eq!(join("<p>not chunked"), "<p>not chunked");
        assert_eq!(join("3\r\nabc\r\nrest"), "abcrest");
        assert_eq!(join("ffffffffffffffff\r\nabc"), "abc");
        assert_eq!(join(""), "");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), coding in "gzip|deflate|zstd|br") {
            let _ = parse(&bytes);
            let mut head = head(&[&coding]);
            head.chunked = true;
            let joined = join(&head, bytes);
            if let Ok(body) = decode(&head, joined, 1000, false) {
                prop_assert!(body.len() <= 1000);
            }
        }

        #[test]
        fn chunks_round_trip(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..5)) {
            let mut body = Vec::new();
            for part in &parts {
                body.extend(format!("{:x}\r\n", part.len()).into_bytes());
                body.extend_from_slice(part);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(dechunk(body), parts.concat());
        }
    }
}
