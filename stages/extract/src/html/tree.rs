//! The tree of a page: one flat list of nodes, linked by their places in it.
//!
//! html5ever's tree builder decides what goes where; this is only the place. Against scraper's
//! tree it saves a copy of every text, attribute and name, and half of the memory.

mod edit;
mod element;

use crate::html::tag::Tag;
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, ns};

pub(crate) use element::{Element, ElementData};

use element::Vocabulary;

/// Place of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

/// Attributes kept of one element whose start tag is repeated, as `<body>` may be.
const MAX_ATTRIBUTES: usize = crate::html::tokenizer::MAX_ATTRIBUTES;
/// Attributes that any page may have, and bytes of the page for every further one. Real pages have
/// one every 36 bytes.
const MIN_ATTRIBUTES: usize = 50_000;
const BYTES_PER_ATTRIBUTE: usize = 24;
/// Most text of one element that is read at a time: no script, title or formula is longer.
const MAX_TEXT: usize = 2 << 20;

/// Entries from which on a list no longer doubles.
const MIN_AHEAD: usize = 4096;

/// No node.
const NONE: NodeId = NodeId(u32::MAX);

/// What a node is.
#[derive(Debug)]
pub(crate) enum Data {
    Element(ElementData),
    Text(StrTendril),
    /// The document, a template's contents, a comment: nothing to read.
    Other,
}

#[derive(Debug)]
struct Node {
    parent: NodeId,
    previous: NodeId,
    next: NodeId,
    first_child: NodeId,
    last_child: NodeId,
    data: Data,
}

/// A step of a walk over the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A node begins.
    Open(NodeId),
    /// A node ends, after its children.
    Close(NodeId),
}

/// A page's nodes.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<(LocalName, StrTendril)>,
    /// Length of the page.
    bytes: usize,
}

impl Tree {
    /// A tree that holds the document alone, of a page of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            attributes: Vec::new(),
            bytes,
        };
        tree.push(Data::Other);
        tree
    }

    /// Length of the page.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The document.
    pub(crate) const ROOT: NodeId = NodeId(0);

    fn push(&mut self, data: Data) -> NodeId {
        // A page has at most 16 MiB by default, and never as many nodes as 32 bits count.
        let id = NodeId(self.nodes.len() as u32);
        grow(&mut self.nodes, 1);
        self.nodes.push(Node {
            parent: NONE,
            previous: NONE,
            next: NONE,
            first_child: NONE,
            last_child: NONE,
            data,
        });
        id
    }

    /// A new node that stands nowhere yet.
    pub(crate) fn add_other(&mut self) -> NodeId {
        self.push(Data::Other)
    }

    /// A new element that stands nowhere yet.
    pub(crate) fn add_element(
        &mut self,
        (namespace, name): (&Namespace, LocalName),
        attributes: Vec<Attribute>,
        holds_html: bool,
    ) -> NodeId {
        let vocabulary = match *namespace {
            ns!(html) => Vocabulary::Html,
            ns!(svg) => Vocabulary::Svg,
            ns!(mathml) => Vocabulary::MathMl,
            _ => Vocabulary::Other,
        };
        let start = self.attributes.len() as u32;
        let most = MIN_ATTRIBUTES + self.bytes / BYTES_PER_ATTRIBUTE;
        let room = most.saturating_sub(self.attributes.len());
        grow(&mut self.attributes, attributes.len().min(room));
        let attributes = attributes.into_iter().map(|a| (a.name.local, a.value));
        self.attributes.extend(attributes.take(room));
        self.push(Data::Element(ElementData {
            tag: Tag::of(&name),
            vocabulary,
            holds_html,
            name,
            attributes: (start, self.attributes.len() as u32),
        }))
    }

    /// Gives an element the attributes that it does not have.
    pub(crate) fn add_missing(&mut self, id: NodeId, attributes: Vec<Attribute>) {
        let Some(element) = self.element(id) else {
            return;
        };
        let mut all = element.attributes().to_vec();
        let known = all.len();
        for attribute in attributes {
            let name = attribute.name.local;
            if all.len() == MAX_ATTRIBUTES {
                break;
            }
            if !all[..known].iter().any(|(old, _)| *old == name) {
                all.push((name, attribute.value));
            }
        }
        if all.len() == known {
            return;
        }
        let start = self.attributes.len() as u32;
        self.attributes.extend(all);
        let end = self.attributes.len() as u32;
        if let Data::Element(element) = &mut self.nodes[id.0 as usize].data {
            element.attributes = (start, end);
        }
    }

    /// What a node is.
    pub(crate) fn data(&self, id: NodeId) -> &Data {
        &self.nodes[id.0 as usize].data
    }

    /// A node as an element.
    pub(crate) fn element(&self, id: NodeId) -> Option<Element<'_>> {
        match self.data(id) {
            Data::Element(data) => Some(Element {
                tree: self,
                data,
                id,
                tag: data.tag,
            }),
            _ => None,
        }
    }

    /// A node as text.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match self.data(id) {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// All nodes, in the order in which they came up.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    fn some(id: NodeId) -> Option<NodeId> {
        (id != NONE).then_some(id)
    }

    /// The node around a node.
    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        Self::some(self.nodes[id.0 as usize].parent)
    }

    /// The node before a node, below the same parent.
    pub(crate) fn previous(&self, id: NodeId) -> Option<NodeId> {
        Self::some(self.nodes[id.0 as usize].previous)
    }

    /// A node's first child.
    pub(crate) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        Self::some(self.nodes[id.0 as usize].first_child)
    }

    /// A node's children.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        std::iter::successors(self.first_child(id), |id| {
            Self::some(self.nodes[id.0 as usize].next)
        })
    }

    fn last_child(&self, id: NodeId) -> Option<NodeId> {
        Self::some(self.nodes[id.0 as usize].last_child)
    }

    /// A walk over a node and all below it, without recursion.
    pub(crate) fn walk(&self, top: NodeId) -> Walk<'_> {
        Walk {
            tree: self,
            top,
            next: Some(Edge::Open(top)),
        }
    }

    /// A node and all below it, in the page's order.
    pub(crate) fn descendants(&self, top: NodeId) -> impl Iterator<Item = NodeId> + use<'_> {
        self.walk(top).filter_map(|edge| match edge {
            Edge::Open(id) => Some(id),
            Edge::Close(_) => None,
        })
    }
}

