//! HTML text to scraper's tree, with bounds that a hostile page cannot pass.
//!
//! html5ever never recurses, but three things in it cost more than linear time: a scan of the
//! open elements per tag (quadratic in depth), a scan of the attributes per attribute, and
//! formatting elements that are opened again in every block. [`Bounded`] stands between its
//! tokenizer and its tree builder and holds all three.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilder};
use html5ever::tree_builder::{TreeBuilderOpts, TreeSink};
use html5ever::{Attribute, LocalName, QualName};
use scraper::{Html, HtmlTreeSink};

use crate::tag::Tag as ElementTag;

/// Elements nested deeper than this are put side by side; browsers stop at 512 too.
const MAX_DEPTH: usize = 512;
/// Levels below [`MAX_DEPTH`] that stray end tags may bring about before elements are left out.
const SLACK: usize = 8;
/// Longest tag that is handed over whole; see [`cut_tags`].
const MAX_TAG_BYTES: usize = 8 << 10;
/// Attributes kept of a longer tag.
const MAX_ATTRIBUTES: usize = 64;
/// Elements that may be created per start tag before re-opened formatting is cut off.
const MAX_ELEMENTS_PER_TAG: usize = 8;
/// Elements that any page may create.
const MIN_ELEMENTS: usize = 20_000;

type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// Parses a page. Time and memory are linear in its length.
pub(crate) fn parse(html: &str) -> Html {
    let sink = DepthSink::new();
    // Nothing runs scripts here, so what a page shows without them is its content: forums
    // put whole threads there.
    let options = TreeBuilderOpts {
        scripting_enabled: false,
        ..TreeBuilderOpts::default()
    };
    let builder = TreeBuilder::new(sink, options);
    let tokenizer = Tokenizer::new(Bounded::new(builder), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&cut_tags(html)));
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.builder.sink.finish()
}

/// Shortens tags of many kilobytes to their first attributes: the tokenizer compares every
/// attribute with all before it. A tag inside a script may be cut too, which does no harm.
fn cut_tags(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(start) = memchr::memchr(b'<', &bytes[at..]).map(|i| i + at) {
        at = start + 1;
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let window = &bytes[at..bytes.len().min(at + MAX_TAG_BYTES)];
        if let Some(end) = memchr::memchr(b'>', window) {
            at += end;
            continue;
        }
        let (cut, end) = tag_extent(bytes, at);
        if let Some(cut) = cut {
            out.push_str(&html[copied..cut]);
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Walks a tag from behind its `<`: where its surplus attributes begin, if it has any, and
/// where its `>` stands (or the text ends).
fn tag_extent(bytes: &[u8], start: usize) -> (Option<usize>, usize) {
    let (mut cut, mut words, mut at) = (None, 0, start);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => break,
            b'"' | b'\'' => {
                let rest = &bytes[at + 1..];
                at += memchr::memchr(byte, rest).map_or(rest.len(), |i| i + 1);
            }
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => {
                words += 1;
                if words > MAX_ATTRIBUTES && cut.is_none() {
                    cut = Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (cut, at.min(bytes.len()))
}

/// Hands tokens on, but lets nothing nest too deep. At the limit a block-level element closes the
/// one before it there, so that paragraphs stay paragraphs; an inline element is left out with its
/// end tag, and only its text stays.
struct Bounded {
    builder: TreeBuilder<NodeId, DepthSink>,
    /// Start tags that may pass before the depth must be looked at again.
    credit: Cell<usize>,
    start_tags: Cell<usize>,
    left_out: RefCell<HashMap<LocalName, usize>>,
    /// The block-level element that is open at the limit.
    last_block: RefCell<Option<LocalName>>,
}

impl Bounded {
    fn new(builder: TreeBuilder<NodeId, DepthSink>) -> Self {
        Self {
            builder,
            credit: Cell::new(MAX_DEPTH),
            start_tags: Cell::new(0),
            left_out: RefCell::default(),
            last_block: RefCell::default(),
        }
    }

    fn passes(&self, tag: &Tag, line: u64) -> bool {
        match tag.kind {
            TagKind::StartTag => self.start_passes(tag, line),
            TagKind::EndTag => self.end_passes(tag),
        }
    }

    fn start_passes(&self, tag: &Tag, line: u64) -> bool {
        self.start_tags.set(self.start_tags.get() + 1);
        let kind = LimitKind::of(&tag.name);
        if kind == LimitKind::Text {
            return true;
        }
        let allowed = MIN_ELEMENTS + MAX_ELEMENTS_PER_TAG * self.start_tags.get();
        let exhausted = self.builder.sink.created.get() > allowed;
        let mut depth = 0;
        if self.credit.get() == 0 {
            depth = self.builder.sink.depth();
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
        if !exhausted && kind == LimitKind::Block && depth < MAX_DEPTH + SLACK {
            if let Some(last) = self.last_block.replace(Some(tag.name.clone())) {
                self.close(last, line);
            }
            return true;
        }
        if !tag.self_closing && kind != LimitKind::Void {
            let mut left_out = self.left_out.borrow_mut();
            *left_out.entry(tag.name.clone()).or_default() += 1;
        }
        if kind == LimitKind::Block {
            let space = Token::CharacterTokens(StrTendril::from_slice(" "));
            let _ = self.builder.process_token(space, line);
        }
        false
    }

    /// Gives the tree builder an end tag that the page does not have.
    fn close(&self, name: LocalName, line: u64) {
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
        match &token {
            Token::TagToken(tag) if !self.passes(tag, line) => TokenSinkResult::Continue,
            _ => self.builder.process_token(token, line),
        }
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// scraper's sink, watched: how many elements there are, and where the last one went.
struct DepthSink {
    inner: HtmlTreeSink,
    current: Cell<NodeId>,
    created: Cell<usize>,
}

impl DepthSink {
    fn new() -> Self {
        let inner = HtmlTreeSink::new(Html::new_document());
        let current = Cell::new(inner.get_document());
        Self {
            inner,
            current,
            created: Cell::new(0),
        }
    }

    /// Depth of the place where the last node went.
    fn depth(&self) -> usize {
        let html = self.inner.0.borrow();
        let node = html.tree.get(self.current.get());
        node.map_or(0, |node| node.ancestors().take(MAX_DEPTH + SLACK).count())
    }

    fn note(&self, parent: NodeId, child: &NodeOrText<NodeId>) {
        self.current.set(match child {
            NodeOrText::AppendNode(id) => *id,
            NodeOrText::AppendText(_) => parent,
        });
    }
}

impl TreeSink for DepthSink {
    type Output = Html;
    type Handle = NodeId;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.inner.finish()
    }
    fn parse_error(&self, _: Cow<'static, str>) {}
    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }
    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }
    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.created.set(self.created.get() + 1);
        self.inner.create_element(name, attrs, flags)
    }
    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.inner.create_comment(StrTendril::new())
    }
    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }
    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.note(*parent, &child);
        self.inner.append(parent, child);
    }
    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        self.note(*previous, &child);
        self.inner
            .append_based_on_parent_node(element, previous, child);
    }
    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }
    fn pop(&self, node: &NodeId) {
        let html = self.inner.0.borrow();
        if let Some(parent) = html.tree.get(*node).and_then(|node| node.parent()) {
            self.current.set(parent.id());
        }
    }
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }
    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }
    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }
    fn append_before_sibling(&self, sibling: &NodeId, new: NodeOrText<NodeId>) {
        self.inner.append_before_sibling(sibling, new);
    }
    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attrs);
    }
    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }
    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.inner.reparent_children(node, new_parent);
    }
}
