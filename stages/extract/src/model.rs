//! Gradient-boosted regression trees (Friedman 2001), read from text.
//!
//! Trained outside (see `training/`), shipped as data, evaluated here: one comparison a node, so
//! the same features give the same answer everywhere.

use std::sync::OnceLock;

/// A node of a tree in preorder: a split's left child follows it.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Feature to look at; [`LEAF`] for a leaf.
    feature: u16,
    /// Goes left when the feature is at most this; the value of a leaf.
    value: f32,
    right: u32,
}

const LEAF: u16 = u16::MAX;

/// A sum of trees through the logistic function.
#[derive(Debug, Default)]
pub(crate) struct Model {
    nodes: Vec<Node>,
    /// First node of each tree.
    roots: Vec<u32>,
    width: usize,
}

impl Model {
    /// Reads one tree a line, in preorder: `12<0.5` is a split on feature 12, `0.03` a leaf.
    /// `None` if the text is not such a model.
    fn read(text: &str) -> Option<Self> {
        let mut model = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            model.roots.push(model.nodes.len() as u32);
            model.read_tree(line)?;
        }
        Some(model)
    }

    fn read_tree(&mut self, line: &str) -> Option<()> {
        // Splits whose right child is still to come.
        let mut waiting: Vec<usize> = Vec::new();
        let mut words = line.split(' ').peekable();
        while let Some(word) = words.next() {
            let at = self.nodes.len();
            if let Some((feature, threshold)) = word.split_once('<') {
                let feature = feature.parse().ok().filter(|f| *f != LEAF)?;
                self.width = self.width.max(usize::from(feature) + 1);
                self.nodes.push(Node {
                    feature,
                    value: threshold.parse().ok()?,
                    right: 0,
                });
                waiting.push(at);
            } else {
                self.nodes.push(Node {
                    feature: LEAF,
                    value: word.parse().ok()?,
                    right: 0,
                });
                match waiting.pop() {
                    Some(split) => self.nodes[split].right = at as u32 + 1,
                    None => return words.peek().is_none().then_some(()),
                }
            }
        }
        None
    }

    /// Probability for one row of features; 0 to 1.
    pub(crate) fn predict(&self, row: &[f32]) -> f32 {
        debug_assert!(row.len() >= self.width);
        let sum: f32 = self.roots.iter().map(|root| self.leaf(*root, row)).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    fn leaf(&self, root: u32, row: &[f32]) -> f32 {
        let mut at = root as usize;
        loop {
            let node = self.nodes[at];
            if node.feature == LEAF {
                return node.value;
            }
            let goes_left = row
                .get(usize::from(node.feature))
                .is_none_or(|v| *v <= node.value);
            at = if goes_left {
                at + 1
            } else {
                node.right as usize
            };
        }
    }
}

/// Judges a block by itself.
pub(crate) fn first() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::read(include_str!("data/first.txt")).unwrap_or_default())
}

/// Judges a block by what the first model says of the blocks around it.
pub(crate) fn second() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::read(include_str!("data/second.txt")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_models_can_be_read() {
        for model in [first(), second()] {
            assert!(model.roots.len() > 10 && model.width > 10);
        }
    }

    #[test]
    fn a_tree_is_walked_by_its_splits() {
        let model = Model::read("0<0.5 1<2 -1 0 1<3 1 2").unwrap();
        let log_odds = |row: &[f32]| {
            let p = model.predict(row);
            (p / (1.0 - p)).ln().round()
        };
        assert_eq!(log_odds(&[0.5, 2.0]), -1.0);
        assert_eq!(log_odds(&[0.0, 2.5]), 0.0);
        assert_eq!(log_odds(&[1.0, 3.0]), 1.0);
        assert_eq!(log_odds(&[1.0, 9.0]), 2.0);
    }

    #[test]
    fn a_broken_model_is_refused() {
        for text in ["0<x 1 2", "0<1 1", "1 2", "65535<1 1 1", ""] {
            assert!(
                Model::read(text).is_none_or(|m| m.roots.is_empty()),
                "{text}"
            );
        }
    }
}
