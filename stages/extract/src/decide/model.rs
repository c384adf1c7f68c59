//! Gradient-boosted regression trees (Friedman 2001), read from text.
//!
//! Trained outside (see `training/`), shipped as data, evaluated here: one comparison a node, so
//! the same features give the same answer everywhere.

use std::sync::OnceLock;

/// Rows that walk down a tree side by side: a walk waits for memory at every step, eight of
/// them wait at once.
const LANES: usize = 8;

/// Trees that look at every row.
const FIRST_TREES: usize = 20;
/// Log-odds after the first trees beyond which the others are not asked: out of fold, that costs
/// less than 0.001 of F1 and spares more than half of the blocks.
const CLEAR: f32 = 2.0;

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Goes right when the feature is more than this; never at a leaf.
    threshold: f32,
    /// Feature to look at.
    feature: u16,
    /// Place of the left child in the tree, which the right one follows; a leaf's own place.
    next: u16,
}

#[derive(Debug)]
struct Tree {
    nodes: Vec<Node>,
    /// What each node adds to the sum: a leaf its value, a split the mean of its children.
    values: Vec<f32>,
    depth: usize,
}

/// A sum of trees through the logistic function.
#[derive(Debug, Default)]
pub(crate) struct Model {
    trees: Vec<Tree>,
    /// Features in a row, at least.
    width: usize,
}

/// A tree as it is written.
enum Written {
    Split(u16, f32, Box<[Written; 2]>),
    Leaf(f32),
}

impl Model {
    /// Reads one tree a line, in preorder: `12<0.5` is a split on feature 12, `0.03` a leaf.
    /// `None` if the text is not such a model.
    fn read(text: &str) -> Option<Self> {
        let mut model = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let tree = Written::read(&mut words)?.flat();
            if words.next().is_some() {
                return None;
            }
            let features = tree.nodes.iter().map(|node| usize::from(node.feature) + 1);
            model.width = features.fold(model.width, usize::max);
            model.trees.push(tree);
        }
        Some(model)
    }

    /// Probabilities for rows of `width` features; 0 to 1 each.
    ///
    /// Half of a page's blocks are clear after a few trees, and spared the others.
    pub(crate) fn predict(&self, rows: &[f32], width: usize) -> Vec<f32> {
        debug_assert!(width >= self.width);
        let rows: Vec<&[f32]> = rows.chunks_exact(width.max(1)).collect();
        let (first, rest) = self.trees.split_at(FIRST_TREES.min(self.trees.len()));
        let mut sums = sum(first, &rows);
        let open = |at: &usize| sums[*at].abs() <= CLEAR;
        let open: Vec<usize> = (0..rows.len()).filter(open).collect();
        let open_rows: Vec<&[f32]> = open.iter().map(|at| rows[*at]).collect();
        for (at, more) in open.iter().zip(sum(rest, &open_rows)) {
            sums[*at] += more;
        }
        sums.iter().map(|sum| 1.0 / (1.0 + (-sum).exp())).collect()
    }

    /// How much each feature of a row moved the sum, step by step from the roots to the leaves
    /// (Saabas 2014), for people to read; the sum is in log-odds.
    pub(crate) fn reasons(&self, row: &[f32]) -> Vec<f32> {
        let mut reasons = vec![0.0; row.len()];
        for tree in &self.trees {
            let mut at = 0;
            for _ in 0..tree.depth {
                let node = tree.nodes[at];
                let feature = usize::from(node.feature);
                let next = usize::from(node.next) + usize::from(row[feature] > node.threshold);
                reasons[feature] += tree.values[next] - tree.values[at];
                at = next;
            }
        }
        reasons
    }
}

/// What trees say of each row, added up.
fn sum(trees: &[Tree], rows: &[&[f32]]) -> Vec<f32> {
    let mut sums = vec![0.0f32; rows.len()];
    for (rows, sums) in rows.chunks(LANES).zip(sums.chunks_mut(LANES)) {
        // The last rows' empty lanes look at the first row.
        let lanes: [&[f32]; LANES] =
            std::array::from_fn(|lane| rows.get(lane).copied().unwrap_or(rows[0]));
        for tree in trees {
            let leaves = tree.leaves(&lanes);
            for (sum, leaf) in sums.iter_mut().zip(leaves) {
                *sum += tree.values[leaf];
            }
        }
    }
    sums
}

