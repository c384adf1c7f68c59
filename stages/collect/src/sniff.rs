//! What a file is, by its first bytes; its ending decides only between what looks alike.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};
use serde::de::IgnoredAny;

use crate::config::Kind;
use crate::table::csv::Separator;
use crate::warc::arc;
use crate::{archive, book, charset, feed, forum, table, wiki};

/// What a reader makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Records of a web crawl.
    Warc,
    /// Records of a web crawl in the Internet Archive's older format.
    Arc,
    /// One JSON object a line.
    JsonLines,
    /// A web page.
    Html,
    /// A Markdown document.
    Markdown,
    /// A plain text.
    Text,
    /// RSS or Atom.
    Feed,
    /// JSON Feed.
    JsonFeed,
    /// A table of a Stack Exchange dump.
    StackExchange,
    /// Posts and comments as JSON lines.
    Comments,
    /// A saved page of a forum.
    ForumPage,
    /// A MediaWiki dump.
    MediaWiki,
    /// A book of Project Gutenberg.
    Gutenberg,
    /// A JSON array, or one object.
    Json,
    /// Values separated by commas or tabs.
    Csv(Separator),
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow.
    Arrow,
    /// PDF.
    Pdf,
    /// An archive; a book or a Word document, if that is what is in it.
    Zip,
    /// An archive.
    Tar,
    /// An archive.
    SevenZip,
    /// Something that is not read, by media type.
    Other(&'static str),
}

/// First bytes of formats that are not text, and their media types.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "application/x-riff"),
    (b"\0\0\x01\0", "image/vnd.microsoft.icon"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x04\x22\x4d\x18", "application/x-lz4"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"\x7fELF", "application/x-elf"),
    (b"\0asm", "application/wasm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\0\x01\0\0\0", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "application/ogg"),
];

/// Endings of texts that are not prose, and their media types.
const ENDINGS: &[(&str, &str)] = &[
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("cjs", "text/javascript"),
    ("map", "application/json"),
    ("svg", "image/svg+xml"),
    ("xml", "application/xml"),
    ("xsl", "application/xml"),
    ("rss", "application/rss+xml"),
    ("atom", "application/atom+xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("toml", "application/toml"),
];

/// Tags that a web page may begin with, from the WHATWG MIME sniffing standard.
const TAGS: &[&str] = &[
    "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body",
    "br", "p", "meta", "link",
];

/// The format of a file of a source of this kind.
pub(crate) fn format(kind: Kind, head: &[u8], name: &str) -> Format {
    // Before the look at the bytes: a crawl holds bodies of every type.
    if head.starts_with(arc::MAGIC) {
        return Format::Arc;
    }
    let is_crawl = matches!(kind, Kind::Auto | Kind::Paths) && head.starts_with(b"WARC/");
    if is_crawl || matches!(kind, Kind::Warc | Kind::Wet | Kind::Wat) {
        return Format::Warc;
    }
    if let Some(container) = container(head) {
        return container;
    }
    if let Some(other) = binary(head) {
        return Format::Other(other);
    }
    let ending = ending(name);
    let forced = match kind {
        Kind::Html => Format::Html,
        Kind::Feed if head.trim_ascii_start().starts_with(b"{") => Format::JsonFeed,
        Kind::Feed => Format::Feed,
        Kind::StackExchange => Format::StackExchange,
        Kind::Comments => Format::Comments,
        Kind::Forum => Format::ForumPage,
        Kind::MediaWiki => Format::MediaWiki,
        Kind::Gutenberg => Format::Gutenberg,
        Kind::Jsonl => Format::JsonLines,
        Kind::Json => Format::Json,
        Kind::Csv => Format::Csv(Separator::Comma),
        Kind::Tsv => Format::Csv(Separator::Tab),
        Kind::Text => Format::Text,
        Kind::Markdown => Format::Markdown,
        Kind::Epub => Format::Other("text/plain"),
        Kind::Parquet | Kind::Pdf | Kind::Docx => Format::Other("text/plain"),
        Kind::Auto | Kind::Warc | Kind::Wet | Kind::Wat | Kind::Paths | Kind::Web => {
            return found(head, &ending);
        }
    };
    match forced {
        // XHTML may lie in files named as XML.
        Format::Html if is_html(head) => forced,
        Format::Html | Format::Markdown | Format::ForumPage => {
            known_ending(&ending).map_or(forced, Format::Other)
        }
        forced => forced,
    }
}

/// Formats that are not text, but read.
fn container(head: &[u8]) -> Option<Format> {
    match head {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Format::Zip),
        _ if head.starts_with(b"%PDF-") => Some(Format::Pdf),
        _ if table::parquet::begins(head) => Some(Format::Parquet),
        _ if table::arrow::begins(head) => Some(Format::Arrow),
        _ if head.starts_with(b"7z\xbc\xaf\x27\x1c") => Some(Format::SevenZip),
        _ if head.get(257..262) == Some(b"ustar") || archive::tar::begins(head) => {
            Some(Format::Tar)
        }
        _ => None,
    }
}

