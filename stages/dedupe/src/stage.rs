//! The stage as a chain of task lists.

use std::path::PathBuf;
use std::sync::OnceLock;

use textmill_schemas::{CorpusStage, StageResult, TaskContext, TaskReport};

use crate::candidates::{key_partitions, pair_partitions, shuffle_keys, shuffle_pairs};
use crate::clusters::{name_large, resolve};
use crate::components::{component_partitions, connect};
use crate::corpus::{Corpus, Shard};
use crate::decision::{Level, sort_near};
use crate::fates::{Groups, sort_members, write_fates};
use crate::passages::{
    find_boilerplate, find_candidates, find_repeats, shuffle_anchors, shuffle_lines,
    shuffle_windows,
};
use crate::same::{decide, shuffle_texts, sort_same};
use crate::signatures::{sign, sign_reference, write_sets};
use crate::survivors::write_survivors;
use crate::verify::verify;
use crate::{Config, Error, Verify, reference};

/// Name of this stage.
pub(crate) const STAGE: &str = "dedupe";
/// The stage whose kept shards this one reads.
const INPUT: &str = "filter";

const SIGNATURES: &str = "signatures";
const URLS: &str = "urls";
const URL_LINKS: &str = "url-links";
const TEXTS: &str = "texts";
const EXACT: &str = "exact";
const TEXT_LINKS: &str = "text-links";
const BANDS: &str = "bands";
const PAIRS: &str = "pairs";
const SETS: &str = "sets";
const VERIFY: &str = "verify";
const COMPONENTS: &str = "components";
const LARGE: &str = "large";
const CLUSTERS: &str = "clusters";
const NEAR_LINKS: &str = "near-links";
const FATES: &str = "fates";
const MEMBERS: &str = "members";
const LINES: &str = "lines";
const BOILERPLATE: &str = "boilerplate";
const ANCHORS: &str = "anchors";
const REPEATED_ANCHORS: &str = "repeated-anchors";
const WINDOWS: &str = "windows";
const REPEATS: &str = "repeats";
const SURVIVORS: &str = "survivors";

/// Drops duplicates, level by level; each level sees what the ones before left. Documents of
/// reference indexes take part as documents that are kept before all others.
///
/// 1. `signatures` (per shard): hashes, rank and MinHash signature of each document.
/// 2. Level "url": `urls` (per range of hashes) keeps the best document of each address.
/// 3. Level "exact": `texts` (per shard) and `exact` (per range) do so for normal forms.
/// 4. Level "near": `bands` (per shard) cuts signatures into band keys; `pairs` (per range)
///    pairs documents that share one; `sets` (per shard) computes their shingles; `verify` (per
///    range of rows) compares each pair once; `components` joins what is similar; `clusters` (per
///    range of components) chooses survivors.
/// 5. `fates` (per shard) leads each dropped document to the one that stays for it; `members` (per group
///    of shards) tells each survivor for how many it stays.
/// 6. Level "lines": `lines` (per shard) and `boilerplate` (per range of hashes).
/// 7. Level "substrings": `anchors`, `windows` (per shard), `repeated-anchors`, `repeats` (per
///    range of hashes).
/// 8. `survivors` (per shard): kept and dropped rows.
///
/// The steps named `…-links` sort what a level decided by shard. Output shard i holds the
/// survivors of input shard i, in its order.
///
/// Memory: [`Config::memory_limit`], whatever the number of documents. Connected components come in
/// two levels: each range of rows leaves a forest (in an eighth of a task's memory, at
/// 64 bytes a document with a near duplicate in the range; beyond that several forests), and one task joins the forests, with 8 bytes for every
/// document of the corpus if they are half its memory at most, else in passes over the disk.
///
/// No key makes a task large: of a hash a shard hands on one record, of a band key 17 at most.
#[derive(Debug)]
pub struct Dedupe {
    config: Config,
    /// Shards of the reference indexes, once they are asked for.
    reference: OnceLock<Vec<(PathBuf, u64)>>,
}

impl Dedupe {
    /// The stage with a checked configuration.
    ///
    /// # Errors
    /// [`Error::Config`] when a value is out of range.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            reference: OnceLock::new(),
        })
    }

    /// For tests of limits that a user may not set.
    #[cfg(test)]
    pub(crate) fn unchecked(config: Config) -> Self {
        Self {
            config,
            reference: OnceLock::new(),
        }
    }

    pub(crate) fn corpus(&self, ctx: &TaskContext) -> StageResult<Corpus> {
        let reference = self.reference()?;
        Ok(Corpus::new(&self.config, ctx.input(INPUT)?, reference, ctx))
    }

    fn reference(&self) -> StageResult<&[(PathBuf, u64)]> {
        if self.reference.get().is_none() {
            let shards = reference::shards(&self.config)?;
            // Another task may have been first, with the same.
            let _ = self.reference.set(shards);
        }
        Ok(self.reference.get().map_or(&[], Vec::as_slice))
    }
}

fn shard_of(corpus: &Corpus, rank: usize) -> StageResult<&Shard> {
    let shard = corpus.shards.get(rank);
    Ok(shard.ok_or_else(|| format!("{STAGE} has no shard {rank}"))?)
}