/// Makes room for some more, of which a long list gets a quarter ahead: twice as much would be
/// what a page costs.
#[inline]
pub(crate) fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more && list.len() > MIN_AHEAD {
        list.reserve_exact(more.max(list.len() / 4));
    }
}

/// See [`Tree::walk`].
pub(crate) struct Walk<'a> {
    tree: &'a Tree,
    top: NodeId,
    next: Option<Edge>,
}

impl Iterator for Walk<'_> {
    type Item = Edge;

    fn next(&mut self) -> Option<Edge> {
        let edge = self.next?;
        self.next = match edge {
            Edge::Open(id) => Some(match self.tree.first_child(id) {
                Some(child) => Edge::Open(child),
                None => Edge::Close(id),
            }),
            Edge::Close(id) if id == self.top => None,
            Edge::Close(id) => {
                let node = &self.tree.nodes[id.0 as usize];
                match Tree::some(node.next) {
                    Some(next) => Some(Edge::Open(next)),
                    None => Tree::some(node.parent).map(Edge::Close),
                }
            }
        };
        Some(edge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(tree: &Tree) -> String {
        let mut shape = String::new();
        for edge in tree.walk(Tree::ROOT) {
            match edge {
                Edge::Open(id) => match tree.data(id) {
                    Data::Text(text) => shape.push_str(text),
                    _ => shape.push('('),
                },
                Edge::Close(id) if tree.text(id).is_none() => shape.push(')'),
                Edge::Close(_) => {}
            }
        }
        shape
    }

    #[test]
    fn nodes_move_with_what_they_hold() {
        let mut tree = Tree::new(0);
        let (a, b) = (tree.add_other(), tree.add_other());
        tree.append(Tree::ROOT, a);
        tree.append(Tree::ROOT, b);
        tree.append_text(a, "x".into());
        tree.append_text(a, "y".into());
        assert_eq!(shape(&tree), "((xy)())");
        tree.insert_text_before(b, "m".into());
        tree.insert_text_before(b, "n".into());
        assert_eq!(shape(&tree), "((xy)mn())");
        tree.move_children(a, b);
        assert_eq!(shape(&tree), "(()mn(xy))");
        tree.insert_before(a, b);
        assert_eq!(shape(&tree), "((xy)()mn)");
        tree.detach(b);
        assert_eq!(shape(&tree), "(()mn)");
        assert_eq!(tree.descendants(b).count(), 2);
    }

    #[test]
    fn attributes_of_repeated_tags_are_bounded() {
        let html: String = (0..3000).map(|n| format!("<body a{n}=b>")).collect();
        let tree = crate::html::parse::parse(&html);
        let body = tree.ids().filter_map(|id| tree.element(id));
        let body = body.filter(|element| element.tag == Tag::Body).last();
        assert_eq!(body.map(|body| body.attributes().len()), Some(256));
        assert!(tree.attributes.len() < 50_000, "{}", tree.attributes.len());
    }
}