/// The format of a text by content and ending.
fn found(head: &[u8], ending: &str) -> Format {
    let text = decode(head);
    let start = after_prolog(&text);
    if is_page(start) {
        return Format::Html;
    }
    if let Some(format) = found_xml(start) {
        return format;
    }
    match ending {
        "html" | "htm" | "xhtml" | "xht" | "shtml" => return Format::Html,
        "md" | "markdown" | "mdown" | "mkd" | "mdx" => return Format::Markdown,
        "csv" => return Format::Csv(Separator::Comma),
        "tsv" => return Format::Csv(Separator::Tab),
        _ => {}
    }
    if feed::json::begins(head) {
        return Format::JsonFeed;
    }
    let json_lines = matches!(ending, "jsonl" | "ndjson") || is_json_lines(text.as_bytes());
    if json_lines && forum::comments::begins(head) {
        return Format::Comments;
    }
    if json_lines {
        return Format::JsonLines;
    }
    if is_json(text.as_bytes(), ending) {
        return Format::Json;
    }
    if let Some(other) = known_ending(ending) {
        return Format::Other(other);
    }
    if text.trim_start().starts_with("<?xml") || start.starts_with("<svg") {
        return Format::Other("application/xml");
    }
    if book::gutenberg::begins(head, &text) {
        return Format::Gutenberg;
    }
    if !matches!(ending, "txt" | "text") && begins_with_tag(start, TAGS) {
        return Format::Html;
    }
    Format::Text
}

/// The format of XML by its root.
fn found_xml(start: &str) -> Option<Format> {
    if wiki::dump::begins(start) {
        return Some(Format::MediaWiki);
    }
    if feed::xml::begins(start) {
        return Some(Format::Feed);
    }
    forum::stack_exchange::begins(start).then_some(Format::StackExchange)
}

/// Whether a file that does not hold JSON lines is JSON: by its ending, or because it begins
/// with an array of objects.
fn is_json(head: &[u8], ending: &str) -> bool {
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let in_array = head.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    let objects = in_array.is_some_and(|rest| rest.starts_with(b"{"));
    objects || (ending == "json" && matches!(head.first(), Some(b'{' | b'[')))
}

/// The media type of bytes that are not text; `None` for text.
pub(crate) fn binary(head: &[u8]) -> Option<&'static str> {
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
    if let Some((_, media_type)) = magic {
        return Some(media_type);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("application/x-tar");
    }
    (!is_text(head)).then_some("application/octet-stream")
}

