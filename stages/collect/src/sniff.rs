//! What a file is, by its first bytes; its ending decides only between what looks alike.

mod text;

use serde::de::IgnoredAny;

use self::text::decode;
pub(crate) use self::text::{is_text, utf16};
use crate::config::Kind;
use crate::table::csv::Separator;
use crate::warc::arc;
use crate::{archive, book, feed, forum, table, wiki};

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
mod tests;
