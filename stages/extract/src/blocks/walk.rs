//! The walk over the tree that cuts a page into blocks.

mod text;

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::blocks::attributes::{Attributes, Reader};
use crate::blocks::layout::{self, Layout};
use crate::blocks::markup::Marker;
use crate::blocks::math::Formula;
use crate::blocks::page::{Block, Element, Markup, Page};
use crate::html::tag::Tag;
use crate::html::tree::{self, Edge, NodeId, Tree};
use crate::words::{self, Classes};

/// Blocks that any page may have, and bytes of the page for every further one. Real pages have one
/// every 200 bytes; beyond that a block goes on where it would end, on a new line.
const MIN_BLOCKS: usize = 16_384;
const BYTES_PER_BLOCK: usize = 64;

/// The category of verse.
static POEM: LazyLock<Classes> = LazyLock::new(|| words::class_bit("poem"));

/// What of a page is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Tables of data, as rows.
    pub(crate) tables: bool,
    /// What pictures show, in words.
    pub(crate) images: bool,
    /// The places of links, emphasis and the like.
    pub(crate) markup: bool,
}

impl Page {
    /// Walks a parsed page, around the elements that are to be left out.
    pub(crate) fn of(tree: &Tree, wanted: Wanted, left_out: &FxHashSet<NodeId>) -> Self {
        let mut walk = Walk {
            images: wanted.images,
            marker: Marker::new(wanted.markup),
            most_blocks: MIN_BLOCKS + tree.bytes() / BYTES_PER_BLOCK,
            ..Walk::default()
        };
        let mut attributes = Reader::default();
        // Iterative: every node is opened, and closed after its children.
        for edge in tree.walk(Tree::ROOT) {
            match edge {
                Edge::Open(id) => match tree.element(id) {
                    Some(_) if walk.skipping == 0 && left_out.contains(&id) => walk.skipping = 1,
                    Some(element) if walk.skipping == 0 => {
                        walk.open(element, &attributes.read(element));
                    }
                    Some(element) => {
                        walk.scripted |= layout::is_program(element);
                        walk.skipping += 1;
                    }
                    None if walk.skipping == 0 => walk.text(tree.text(id).unwrap_or_default()),
                    None => {}
                },
                Edge::Close(id) => match tree.element(id) {
                    Some(_) if walk.skipping > 0 => walk.skipping -= 1,
                    Some(element) => walk.close(element.tag),
                    None => {}
                },
            }
        }
        walk.end_block();
        walk.page.marks = walk.marker.finish();
        walk.page.settle(wanted.tables, walk.scripted)
    }
}

/// Counters of the elements that are open.
#[derive(Default)]
struct Open {
    link: u32,
    strong: u32,
    /// Listings of code.
    pre: u32,
    /// Text that keeps its line ends.
    lines: u32,
    quotes: u32,
    button: u32,
    heading: u8,
    hidden: u32,
    /// Inside a row of a table of data.
    row: u32,
}

#[derive(Default)]
struct Walk {
    page: Page,
    /// Elements open inside a skipped one, itself included.
    skipping: u32,
    /// A script, or a trace of one, has been seen.
    scripted: bool,
    stack: Vec<Frame>,
    open: Open,
    lists: Vec<List>,
    line: Layout,
    block: Option<Block>,
    /// Words for pictures are wanted.
    images: bool,
    marker: Marker,
    /// Blocks that the page may have.
    most_blocks: usize,
}

/// What an open element must undo when it closes.
struct Frame {
    tag: Tag,
    /// Its place in the element list, or its nearest listed ancestor's.
    element: u32,
    hidden: bool,
    data_table: bool,
    /// Opened as [`Open::pre`].
    code: bool,
    /// Opened as [`Open::lines`].
    lines: bool,
}

struct List {
    ordered: bool,
    count: u32,
    /// A list item has begun and no text of it has come yet.
    fresh: bool,
}

impl Walk {
    fn open(&mut self, element: tree::Element<'_>, attributes: &Attributes) {
        let tag = element.tag;
        let formula = match tag {
            Tag::Math => Formula::of_math(element),
            Tag::Img => Formula::of_image(element),
            Tag::Script if attributes.tex => Formula::of_script(element),
            _ => None,
        };
        if let Some(formula) = formula {
            self.formula(&formula, element.id);
        }
        self.scripted |= attributes.scripted || layout::is_program(element);
        let whole = matches!(tag, Tag::Html | Tag::Body);
        if tag.is_skipped() || tag == Tag::Math || (attributes.skip && !whole) {
            self.skipping = 1;
            return;
        }
        if tag.is_block() {
            self.block_boundary(tag);
        }
        let parent = self.stack.last();
        let data_table = match tag {
            Tag::Table => self.open.row == 0 && layout::is_data_table(element),
            _ => parent.is_some_and(|frame| frame.data_table),
        };
        let mut at = parent.map_or(0, |frame| frame.element);
        if !tag.is_inline() {
            at = self.list_element(element, at, attributes);
        } else if let Some(block) = &mut self.block {
            block.classes |= attributes.classes;
        } else {
            self.line.classes |= attributes.classes;
        }
        let poem = attributes.classes & *POEM != 0;
        let frame = Frame {
            tag,
            element: at,
            hidden: attributes.hidden,
            data_table,
            code: tag == Tag::Pre && !poem,
            lines: attributes.keeps_lines || (poem && tag == Tag::Pre),
        };
        self.open_counters(&frame);
        self.open_inline(element);
        self.stack.push(frame);
    }

