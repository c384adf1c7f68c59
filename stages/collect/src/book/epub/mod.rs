//! EPUB 2 and 3: the files of the reading order, one behind the other.
//!
//! Left out: tables of contents (navigation documents, NCX), files that the spine marks
//! `linear="no"`, and short files that are a cover, title page or notice of rights. What a book
//! says there about itself is in the row's columns.

mod archive;
mod chapter;
mod package;

use std::collections::{HashMap, HashSet};

use textmill_schemas::{CONTENT_HTML, RawDocument, Reason};

use self::archive::Archive;
use self::chapter::Chapter;
use self::package::{Metadata, Package, Part};
use crate::input::Input;
use crate::markup::{push_escaped, strip, whole};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Longest package document or table of contents in bytes.
const MAX_PACKAGE: u64 = 16 << 20;
/// Tables of contents that are read: one of EPUB 3 and one of EPUB 2.
const MAX_CONTENTS: usize = 4;
/// All chapters of a book together may be this many times as long as a record: where each is a
/// document, or markup makes up most of them.
const MAX_CHAPTERS: u64 = 8;
/// A cover, title page or notice of rights is no longer than this many bytes of text; what is
/// longer is the book in one file.
const MAX_APPARATUS: usize = 4000;

/// A book while it is read.
struct Book {
    archive: Archive,
    metadata: Metadata,
    encrypted: HashSet<String>,
    labels: HashMap<String, String>,
    /// Bytes of chapters that may still be unpacked.
    left: u64,
}

/// Reads a book.
pub(crate) fn read(
    input: Box<dyn Input>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let (mut book, package) = match Book::open(input, settings.max_record) {
        Ok(found) => found,
        Err(reason) => return out.reject(file.dropped(Place::default(), None, reason)),
    };
    for _ in 0..package.not_linear {
        out.count("book_files_left_out");
    }
    let (mut body, mut rows) = (String::new(), 0_u64);
    for (index, part) in package.spine.iter().enumerate() {
        out.check()?;
        let place = Place {
            within: index as u64 + 1,
            ..Place::default()
        };
        let chapter = match book.chapter(part, settings.max_record) {
            Ok(Some(chapter)) => chapter,
            Ok(None) => {
                out.count("book_files_left_out");
                continue;
            }
            Err(reason) => {
                rows += 1;
                out.reject(file.dropped(place, None, reason))?;
                continue;
            }
        };
        if settings.book.by_chapter {
            rows += 1;
            out.keep(book.row(file.document(place), chapter.title, chapter.html))?;
            continue;
        }
        let size = (body.len() + chapter.html.len()) as u64;
        if size > settings.max_record {
            let reason = too_large(size, settings.max_record);
            return out.reject(file.dropped(Place::default(), None, reason));
        }
        body += &chapter.html;
        body.push('\n');
    }
    if !body.is_empty() {
        return out.keep(book.row(file.document(Place::default()), None, body));
    }
    match rows {
        0 => {
            let reason =
                Reason::new("collect.no_text").detail("no file of the reading order has text");
            out.reject(file.dropped(Place::default(), None, reason))
        }
        _ => Ok(()),
    }
}

impl Book {
    fn open(input: Box<dyn Input>, limit: u64) -> Result<(Self, Package), Reason> {
        let mut archive = Archive::open(input)?;
        let container = text_of(&mut archive, "META-INF/container.xml");
        let named = container.and_then(|text| package::rootfile(&text));
        let named = named.filter(|name| archive.find(name).is_some());
        // Without a container, the package that lies highest.
        let packages = archive
            .names()
            .filter(|name| name.to_ascii_lowercase().ends_with(".opf"));
        let found = packages
            .min_by_key(|name| (name.matches('/').count(), name.len()))
            .map(archive::plain);
        let Some(name) = named.or(found) else {
            return Err(Reason::new("collect.invalid_epub").detail("no package document (.opf)"));
        };
        let index = archive.find(&name).unwrap_or_default();
        let bytes = archive.read(index, MAX_PACKAGE)?;
        let package = Package::read(&name, &whole(&bytes));
        let mut labels = HashMap::new();
        for contents in package.contents.iter().take(MAX_CONTENTS) {
            if let Some(text) = text_of(&mut archive, contents) {
                package::labels(contents, &text, &mut labels);
            }
        }
        let encrypted = text_of(&mut archive, "META-INF/encryption.xml");
        let book = Self {
            archive,
            metadata: package.metadata.clone(),
            encrypted: encrypted
                .map(|text| package::encrypted(&text))
                .unwrap_or_default(),
            labels,
            left: limit.saturating_mul(MAX_CHAPTERS),
        };
        Ok((book, package))
    }

