//! Documents that exist as signatures alone, to measure how the stage scales.

use textmill_schemas::{CorpusStage, StageResult, TaskContext};

use crate::Dedupe;
use crate::facts::{Facts, FactsWriter};
use crate::rank::Rank;
use crate::shingles::mix;

/// What stands in the place of a corpus.
#[derive(Clone, Copy, Debug)]
pub struct Synthetic {
    /// Of a thousand documents, how many equal an earlier one.
    pub exact: u64,
    /// Of a thousand documents, how many are near copies of an earlier one, of a Jaccard
    /// similarity between 0.6 and 1.
    pub near: u64,
    /// Seed of everything.
    pub seed: u64,
}

impl Synthetic {
    /// Does what the step `signatures` would do for a shard of the stage's input, without texts.
    ///
    /// # Errors
    /// When the disk refuses, or when there is no such shard.
    pub fn sign(&self, stage: &Dedupe, rank: usize, ctx: &TaskContext) -> StageResult<()> {
        let corpus = stage.corpus(ctx)?;
        let rows = corpus.shards.get(rank).map(|shard| shard.rows);
        let rows = rows.ok_or("there is no such shard")?;
        let first = corpus.rows.first_of(rank);
        let mut facts = FactsWriter::create(&corpus, rank)?;
        let mut signature = vec![0; corpus.config.hashes()];
        for row in first..first + rows {
            let origin = self.sign_row(row, &mut signature);
            let length = 2000 + self.random(row, 1) % 4000;
            let of_row = Facts {
                exact: u128::from(self.random(origin, 2)) << 64 | u128::from(origin),
                length,
                rank: Rank([1 << 32, u64::MAX - length, self.random(row, 3)]),
            };
            facts.write(of_row, &format!("{row:016x}"), &signature)?;
        }
        facts.finish()?;
        Ok(())
    }

    /// Fills in a signature; returns the row whose text this one has.
    fn sign_row(&self, row: u64, signature: &mut [u32]) -> u64 {
        let kind = self.random(row, 4) % 1000;
        if row == 0 || kind >= self.exact + self.near {
            self.original(row, signature);
            return row;
        }
        // Copies of copies would make chains that no corpus has.
        let original = self.random(row, 5) % row;
        self.original(original, signature);
        if kind < self.exact {
            return original;
        }
        let changed = self.random(row, 6) % 400;
        for (place, value) in (0..).zip(signature) {
            let random = self.random(row, 1000 + place);
            if random % 1000 < changed {
                *value = (random >> 32) as u32;
            }
        }
        row
    }

    fn original(&self, row: u64, signature: &mut [u32]) {
        for (place, value) in (0..).zip(signature) {
            *value = self.random(row, 2000 + place) as u32;
        }
    }

    fn random(&self, row: u64, what: u64) -> u64 {
        mix(mix(row ^ self.seed).wrapping_add(what << 40))
    }
}

/// The steps that come behind the signatures and need no texts.
#[must_use]
pub fn steps(stage: &Dedupe) -> Vec<&'static str> {
    let with_texts = ["signatures", "survivors", "sets"];
    let mut steps = stage.steps();
    steps.retain(|step| !with_texts.contains(step));
    steps
}
