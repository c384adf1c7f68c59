//! Connected components of rows.

/// Disjoint sets of rows (Tarjan 1975), 8 bytes a row. The root of a set is its smallest row, so
/// sets look the same whatever the order of the unions.
#[derive(Debug)]
pub(crate) struct UnionFind {
    parents: Vec<u64>,
}

impl UnionFind {
    /// `rows` sets of one row each.
    pub fn new(rows: u64) -> Self {
        Self {
            parents: (0..rows).collect(),
        }
    }

    /// The smallest row of the set that `row` is in. Rows out of range are alone.
    pub fn find(&mut self, mut row: u64) -> u64 {
        loop {
            let parent = self.parent(row);
            let grandparent = self.parent(parent);
            if parent == grandparent {
                return parent;
            }
            // Path halving keeps later walks short.
            self.set_parent(row, grandparent);
            row = grandparent;
        }
    }

    /// Joins the sets of two rows; false when they were one already.
    pub fn union(&mut self, a: u64, b: u64) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        self.set_parent(a.max(b), a.min(b));
        a != b
    }

    fn parent(&self, row: u64) -> u64 {
        let index = usize::try_from(row).unwrap_or(usize::MAX);
        self.parents.get(index).copied().unwrap_or(row)
    }

    fn set_parent(&mut self, row: u64, parent: u64) {
        let index = usize::try_from(row).unwrap_or(usize::MAX);
        if let Some(slot) = self.parents.get_mut(index) {
            *slot = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn components_are_those_of_repeated_relabelling(
            edges in prop::collection::vec((0_u64..40, 0_u64..40), 0..60)
        ) {
            let mut labels: Vec<u64> = (0..40).collect();
            for _ in 0..40 {
                for &(a, b) in &edges {
                    let least = labels[a as usize].min(labels[b as usize]);
                    labels[a as usize] = least;
                    labels[b as usize] = least;
                }
            }
            for order in [edges.clone(), edges.iter().rev().copied().collect()] {
                let mut sets = UnionFind::new(40);
                for (a, b) in order {
                    let joined = sets.find(a) != sets.find(b);
                    prop_assert_eq!(sets.union(a, b), joined);
                }
                let found: Vec<u64> = (0..40).map(|row| sets.find(row)).collect();
                prop_assert_eq!(&found, &labels);
            }
        }
    }

    #[test]
    fn rows_out_of_range_stay_alone() {
        let mut sets = UnionFind::new(2);
        assert_eq!(sets.find(u64::MAX), u64::MAX);
    }
}
