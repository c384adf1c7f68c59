//! The blocks of a page, and which of its sections stay.

use super::super::Options;
use super::appendices::is_appendix;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A paragraph.
    Paragraph,
    /// An item of a list.
    Item,
    /// A row of a table.
    Row,
    /// Lines as they are.
    Lines,
}

struct Section {
    level: usize,
    /// Where its heading begins in the text.
    start: usize,
    /// Where its content begins.
    content: usize,
    /// The kind of the block before its heading.
    before: Option<Kind>,
    /// Whether its name is that of an appendix.
    appendix: bool,
    /// Bytes of paragraphs, and of all blocks.
    prose: usize,
    all: usize,
}

/// Puts blocks together.
pub(super) struct Sections<'a> {
    options: &'a Options,
    out: String,
    last: Option<Kind>,
    open: Vec<Section>,
}

/// An appendix with more prose than this stays, if prose is most of it.
const MUCH_PROSE: usize = 400;

impl<'a> Sections<'a> {
    /// Without any block yet.
    pub fn new(options: &'a Options, capacity: usize) -> Self {
        Self {
            options,
            out: String::with_capacity(capacity),
            last: None,
            open: Vec::new(),
        }
    }

    /// Adds a block.
    pub fn push(&mut self, kind: Kind, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let run = self.last == Some(kind) && kind != Kind::Paragraph;
        if self.last.is_some() {
            self.out.push_str(if run { "\n" } else { "\n\n" });
        }
        self.out.push_str(text);
        self.last = Some(kind);
        if let Some(section) = self.open.last_mut() {
            section.all += text.len();
            section.prose += if kind == Kind::Paragraph {
                text.len()
            } else {
                0
            };
        }
    }

    /// Begins a section.
    pub fn heading(&mut self, level: usize, text: &str) {
        self.close(level);
        let (start, before) = (self.out.len(), self.last);
        if self.last.is_some() {
            self.out.push_str("\n\n");
        }
        self.out.push_str(text);
        self.last = Some(Kind::Paragraph);
        self.open.push(Section {
            level,
            start,
            content: self.out.len(),
            before,
            appendix: !self.options.keep_appendices && is_appendix(text),
            prose: 0,
            all: 0,
        });
    }

    /// Ends sections of this level and below; takes out those that are empty and appendices.
    fn close(&mut self, level: usize) {
        while let Some(section) = self.open.pop_if(|section| section.level >= level) {
            let prose = section.prose > MUCH_PROSE && section.prose * 2 > section.all;
            if self.out.len() == section.content || (section.appendix && !prose) {
                self.out.truncate(section.start);
                self.last = section.before;
            } else if let Some(parent) = self.open.last_mut() {
                parent.prose += section.prose;
                parent.all += section.all;
            }
        }
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.close(0);
        self.out
    }
}
