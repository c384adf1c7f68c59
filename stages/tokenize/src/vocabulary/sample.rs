//! The sample that a vocabulary is trained on: drawn evenly over sources and languages, by weight,
//! by hashes of the documents' ids.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;
use textmill_schemas::{PlainDocument, ShardReader, Side, StageInput, TaskContext};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::counting::{Counts, SharedCounts};
use crate::config::{Config, SampleWeights};
use crate::error::Error;
use crate::pieces::Pattern;
use crate::split::{Split, share_of_hashes};

/// Keeps the draw of the sample apart from that of the split.
const SAMPLE_SALT: u64 = 0x73_61_6d_70_6c_65;

/// Source and language of a document.
pub(super) type Group = (String, Option<String>);

/// PlainDocuments and their UTF-8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// PlainDocuments.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.documents += other.documents;
        self.bytes += other.bytes;
    }
}

/// What a vocabulary was trained on, by source and language.
pub type Sample = BTreeMap<Group, Amount>;

/// The corpus that samples are drawn from.
pub(super) struct Corpus<'a> {
    /// Row groups of the shards.
    parts: Vec<(PathBuf, usize)>,
    split: Split,
    ctx: &'a TaskContext<'a>,
}

impl<'a> Corpus<'a> {
    pub fn new(input: &StageInput, split: Split, ctx: &'a TaskContext<'a>) -> Result<Self, Error> {
        let mut parts = Vec::new();
        for (path, _) in input.shards() {
            let groups = ShardReader::<PlainDocument>::open(&path)?.row_groups();
            parts.extend((0..groups).map(|group| (path.clone(), group)));
        }
        Ok(Self { parts, split, ctx })
    }

    /// Training documents by source and language.
    pub fn amounts(&self) -> Result<Sample, Error> {
        let amounts = self.parts.par_iter().map(|part| {
            let mut amounts = Sample::new();
            for document in self.training_documents(part)? {
                let amount = amounts.entry(group(&document)).or_default();
                amount.add(Amount {
                    documents: 1,
                    bytes: document.text.len() as u64,
                });
            }
            Ok(amounts)
        });
        amounts.try_reduce(Sample::new, |a, b| Ok(joined(a, b)))
    }

    /// Draws these shares of the groups and counts their pieces in about `memory` bytes. `None`
    /// where that does not suffice.
    pub fn count(
        &self,
        shares: &BTreeMap<Group, f64>,
        pattern: Pattern,
        memory: u64,
    ) -> Result<Option<(Sample, Vec<Counts>)>, Error> {
        let counts = SharedCounts::new(memory);
        let limits: BTreeMap<&Group, u64> = shares
            .iter()
            .map(|(group, share)| (group, share_of_hashes(*share)))
            .collect();
        let sample = self.parts.par_iter().map(|part| {
            let (mut sample, mut texts) = (Sample::new(), Vec::new());
            for document in self.training_documents(part)? {
                let group = group(&document);
                let hash = xxh3_64_with_seed(document.id.as_bytes(), self.ctx.seed ^ SAMPLE_SALT);
                if limits.get(&group).is_some_and(|limit| hash <= *limit) {
                    let bytes = document.text.len() as u64;
                    let amount = sample.entry(group).or_default();
                    amount.add(Amount {
                        documents: 1,
                        bytes,
                    });
                    texts.push(document.text);
                }
            }
            let counted = counts.count(pattern, texts.iter().map(String::as_str));
            Ok(counted.ok().map(|()| sample))
        });
        let join = |a: Option<Sample>, b: Option<Sample>| Ok(a.zip(b).map(|(a, b)| joined(a, b)));
        let sample: Result<Option<Sample>, Error> = sample.try_reduce(|| Some(Sample::new()), join);
        Ok(sample?.map(|sample| (sample, counts.into_parts())))
    }

    fn training_documents(
        &self,
        part: &(PathBuf, usize),
    ) -> Result<impl Iterator<Item = PlainDocument>, Error> {
        self.ctx.check_cancelled()?;
        let (path, group) = part;
        let columns = ["id", "source", "lang", "cluster_id", "text"];
        let mut reader = ShardReader::<PlainDocument>::open(path)?.with_columns(&columns);
        let documents = reader.nth(*group).transpose()?.unwrap_or_default();
        let trained = |document: &PlainDocument| {
            let cluster = document.cluster_id.as_deref();
            self.split.side(&document.id, cluster) == Side::Train
        };
        Ok(documents.into_iter().filter(trained))
    }
}

fn group(document: &PlainDocument) -> Group {
    (document.source.clone(), document.lang.clone())
}

fn joined(mut a: Sample, b: Sample) -> Sample {
    for (group, amount) in b {
        a.entry(group).or_default().add(amount);
    }
    a
}

