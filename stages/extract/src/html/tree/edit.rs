//! Moving nodes and adding text to them.

use html5ever::tendril::StrTendril;

use super::{Data, NONE, Node, NodeId, Tree};

impl Tree {
    /// Takes a node, with what it holds, from where it stands.
    pub(crate) fn detach(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0 as usize];
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
        if let Some(previous) = Self::some(previous) {
            self.nodes[previous.0 as usize].next = next;
        } else if let Some(parent) = Self::some(parent) {
            self.nodes[parent.0 as usize].first_child = next;
        }
        if let Some(next) = Self::some(next) {
            self.nodes[next.0 as usize].previous = previous;
        } else if let Some(parent) = Self::some(parent) {
            self.nodes[parent.0 as usize].last_child = previous;
        }
    }

    /// Puts a node at the end of another's children.
    pub(crate) fn append(&mut self, parent: NodeId, child: NodeId) {
        self.detach(child);
        let last = self.nodes[parent.0 as usize].last_child;
        let node = &mut self.nodes[child.0 as usize];
        (node.parent, node.previous) = (parent, last);
        self.nodes[parent.0 as usize].last_child = child;
        match Self::some(last) {
            Some(last) => self.nodes[last.0 as usize].next = child,
            None => self.nodes[parent.0 as usize].first_child = child,
        }
    }

    /// Puts a node before another one.
    pub(crate) fn insert_before(&mut self, sibling: NodeId, new: NodeId) {
        self.detach(new);
        let Node {
            parent, previous, ..
        } = self.nodes[sibling.0 as usize];
        let node = &mut self.nodes[new.0 as usize];
        (node.parent, node.previous, node.next) = (parent, previous, sibling);
        self.nodes[sibling.0 as usize].previous = new;
        if let Some(previous) = Self::some(previous) {
            self.nodes[previous.0 as usize].next = new;
        } else if let Some(parent) = Self::some(parent) {
            self.nodes[parent.0 as usize].first_child = new;
        }
    }

    /// Puts text at the end of a node's children; text that stands there already grows.
    pub(crate) fn append_text(&mut self, parent: NodeId, text: StrTendril) {
        if !self.grow(self.last_child(parent), &text) {
            let node = self.push(Data::Text(text));
            self.append(parent, node);
        }
    }

    /// Puts text before a node; text that stands there already grows.
    pub(crate) fn insert_text_before(&mut self, sibling: NodeId, text: StrTendril) {
        if !self.grow(self.previous(sibling), &text) {
            let node = self.push(Data::Text(text));
            self.insert_before(sibling, node);
        }
    }

    /// Adds to a node that is text; `false` if it is none.
    fn grow(&mut self, node: Option<NodeId>, text: &StrTendril) -> bool {
        let node = node.map(|node| &mut self.nodes[node.0 as usize].data);
        match node {
            Some(Data::Text(before)) => {
                before.push_tendril(text);
                true
            }
            _ => false,
        }
    }

    /// Moves all children of a node to the end of another's.
    pub(crate) fn move_children(&mut self, from: NodeId, to: NodeId) {
        while let Some(child) = self.first_child(from) {
            self.append(to, child);
        }
    }
}
