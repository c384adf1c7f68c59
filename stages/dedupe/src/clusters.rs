//! The step `clusters`: verifies candidates, joins duplicates, and chooses who stays.
//!
//! Two rounds. First, candidates that verification confirms are joined (union-find), so that
//! each component holds what may belong together. Then each component is worked off from the
//! best document down: a document that is a duplicate of one already kept is dropped for it,
//! otherwise it is kept. So no chain of small differences swallows a document that resembles
//! nothing that stays: each dropped document was itself compared with the one kept for it.
//!
//! Memory: 8 bytes per document, 24 bytes per verified pair (less than one per document of a
//! cluster), and the origins of one component at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use textmill_schemas::{StageResult, TaskContext};

use crate::documents::{Documents, Rows};
use crate::groups::GroupReader;
use crate::paths::Paths;
use crate::shuffle::ShuffleWriter;
use crate::unionfind::UnionFind;
use crate::{Config, Error, Keep};

/// Within a group each row is compared with this many rows before it at most, so that a group
/// of a million costs no more than linear time...
const LEADERS: usize = 32;
/// ...and with this many more that were no duplicates of those.
const FURTHER_LEADERS: usize = 32;
/// Within a component each document is compared with this many of the best kept documents, and
/// with those kept for the documents that it was joined with.
const KEPT_COMPARED: usize = 64;

/// What becomes of a document in a cluster of two or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decision {
    pub row: u64,
    /// The cluster's survivor; the document itself when it is kept.
    pub kept: u64,
    /// Similarity to the survivor.
    pub similarity: f64,
    /// The normal forms are equal.
    pub exact: bool,
    /// Documents in the cluster.
    pub size: u32,
}

impl Decision {
    /// As a record of the shuffle; the row is the key.
    pub fn to_record(self) -> [u64; 4] {
        let last = u64::from(self.size) | u64::from(self.exact) << 32;
        [self.row, self.kept, self.similarity.to_bits(), last]
    }

    pub fn from_record([row, kept, similarity, last]: [u64; 4]) -> Self {
        Self {
            row,
            kept,
            similarity: f64::from_bits(similarity),
            exact: last >> 32 != 0,
            size: last as u32,
        }
    }
}

/// What the step counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClusterCounts {
    pub clusters: u64,
    pub largest_cluster: u64,
    pub largest_component: u64,
    pub compared: u64,
    pub verified: u64,
}

pub(crate) struct Clusters<'a> {
    config: &'a Config,
    paths: &'a Paths,
    rows: &'a Rows,
    documents: Documents<'a>,
    sets: UnionFind,
    /// Root (filled in at the end) and the two rows of each verified pair: a forest.
    pairs: Vec<[u64; 3]>,
    counts: ClusterCounts,
}

impl<'a> Clusters<'a> {
    pub fn new(config: &'a Config, paths: &'a Paths, rows: &'a Rows) -> Self {
        Self {
            config,
            paths,
            rows,
            documents: Documents::new(config, paths, rows),
            sets: UnionFind::new(rows.total()),
            pairs: Vec::new(),
            counts: ClusterCounts::default(),
        }
    }

    pub fn run(
        mut self,
        partitions: usize,
        shards: usize,
        ctx: &TaskContext,
    ) -> StageResult<ClusterCounts> {
        let mut group = Vec::new();
        for partition in 0..partitions {
            let mut groups = GroupReader::open(&self.paths.groups(partition))?;
            while groups.next_group(&mut group)? {
                ctx.check_cancelled()?;
                self.join(&group)?;
            }
        }
        for pair in &mut self.pairs {
            pair[0] = self.sets.find(pair[1]);
        }
        self.sets = UnionFind::new(0);
        self.pairs.sort_unstable();
        let pairs = std::mem::take(&mut self.pairs);
        let mut decisions = ShuffleWriter::<4>::create(&self.paths.decisions(), shards)?;
        for component in pairs.chunk_by(|a, b| a[0] == b[0]) {
            ctx.check_cancelled()?;
            for decision in self.resolve(component)? {
                decisions.push(self.rows.locate(decision.row).0, decision.to_record())?;
            }
        }
        decisions.finish()?;
        Ok(self.counts)
    }

    /// Joins the duplicates of one group of candidates. Up to [`LEADERS`] rows, all pairs that
    /// are not yet joined are compared.
    fn join(&mut self, group: &[u64]) -> Result<(), Error> {
        let mut leaders: Vec<u64> = Vec::new();
        for &row in group {
            let mut matched = false;
            for &leader in &leaders {
                if self.sets.find(leader) == self.sets.find(row) {
                    matched = true;
                    continue;
                }
                if self.compare(leader, row)?.is_some() {
                    matched = true;
                    self.counts.verified += 1;
                    self.sets.union(leader, row);
                    self.pairs.push([0, leader, row]);
                }
            }
            let room = LEADERS + if matched { 0 } else { FURTHER_LEADERS };
            if leaders.len() < room {
                leaders.push(row);
            }
        }
        Ok(())
    }