/// The share of each group that makes a sample of `bytes`: as many bytes of each group as of the
/// others, times its weight, and all of those that have less.
pub(super) fn shares(
    amounts: &Sample,
    weights: &SampleWeights,
    bytes: u64,
) -> BTreeMap<Group, f64> {
    let weight = |group: &Group| weights.of(&group.0, group.1.as_deref());
    let mut open: Vec<(&Group, f64, f64)> = amounts
        .iter()
        .map(|(group, amount)| (group, amount.bytes as f64, weight(group)))
        .filter(|(_, bytes, weight)| *bytes > 0.0 && *weight > 0.0)
        .collect();
    // Those that a unit of weight exhausts first come first.
    open.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
    let (mut left, mut weights) = (bytes as f64, open.iter().map(|o| o.2).sum::<f64>());
    let mut shares = BTreeMap::new();
    for (group, bytes, weight) in open {
        let taken = bytes.min(left * weight / weights);
        shares.insert(group.clone(), taken / bytes);
        (left, weights) = (left - taken, weights - weight);
    }
    shares
}

/// Statistics of a sample, for the manifest.
pub(crate) fn statistics(sample: &Sample) -> impl Iterator<Item = (String, u64)> {
    let total = sample.values().fold(Amount::default(), |mut sum, amount| {
        sum.add(*amount);
        sum
    });
    let groups = sample.iter().map(|((source, lang), amount)| {
        let lang = lang.as_deref().unwrap_or("unknown");
        (format!("sample_bytes_{source}_{lang}"), amount.bytes)
    });
    let whole = [
        ("sample_documents".to_owned(), total.documents),
        ("sample_bytes".to_owned(), total.bytes),
    ];
    whole.into_iter().chain(groups.collect::<Vec<_>>())
}

/// The sample of a configuration, and the counts of its pieces; drawn again at half its size as long
/// as it does not fit in memory.
pub(super) fn draw(corpus: &Corpus, config: &Config) -> Result<(Sample, Vec<Counts>), Error> {
    let amounts = corpus.amounts()?;
    if amounts.is_empty() {
        return Err(Error::NoText);
    }
    let mut bytes = config.sample_bytes;
    loop {
        let shares = shares(&amounts, &config.sample_weights, bytes);
        let drawn = corpus.count(&shares, config.pattern(), config.memory_limit.as_u64())?;
        match drawn {
            Some((sample, _)) if sample.is_empty() => return Err(Error::EmptySample(bytes)),
            Some(drawn) => return Ok(drawn),
            None => bytes = bytes.min(amounts.values().map(|a| a.bytes).sum()) / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(list: &[(&str, &str, u64)]) -> Sample {
        let amount = |bytes| Amount {
            documents: 1,
            bytes,
        };
        let group = |source: &str, lang: &str| (source.to_owned(), Some(lang.to_owned()));
        list.iter()
            .map(|(source, lang, bytes)| (group(source, lang), amount(*bytes)))
            .collect()
    }

    fn taken(amounts: &Sample, weights: &SampleWeights, bytes: u64) -> Vec<u64> {
        let shares = shares(amounts, weights, bytes);
        let taken = |(group, amount): (&Group, &Amount)| {
            (amount.bytes as f64 * shares.get(group).copied().unwrap_or(0.0)).round() as u64
        };
        amounts.iter().map(taken).collect()
    }

    #[test]
    fn groups_share_evenly_and_small_ones_give_all() {
        let amounts = amounts(&[
            ("news", "en", 1000),
            ("news", "zh", 100),
            ("web", "en", 5000),
        ]);
        let even = SampleWeights::default();
        assert_eq!(taken(&amounts, &even, 900), [400, 100, 400]);
        assert_eq!(taken(&amounts, &even, 300), [100, 100, 100]);
        assert_eq!(taken(&amounts, &even, 10_000), [1000, 100, 5000]);
        let weighted = SampleWeights {
            sources: BTreeMap::from([("web".to_owned(), 3.0)]),
            languages: BTreeMap::from([("zh".to_owned(), 0.0)]),
        };
        assert_eq!(taken(&amounts, &weighted, 400), [100, 0, 300]);
    }

    proptest! {
        #[test]
        fn the_sample_is_as_large_as_asked_for(
            sizes in prop::collection::vec(1u64..10_000, 1..8), bytes in 1u64..20_000,
        ) {
            let names: Vec<String> = (0..sizes.len()).map(|i| i.to_string()).collect();
            let list: Vec<_> = names.iter().zip(&sizes).map(|(n, s)| (n.as_str(), "en", *s)).collect();
            let taken: u64 = taken(&amounts(&list), &SampleWeights::default(), bytes).iter().sum();
            let expected = bytes.min(sizes.iter().sum());
            prop_assert!(taken.abs_diff(expected) <= sizes.len() as u64);
        }
    }
}