impl Tree {
    /// The leaf that each row comes to.
    fn leaves(&self, rows: &[&[f32]; LANES]) -> [usize; LANES] {
        let mut at = [0usize; LANES];
        for _ in 0..self.depth {
            for (at, row) in at.iter_mut().zip(rows) {
                let node = self.nodes[*at];
                let right = row[usize::from(node.feature)] > node.threshold;
                *at = usize::from(node.next) + usize::from(right);
            }
        }
        at
    }
}

impl Tree {
    fn fill_means(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let next = usize::from(self.nodes[at].next);
            if next != at {
                self.values[at] = (self.values[next] + self.values[next + 1]) / 2.0;
            }
        }
    }
}

impl Written {
    fn read<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let word = words.next()?;
        let Some((feature, threshold)) = word.split_once('<') else {
            return word.parse().ok().map(Self::Leaf);
        };
        let (feature, threshold) = (feature.parse().ok()?, threshold.parse().ok()?);
        let children = [Self::read(words)?, Self::read(words)?];
        Some(Self::Split(feature, threshold, Box::new(children)))
    }

    /// The tree in breadth-first order, where two children are neighbours.
    fn flat(self) -> Tree {
        let mut tree = Tree {
            nodes: Vec::new(),
            values: Vec::new(),
            depth: 0,
        };
        let (mut level, mut below) = (vec![self], Vec::new());
        while !level.is_empty() {
            let after = (tree.nodes.len() + level.len()) as u16;
            for written in level.drain(..) {
                let here = tree.nodes.len() as u16;
                let (node, value) = match written {
                    Self::Leaf(value) => (leaf(here), value),
                    Self::Split(feature, threshold, children) => {
                        let next = after + below.len() as u16;
                        below.extend(*children);
                        let node = Node {
                            threshold,
                            feature,
                            next,
                        };
                        (node, 0.0)
                    }
                };
                tree.nodes.push(node);
                tree.values.push(value);
            }
            tree.depth += usize::from(!below.is_empty());
            std::mem::swap(&mut level, &mut below);
        }
        tree.fill_means();
        tree
    }
}

fn leaf(here: u16) -> Node {
    Node {
        threshold: f32::INFINITY,
        feature: 0,
        next: here,
    }
}

/// The model of the blocks of a page.
pub(crate) fn blocks() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    // A file that cannot be read shows in the tests; without a model every block is a coin flip.
    MODEL.get_or_init(|| Model::read(include_str!("../data/blocks.txt")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_read_and_summed() {
        let model = Model::read("0<0.5 -2 1<3 1 2\n0.5").unwrap();
        let probability = |sum: f32| 1.0 / (1.0 + (-sum).exp());
        let rows = [0.5, 9.0, 1.0, 3.0, 1.0, 4.0];
        let expected = [-1.5, 1.5, 2.5].map(probability);
        assert_eq!(model.predict(&rows, 2), expected);
        assert!(model.predict(&[], 2).is_empty());
        for bad in ["0<0.5 1", "1 2", "x", "0<0.5", "1<a 1 2", ""] {
            let read = Model::read(bad);
            assert!(read.is_none_or(|model| model.trees.is_empty()), "{bad}");
        }
    }

    #[test]
    fn rows_beyond_the_lanes_are_judged_alike() {
        let model = Model::read("0<0.5 -2 1<3 1 2").unwrap();
        let rows: Vec<f32> = (0..2 * (2 * LANES + 3)).map(|i| (i % 7) as f32).collect();
        for (at, row) in rows.chunks(2).enumerate() {
            assert_eq!(model.predict(&rows, 2)[at], model.predict(row, 2)[0]);
        }
    }

    #[test]
    fn reasons_lead_from_the_mean_to_the_sum() {
        let model = Model::read("0<0.5 -2 1<3 1 2").unwrap();
        // The root's mean is (-2 + 1.5) / 2.
        assert_eq!(model.reasons(&[1.0, 4.0]), [1.75, 0.5]);
    }

    #[test]
    fn the_shipped_model_is_readable() {
        assert!(blocks().trees.len() > 50);
        assert!(blocks().trees.iter().all(|tree| tree.nodes.len() < 1000));
    }
}
