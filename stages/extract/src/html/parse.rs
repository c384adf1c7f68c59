//! HTML text to a tree, with bounds that a hostile page cannot pass.
//!
//! html5ever's tree builder never recurses, but two things in it cost more than linear time: a
//! scan of the open elements per tag (quadratic in depth), and formatting elements that are opened
//! again in every block. [`Bounded`] stands between it and the tokenizer and holds both.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use html5ever::LocalName;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};

use crate::html::sink::Sink;
use crate::html::tag::Tag as ElementTag;
use crate::html::tokenizer;
use crate::html::tree::{NodeId, Tree};

/// Elements nested deeper than this are put side by side; browsers stop at 512 too.
const MAX_DEPTH: usize = 512;
/// Levels below [`MAX_DEPTH`] that stray end tags may bring about before elements are left out.
const SLACK: usize = 8;
/// Elements that any page may create.
const MIN_ELEMENTS: usize = 16_384;
/// Bytes of the page for every further one. The densest of real pages has an element every 34 bytes
/// and no more than 22,000; beyond that an element is left out, and its text stays.
const BYTES_PER_ELEMENT: usize = 24;

/// Parses a page. Time and memory are linear in its length.
pub(crate) fn parse(html: &str) -> Tree {
    let sink = Sink::new(html.len());
    // Nothing runs scripts here, so what a page shows without them is its content: forums
    // put whole threads there.
    let options = TreeBuilderOpts {
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    let builder = TreeBuilder::new(sink, options);
    let bounded = Bounded::new(builder, html.len());
    tokenizer::tokenize(html, &bounded);
    bounded.builder.sink.finish()
}

/// Hands tokens on, but lets nothing nest too deep. At the limit a block-level element closes the
/// one before it there, so that paragraphs stay paragraphs; an inline element is left out with its
/// end tag, and only its text stays.
struct Bounded {
    builder: TreeBuilder<NodeId, Sink>,
    /// Start tags that may pass before the depth must be looked at again.
    credit: Cell<usize>,
    /// Elements that the page may create.
    most_elements: usize,
    left_out: RefCell<HashMap<LocalName, usize>>,
    /// The block-level element that is open at the limit.
    last_block: RefCell<Option<LocalName>>,
    /// Nothing has come since that opened.
    fresh: Cell<bool>,
    /// Text behind a token that was left out. It waits for the next one that is not: the tree
    /// builder stores every piece of the text in a table by itself.
    text: RefCell<Option<StrTendril>>,
}

impl Bounded {
    fn new(builder: TreeBuilder<NodeId, Sink>, bytes: usize) -> Self {
        Self {
            builder,
            credit: Cell::new(MAX_DEPTH),
            most_elements: MIN_ELEMENTS + bytes / BYTES_PER_ELEMENT,
            left_out: RefCell::default(),
            last_block: RefCell::default(),
            fresh: Cell::new(false),
            text: RefCell::default(),
        }
    }

    /// Whether a token is left out, or waits as a part of [`Self::text`].
    fn takes(&self, token: &Token, line: u64) -> bool {
        let left_out = match token {
            Token::TagToken(tag) => !self.passes(tag, line),
            // Without comments, the text around them is one piece.
            Token::CommentToken(_) => true,
            // Outside of formulae and drawings the tree builder leaves them out too.
            Token::NullCharacterToken => {
                !self.adjusted_current_node_present_but_not_in_html_namespace()
            }
            Token::CharacterTokens(text) => {
                self.fresh.set(false);
                let mut waiting = self.text.borrow_mut();
                if let Some(waiting) = &mut *waiting {
                    waiting.push_tendril(text);
                }
                return waiting.is_some();
            }
            _ => false,
        };
        if left_out {
            self.text.borrow_mut().get_or_insert_default();
        } else {
            self.flush(line);
        }
        left_out
    }

    fn passes(&self, tag: &Tag, line: u64) -> bool {
        match tag.kind {
            TagKind::StartTag => self.start_passes(tag, line),
            TagKind::EndTag => self.end_passes(tag),
        }
    }

    fn start_passes(&self, tag: &Tag, line: u64) -> bool {
        let exhausted = self.exhausted();
        if self.credit.get() > 0 && !exhausted {
            self.credit.set(self.credit.get() - 1);
            self.last_block.take();
            return true;
        }
        let kind = LimitKind::of(&tag.name);
        if kind == LimitKind::Text {
            return true;
        }
        let mut depth = 0;
        if self.credit.get() == 0 {
            depth = self.builder.sink.depth(MAX_DEPTH + SLACK);
            self.credit.set(MAX_DEPTH.saturating_sub(depth) / 2);
        }
        if self.credit.get() > 0 && !exhausted {
            self.credit.set(self.credit.get() - 1);
            self.last_block.take();
            return true;
        }
        if !exhausted && kind == LimitKind::Void {
            return true;
        }
        let again = self.fresh.get() && self.last_block.borrow().as_ref() == Some(&tag.name);
        if again {
            // It would take the place of an empty one.
        } else if !exhausted && kind == LimitKind::Block && depth < MAX_DEPTH + SLACK {
            self.fresh.set(true);
            if let Some(last) = self.last_block.replace(Some(tag.name.clone())) {
                self.close(last, line);
            }
            return true;
        }
        if !tag.self_closing && kind != LimitKind::Void {
            let mut left_out = self.left_out.borrow_mut();
            *left_out.entry(tag.name.clone()).or_default() += 1;
        }
        if kind != LimitKind::Other && !again {
            self.space();
        }
        false
    }

    fn exhausted(&self) -> bool {
        self.builder.sink.created() > self.most_elements
    }

    /// Keeps words apart where an element is left out.
    fn space(&self) {
        let mut text = self.text.borrow_mut();
        text.get_or_insert_default().push_char(' ');
    }

    /// Gives the tree builder the text that waits.
    #[inline]
    fn flush(&self, line: u64) {
        if self.text.borrow().is_some() {
            self.give_text(line);
        }
    }

    #[inline(never)]
    fn give_text(&self, line: u64) {
        let text = self.text.take().unwrap_or_default();
        if !text.is_empty() {
            let text = Token::CharacterTokens(text);
            let _ = self.builder.process_token(text, line);
        }
    }

    /// Gives the tree builder an end tag that the page does not have.
    fn close(&self, name: LocalName, line: u64) {
        self.flush(line);
        let tag = Tag {
            kind: TagKind::EndTag,
            name,
            self_closing: false,
            attrs: Vec::new(),
            had_duplicate_attributes: false,
        };
        let _ = self.builder.process_token(Token::TagToken(tag), line);
    }

    fn end_passes(&self, tag: &Tag) -> bool {
        // These two make an element where none is open.
        let stray = self.credit.get() == 0
            && self
                .last_block
                .borrow()
                .as_deref()
                .is_some_and(|last| *last != *"p");
        if matches!(&*tag.name, "p" | "br") && (self.exhausted() || (stray && *tag.name == *"p")) {
            self.space();
            return false;
        }
        if self.credit.get() > 0 && self.left_out.borrow().is_empty() {
            return true;
        }
        let mut left_out = self.left_out.borrow_mut();
        if let Some(count) = left_out.get_mut(&tag.name).filter(|count| **count > 0) {
            *count -= 1;
            return false;
        }
        // The last block closes with its own end tag, or with that of a block around it.
        if LimitKind::of(&tag.name) == LimitKind::Block {
            self.last_block.take();
        }
        true
    }
}

/// How an element is treated where no further level may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitKind {
    /// Holds text alone, which the tree builder must know of to keep scripts apart from prose.
    Text,
    /// Holds nothing.
    Void,
    Block,
    Other,
}

