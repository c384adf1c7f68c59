//! One walk over the tree: its elements in document order, and its text cut into blocks.
//!
//! Everything after this walk is loops over two flat lists, so that nothing recurses and depth
//! costs nothing. A block is a run of text that a browser would lay out as one paragraph, list
//! item, heading, table row or listing of code.

use scraper::Html;
use scraper::node::{Element as HtmlElement, Node};

use crate::layout::{self, Edge, Layout};
use crate::tag::Tag;
use crate::terminal;
use crate::words::{self, Classes};

/// How a block of text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Paragraph,
    Heading,
    Item,
    Row,
    Code,
}

/// A block-level element, in document order: a child always follows its parent.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) tag: Tag,
    pub(crate) parent: u32,
    pub(crate) depth: u16,
    /// Categories of its class, id and role words.
    pub(crate) classes: Classes,
    /// Hash of tag and class, to find repeated siblings.
    pub(crate) signature: u64,
}

/// A run of text with its layout.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Innermost listed element around it.
    pub(crate) element: u32,
    /// Its bytes in [`Page::text`].
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// 1 to 6 inside a heading.
    pub(crate) heading: u8,
    /// Nesting of lists around it.
    pub(crate) list_depth: u8,
    /// Number in an ordered list, 0 for a bullet.
    pub(crate) ordinal: u32,
    /// Bytes inside links, and the number of links.
    pub(crate) link_bytes: usize,
    pub(crate) links: u32,
    /// Bytes inside strong, em and the like.
    pub(crate) strong_bytes: usize,
    pub(crate) images: u32,
    pub(crate) inputs: u32,
    /// Words of the inline elements inside it.
    pub(crate) classes: Classes,
    /// Inside a button.
    pub(crate) button: bool,
    pub(crate) hidden: bool,
}

/// A page as flat lists.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) elements: Vec<Element>,
    pub(crate) blocks: Vec<Block>,
    /// Text of all blocks, one after the other.
    pub(crate) text: String,
}

impl Page {
    /// Walks a parsed page.
    pub(crate) fn of(html: &Html, tables: bool) -> Self {
        let mut walk = Walk::default();
        // Iterative: every node is opened, and closed after its children.
        for edge in html.tree.root().traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Node::Element(element) if walk.skipping == 0 => walk.open(node, element),
                    Node::Element(element) => {
                        walk.scripted |= layout::is_program(element);
                        walk.skipping += 1;
                    }
                    Node::Text(text) if walk.skipping == 0 => walk.text(text),
                    _ => {}
                },
                Edge::Close(node) => match node.value() {
                    Node::Element(_) if walk.skipping > 0 => walk.skipping -= 1,
                    Node::Element(element) => walk.close(Tag::of(element.name())),
                    _ => {}
                },
            }
        }
        walk.flush();
        walk.page.settle(tables, walk.scripted)
    }

    /// Takes tables out if they are not wanted, and hidden text unless it is most of a page with
    /// scripts: one of them uncovers it when it has run.
    fn settle(mut self, tables: bool, scripted: bool) -> Self {
        let bytes = |block: &Block| block.end - block.start;
        let hidden: usize = self
            .blocks
            .iter()
            .filter(|block| block.hidden)
            .map(bytes)
            .sum();
        let all: usize = self.blocks.iter().map(bytes).sum();
        let drop_hidden = hidden * 2 < all || !scripted;
        self.blocks
            .retain(|block| !(block.hidden && drop_hidden) && (tables || block.kind != Kind::Row));
        self
    }

    /// A block's text.
    pub(crate) fn text_of(&self, block: &Block) -> &str {
        &self.text[block.start..block.end]
    }
}

/// Counters of the elements that are open.
#[derive(Default)]
struct Open {
    link: u32,
    strong: u32,
    pre: u32,
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
}

/// What an open element must undo when it closes.
struct Frame {
    tag: Tag,
    /// Its place in the element list, or its nearest listed ancestor's.
    element: u32,
    hidden: bool,
    data_table: bool,
}

