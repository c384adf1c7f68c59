//! The longest token that a text begins with: a double-array trie (Aoe 1989; with exclusive or in
//! place of addition, as in darts-clone).

/// A trie of tokens by their bytes.
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
struct Node {
    /// The child by a byte is at `base ^ byte`, if that node's parent is this one.
    base: u32,
    parent: u32,
    token: u32,
}

const NONE: u32 = u32::MAX;
const FREE: Node = Node {
    base: 0,
    parent: NONE,
    token: NONE,
};
/// A node's children lie in one block.
const BLOCK: usize = 256;
/// Blocks, counted from the last, in which places for children are looked for.
const OPEN_BLOCKS: usize = 16;

impl Trie {
    /// The trie of these tokens, which must be sorted by their bytes and different.
    pub fn new(sorted: &[(&[u8], u32)]) -> Self {
        let mut builder = Builder {
            nodes: vec![FREE; BLOCK],
            free: vec![(0..BLOCK as u32).rev().collect()],
        };
        // The root's parent is nobody's place.
        builder.take(0, NONE - 1);
        builder.fill(sorted);
        Self {
            nodes: builder.nodes,
        }
    }

    /// The longest token at the beginning of `bytes`.
    #[inline]
    pub fn longest(&self, bytes: &[u8]) -> Option<u32> {
        let (mut at, mut longest) = (0u32, NONE);
        let mut base = self.nodes[0].base;
        for byte in bytes {
            let child = base ^ u32::from(*byte);
            let Some(node) = self.nodes.get(child as usize) else {
                break;
            };
            if node.parent != at {
                break;
            }
            if node.token != NONE {
                longest = node.token;
            }
            (at, base) = (child, node.base);
        }
        (longest != NONE).then_some(longest)
    }
}

impl Trie {
    /// Calls `found` with every token at the beginning of `bytes`, and its length; shorter ones first.
    #[inline]
    pub fn prefixes(&self, bytes: &[u8], mut found: impl FnMut(u32, usize)) {
        let mut at = 0u32;
        for (length, byte) in (1..).zip(bytes) {
            let child = self.nodes[at as usize].base ^ u32::from(*byte);
            let node = match self.nodes.get(child as usize) {
                Some(node) if node.parent == at => node,
                _ => break,
            };
            if node.token != NONE {
                found(node.token, length);
            }
            at = child;
        }
    }
}

/// A node that has its place, the tokens below it, and how many bytes they share.
type Open<'s, 't> = (u32, &'s [(&'t [u8], u32)], usize);

struct Builder {
    nodes: Vec<Node>,
    /// Free places of each open block.
    free: Vec<Vec<u32>>,
}

impl Builder {
    /// Places all nodes below the root. The stack is a list: tokens may be long.
    fn fill(&mut self, sorted: &[(&[u8], u32)]) {
        let mut left = vec![(0u32, sorted, 0)];
        while let Some((node, tokens, depth)) = left.pop() {
            self.place_children(node, tokens, depth, &mut left);
        }
    }

    /// Places the children of a node whose tokens these are; they share `depth` bytes.
    fn place_children<'s, 't>(
        &mut self,
        node: u32,
        mut tokens: &'s [(&'t [u8], u32)],
        depth: usize,
        left: &mut Vec<Open<'s, 't>>,
    ) {
        if let Some(((first, token), rest)) = tokens.split_first()
            && first.len() == depth
        {
            self.nodes[node as usize].token = *token;
            tokens = rest;
        }
        let label = |(bytes, _): &(&[u8], u32)| bytes.get(depth).copied().unwrap_or(0);
        let groups: Vec<&[(&[u8], u32)]> = tokens.chunk_by(|a, b| label(a) == label(b)).collect();
        let labels: Vec<u8> = groups.iter().filter_map(|g| g.first().map(label)).collect();
        let Some(base) = self.place_for(&labels) else {
            return;
        };
        self.nodes[node as usize].base = base;
        for (byte, group) in labels.iter().zip(groups) {
            self.take(base ^ u32::from(*byte), node);
            left.push((base ^ u32::from(*byte), group, depth + 1));
        }
    }

    /// A base by which all these children fall on free places.
    fn place_for(&mut self, labels: &[u8]) -> Option<u32> {
        let first = u32::from(*labels.first()?);
        let is_free = |base: u32, nodes: &[Node]| {
            let place = |label: &u8| (base ^ u32::from(*label)) as usize;
            let free = |node: &Node| node.parent == NONE;
            labels
                .iter()
                .all(|label| nodes.get(place(label)).is_some_and(free))
        };
        let places = self.free.iter().rev().flatten();
        let found = places
            .map(|free| free ^ first)
            .find(|base| is_free(*base, &self.nodes));
        if found.is_some() {
            return found;
        }
        let start = self.nodes.len() as u32;
        self.nodes.resize(self.nodes.len() + BLOCK, FREE);
        self.free
            .push((start..start + BLOCK as u32).rev().collect());
        if self.free.len() > OPEN_BLOCKS {
            self.free.remove(0);
        }
        Some(start ^ first)
    }

    fn take(&mut self, place: u32, parent: u32) {
        self.nodes[place as usize].parent = parent;
        for block in &mut self.free {
            // Blocks are in order: a place is looked for where it is.
            let in_block = |first: &u32| first / BLOCK as u32 == place / BLOCK as u32;
            if block.first().is_some_and(in_block) {
                block.retain(|free| *free != place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_are_found_by_their_bytes(
            tokens in prop::collection::btree_set("[a-c\u{e9}]{1,6}", 0..60), text in "[a-c\u{e9}]{0,20}",
        ) {
            let sorted: Vec<(&[u8], u32)> = tokens.iter().map(|t| t.as_bytes()).zip(0..).collect();
            let trie = Trie::new(&sorted);
            let mut expected: Vec<(u32, usize)> = sorted
                .iter()
                .filter(|(token, _)| text.as_bytes().starts_with(token))
                .map(|(token, id)| (*id, token.len()))
                .collect();
            expected.sort_by_key(|(_, length)| *length);
            let mut found = Vec::new();
            trie.prefixes(text.as_bytes(), |token, length| found.push((token, length)));
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(trie.longest(text.as_bytes()), expected.last().map(|(id, _)| *id));
        }
    }

    #[test]
    fn a_token_of_a_megabyte_has_its_place() {
        let long = vec![b'a'; 1 << 20];
        let trie = Trie::new(&[(b"a", 0), (&long, 1)]);
        assert_eq!(trie.longest(&long), Some(1));
        assert_eq!(trie.longest(b"aab"), Some(0));
    }
}
