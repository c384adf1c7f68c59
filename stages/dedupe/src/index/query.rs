//! Which entry of an index a text is a copy of.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use textmill_schemas::IndexEntry;

use super::{Index, IndexError, entries_in, text_hash, url_hash_of};
use crate::minhash::MinHash;
use crate::{Config, Shingler, estimate, url_hash};

/// What two documents have in common, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The canonical address.
    Url,
    /// The normal form of the text.
    Exact,
    /// A band of the signatures, and at least `min_similarity` of their values.
    Near,
}

impl Level {
    /// In lower case, as the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Exact => "exact",
            Self::Near => "near",
        }
    }
}

/// The best entry for a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// By what it was found.
    pub level: Level,
    /// The entry's document.
    pub id: String,
    /// Source of that document.
    pub source: String,
    /// Address of that document.
    pub url: Option<String>,
    /// Similarity of the texts: 1 for equal normal forms, else the share of equal MinHash values;
    /// `None` when one text has none.
    pub similarity: Option<f64>,
    length: u64,
}

impl Match {
    fn names(&self) -> impl Ord {
        (Reverse(self.length), &self.source, &self.id, &self.url)
    }

    /// Surer levels first, then more similar, longer, and by source, id and address, so that the
    /// best of many does not depend on their order.
    fn order(&self, other: &Self) -> Ordering {
        let similarity = |of: &Self| of.similarity.unwrap_or(-1.0);
        let by_level = self.level.cmp(&other.level);
        by_level
            .then_with(|| similarity(other).total_cmp(&similarity(self)))
            .then_with(|| self.names().cmp(&other.names()))
    }
}

/// What a text is looked up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    url: Option<u128>,
    text: u128,
    signature: Vec<u32>,
}

impl Probe {
    /// Bytes that a query needs for this probe, about: its values, and its keys in hash tables.
    #[must_use]
    pub fn size(&self) -> usize {
        256 + self.signature.len() * 12
    }
}

/// Turns texts into probes. One per thread: it keeps its buffers between texts.
#[derive(Debug)]
pub struct Prober {
    shingler: Shingler,
    minhash: Option<MinHash>,
}

impl Prober {
    /// A prober for a validated configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            shingler: Shingler::new(config),
            minhash: config.near.then(|| MinHash::new(config)),
        }
    }

    /// The probe of a text and its address.
    pub fn probe(&mut self, url: Option<&str>, text: &str) -> Probe {
        let shingled = self.shingler.shingle(text);
        let mut signature = Vec::new();
        if let Some(minhash) = &self.minhash {
            minhash.sign(shingled.shingles, &mut signature);
        }
        Probe {
            url: url.and_then(url_hash),
            text: shingled.exact,
            signature,
        }
    }
}

/// The best entry of the indexes for each probe. Streams the indexes once, shards in parallel,
/// against hash tables of the probes' keys: memory is that of the probes ([`Probe::size`]) and one
/// row group a thread.
///
/// Levels that the configuration turns off (`exact`, `near`) find nothing. Similarities are
/// estimated from signatures, since an index has no texts; see [`estimate`].
///
/// # Errors
/// When an index was made with other parameters than the configuration has, or cannot be read.
pub fn query(
    indexes: &[Index],
    config: &Config,
    probes: &[Probe],
) -> Result<Vec<Option<Match>>, IndexError> {
    indexes.iter().try_for_each(|index| index.check(config))?;
    let tables = Tables::new(config, probes);
    let shards: Vec<&PathBuf> = indexes.iter().flat_map(Index::shards).collect();
    let found = shards
        .par_iter()
        .map(|shard| tables.scan(shard))
        .try_reduce(HashMap::new, |mut all, of_shard| {
            for (probe, found) in of_shard {
                keep_better(&mut all, probe, found);
            }
            Ok(all)
        });
    let mut found = found?;
    Ok((0..probes.len())
        .map(|probe| found.remove(&probe))
        .collect())
}

fn keep_better(best: &mut HashMap<usize, Match>, probe: usize, found: Match) {
    match best.get_mut(&probe) {
        Some(known) if known.order(&found).is_le() => {}
        Some(known) => *known = found,
        None => {
            best.insert(probe, found);
        }
    }
}