impl LimitKind {
    fn of(name: &str) -> Self {
        match name {
            "script" | "style" | "textarea" | "title" | "xmp" | "iframe" | "noembed"
            | "noframes" => Self::Text,
            "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta"
            | "param" | "source" | "track" | "wbr" => Self::Void,
            _ if ElementTag::of(name).is_block() => Self::Block,
            _ => Self::Other,
        }
    }
}

impl TokenSink for Bounded {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if self.takes(&token, line) {
            return TokenSinkResult::Continue;
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tree: &Tree) -> String {
        let texts = tree.descendants(Tree::ROOT);
        texts.filter_map(|id| tree.text(id)).collect()
    }

    #[test]
    fn with_too_many_elements_the_text_stays() {
        for part in [
            "<p>a</p>",
            "a<br>",
            "<ul><li>a</ul>",
            "a</p>",
            "<i>a</i> ",
            "<li><b>a",
        ] {
            let html = part.repeat(40_000);
            let tree = parse(&html);
            let elements = tree.ids().filter(|id| tree.element(*id).is_some()).count();
            let most = MIN_ELEMENTS + html.len() / BYTES_PER_ELEMENT + MAX_DEPTH;
            assert!(elements < most, "{part}: {elements}");
            let all = text(&tree);
            assert_eq!(all.matches('a').count(), 40_000, "{part}");
            let last: Vec<&str> = all.split_whitespace().rev().take(100).collect();
            assert_eq!(last, ["a"; 100], "{part}");
        }
    }

    #[test]
    fn text_around_comments_and_nuls_is_one_piece() {
        let tree = parse("<table><tr><td>a<!-- b -->c\0d</table><svg><text>e\0");
        assert_eq!(text(&tree), "acde\u{fffd}");
    }
}
