//! Plain texts of books: Project Gutenberg and its sisters, Aozora Bunko, and any text that is
//! wrapped at a line's width.
//!
//! Head, licence and colophon are cut and read for what they say; lines become paragraphs again,
//! verse and tables stay as lines.

mod aozora;
mod between;
mod blocks;
mod frame;
mod inline;
mod language;
mod lines;
mod vocabulary;
mod wrap;

use std::borrow::Cow;

use encoding_rs::Encoding;
use textmill_schemas::{CONTENT_HTML, Reason};

use crate::charset::guess;
use crate::input::Stream;
use crate::markup::{Layout, layout, whole};
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Most lines of a book: each costs some memory beside its text.
const MAX_LINES: usize = 2_000_000;

/// What a book is, with its text as HTML.
#[derive(Debug, Default)]
struct Book {
    title: Option<String>,
    author: Option<String>,
    lang: Option<String>,
    time: Option<String>,
    license: Option<String>,
    url: Option<String>,
    html: String,
}

/// Whether a text begins like a book of Project Gutenberg or Aozora Bunko; `text` is `head` read
/// as UTF-8.
pub(crate) fn begins(head: &[u8], text: &str) -> bool {
    if frame::begins(text) {
        return true;
    }
    match std::str::from_utf8(head) {
        Ok(_) => aozora::begins(text),
        // Aozora's files are Shift JIS.
        Err(_) if text.contains("\u{fffd}") => aozora::begins(&decode(head)),
        Err(_) => aozora::begins(text),
    }
}

/// Reads a book.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let place = Place::default();
    let bytes = match stream.read_record(settings.max_record) {
        Ok(bytes) => bytes,
        Err(reason) => return out.reject(file.dropped(place, None, reason)),
    };
    let lines = memchr::memchr2_iter(b'\n', b'\r', &bytes).count();
    if lines > MAX_LINES {
        let reason = Reason::new("collect.too_large").measured(lines as f64, MAX_LINES as f64);
        let reason = reason.detail("more lines than a book has");
        return out.reject(file.dropped(place, None, reason));
    }
    let book = parse(&decode(&bytes));
    if book.html.is_empty() {
        let reason = Reason::new("collect.no_text").detail("no text between head and licence");
        return out.reject(file.dropped(place, book.url, reason));
    }
    let mut row = file.document(place);
    CONTENT_HTML.clone_into(&mut row.media_type);
    row.charset = Some("utf-8".to_owned());
    row.body = book.html.into_bytes();
    row.title = book.title;
    row.author = book.author;
    row.lang = book.lang;
    row.time = book.time;
    row.url = book.url;
    row.license = row.license.or(book.license);
    out.keep(row)
}

fn parse(text: &str) -> Book {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if aozora::begins(&text) {
        return aozora::parse(&text);
    }
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let (mut book, body) = frame::cut(&lines);
    book.html = wrap::html(&body);
    book
}

/// Decodes a book: by byte order mark, as UTF-8 where it is, as its head says, or by its bytes.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if layout(bytes) != Layout::Ascii || bytes.starts_with(b"\xef\xbb\xbf") {
        return whole(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let encoding = declared(bytes).unwrap_or_else(|| guess(bytes));
    encoding.decode_without_bom_handling(bytes).0
}

/// "Character set encoding: ISO-8859-1". Where it says UTF-8 the bytes know better.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..8192).unwrap_or(bytes).to_ascii_lowercase();
    let name = b"character set encoding:";
    let at = memchr::memmem::find(&head, name)? + name.len();
    let line = head
        .get(at..)?
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()?;
    let label = line.trim_ascii();
    let first = label
        .split(|byte| byte.is_ascii_whitespace() || *byte == b'(')
        .next()?;
    let encoding = Encoding::for_label(label).or_else(|| Encoding::for_label(first))?;
    (encoding != encoding_rs::UTF_8).then_some(encoding)
}

#[cfg(test)]
mod tests;
