//! Connected components of a part of the pairs, in bounded memory.

use std::collections::HashMap;

/// Bytes that a row takes at most: two words and a mark, in a table that is half full and while it
/// grows lies beside the one of half its size.
const ROW_BYTES: u64 = 64;

/// Union-find over the rows that it has met.
pub(crate) struct Forest {
    /// The row above, for all but roots.
    above: HashMap<u64, u64>,
    most: usize,
}

impl Forest {
    /// In at most `memory` bytes: when they are full, it forgets what it has met and begins anew.
    pub fn new(memory: u64) -> Self {
        Self {
            above: HashMap::new(),
            most: usize::try_from(memory / ROW_BYTES)
                .unwrap_or(usize::MAX)
                .max(1),
        }
    }

    /// Joins two rows; false if it knows that they were connected already.
    pub fn join(&mut self, a: u64, b: u64) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return false;
        }
        if self.above.len() >= self.most {
            self.above.clear();
        }
        self.above.insert(a.max(b), a.min(b));
        true
    }

    fn root(&mut self, row: u64) -> u64 {
        let mut root = row;
        while let Some(above) = self.above.get(&root) {
            root = *above;
        }
        let mut at = row;
        while at != root
            && let Some(above) = self.above.get_mut(&at)
        {
            at = std::mem::replace(above, root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::unionfind::UnionFind;

    proptest! {
        #[test]
        fn forests_of_parts_connect_what_all_pairs_connect(
            parts in prop::collection::vec(prop::collection::vec((0_u64..50, 0_u64..50), 0..60), 1..4),
            rows in 0_u64..60,
        ) {
            let (mut all, mut joined) = (UnionFind::new(50), UnionFind::new(50));
            for part in &parts {
                let mut forest = Forest::new(rows * ROW_BYTES);
                let mut edges = 0;
                for &(a, b) in part {
                    all.union(a, b);
                    if forest.join(a, b) {
                        edges += 1;
                        joined.union(a, b);
                    }
                }
                prop_assert!(rows < 50 || edges < 50, "a forest has fewer edges than rows");
            }
            for row in 0..50 {
                prop_assert_eq!(all.find(row), joined.find(row));
            }
        }
    }
}
