//! The parts of an office document: XML files in a ZIP (ECMA-376 part 2, ODF 1.3 part 2).

use std::io::{BufRead, BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use textmill_schemas::Reason;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::input::Input;
use crate::record::too_large;

/// Markup is longer than its text: bytes of a part for each byte that a record may have.
const MARKUP: u64 = 4;

/// An office document.
pub(super) struct Package {
    zip: ZipArchive<Box<dyn Input>>,
    limit: u64,
}

/// What looks at the elements of a part. Names come without prefixes.
pub(super) trait Visitor {
    /// An element begins.
    fn start(&mut self, name: &str, attributes: &Attributes);
    /// Text.
    fn text(&mut self, text: &str);
    /// An element ends.
    fn end(&mut self, name: &str);
    /// Bytes that were made of the part.
    fn len(&self) -> usize;
}

/// The attributes of an element.
pub(super) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// An attribute's value by its name without a prefix.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut all = self.0.attributes();
        let all = all.with_checks(false).flatten();
        let found = all
            .into_iter()
            .find(|attribute| attribute.key.local_name().into_inner() == name)?;
        let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(value.into_owned())
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.trim().parse().ok()
    }
}

impl Package {
    /// Opens a document of which nothing may be longer than a record of `limit` bytes.
    pub fn open(input: Box<dyn Input>, limit: u64) -> Result<Self, Reason> {
        let zip = ZipArchive::new(input).map_err(|error| broken(&error))?;
        Ok(Self { zip, limit })
    }

    /// Whether there is a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// Reads a part, if there is one.
    pub fn visit(&mut self, name: &str, visitor: &mut impl Visitor) -> Result<bool, Reason> {
        if !self.has(name) {
            return Ok(false);
        }
        let (limit, most) = (self.limit, self.limit.saturating_mul(MARKUP));
        let part = self.zip.by_name(name).map_err(|error| broken(&error))?;
        let mut part = BufReader::new(part.take(most));
        let walked = walk(&mut part, visitor, limit);
        if part.get_ref().limit() == 0 {
            return Err(too_large(most, most).detail(format!("the part {name} is longer")));
        }
        if visitor.len() as u64 > limit {
            return Err(too_large(visitor.len() as u64, limit));
        }
        walked
            .map(|()| true)
            .map_err(|problem| corrupt(&format!("{name}: {problem}")))
    }
}

fn walk(part: impl BufRead, visitor: &mut impl Visitor, limit: u64) -> Result<(), String> {
    let mut reader = Reader::from_reader(part);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut buffer = Vec::new();
    while visitor.len() as u64 <= limit {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|error| error.to_string())? {
            Event::Start(tag) => visitor.start(tag.local_name().into_inner(), &Attributes(&tag)),
            Event::Empty(tag) => {
                visitor.start(tag.local_name().into_inner(), &Attributes(&tag));
                visitor.end(tag.local_name().into_inner());
            }
            Event::End(tag) => visitor.end(tag.local_name().into_inner()),
            Event::Text(text) => visitor.text(&text.xml10_content()),
            Event::CData(text) => visitor.text(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let name = entity.xml10_content();
                match entity.resolve_char_ref().ok().flatten() {
                    Some(c) => visitor.text(c.encode_utf8(&mut [0; 4])),
                    None => visitor.text(
                        quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default(),
                    ),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    Ok(())
}

fn broken(error: &ZipError) -> Reason {
    match error.to_string() {
        detail if detail.to_ascii_lowercase().contains("password") => {
            Reason::new("collect.encrypted").detail(detail)
        }
        detail => corrupt(&detail),
    }
}

/// The reason of a document that cannot be read.
pub(super) fn corrupt(problem: &str) -> Reason {
    Reason::new("collect.corrupt").detail(problem.to_owned())
}

/// What a document says about itself: Dublin Core elements of `docProps/core.xml` or `meta.xml`.
#[derive(Default)]
pub(super) struct Metadata {
    /// `dc:title`.
    pub title: String,
    /// `dc:creator`, or the first author.
    pub creator: String,
    /// `dcterms:created` and its kin.
    pub created: String,
    /// `dc:language`.
    pub language: String,
    open: String,
}

impl Visitor for Metadata {
    fn start(&mut self, name: &str, _attributes: &Attributes) {
        name.clone_into(&mut self.open);
    }

    fn text(&mut self, text: &str) {
        let value = match self.open.as_str() {
            "title" => &mut self.title,
            "initial-creator" => {
                self.creator.clear();
                &mut self.creator
            }
            "creator" if self.creator.is_empty() => &mut self.creator,
            "created" | "creation-date" => &mut self.created,
            "language" => &mut self.language,
            _ => return,
        };
        value.push_str(text);
    }

    fn end(&mut self, _name: &str) {
        self.open.clear();
    }

    fn len(&self) -> usize {
        self.title.len() + self.creator.len() + self.created.len() + self.language.len()
    }
}

impl Metadata {
    /// Fills a row.
    pub fn fill(&self, row: &mut textmill_schemas::RawDocument) {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        row.title = some(&self.title);
        row.author = some(&self.creator);
        row.lang = some(&self.language);
        row.time = crate::time::rfc3339(&self.created);
    }
}