/// The probes by what they are looked up by.
struct Tables<'a> {
    config: &'a Config,
    minhash: MinHash,
    probes: &'a [Probe],
    by_url: Table<u128>,
    by_text: Table<u128>,
    by_band: Table<u64>,
}

impl<'a> Tables<'a> {
    fn new(config: &'a Config, probes: &'a [Probe]) -> Self {
        let minhash = MinHash::new(config);
        let of = || probes.iter().enumerate();
        let by_url = of()
            .filter_map(|(probe, of)| Some((of.url?, probe)))
            .filter(|_| config.url);
        let by_text = of()
            .filter(|_| config.exact)
            .map(|(probe, of)| (of.text, probe));
        let bands = |(probe, of): (usize, &'a Probe)| {
            minhash
                .band_keys(&of.signature)
                .map(move |key| (key, probe))
        };
        Self {
            by_url: Table::new(by_url),
            by_text: Table::new(by_text),
            by_band: Table::new(of().filter(|_| config.near).flat_map(bands)),
            config,
            minhash,
            probes,
        }
    }

    /// The best entry of a shard for each probe that it has one for.
    fn scan(&self, shard: &Path) -> Result<HashMap<usize, Match>, IndexError> {
        let mut best = HashMap::new();
        let mut near = Vec::new();
        for group in entries_in(shard)? {
            for entry in group? {
                self.look_up(&entry, &mut near, &mut best);
            }
        }
        Ok(best)
    }

    fn look_up(&self, entry: &IndexEntry, near: &mut Vec<usize>, best: &mut HashMap<usize, Match>) {
        let mut found = |probe: usize, level: Level| {
            let Some(similarity) = self.probes.get(probe).map(|probe| similarity(probe, entry))
            else {
                return;
            };
            if level == Level::Near && similarity.unwrap_or_default() < self.config.min_similarity {
                return;
            }
            keep_better(best, probe, new_match(entry, level, similarity));
        };
        let by_url = url_hash_of(entry)
            .into_iter()
            .flat_map(|hash| self.by_url.get(hash));
        by_url.for_each(|probe| found(probe, Level::Url));
        let by_text = text_hash(entry)
            .into_iter()
            .flat_map(|hash| self.by_text.get(hash));
        by_text.for_each(|probe| found(probe, Level::Exact));
        if self.by_band.is_empty() {
            return;
        }
        near.clear();
        let keys = self.minhash.band_keys(&entry.signature);
        near.extend(keys.flat_map(|key| self.by_band.get(key)));
        // Copies agree in many bands.
        near.sort_unstable();
        near.dedup();
        near.iter().for_each(|probe| found(*probe, Level::Near));
    }
}

fn similarity(probe: &Probe, entry: &IndexEntry) -> Option<f64> {
    if text_hash(entry) == Some(probe.text) {
        return Some(1.0);
    }
    let comparable = !probe.signature.is_empty() && !entry.signature.is_empty();
    comparable.then(|| estimate(&probe.signature, &entry.signature))
}

fn new_match(entry: &IndexEntry, level: Level, similarity: Option<f64>) -> Match {
    Match {
        level,
        id: entry.id.clone(),
        source: entry.source.clone(),
        url: entry.url.clone(),
        similarity,
        length: entry.length,
    }
}

/// Probes by key: the last one of each key, and behind each value the one before it.
struct Table<K> {
    last: HashMap<K, usize>,
    values: Vec<(usize, Option<usize>)>,
}

impl<K: Copy + Hash + Eq> Table<K> {
    fn new(pairs: impl Iterator<Item = (K, usize)>) -> Self {
        let mut table = Self {
            last: HashMap::new(),
            values: Vec::new(),
        };
        for (key, value) in pairs {
            let before = table.last.insert(key, table.values.len());
            table.values.push((value, before));
        }
        table
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn get(&self, key: K) -> impl Iterator<Item = usize> {
        let first = self.last.get(&key).and_then(|at| self.values.get(*at));
        let next = |(_, before): &&(usize, Option<usize>)| self.values.get((*before)?);
        std::iter::successors(first, next).map(|(value, _)| *value)
    }
}