struct List {
    ordered: bool,
    count: u32,
    /// A list item has begun and no text of it has come yet.
    fresh: bool,
}

impl Walk {
    fn open(&mut self, node: layout::NodeRef<'_>, element: &HtmlElement) {
        let tag = Tag::of(element.name());
        let attributes = Attributes::of(element);
        if tag == Tag::Math || attributes.tex {
            self.math(node, tag);
        }
        self.scripted |= attributes.scripted || layout::is_program(element);
        if tag.is_skipped() || tag == Tag::Math || attributes.skip {
            self.skipping = 1;
            return;
        }
        if tag.is_block() {
            self.block_boundary(tag);
        }
        let parent = self.stack.last();
        let data_table = match tag {
            Tag::Table => self.open.row == 0 && layout::is_data_table(node),
            _ => parent.is_some_and(|frame| frame.data_table),
        };
        let mut at = parent.map_or(0, |frame| frame.element);
        if !tag.is_inline() {
            at = self.list_element(tag, at, &attributes);
        } else if let Some(block) = &mut self.block {
            block.classes |= attributes.classes;
        } else {
            self.line.classes |= attributes.classes;
        }
        self.open_counters(tag, attributes.hidden, data_table);
        self.stack.push(Frame {
            tag,
            element: at,
            hidden: attributes.hidden,
            data_table,
        });
    }

