//! The stage as a chain of task lists.

use std::path::PathBuf;

use textmill_schemas::{CorpusStage, StageResult, TaskContext, TaskReport};

use crate::clusters::Clusters;
use crate::documents::Rows;
use crate::groups::write_groups;
use crate::paths::Paths;
use crate::shuffle::partitions_for;
use crate::signatures::{ShingleSets, Signatures};
use crate::survivors::write_survivors;
use crate::{Config, Error, Verify};

/// Name of this stage.
pub(crate) const STAGE: &str = "dedupe";
/// The stage whose kept shards this one reads.
const INPUT: &str = "filter";

const SIGNATURES: &str = "signatures";
const BUCKETS: &str = "buckets";
const SHINGLES: &str = "shingles";
const CLUSTERS: &str = "clusters";
const SURVIVORS: &str = "survivors";

/// Drops exact and near duplicates. Steps:
///
/// 1. `signatures` (per shard): hash of the normal form and MinHash band keys of each document.
/// 2. `buckets` (per range of keys): documents that share a key are candidates.
/// 3. `shingles` (per shard; only with `verify = "exact"`): the candidates' shingle sets.
/// 4. `clusters` (one task): verifies candidates, joins duplicates, chooses survivors.
/// 5. `survivors` (per shard): kept and dropped rows.
///
/// Output shard i holds the survivors of input shard i, in its order.
#[derive(Clone, Debug)]
pub struct Dedupe {
    config: Config,
}

/// A shard of the input.
pub(crate) struct InputShard {
    pub index: usize,
    pub path: PathBuf,
    pub rows: u64,
}

impl InputShard {
    /// Row numbers are only right when the manifest is.
    pub fn check_rows(&self, found: u64) -> Result<(), Error> {
        if found == self.rows {
            return Ok(());
        }
        Err(Error::Rows {
            path: self.path.clone(),
            expected: self.rows,
            found,
        })
    }
}

/// What all tasks of a run agree on.
struct Plan {
    shards: Vec<InputShard>,
    rows: Rows,
    partitions: usize,
    paths: Paths,
}

impl Dedupe {
    /// The stage with a checked configuration.
    ///
    /// # Errors
    /// [`Error::Config`] when a value is out of range.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        let config = config.clone();
        Ok(Self { config })
    }

    fn plan(&self, ctx: &TaskContext) -> StageResult<Plan> {
        let shards = ctx.input(INPUT)?.shards().enumerate();
        let shards: Vec<InputShard> = shards
            .map(|(index, (path, entry))| InputShard {
                index,
                path,
                rows: entry.rows,
            })
            .collect();
        let rows = Rows::new(shards.iter().map(|shard| shard.rows));
        let near_keys = if self.config.near {
            self.config.bands as u64
        } else {
            0
        };
        let keys = rows
            .total()
            .saturating_mul(near_keys + u64::from(self.config.exact));
        Ok(Plan {
            shards,
            rows,
            partitions: partitions_for::<2>(keys),
            paths: Paths::new(&ctx.work()),
        })
    }

    fn needs_sets(&self) -> bool {
        self.config.near && self.config.verify == Verify::Exact
    }

    fn buckets(&self, partition: usize, plan: &Plan) -> StageResult<TaskReport> {
        let shards = plan.shards.len();
        let sets = self.needs_sets();
        let counts = write_groups(&plan.paths, &plan.rows, shards, partition, sets)?;
        let mut report = TaskReport::default();
        report
            .stats
            .insert("candidate_groups".into(), counts.groups.into());
        Ok(report)
    }

    fn clusters(&self, plan: &Plan, ctx: &TaskContext) -> StageResult<TaskReport> {
        let clusters = Clusters::new(&self.config, &plan.paths, &plan.rows);
        let counts = clusters.run(plan.partitions, plan.shards.len(), ctx)?;
        let mut report = TaskReport::default();
        for (name, value) in [
            ("clusters", counts.clusters),
            ("largest_cluster", counts.largest_cluster),
            ("largest_component", counts.largest_component),
            ("pairs_compared", counts.compared),
            ("pairs_verified", counts.verified),
        ] {
            report.stats.insert(name.into(), value.into());
        }
        Ok(report)
    }

    fn shard_task(
        &self,
        step: &str,
        shard: &InputShard,
        plan: &Plan,
        ctx: &TaskContext,
    ) -> StageResult<TaskReport> {
        let (config, paths, rows) = (&self.config, &plan.paths, &plan.rows);
        let partitions = plan.partitions;
        match step {
            SIGNATURES => Signatures {
                config,
                paths,
                rows,
                partitions,
            }
            .run(shard, ctx)?,
            SHINGLES => ShingleSets {
                config,
                paths,
                rows,
                partitions,
            }
            .run(shard, ctx)?,
            _ => return write_survivors(config, paths, rows, shard, ctx),
        }
        Ok(TaskReport::default())
    }
}

impl CorpusStage for Dedupe {
    fn steps(&self) -> &'static [&'static str] {
        if self.needs_sets() {
            &[SIGNATURES, BUCKETS, SHINGLES, CLUSTERS, SURVIVORS]
        } else {
            &[SIGNATURES, BUCKETS, CLUSTERS, SURVIVORS]
        }
    }

    fn world(&self, step: &str, ctx: &TaskContext) -> StageResult<usize> {
        let plan = self.plan(ctx)?;
        Ok(match step {
            BUCKETS => plan.partitions,
            CLUSTERS => 1,
            _ => plan.shards.len(),
        })
    }

    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let plan = self.plan(ctx)?;
        match step {
            BUCKETS => self.buckets(rank, &plan),
            CLUSTERS => self.clusters(&plan, ctx),
            SIGNATURES | SHINGLES | SURVIVORS => {
                let shard = plan.shards.get(rank);
                let shard = shard.ok_or_else(|| format!("{STAGE} has no shard {rank}"))?;
                self.shard_task(step, shard, &plan, ctx)
            }
            _ => Err(format!("{STAGE} has no step `{step}`").into()),
        }
    }
}
