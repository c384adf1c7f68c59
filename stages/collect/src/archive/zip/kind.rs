//! Formats that are a ZIP inside: books, documents of word processors.

use std::io::Read;

use textmill_schemas::Reason;

use super::content;
use super::directory::Directory;
use super::entry::Entry;
use crate::archive::Content;
use crate::archive::window::Shared;

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An electronic book.
    Epub,
    /// A document of Word or of an OpenDocument word processor.
    Document,
    /// A document that is not text, by media type.
    Other(&'static str),
    /// Just files.
    Files,
}

/// Entries that are looked at: what tells a format stands near the front.
const LOOK: u64 = 1000;

/// Tells by what the first entries are called, and by the content of `mimetype` (OCF 4.3, ODF 1.2
/// part 3).
pub(super) fn find(shared: &Shared, directory: &mut Directory) -> Result<Kind, Reason> {
    let mut is_office = false;
    let mut main = None;
    while directory.read < LOOK {
        let Some(entry) = directory.next()? else {
            break;
        };
        match entry.name.as_slice() {
            b"mimetype" => {
                if let Some(kind) = by_media_type(&media_type(shared, &entry)) {
                    return Ok(kind);
                }
            }
            b"META-INF/container.xml" => return Ok(Kind::Epub),
            b"[Content_Types].xml" => is_office = true,
            name if main.is_none() => main = part_of_office(name),
            _ => {}
        }
        if is_office && let Some(kind) = main {
            return Ok(kind);
        }
    }
    Ok(Kind::Files)
}

fn part_of_office(name: &[u8]) -> Option<Kind> {
    if name.starts_with(b"word/") {
        return Some(Kind::Document);
    }
    if name.starts_with(b"xl/") {
        return Some(Kind::Other(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ));
    }
    name.starts_with(b"ppt/").then_some(Kind::Other(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ))
}

fn by_media_type(media_type: &str) -> Option<Kind> {
    const OPEN_DOCUMENT: &str = "application/vnd.oasis.opendocument.";
    if media_type == "application/epub+zip" {
        return Some(Kind::Epub);
    }
    let of = media_type.strip_prefix(OPEN_DOCUMENT)?;
    Some(match of.split('-').next() {
        Some("text") => Kind::Document,
        Some("spreadsheet") => Kind::Other("application/vnd.oasis.opendocument.spreadsheet"),
        Some("presentation") => Kind::Other("application/vnd.oasis.opendocument.presentation"),
        _ => Kind::Other("application/vnd.oasis.opendocument.graphics"),
    })
}

/// The content of `mimetype`, empty if it cannot be read.
fn media_type(shared: &Shared, entry: &Entry) -> String {
    let read = || -> Option<String> {
        let start = content::data_start(shared, entry).ok()?;
        let mut input: Box<dyn Read> = match content::open(shared, entry, start).ok()? {
            Content::Once(input) => input,
            Content::Anywhere(input) => Box::new(input),
        };
        let mut bytes = Vec::new();
        input.by_ref().take(128).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_ascii_lowercase())
    };
    read().unwrap_or_default()
}
