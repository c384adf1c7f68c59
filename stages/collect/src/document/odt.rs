//! Documents of OpenDocument word processors (ODF 1.3 part 3): the text without deleted changes
//! and comments, with headings, lists, tables, text boxes and notes, as HTML.

use textmill_schemas::{RawDocument, Reason};

use super::flow::{Block, Flow};
use super::package::{Attributes, Metadata, Package, Visitor};

/// Elements whose content is not text of the document.
const SKIPPED: [&str; 7] = [
    "tracked-changes",
    "annotation",
    "note-citation",
    "automatic-styles",
    "forms",
    "ruby-text",
    "desc",
];
/// Most spaces that one element stands for.
const MAX_SPACES: usize = 100;

/// The HTML of a document.
pub(super) fn document(package: &mut Package, row: &mut RawDocument) -> Result<String, Reason> {
    let mut manifest = Manifest::default();
    package.visit("META-INF/manifest.xml", &mut manifest)?;
    if manifest.is_encrypted {
        return Err(Reason::new("collect.encrypted").detail("the document needs a password"));
    }
    let mut body = Body::default();
    package.visit("content.xml", &mut body)?;
    for paragraph in std::mem::take(&mut body.notes) {
        body.flow.begin();
        body.flow.text(&paragraph);
        body.flow.end();
    }
    let mut metadata = Metadata::default();
    package.visit("meta.xml", &mut metadata)?;
    metadata.fill(row);
    let (html, heading) = body.flow.finish();
    row.title = row.title.take().or(heading);
    Ok(html)
}

/// Whether parts are encrypted.
#[derive(Default)]
struct Manifest {
    is_encrypted: bool,
}

impl Visitor for Manifest {
    fn start(&mut self, name: &str, _attributes: &Attributes) {
        self.is_encrypted |= name == "encryption-data";
    }

    fn text(&mut self, _text: &str) {}

    fn end(&mut self, _name: &str) {}

    fn len(&self) -> usize {
        0
    }
}

/// The content.
#[derive(Default)]
struct Body {
    flow: Flow,
    /// Paragraphs of notes.
    notes: Vec<String>,
    in_note: bool,
    skipped: usize,
    /// Paragraphs that are open.
    paragraphs: usize,
    /// For each list that is open, whether its item has had no paragraph yet.
    lists: Vec<bool>,
    pending: usize,
}

impl Body {
    fn add(&mut self, text: &str) {
        if self.in_note {
            self.pending += text.len();
            if let Some(note) = self.notes.last_mut() {
                note.push_str(text);
            }
        } else if self.paragraphs > 0 {
            self.flow.text(text);
        }
    }

    fn begin(&mut self, heading: Option<usize>) {
        if self.in_note {
            self.notes.push(String::new());
            return;
        }
        self.flow.begin();
        self.paragraphs += 1;
        let depth = self.lists.len();
        match (heading, self.lists.last_mut()) {
            (Some(level), _) => self.flow.set(Block::Heading(level)),
            (None, Some(is_first)) if *is_first => {
                *is_first = false;
                self.flow.set(Block::Item {
                    level: depth - 1,
                    is_ordered: false,
                });
            }
            _ => {}
        }
    }
}

impl Visitor for Body {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        if self.skipped > 0 || SKIPPED.contains(&name) {
            self.skipped += 1;
            return;
        }
        match name {
            "p" => self.begin(None),
            "h" => self.begin(Some(attributes.number("outline-level").unwrap_or(1))),
            "s" => {
                let spaces = attributes.number("c").unwrap_or(1);
                self.add(&" ".repeat(spaces.min(MAX_SPACES)));
            }
            "tab" => self.add(" "),
            "line-break" if !self.in_note => self.flow.line_break(),
            "list" => self.lists.push(false),
            "list-item" => {
                if let Some(is_first) = self.lists.last_mut() {
                    *is_first = true;
                }
            }
            "note-body" => self.in_note = true,
            "table" => self.flow.table("table", true),
            "table-row" => self.flow.table("tr", true),
            "table-cell" => self.flow.table("td", true),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped == 0 {
            self.add(text);
        }
    }

    fn end(&mut self, name: &str) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        match name {
            "p" | "h" if !self.in_note => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                self.flow.end();
            }
            "list" => {
                self.lists.pop();
            }
            "note-body" => self.in_note = false,
            "table" => self.flow.table("table", false),
            "table-row" => self.flow.table("tr", false),
            "table-cell" => self.flow.table("td", false),
            _ => {}
        }
    }

    fn len(&self) -> usize {
        self.flow.len() + self.pending + self.lists.len()
    }
}