    /// Puts an element on the list and returns its place.
    fn list_element(&mut self, tag: Tag, parent: u32, attributes: &Attributes) -> u32 {
        let elements = &mut self.page.elements;
        let at = elements.len() as u32;
        let depth = elements
            .get(parent as usize)
            .map_or(0, |parent| parent.depth.saturating_add(1));
        elements.push(Element {
            tag,
            parent,
            depth,
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

    fn open_counters(&mut self, tag: Tag, hidden: bool, data_table: bool) {
        self.open.hidden += u32::from(hidden);
        match tag {
            Tag::A => {
                self.open.link += 1;
                self.line.links += 1;
                // Two links side by side are two words, whatever the style sheet says.
                if self.line.after_link {
                    self.line.space();
                }
            }
            Tag::B | Tag::Strong | Tag::Em | Tag::I => self.open.strong += 1,
            Tag::Pre => self.open.pre += 1,
            Tag::Button => self.open.button += 1,
            Tag::Ul | Tag::Ol | Tag::Menu => {
                self.lists.push(List {
                    ordered: tag == Tag::Ol,
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
            Tag::Tr if data_table => self.open.row += 1,
            Tag::Td | Tag::Th if self.open.row > 0 => self.cell(),
            Tag::Br => self.line_break(),
            Tag::Img => self.line.images += 1,
            Tag::Input => self.line.inputs += 1,
            Tag::Rt => self.push("("),
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                self.open.heading = tag.heading_level();
            }
            _ => {}
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
        self.line.after_link = tag == Tag::A;
        self.open.hidden -= u32::from(frame.hidden);
        let open = &mut self.open;
        match tag {
            Tag::A => open.link = open.link.saturating_sub(1),
            Tag::B | Tag::Strong | Tag::Em | Tag::I => open.strong = open.strong.saturating_sub(1),
            Tag::Pre => open.pre = open.pre.saturating_sub(1),
            Tag::Button => open.button = open.button.saturating_sub(1),
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

    /// A block-level element begins or ends here.
    fn block_boundary(&mut self, tag: Tag) {
        if self.open.row > 0 && tag != Tag::Tr {
            self.line.space();
        } else {
            self.flush();
        }
    }

    fn cell(&mut self) {
        let written = self
            .block
            .as_ref()
            .is_some_and(|block| block.start < self.page.text.len());
        if written {
            self.line.cell();
        }
    }

    fn line_break(&mut self) {
        if self.open.row > 0 {
            self.line.space();
        } else if self.open.pre > 0 {
            self.push_code("\n");
        } else if self.line.line_break() {
            self.flush();
        }
    }

    /// A formula: TeX between dollar signs where the page has it.
    fn math(&mut self, node: layout::NodeRef<'_>, tag: Tag) {
        let Some((tex, display)) = layout::tex_of(node, tag) else {
            return;
        };
        let mark = if display { "$$" } else { "$" };
        self.push(mark);
        self.push(&tex);
        self.push(mark);
    }

    fn text(&mut self, text: &str) {
        if text.contains('\u{1b}') {
            for line in text.split_inclusive('\n') {
                self.plain_text(&terminal::shown(line));
            }
        } else {
            self.plain_text(text);
        }
    }

    fn plain_text(&mut self, text: &str) {
        if self.open.pre > 0 && self.open.row == 0 {
            self.push_code(text);
        } else {
            self.push(text);
        }
    }

    fn push(&mut self, text: &str) {
        let (body, leading, trailing) = layout::split_space(text);
        if leading {
            self.line.space();
        }
        if body.is_empty() {
            return;
        }
        let start = self.begin_text();
        self.line.write(
            &mut self.page.text,
            body,
            self.block.as_ref().map_or(0, |b| b.start),
        );
        self.count(start);
        if trailing {
            self.line.space();
        }
    }

    fn push_code(&mut self, text: &str) {
        let blank = text.chars().all(char::is_whitespace);
        if self.block.is_none() && blank {
            return;
        }
        let start = self.begin_text();
        layout::write_code(&mut self.page.text, text);
        self.count(start);
    }

    /// Opens a block if none is, and returns where text will go.
    fn begin_text(&mut self) -> usize {
        let start = self.page.text.len();
        if self.block.is_none() {
            let block = self.new_block(start);
            self.block = Some(block);
        }
        start
    }

    fn new_block(&mut self, start: usize) -> Block {
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
    fn count(&mut self, start: usize) {
        let bytes = self.page.text.len() - start;
        if let Some(block) = &mut self.block {
            if self.open.link > 0 {
                block.link_bytes += bytes;
            }
            if self.open.strong > 0 {
                block.strong_bytes += bytes;
            }
        }
    }

    /// Ends the current block.
    fn flush(&mut self) {
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
            return;
        }
        self.page.text.truncate(block.start + keep);
        block.end = self.page.text.len();
        block.links += line.links;
        block.images += line.images;
        block.inputs += line.inputs;
        self.page.blocks.push(block);
    }
}

/// What extraction needs of an element's attributes, in one look.
struct Attributes {
    classes: Classes,
    hidden: bool,
    skip: bool,
    tex: bool,
    signature: u64,
    /// Something that only a script has a use for.
    scripted: bool,
}

impl Attributes {
    fn of(element: &HtmlElement) -> Self {
        let mut found = Self {
            classes: 0,
            hidden: false,
            skip: false,
            tex: false,
            signature: 0,
            scripted: false,
        };
        // React sends the parts of a page like this, and moves them to their places.
        let streamed = element.attr("id").is_some_and(|id| id.starts_with("S:"));
        for (name, value) in element.attrs() {
            match name {
                "class" => {
                    words::add_classes(value, &mut found.classes);
                    found.signature = layout::hash(value);
                    found.skip |= layout::is_rendered_formula(value);
                }
                "id" | "role" | "itemprop" | "data-component" | "data-testid" => {
                    words::add_classes(value, &mut found.classes);
                }
                "aria-hidden" if value == "true" => {
                    words::add_classes("hidden", &mut found.classes)
                }
                "hidden" => found.hidden |= value != "until-found" && !streamed,
                "style" => found.hidden |= layout::is_hidden_style(value),
                "type" => found.tex |= value.starts_with("math/tex"),
                "aria-controls" | "aria-expanded" => found.scripted = true,
                _ => found.scripted |= name.starts_with("data-") || name.starts_with("on"),
            }
        }
        found
    }
}
