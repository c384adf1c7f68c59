//! Text into lines, lines into blocks.

use super::{Open, Walk};
use crate::blocks::layout::{self, Layout};
use crate::blocks::math::Formula;
use crate::blocks::page::{Block, Kind, Markup};
use crate::blocks::terminal;
use crate::html::tag::Tag;
use crate::html::tree::{self, NodeId};

impl Walk {
    /// A block-level element begins or ends here.
    pub(super) fn block_boundary(&mut self, tag: Tag) {
        if self.open.row > 0 && tag != Tag::Tr {
            self.line.space();
        } else {
            self.flush();
        }
    }

    pub(super) fn cell(&mut self) {
        let written = self
            .block
            .as_ref()
            .is_some_and(|block| block.start < self.page.text.len());
        if written {
            self.line.cell();
        }
    }

    pub(super) fn line_break(&mut self) {
        if self.open.row > 0 {
            self.line.space();
        } else if self.open.pre > 0 {
            self.push_code("\n");
        } else if self.line.line_break() {
            self.flush();
        }
    }

    /// What a picture shows, if it says so and that is wanted.
    pub(super) fn image(&mut self, element: tree::Element<'_>) {
        self.line.images += 1;
        let alt = element.attr("alt").filter(|_| self.images);
        if let Some(alt) = alt.filter(|alt| !alt.trim().is_empty()) {
            self.line.space();
            self.marker.open(Markup::Image, element.id);
            self.push(alt);
            self.marker.close(Markup::Image, self.page.text.len());
            self.line.space();
        }
    }

    /// Writes a formula between dollar signs.
    pub(super) fn formula(&mut self, formula: &Formula, node: NodeId) {
        let sign = if formula.display { "$$" } else { "$" };
        self.marker.open(Markup::Formula, node);
        self.push(sign);
        self.push(&formula.tex);
        self.push(sign);
        self.marker.close(Markup::Formula, self.page.text.len());
    }

    pub(super) fn text(&mut self, text: &str) {
        if memchr::memchr(0x1b, text.as_bytes()).is_some() {
            for line in text.split_inclusive('\n') {
                self.plain_text(&terminal::shown(line));
            }
        } else {
            self.plain_text(text);
        }
    }

    pub(super) fn plain_text(&mut self, text: &str) {
        if self.open.pre > 0 && self.open.row == 0 {
            self.push_code(text);
        } else if self.open.lines > 0 && self.open.row == 0 && text.contains('\n') {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.line_break();
                }
                self.push(line);
            }
        } else {
            self.push(text);
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        let (body, leading, trailing) = layout::split_space(text);
        if leading {
            self.line.space();
        }
        if body.is_empty() {
            return;
        }
        let start = self.begin_text();
        let block_start = self.block.as_ref().map_or(0, |block| block.start);
        if self.line.pending == layout::Gap::Cell && self.page.text.len() > block_start {
            self.marker.cell(self.page.text.len());
        }
        self.line.write_gap(&mut self.page.text, block_start);
        self.marker.text_begins(self.page.text.len());
        layout::write_words(&mut self.page.text, body);
        self.count(start);
        if trailing {
            self.line.space();
        }
    }

    pub(super) fn push_code(&mut self, text: &str) {
        let blank = text.chars().all(char::is_whitespace);
        if self.block.is_none() && blank {
            return;
        }
        let start = self.begin_text();
        layout::write_code(&mut self.page.text, text);
        self.count(start);
    }

    /// Opens a block if none is, and returns where text will go.
    pub(super) fn begin_text(&mut self) -> usize {
        let start = self.page.text.len();
        if self.block.is_none() {
            let block = self.new_block(start);
            self.block = Some(block);
        }
        start
    }

    pub(super) fn new_block(&mut self, start: usize) -> Block {
        let mut kind = match self.open {
            Open { row: 1.., .. } => Kind::Row,
            Open { pre: 1.., .. } => Kind::Code,
            Open { heading: 1.., .. } => Kind::Heading,
            _ => Kind::Paragraph,
        };
        let mut ordinal = 0;
        if let Some(list) = self.lists.last_mut()
            && list.fresh
        {
            list.fresh = false;
            if kind == Kind::Paragraph {
                kind = Kind::Item;
                ordinal = if list.ordered { list.count } else { 0 };
            }
        }
        Block {
            kind,
            element: self.stack.last().map_or(0, |frame| frame.element),
            start,
            end: start,
            heading: self.open.heading,
            list_depth: self.lists.len().min(255) as u8,
            quotes: self.open.quotes.min(255) as u8,
            ordinal,
            link_bytes: 0,
            links: u32::from(self.open.link > 0 && self.line.links == 0),
            strong_bytes: 0,
            images: 0,
            inputs: 0,
            classes: self.line.classes,
            button: self.open.button > 0,
            hidden: self.open.hidden > 0,
        }
    }

    /// Books the text written since `start` to what is open.
    pub(super) fn count(&mut self, start: usize) {
        let bytes = (self.page.text.len() - start) as u32;
        if let Some(block) = &mut self.block {
            if self.open.link > 0 {
                block.link_bytes += bytes;
            }
            if self.open.strong > 0 {
                block.strong_bytes += bytes;
            }
        }
    }

    /// Ends the current block, if the page may have more.
    pub(super) fn flush(&mut self) {
        if self.block.is_none() || self.page.blocks.len() < self.most_blocks {
            self.end_block();
        } else {
            self.line.pending = self.line.pending.max(layout::Gap::Line);
        }
    }

    pub(super) fn end_block(&mut self) {
        let line = std::mem::take(&mut self.line);
        let Some(mut block) = self.block.take() else {
            // Pictures, inputs and names before a block's first text belong to it.
            self.line = Layout {
                pending: layout::Gap::None,
                after_link: false,
                ..line
            };
            self.line.classes = 0;
            self.line.links = 0;
            return;
        };
        let text = &self.page.text[block.start..];
        let keep = text.trim_end().len();
        if !text.chars().any(char::is_alphanumeric) {
            self.page.text.truncate(block.start);
            self.marker.forget(block.start);
            return;
        }
        self.page.text.truncate(block.start + keep);
        block.end = self.page.text.len();
        self.marker.block_ends(block.end);
        block.links += line.links;
        block.images += line.images;
        block.inputs += line.inputs;
        tree::grow(&mut self.page.blocks, 1);
        self.page.blocks.push(block);
    }
}