    fn compare(&mut self, a: u64, b: u64) -> Result<Option<f64>, Error> {
        self.counts.compared += 1;
        self.documents.compare(a, b)
    }

    /// Decides about the documents of a component, given as the pairs that hold it together.
    fn resolve(&mut self, pairs: &[[u64; 3]]) -> Result<Vec<Decision>, Error> {
        let mut neighbours: HashMap<u64, Vec<u64>> = HashMap::new();
        for &[_, a, b] in pairs {
            neighbours.entry(a).or_default().push(b);
            neighbours.entry(b).or_default().push(a);
        }
        let mut rows: Vec<u64> = neighbours.keys().copied().collect();
        rows.sort_unstable();
        self.counts.largest_component = self.counts.largest_component.max(rows.len() as u64);
        let ranked = self.rank(&rows)?;
        let mut component = Component::default();
        for row in ranked {
            let around = neighbours.get(&row).map(Vec::as_slice).unwrap_or_default();
            self.decide(row, around, &mut component)?;
        }
        let decisions = component.decisions();
        for decision in decisions
            .iter()
            .filter(|decision| decision.row == decision.kept)
        {
            self.counts.clusters += 1;
            self.counts.largest_cluster = self.counts.largest_cluster.max(decision.size.into());
        }
        Ok(decisions)
    }

    /// The rows, best first.
    fn rank(&mut self, rows: &[u64]) -> Result<Vec<u64>, Error> {
        let mut ranked = Vec::with_capacity(rows.len());
        for &row in rows {
            let length = match self.config.keep {
                Keep::Longest => self.documents.profile(row)?.length,
                Keep::First => 0,
            };
            let origin = self.documents.origin(row)?;
            let order = (origin.source, origin.file, origin.offset, origin.id);
            ranked.push((Reverse(length), order, row));
        }
        ranked.sort_unstable();
        Ok(ranked.into_iter().map(|(_, _, row)| row).collect())
    }

    fn decide(&mut self, row: u64, around: &[u64], to: &mut Component) -> Result<(), Error> {
        let exact = self.documents.profile(row)?.exact;
        if let Some(twin) = to.by_exact.get(&exact) {
            // Equal texts share their fate, except that only one of them can be kept.
            let fate = to.fates.get(twin).copied().unwrap_or(Fate::kept(*twin));
            let exact = fate.kept == *twin;
            to.fates.insert(row, Fate { exact, ..fate });
            to.order.push(row);
            return Ok(());
        }
        let best = to.kept.iter().take(KEPT_COMPARED).copied();
        let joined = around
            .iter()
            .filter_map(|other| to.fates.get(other))
            .map(|fate| fate.kept);
        let candidates: Vec<u64> = best.chain(joined).collect();
        let mut fate = Fate::kept(row);
        for kept in candidates {
            if let Some(similarity) = self.compare(kept, row)? {
                fate = Fate {
                    kept,
                    similarity,
                    exact: false,
                };
                break;
            }
        }
        if fate.kept == row {
            to.kept.push(row);
        }
        to.by_exact.insert(exact, row);
        to.fates.insert(row, fate);
        to.order.push(row);
        Ok(())
    }
}

/// For which document one is dropped (itself: it stays), and how similar the two are.
#[derive(Clone, Copy, Debug)]
struct Fate {
    kept: u64,
    similarity: f64,
    exact: bool,
}

impl Fate {
    fn kept(row: u64) -> Self {
        Self {
            kept: row,
            similarity: 1.0,
            exact: false,
        }
    }
}

/// What is decided so far in a component.
#[derive(Debug, Default)]
struct Component {
    /// Kept documents, best first.
    kept: Vec<u64>,
    /// Decided documents, best first.
    order: Vec<u64>,
    fates: HashMap<u64, Fate>,
    /// The best document of each normal form.
    by_exact: HashMap<u128, u64>,
}

impl Component {
    /// Documents that turned out to be alone in their cluster are left out.
    fn decisions(&self) -> Vec<Decision> {
        let fates = self
            .order
            .iter()
            .filter_map(|row| Some((*row, *self.fates.get(row)?)));
        let mut sizes: BTreeMap<u64, u32> = BTreeMap::new();
        for (_, fate) in fates.clone() {
            let size = sizes.entry(fate.kept).or_default();
            *size = size.saturating_add(1);
        }
        fates
            .map(|(row, fate)| Decision {
                row,
                kept: fate.kept,
                similarity: fate.similarity,
                exact: fate.exact,
                size: sizes.get(&fate.kept).copied().unwrap_or(1),
            })
            .filter(|decision| decision.size > 1)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_survive_the_shuffle() {
        for exact in [false, true] {
            let decision = Decision {
                row: 1 << 40,
                kept: 7,
                similarity: 0.83,
                exact,
                size: u32::MAX,
            };
            assert_eq!(Decision::from_record(decision.to_record()), decision);
        }
    }
}
