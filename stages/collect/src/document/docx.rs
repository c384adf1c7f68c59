//! Word documents (ECMA-376, WordprocessingML): the text as it stands after all changes are
//! accepted, with headings, lists, tables, text boxes and notes, as HTML.

mod styles;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use textmill_schemas::{CONTENT_HTML, RawDocument, Reason};

use super::flow::{Block, Flow};
use super::odt;
use super::package::{Attributes, Metadata, Package, Visitor, corrupt};
use crate::input::Input;
use crate::record::{FileRef, Output, Place, Settings, Stop};
use styles::{Numbering, Relations, Styles};

/// Elements whose content is not text of the document: deleted and moved text, properties, codes
/// of fields, the reading of ruby text, what is there for older programs.
const SKIPPED: [&str; 11] = [
    "del",
    "moveFrom",
    "delText",
    "delInstrText",
    "instrText",
    "sdtPr",
    "tblPr",
    "sectPr",
    "rt",
    "Fallback",
    "binData",
];

/// Reads a document of Word or of an OpenDocument word processor.
pub(crate) fn read(
    input: Box<dyn Input>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let place = Place::default();
    let mut row = file.document(place);
    let read = Package::open(input, settings.max_record).and_then(|mut package| {
        match package.has("content.xml") {
            true => odt::document(&mut package, &mut row),
            false => document(&mut package, &mut row),
        }
    });
    match read {
        Ok(html) if html.trim().is_empty() => {
            out.reject(file.dropped(place, None, Reason::new("collect.no_text")))
        }
        Ok(html) => {
            row.body = html.into_bytes();
            CONTENT_HTML.clone_into(&mut row.media_type);
            row.charset = Some("utf-8".to_owned());
            out.keep(row)
        }
        Err(reason) => out.reject(file.dropped(place, None, reason)),
    }
}

/// The HTML of a Word document.
fn document(package: &mut Package, row: &mut RawDocument) -> Result<String, Reason> {
    let mut relations = Relations::default();
    package.visit("_rels/.rels", &mut relations)?;
    let main = relations.main.unwrap_or("word/document.xml".to_owned());
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
    let part = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let mut body = Body::default();
    package.visit(&part("styles.xml"), &mut body.styles)?;
    package.visit(&part("numbering.xml"), &mut body.numbering)?;
    if !package.visit(&main, &mut body)? {
        return Err(corrupt(&format!("there is no {main}")));
    }
    for (kind, name) in [(Kind::Foot, "footnotes.xml"), (Kind::End, "endnotes.xml")] {
        let mut notes = Notes::new(kind, body.flow.len());
        package.visit(&part(name), &mut notes)?;
        // In the order in which they are referred to.
        for reference in &body.notes {
            for paragraph in notes.found.remove(reference).unwrap_or_default() {
                body.flow.begin();
                body.flow.text(&paragraph);
                body.flow.end();
            }
        }
    }
    let mut metadata = Metadata::default();
    package.visit("docProps/core.xml", &mut metadata)?;
    metadata.fill(row);
    let (html, heading) = body.flow.finish();
    row.title = row.title.take().or(body.title).or(heading);
    Ok(html)
}

/// What a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Foot,
    End,
}

/// The main part.
#[derive(Default)]
struct Body {
    styles: Styles,
    numbering: Numbering,
    flow: Flow,
    /// References to notes, in order.
    notes: Vec<(Kind, String)>,
    /// Text of the first paragraph in the style of titles.
    title: Option<String>,
    /// Depth of elements inside one whose content is skipped, itself included.
    skipped: usize,
    /// Properties of the paragraph at hand.
    paragraph: Paragraph,
    /// Whether text is at hand.
    in_text: bool,
    /// Whether the run at hand is hidden.
    is_hidden: bool,
}

/// Properties of a paragraph.
#[derive(Default)]
struct Paragraph {
    style: Option<String>,
    outline: Option<usize>,
    list: Option<String>,
    level: usize,
    is_title: bool,
}

