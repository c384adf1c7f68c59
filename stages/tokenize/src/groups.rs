//! Documents and tokens by side, source and language: what a mixture is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::{Side, StageResult, TokenGroup, Tokens, write_atomically};
use xxhash_rust::xxh3::xxh3_64;

/// Counts of some shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Groups {
    groups: Vec<TokenGroup>,
    /// Exclusive or over hashes of the validation documents' ids: tells whether two runs hold the
    /// same ones apart, whatever the order.
    validation_hash: u64,
}

type Key = (Side, String, Option<String>);

/// Counts documents as they come.
#[derive(Default)]
pub(crate) struct Tally {
    groups: BTreeMap<Key, TokenGroup>,
    validation_hash: u64,
}

impl Tally {
    pub fn add(&mut self, side: Side, document: &Tokens) {
        if side == Side::Validation {
            self.validation_hash ^= xxh3_64(document.id.as_bytes());
        }
        let tokens = document.tokens.len() as u64;
        self.add_group(TokenGroup {
            side,
            source: document.source.clone(),
            lang: document.lang.clone(),
            documents: 1,
            tokens,
            bytes: document.bytes.into(),
            repeated_tokens: tokens * u64::from(document.repetitions.max(1)),
        });
    }

    fn add_group(&mut self, more: TokenGroup) {
        let key = (more.side, more.source.clone(), more.lang.clone());
        match self.groups.get_mut(&key) {
            Some(group) => {
                group.documents += more.documents;
                group.tokens += more.tokens;
                group.bytes += more.bytes;
                group.repeated_tokens += more.repeated_tokens;
            }
            None => {
                self.groups.insert(key, more);
            }
        }
    }

    fn add_all(&mut self, more: Groups) {
        self.validation_hash ^= more.validation_hash;
        more.groups
            .into_iter()
            .for_each(|group| self.add_group(group));
    }

    fn finish(self) -> Groups {
        Groups {
            groups: self.groups.into_values().collect(),
            validation_hash: self.validation_hash,
        }
    }

    /// Leaves the counts of one shard for the step that adds them up.
    pub fn write(self, work: &Path, rank: usize) -> StageResult<()> {
        let json = serde_json::to_vec(&self.finish())?;
        Ok(write_atomically(&part(work, rank), &json)?)
    }
}

/// Adds up the counts of all shards: the groups, and the hash of the validation documents.
pub(crate) fn sum(work: &Path, shards: usize) -> StageResult<(Vec<TokenGroup>, u64)> {
    let mut tally = Tally::default();
    for rank in 0..shards {
        let json = textmill_storage::read(&part(work, rank))?;
        tally.add_all(serde_json::from_slice(&json)?);
    }
    let all = tally.finish();
    Ok((all.groups, all.validation_hash))
}

fn part(work: &Path, rank: usize) -> PathBuf {
    work.join(format!("groups-{rank:05}.json"))
}
