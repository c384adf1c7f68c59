//! A page as two flat lists: its elements in document order, and its text cut into blocks.
//!
//! Everything after the walk that fills them (`walk`) is loops, so that nothing recurses and depth
//! costs nothing. A block is a run of text that a browser would lay out as one paragraph, list
//! item, heading, table row or listing of code.

use crate::html::tag::Tag;
use crate::html::tree::NodeId;
use crate::words::Classes;

/// How a block of text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    #[default]
    Paragraph,
    Heading,
    Item,
    Row,
    Code,
}

impl Kind {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paragraph => "paragraph",
            Self::Heading => "heading",
            Self::Item => "item",
            Self::Row => "row",
            Self::Code => "code",
        }
    }
}

/// A block-level element, in document order: a child always follows its parent.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) tag: Tag,
    pub(crate) parent: u32,
    pub(crate) depth: u16,
    /// Its place in the tree.
    pub(crate) node: NodeId,
    /// Called like a consent banner.
    pub(crate) consent: bool,
    /// Categories of its class, id and role words.
    pub(crate) classes: Classes,
    /// Hash of tag and class, to find repeated siblings.
    pub(crate) signature: u64,
}

/// A run of text with its layout.
#[derive(Debug, Default)]
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
    /// Nesting of block quotes around it.
    pub(crate) quotes: u8,
    /// Number in an ordered list, 0 for a bullet.
    pub(crate) ordinal: u32,
    /// Bytes inside links, and the number of links.
    pub(crate) link_bytes: u32,
    pub(crate) links: u32,
    /// Bytes inside strong, em and the like.
    pub(crate) strong_bytes: u32,
    pub(crate) images: u32,
    pub(crate) inputs: u32,
    /// Words of the inline elements inside it.
    pub(crate) classes: Classes,
    /// Inside a button.
    pub(crate) button: bool,
    pub(crate) hidden: bool,
}

/// Where markup begins or ends in a page's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Offset in [`Page::text`].
    pub(crate) at: usize,
    pub(crate) markup: Markup,
    pub(crate) opens: bool,
    /// The element that it comes from.
    pub(crate) node: NodeId,
}

/// Markup inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    Strong,
    Emphasis,
    Code,
    Link,
    Image,
    /// A formula, which is written as it stands.
    Formula,
    /// The separator before a table's cell.
    Cell,
}

/// A page as flat lists.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) elements: Vec<Element>,
    pub(crate) blocks: Vec<Block>,
    /// Text of all blocks, one after the other.
    pub(crate) text: String,
    /// Markup by its place in the text; empty unless it was asked for.
    pub(crate) marks: Vec<Mark>,
}

impl Page {
    /// Takes tables out if they are not wanted, and hidden text unless it is most of a page with
    /// scripts: one of them uncovers it when it has run.
    pub(crate) fn settle(mut self, tables: bool, scripted: bool) -> Self {
        let bytes = |block: &Block| block.end - block.start;
        let hidden = self.blocks.iter().filter(|block| block.hidden);
        let hidden: usize = hidden.map(bytes).sum();
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