    /// Puts an element on the list and returns its place.
    fn list_element(
        &mut self,
        element: tree::Element<'_>,
        parent: u32,
        attributes: &Attributes,
    ) -> u32 {
        let tag = element.tag;
        let elements = &mut self.page.elements;
        let at = elements.len() as u32;
        let depth = elements
            .get(parent as usize)
            .map_or(0, |parent| parent.depth.saturating_add(1));
        tree::grow(elements, 1);
        elements.push(Element {
            tag,
            parent,
            depth,
            node: element.id,
            consent: attributes.consent,
            // The whole page's names say nothing about a part of it.
            classes: if matches!(tag, Tag::Html | Tag::Body) {
                0
            } else {
                attributes.classes
            },
            signature: attributes.signature ^ (tag as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        });
        at
    }

    fn open_counters(&mut self, frame: &Frame) {
        let open = &mut self.open;
        open.hidden += u32::from(frame.hidden);
        open.pre += u32::from(frame.code);
        open.lines += u32::from(frame.lines);
        match frame.tag {
            Tag::B | Tag::Strong | Tag::Em | Tag::I => open.strong += 1,
            Tag::Button => open.button += 1,
            Tag::Blockquote => open.quotes += 1,
            Tag::Ul | Tag::Ol | Tag::Menu => {
                self.lists.push(List {
                    ordered: frame.tag == Tag::Ol,
                    count: 0,
                    fresh: false,
                });
            }
            Tag::Li => {
                if let Some(list) = self.lists.last_mut() {
                    list.count += 1;
                    list.fresh = true;
                }
            }
            Tag::Tr if frame.data_table => open.row += 1,
            tag if tag.heading_level() > 0 => open.heading = tag.heading_level(),
            _ => {}
        }
    }

    /// What an element adds to the line that it stands in.
    fn open_inline(&mut self, element: tree::Element<'_>) {
        match element.tag {
            Tag::A => {
                self.open.link += 1;
                self.line.links += 1;
                // Two links side by side are two words, whatever the style sheet says.
                if self.line.after_link {
                    self.line.space();
                }
            }
            Tag::Td | Tag::Th if self.open.row > 0 => self.cell(),
            Tag::Br => self.line_break(),
            Tag::Img => self.image(element),
            Tag::Input => self.line.inputs += 1,
            Tag::Rt => self.push("("),
            _ => {}
        }
        if let Some(markup) = markup_of(element.tag) {
            self.marker.open(markup, element.id);
        }
    }

    fn close(&mut self, tag: Tag) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        debug_assert_eq!(frame.tag, tag);
        match tag {
            Tag::Rt => self.push(")"),
            Tag::Td | Tag::Th if self.open.row > 0 => {}
            _ if tag.is_block() => self.block_boundary(tag),
            _ => {}
        }
        if let Some(markup) = markup_of(tag) {
            self.marker.close(markup, self.page.text.len());
        }
        self.line.after_link = tag == Tag::A;
        let open = &mut self.open;
        open.hidden -= u32::from(frame.hidden);
        open.pre -= u32::from(frame.code);
        open.lines -= u32::from(frame.lines);
        match tag {
            Tag::A => open.link = open.link.saturating_sub(1),
            Tag::B | Tag::Strong | Tag::Em | Tag::I => open.strong = open.strong.saturating_sub(1),
            Tag::Button => open.button = open.button.saturating_sub(1),
            Tag::Blockquote => open.quotes = open.quotes.saturating_sub(1),
            Tag::Ul | Tag::Ol | Tag::Menu => drop(self.lists.pop()),
            Tag::Li => {
                if let Some(list) = self.lists.last_mut() {
                    list.fresh = false;
                }
            }
            Tag::Tr if frame.data_table => {
                open.row = open.row.saturating_sub(1);
                self.flush();
            }
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => open.heading = 0,
            _ => {}
        }
    }
}

/// The markup that an element stands for.
fn markup_of(tag: Tag) -> Option<Markup> {
    match tag {
        Tag::A => Some(Markup::Link),
        Tag::B | Tag::Strong => Some(Markup::Strong),
        Tag::Em | Tag::I | Tag::Cite | Tag::Dfn => Some(Markup::Emphasis),
        Tag::Code | Tag::Samp | Tag::Kbd | Tag::Tt | Tag::Var => Some(Markup::Code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        let wanted = Wanted {
            tables: true,
            images: false,
            markup: false,
        };
        Page::of(
            &crate::html::parse::parse(html),
            wanted,
            &FxHashSet::default(),
        )
    }

    #[test]
    fn formulae_inside_each_other_are_written_once() {
        let html = "<div type=math/tex>".repeat(100) + "a formula";
        assert_eq!(page(&html).text, "a formula");
    }

    #[test]
    fn with_too_many_blocks_the_text_stays() {
        let html = format!("<div style='white-space:pre'>{}", "a\n\n".repeat(40_000));
        let page = page(&html);
        assert!(page.blocks.len() < 20_000, "{}", page.blocks.len());
        assert_eq!(page.text.matches('a').count(), 40_000);
    }
}
