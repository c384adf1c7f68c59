//! Elements, as they are stored and as they are read.

use html5ever::tendril::StrTendril;
use html5ever::{LocalName, Namespace, ns};

use super::{MAX_TEXT, NodeId, Tree};
use crate::html::tag::Tag;

/// An element as it is stored.
#[derive(Debug)]
pub(crate) struct ElementData {
    pub(super) tag: Tag,
    pub(super) vocabulary: Vocabulary,
    /// For html5ever's rules on formulae.
    pub(crate) holds_html: bool,
    pub(super) name: LocalName,
    /// Its stretch of [`Tree::attributes`].
    pub(super) attributes: (u32, u32),
}

/// The namespaces that the tree builder knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Html,
    Svg,
    MathMl,
    Other,
}

impl ElementData {
    /// Its namespace.
    pub(crate) fn namespace(&self) -> &'static Namespace {
        static NAMES: [Namespace; 4] = [ns!(html), ns!(svg), ns!(mathml), ns!()];
        &NAMES[self.vocabulary as usize]
    }

    /// Its tag.
    pub(crate) fn tag(&self) -> Tag {
        self.tag
    }

    /// Its local name.
    pub(crate) fn name(&self) -> &LocalName {
        &self.name
    }
}

/// An element in its tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(super) tree: &'a Tree,
    pub(super) data: &'a ElementData,
    pub(crate) id: NodeId,
    pub(crate) tag: Tag,
}

impl<'a> Element<'a> {
    /// Its attributes by their local names.
    pub(crate) fn attributes(self) -> &'a [(LocalName, StrTendril)] {
        let (start, end) = self.data.attributes;
        &self.tree.attributes[start as usize..end as usize]
    }

    /// Its namespace.
    pub(crate) fn namespace(self) -> &'static Namespace {
        self.data.namespace()
    }

    /// Its local name.
    pub(crate) fn name(self) -> &'a LocalName {
        &self.data.name
    }

    /// Value of an attribute.
    pub(crate) fn attr(self, name: &str) -> Option<&'a str> {
        let found = self.attributes().iter().find(|a| *a.0 == *name);
        found.map(|(_, value)| &**value)
    }

    /// It and all below it, in the page's order.
    pub(crate) fn descendants(self) -> impl Iterator<Item = NodeId> + use<'a> {
        self.tree.descendants(self.id)
    }

    /// All text in its first nodes, at most `nodes` of them.
    pub(crate) fn text(self, nodes: usize) -> String {
        let mut all = String::new();
        let ids = self.descendants().take(nodes);
        for text in ids.filter_map(|id| self.tree.text(id)) {
            let room = MAX_TEXT - all.len();
            all.push_str(&text[..text.floor_char_boundary(room)]);
            if text.len() > room {
                break;
            }
        }
        all
    }

    /// The tree that it is in.
    pub(crate) fn tree(self) -> &'a Tree {
        self.tree
    }
}