    /// The text of a file; `None` for one that is no text of the book.
    fn chapter(&mut self, part: &Part, limit: u64) -> Result<Option<Chapter>, Reason> {
        if self.encrypted.contains(&part.name) {
            return Err(Reason::new("collect.encrypted").detail(part.name.clone()));
        }
        let Some(index) = self.archive.find(&part.name) else {
            let detail = format!("{}: in the reading order, but not in the book", part.name);
            return Err(Reason::new("collect.missing_file").detail(detail));
        };
        // A thousand small bombs are a large one.
        let bytes = self.archive.read(index, limit.min(self.left));
        let unpacked = bytes.as_ref().map_or(limit, |bytes| bytes.len() as u64);
        self.left = self.left.saturating_sub(unpacked);
        let bytes = bytes?;
        let mut chapter = chapter::read(&whole(&bytes));
        let apparatus = part.is_apparatus || chapter.is_apparatus;
        if chapter.length == 0 || (apparatus && chapter.length <= MAX_APPARATUS) {
            return Ok(None);
        }
        if chapter.html.len() as u64 > limit {
            return Err(too_large(chapter.html.len() as u64, limit));
        }
        self.name(part, &mut chapter);
        Ok(Some(chapter))
    }

    /// Gives a chapter its title: its label in the contents, or that of the file where it says
    /// more than the book's. One that shows no heading gets the label as one.
    fn name(&self, part: &Part, chapter: &mut Chapter) {
        let label = self.labels.get(&part.name).cloned();
        if let Some(label) = label.as_deref().filter(|_| !chapter.heading) {
            let start = chapter
                .html
                .get(..floor(&chapter.html, 2000))
                .unwrap_or_default();
            if !strip(start).starts_with(label) {
                let mut heading = String::from("<h2>");
                push_escaped(label, &mut heading);
                heading += "</h2>\n";
                chapter.html.insert_str(0, &heading);
            }
        }
        let own = chapter
            .title
            .take()
            .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
        let own =
            own.filter(|title| !title.is_empty() && Some(title) != self.metadata.title.as_ref());
        chapter.title = label.or(own);
    }

    /// A row with what the book says about itself.
    fn row(&self, mut row: RawDocument, chapter: Option<String>, body: String) -> RawDocument {
        let book = &self.metadata;
        row.title = match (book.title.clone(), chapter) {
            (Some(book), Some(chapter)) => Some(format!("{book}: {chapter}")),
            (book, chapter) => book.or(chapter),
        };
        row.author = (!book.authors.is_empty()).then(|| book.authors.join(", "));
        row.lang.clone_from(&book.lang);
        row.time.clone_from(&book.time);
        row.url.clone_from(&book.url);
        row.license = row.license.or_else(|| book.license.clone());
        CONTENT_HTML.clone_into(&mut row.media_type);
        row.charset = Some("utf-8".to_owned());
        row.body = body.into_bytes();
        row
    }
}

fn text_of(archive: &mut Archive, name: &str) -> Option<String> {
    let index = archive.find(name)?;
    let bytes = archive.read(index, MAX_PACKAGE).ok()?;
    Some(whole(&bytes).into_owned())
}

/// The last place for a cut at or before so many bytes.
fn floor(text: &str, bytes: usize) -> usize {
    (0..=bytes.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Reads bytes as each of the files in a book.
#[cfg(feature = "fuzzing")]
pub(crate) fn parts(data: &[u8]) {
    let text = whole(data);
    chapter::read(&text);
    Package::read("a.opf", &text);
    package::labels("toc.ncx", &text, &mut HashMap::new());
    package::encrypted(&text);
}

#[cfg(test)]
mod tests;