/// Whether bytes look like text, in whatever charset.
pub(crate) fn is_text(head: &[u8]) -> bool {
    // A page or a record a call: what nearly all are like comes first.
    let has_nul = memchr::memchr(0, head).is_some();
    if (has_nul || matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]))
        && (utf16(head).is_some() || charset::utf32(head).is_some())
    {
        return true;
    }
    // Stray NULs occur in crawled texts; anything else with NULs is not text.
    if has_nul {
        let nuls = memchr::memchr_iter(0, head).count();
        if nuls * 200 > head.len() || !is_utf8_start(head) {
            return false;
        }
    }
    // Backspace, escape and shift (ISO 2022) belong to texts, other control characters do not.
    let is_control = |byte: &u8| {
        (byte.wrapping_sub(1) < 7) | (byte.wrapping_sub(0x10) < 11) | (byte.wrapping_sub(0x1c) < 4)
    };
    // Sums of a byte, so that many are counted at once.
    let count = |bytes: &[u8]| -> usize {
        let sum = bytes.iter().map(|byte| u8::from(is_control(byte)));
        usize::from(sum.fold(0_u8, u8::wrapping_add))
    };
    head.chunks(255).map(count).sum::<usize>() * 20 <= head.len()
}

fn is_utf8_start(head: &[u8]) -> bool {
    std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The UTF-16 encoding of bytes, by byte order mark, or by NULs at every other place.
pub(crate) fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let even = head.iter().step_by(2).filter(|byte| **byte == 0).count();
    let odd = head
        .iter()
        .skip(1)
        .step_by(2)
        .filter(|byte| **byte == 0)
        .count();
    // Fewer NULs are strays in a text of single bytes.
    if (even + odd) * 100 < head.len() {
        return None;
    }
    let encoding = match (even, odd) {
        (0, 1..) => UTF_16LE,
        (1.., 0) => UTF_16BE,
        _ => return None,
    };
    let mut text = String::with_capacity(head.len() * 2);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (_, _, broken) = decoder.decode_to_string(head, &mut text, false);
    let is_odd =
        |c: char| matches!(c, '\0'..='\x08' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}');
    let odd = text.chars().filter(|c| is_odd(*c)).count();
    (!broken && odd * 50 < text.len()).then_some(encoding)
}

fn decode(head: &[u8]) -> Cow<'_, str> {
    match utf16(head) {
        Some(encoding) => encoding.decode(head).0,
        None => match charset::utf32(head) {
            Some(big) => Cow::Owned(charset::from_utf32(head, big)),
            None => String::from_utf8_lossy(head),
        },
    }
}

/// Skips byte order mark, white space, processing instructions and comments.
fn after_prolog(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let close = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ => return rest,
        };
        rest = rest.split_once(close).map_or("", |(_, after)| after);
    }
}

fn is_page(start: &str) -> bool {
    begins_with_tag(start, &["html", "!doctype html"])
}

/// Whether bytes begin like a web page.
pub(crate) fn is_html(head: &[u8]) -> bool {
    let text = decode(head);
    let start = after_prolog(&text);
    is_page(start) || begins_with_tag(start, TAGS)
}

/// Whether a text begins with one of the tags, whole and in any case.
fn begins_with_tag(start: &str, tags: &[&str]) -> bool {
    let Some(start) = start.strip_prefix('<') else {
        return false;
    };
    tags.iter().any(|tag| {
        let begins = start
            .as_bytes()
            .get(..tag.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(tag.as_bytes()));
        let after = start.as_bytes().get(tag.len());
        begins
            && matches!(
                after,
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/')
            )
    })
}

/// Whether the first line with content is a JSON object, whole or too long to tell.
fn is_json_lines(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start();
    if head.first() != Some(&b'{') {
        return false;
    }
    let line = memchr::memchr(b'\n', head).and_then(|end| head.get(..end));
    match line {
        Some(line) => serde_json::from_slice::<IgnoredAny>(line).is_ok(),
        None => match serde_json::from_slice::<IgnoredAny>(head) {
            Ok(_) => true,
            Err(error) => error.is_eof() && head.len() + 1024 > crate::input::Stream::PEEK,
        },
    }
}

fn known_ending(ending: &str) -> Option<&'static str> {
    let known = ENDINGS.iter().find(|(known, _)| *known == ending);
    known.map(|(_, media_type)| *media_type)
}