impl Body {
    /// What the paragraph is, once its properties are read.
    fn block(&mut self) {
        let paragraph = &self.paragraph;
        let style = paragraph.style.as_deref();
        let style = style.and_then(|style| self.styles.get(style));
        let heading = paragraph
            .outline
            .or(style.as_ref().and_then(|style| style.heading));
        let list = paragraph.list.as_ref();
        let list = list.or(style.as_ref().and_then(|style| style.list.as_ref()));
        self.flow.set(match (heading, list) {
            (Some(level), _) => Block::Heading(level),
            (None, Some(list)) if list != "0" => Block::Item {
                level: paragraph.level,
                is_ordered: self.numbering.is_ordered(list, paragraph.level),
            },
            _ => Block::Paragraph,
        });
        self.paragraph.is_title = style.as_ref().is_some_and(|style| style.is_title);
    }
}

impl Visitor for Body {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        if self.skipped > 0 || SKIPPED.contains(&name) {
            self.skipped += 1;
            return;
        }
        let value = || attributes.get("val");
        let is_on = || !matches!(value().as_deref(), Some("0" | "false" | "off"));
        match name {
            "p" => {
                self.flow.begin();
                self.paragraph = Paragraph::default();
            }
            "pStyle" => self.paragraph.style = value(),
            "outlineLvl" => {
                let level = attributes.number("val").filter(|level| *level < 9);
                self.paragraph.outline = level.map(|level| level + 1);
            }
            "numId" => self.paragraph.list = value(),
            "ilvl" => self.paragraph.level = attributes.number("val").unwrap_or(0),
            "r" => self.is_hidden = false,
            "vanish" => self.is_hidden = is_on(),
            "t" => self.in_text = true,
            "tab" | "ptab" if !self.is_hidden => self.flow.text(" "),
            "br" | "cr" if !self.is_hidden => self.flow.line_break(),
            "noBreakHyphen" => self.flow.text("\u{2011}"),
            "footnoteReference" | "endnoteReference" => {
                let kind = if name == "footnoteReference" {
                    Kind::Foot
                } else {
                    Kind::End
                };
                let note = attributes.get("id").map(|id| (kind, id));
                self.notes.extend(note);
            }
            "tbl" => self.flow.table("table", true),
            "tr" => self.flow.table("tr", true),
            "tc" => self.flow.table("td", true),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text && self.skipped == 0 && !self.is_hidden {
            self.flow.text(text);
            if self.paragraph.is_title {
                self.title.get_or_insert_default().push_str(text);
            }
        }
    }

    fn end(&mut self, name: &str) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        match name {
            "pPr" => self.block(),
            "t" => self.in_text = false,
            "p" => {
                self.flow.end();
                self.paragraph.is_title = false;
            }
            "tbl" => self.flow.table("table", false),
            "tr" => self.flow.table("tr", false),
            "tc" => self.flow.table("td", false),
            _ => {}
        }
    }

    fn len(&self) -> usize {
        self.flow.len() + self.notes.len() * 8
    }
}

/// Paragraphs of notes by their kind and name.
struct Notes {
    kind: Kind,
    found: BTreeMap<(Kind, String), Vec<String>>,
    /// The note at hand; separators are none.
    note: Option<String>,
    skipped: usize,
    in_text: bool,
    length: usize,
}

impl Notes {
    fn new(kind: Kind, length: usize) -> Self {
        Self {
            kind,
            found: BTreeMap::new(),
            note: None,
            skipped: 0,
            in_text: false,
            length,
        }
    }

    /// The paragraphs of the note at hand.
    fn paragraphs(&mut self) -> Option<&mut Vec<String>> {
        let note = self.note.clone()?;
        Some(self.found.entry((self.kind, note)).or_default())
    }
}

impl Visitor for Notes {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        if self.skipped > 0 || SKIPPED.contains(&name) {
            self.skipped += 1;
            return;
        }
        match name {
            "footnote" | "endnote" => {
                self.note = match attributes.get("type").as_deref() {
                    None | Some("normal") => attributes.get("id"),
                    Some(_) => None,
                };
            }
            "p" => {
                if let Some(paragraphs) = self.paragraphs() {
                    paragraphs.push(String::new());
                }
            }
            "t" => self.in_text = true,
            "br" | "tab" | "cr" => self.text_of_note(" "),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text && self.skipped == 0 {
            self.text_of_note(text);
        }
    }

    fn end(&mut self, name: &str) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if name == "t" {
            self.in_text = false;
        }
    }

    fn len(&self) -> usize {
        self.length
    }
}

impl Notes {
    fn text_of_note(&mut self, text: &str) {
        self.length += text.len();
        if let Some(paragraph) = self.paragraphs().and_then(|all| all.last_mut()) {
            paragraph.push_str(text);
        }
    }
}
