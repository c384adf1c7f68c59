//! Which clusters are asked for.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Result, bail};
use textmill_schemas::{Dropped, ShardReader};

use super::Deduplicated;
use super::members::Choice;

/// Shortest beginning of an id: a sixteenth of a corpus matches one character.
const SHORTEST: usize = 4;
/// Matching documents that are named when none of them is in a cluster.
const NAMED: usize = 5;

/// Says of each cluster whether it is asked for.
#[derive(Default)]
pub struct Wanted {
    rule: Option<Sieve>,
    id: Option<ById>,
}

/// Clusters by the beginning of a document's id.
struct ById {
    prefix: String,
    /// Clusters of dropped documents whose id begins so.
    clusters: HashSet<String>,
    /// The first few of these documents, with the rules that dropped them.
    dropped: Vec<(String, String)>,
}

impl Wanted {
    /// Looks through the dropped documents for what the choice asks.
    pub fn find(run: &Deduplicated, choice: Choice) -> Result<Self> {
        let mut wanted = Self {
            rule: choice.rule.map(|_| Sieve::new()),
            id: None,
        };
        if let Some(prefix) = choice.id {
            if prefix.len() < SHORTEST {
                bail!("--id {prefix}: give at least {SHORTEST} characters of the id");
            }
            wanted.id = Some(ById {
                prefix: prefix.to_owned(),
                clusters: HashSet::new(),
                dropped: Vec::new(),
            });
        }
        if choice.rule.is_none() && choice.id.is_none() {
            return Ok(wanted);
        }
        for shard in &run.dropped {
            let groups = ShardReader::<Dropped>::open(shard)?;
            for group in groups.with_columns(&["id", "rule", "cluster_id"]) {
                group?
                    .into_iter()
                    .for_each(|row| wanted.see(row, choice.rule));
            }
        }
        Ok(wanted)
    }

    fn see(&mut self, row: Dropped, rule: Option<&str>) {
        if let (Some(sieve), Some(cluster)) = (&mut self.rule, &row.cluster_id)
            && Some(row.rule.as_str()) == rule
        {
            sieve.insert(cluster);
        }
        if let Some(by_id) = &mut self.id
            && row.id.starts_with(&by_id.prefix)
        {
            by_id.clusters.extend(row.cluster_id);
            if by_id.dropped.len() < NAMED {
                by_id.dropped.push((row.id, row.rule));
            }
        }
    }

    /// Whether the cluster of this kept document is asked for. Now and then this is said of a
    /// cluster without a document that the rule dropped.
    pub fn takes(&self, kept: &str) -> bool {
        let by_rule = self.rule.as_ref().is_none_or(|sieve| sieve.may_have(kept));
        let by_id = |by_id: &ById| kept.starts_with(&by_id.prefix) || by_id.clusters.contains(kept);
        by_rule && self.id.as_ref().is_none_or(by_id)
    }

    /// Why no cluster belongs to an id.
    pub fn why_none(&self, id: &str) -> String {
        let dropped = self.id.iter().flat_map(|by_id| &by_id.dropped);
        let dropped: Vec<String> = dropped
            .map(|(id, rule)| format!("{id} was dropped by {rule}, with no kept duplicate here"))
            .collect();
        match dropped.is_empty() {
            true => format!(
                "no document of a cluster has an id that begins with {id}; \
                 `textmill trace {id}` tells a document's way"
            ),
            false => dropped.join("; "),
        }
    }

    #[cfg(test)]
    pub fn all() -> Self {
        Self::default()
    }
}

/// A set of ids in fixed memory that answers "maybe" or "no": a Bloom filter with one hash (Bloom
/// 1970). There may be more clusters than ids fit into memory.
struct Sieve {
    bits: Vec<u64>,
}

impl Sieve {
    /// 16 MiB: with ten million ids, 7 % of others are "maybe".
    const WORDS: usize = 1 << 21;

    fn new() -> Self {
        Self {
            bits: vec![0; Self::WORDS],
        }
    }

    fn place(id: &str) -> (usize, u64) {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        ((hash >> 6) as usize % Self::WORDS, 1 << (hash & 63))
    }

    fn insert(&mut self, id: &str) {
        let (word, bit) = Self::place(id);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, id: &str) -> bool {
        let (word, bit) = Self::place(id);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_lets_all_of_its_own_and_few_others_through() {
        let mut sieve = Sieve::new();
        let ids = |range: std::ops::Range<u32>| range.map(|n| format!("id{n}"));
        ids(0..100_000).for_each(|id| sieve.insert(&id));
        assert!(ids(0..100_000).all(|id| sieve.may_have(&id)));
        let others = ids(100_000..200_000).filter(|id| sieve.may_have(id));
        assert!(others.count() < 200);
    }
}