fn counted<const N: usize>(stats: [(&str, u64); N]) -> TaskReport {
    let mut report = TaskReport::default();
    for (name, value) in stats {
        report.stats.insert(name.into(), value.into());
    }
    report
}

impl CorpusStage for Dedupe {
    fn steps(&self) -> Vec<&'static str> {
        let config = &self.config;
        let mut steps = vec![SIGNATURES];
        if config.url {
            steps.extend([URLS, URL_LINKS]);
        }
        if config.exact {
            steps.extend([TEXTS, EXACT, TEXT_LINKS]);
        }
        if config.near {
            steps.extend([BANDS, PAIRS]);
            steps.extend(match config.verify {
                Verify::Exact => [SETS, VERIFY, COMPONENTS].as_slice(),
                Verify::Estimate => &[VERIFY, COMPONENTS, LARGE, SETS],
            });
            steps.extend([CLUSTERS, NEAR_LINKS]);
        }
        steps.extend([FATES, MEMBERS]);
        if config.lines.enabled {
            steps.extend([LINES, BOILERPLATE]);
        }
        if config.substrings.enabled {
            steps.extend([ANCHORS, REPEATED_ANCHORS, WINDOWS, REPEATS]);
        }
        steps.push(SURVIVORS);
        steps
    }

    fn world(&self, step: &str, ctx: &TaskContext) -> StageResult<usize> {
        let corpus = self.corpus(ctx)?;
        Ok(match step {
            SIGNATURES | TEXTS | BANDS => corpus.shards.len(),
            URLS | EXACT => corpus.hash_partitions(),
            PAIRS => key_partitions(&corpus),
            VERIFY => pair_partitions(&corpus),
            COMPONENTS => 1,
            MEMBERS => Groups::of(&corpus).count,
            LARGE | CLUSTERS => component_partitions(&corpus),
            BOILERPLATE => corpus.line_partitions(),
            REPEATED_ANCHORS | REPEATS => corpus.window_partitions(),
            _ => corpus.own,
        })
    }

    fn external_inputs(&self) -> StageResult<String> {
        match self.config.reference.is_empty() {
            true => Ok(String::new()),
            false => Ok(reference::hash(self.reference()?)?),
        }
    }

    fn memory_limit(&self) -> Option<u64> {
        Some(self.config.memory_limit.as_u64())
    }

    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let corpus = &self.corpus(ctx)?;
        let exactly = self.config.verify == Verify::Exact;
        match step {
            SIGNATURES if rank < corpus.own => sign(corpus, shard_of(corpus, rank)?, ctx)?,
            SIGNATURES => sign_reference(corpus, shard_of(corpus, rank)?, ctx)?,
            URLS => decide(corpus, Level::Url, rank)?,
            URL_LINKS => sort_same(corpus, Level::Url, rank)?,
            TEXTS => shuffle_texts(corpus, shard_of(corpus, rank)?, ctx)?,
            EXACT => decide(corpus, Level::Exact, rank)?,
            TEXT_LINKS => sort_same(corpus, Level::Exact, rank)?,
            BANDS => shuffle_keys(corpus, shard_of(corpus, rank)?, exactly, ctx)?,
            PAIRS => {
                let counts = shuffle_pairs(corpus, rank, exactly, ctx)?;
                return Ok(counted([
                    ("candidate_groups", counts.groups),
                    ("largest_group", counts.largest),
                ]));
            }
            SETS => {
                let sources = match exactly {
                    true => key_partitions(corpus),
                    false => component_partitions(corpus),
                };
                write_sets(corpus, shard_of(corpus, rank)?, sources, ctx)?;
            }
            VERIFY => {
                let counts = verify(corpus, rank, ctx)?;
                return Ok(counted([
                    ("pairs_compared", counts.compared),
                    ("pairs_verified", counts.verified),
                ]));
            }
            COMPONENTS => connect(corpus, ctx)?,
            LARGE => name_large(corpus, rank)?,
            CLUSTERS => {
                let counts = resolve(corpus, rank, ctx)?;
                return Ok(counted([
                    ("components", counts.components),
                    ("largest_component", counts.largest),
                    ("survivors_compared", counts.compared),
                ]));
            }
            NEAR_LINKS => sort_near(corpus, rank, component_partitions(corpus))?,
            FATES => write_fates(corpus, shard_of(corpus, rank)?, ctx)?,
            MEMBERS => sort_members(corpus, rank, ctx)?,
            LINES => shuffle_lines(corpus, shard_of(corpus, rank)?, ctx)?,
            BOILERPLATE => return find_boilerplate(corpus, rank, ctx),
            ANCHORS => shuffle_anchors(corpus, shard_of(corpus, rank)?, ctx)?,
            REPEATED_ANCHORS => find_candidates(corpus, rank, ctx)?,
            WINDOWS => shuffle_windows(corpus, shard_of(corpus, rank)?, ctx)?,
            REPEATS => return find_repeats(corpus, rank, ctx),
            SURVIVORS => return write_survivors(corpus, shard_of(corpus, rank)?, ctx),
            _ => return Err(format!("{STAGE} has no step `{step}`").into()),
        }
        Ok(TaskReport::default())
    }
}