/// The ending of a file name in lower case, without that of its compression.
fn ending(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let compression = [".gz", ".zst", ".zstd", ".bz2"];
    let inner = compression.iter().find_map(|end| name.strip_suffix(end));
    let file = inner.unwrap_or(&name);
    let file = file.rsplit('/').next().unwrap_or(file);
    file.rsplit_once('.')
        .map_or(String::new(), |(_, end)| end.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn auto(head: &[u8], name: &str) -> Format {
        format(Kind::Auto, head, name)
    }

    #[test]
    fn content_decides() {
        for (head, name, expected) in [
            (&b"WARC/1.0\r\n\0\x01"[..], "a.txt", Format::Warc),
            (b" <!DOCTYPE HTML PUBLIC", "a", Format::Html),
            (
                b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><HTML lang",
                "a.xml",
                Format::Html,
            ),
            (b"<!doctype html>", "page.txt", Format::Html),
            (b"<div class=a>", "a", Format::Html),
            (b"<div class=a>", "a.txt", Format::Text),
            (b"<div align=center>", "README.md", Format::Markdown),
            (b"plain words", "a.htm.gz", Format::Html),
            (b"plain words", "a", Format::Text),
            (b"\xd6\xd0\xb9\xfa", "gbk", Format::Text),
            (b"\x1b[31mred\x1b[0m", "a.txt", Format::Text),
            (b"{\"text\": \"a\"}\n{", "a.txt", Format::JsonLines),
            (b"{\"text\": \"a\"}", "a.json", Format::JsonLines),
            (b"{bad\n{\"a\":1}", "a.jsonl.zst", Format::JsonLines),
            (b"{\n \"text\": 1\n}", "a.json", Format::Json),
            (b"{like so}", "a.txt", Format::Text),
            (b"body { color: red }", "a.css", Format::Other("text/css")),
            (b"<?xml version='1.0'?><rss>", "feed", Format::Feed),
            (b"\x89PNG\r\n\x1a\n", "a.html", Format::Other("image/png")),
            (
                b"\0\x01\x02\x03abc",
                "a.txt",
                Format::Other("application/octet-stream"),
            ),
        ] {
            assert_eq!(
                auto(head, name),
                expected,
                "{name}: {}",
                head.escape_ascii()
            );
        }
    }

    #[test]
    fn utf_16_is_text() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(
            auto(&wide("\u{feff}中文", u16::to_be_bytes), "a"),
            Format::Text
        );
        assert_eq!(
            auto(&wide("中文,\n好", u16::to_le_bytes), "a"),
            Format::Text
        );
        assert_eq!(
            auto(&wide("<html><body>", u16::to_le_bytes), "a"),
            Format::Html
        );
        assert_eq!(
            auto(&wide("words", u16::to_be_bytes), "a.txt"),
            Format::Text
        );
    }

    #[test]
    fn a_named_kind_is_obeyed_for_text() {
        let words = b"words";
        assert_eq!(format(Kind::Html, words, "a"), Format::Html);
        assert_eq!(
            format(Kind::Html, words, "a.css"),
            Format::Other("text/css")
        );
        let xhtml = b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'>";
        for name in ["a.xml", "a.xhtml", "a.xht", "a"] {
            assert_eq!(format(Kind::Html, xhtml, name), Format::Html, "{name}");
            assert_eq!(auto(xhtml, name), Format::Html, "{name}");
        }
        assert_eq!(
            format(Kind::Html, b"<rss>", "a.xml"),
            Format::Other("application/xml")
        );
        assert_eq!(format(Kind::Text, b"<html>", "a.css"), Format::Text);
        assert_eq!(format(Kind::Jsonl, words, "a"), Format::JsonLines);
        assert_eq!(format(Kind::Wet, words, "a"), Format::Warc);
        let png = b"\x89PNG\r\n";
        assert_eq!(format(Kind::Text, png, "a"), Format::Other("image/png"));
    }

    proptest! {
        #[test]
        fn never_panics(head in prop::collection::vec(any::<u8>(), 0..200), name in ".*") {
            auto(&head, &name);
        }
    }
}
