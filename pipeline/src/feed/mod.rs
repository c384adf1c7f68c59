//! `textmill mix` and `textmill pack`: what the trainer will be fed, before it is.

mod mix;
mod pack;

use std::path::PathBuf;

use anyhow::{Context, Result};
use textmill_packing::{Mixture, Packing};
use textmill_schemas::{Manifest, TokenGroup};

pub use mix::{before_training, mix};
pub use pack::pack;

use crate::config::Config;

/// What the section `[train]` says of how tokens are fed.
struct Feeding {
    mixture: Mixture,
    packing: Packing,
    /// Tokens of a row.
    context: Option<u32>,
    /// Tokens that training draws.
    budget: Option<u64>,
}

#[cfg(feature = "torch")]
impl Feeding {
    fn of(config: &Config) -> Result<Self> {
        let train = &config.train;
        train.validate()?;
        Ok(Self {
            mixture: train.mixture.clone(),
            packing: train.packing,
            context: u32::try_from(train.context).ok(),
            budget: Some(train.budget()),
        })
    }
}

/// A build without libtorch knows no defaults of `[train]`: what it is not told, it does not know.
#[cfg(not(feature = "torch"))]
impl Feeding {
    fn of(config: &Config) -> Result<Self> {
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        struct Train {
            mixture: Mixture,
            packing: Packing,
            context: Option<u32>,
            batch: Option<u64>,
            accumulate: Option<u64>,
            steps: Option<u64>,
        }
        let train: Train = config.train.clone().try_into().context("[train]")?;
        train.mixture.validate().context("[train]")?;
        let places = [
            train.context.map(u64::from),
            train.batch,
            train.accumulate,
            train.steps,
        ];
        Ok(Self {
            mixture: train.mixture,
            packing: train.packing,
            context: train.context,
            budget: places
                .into_iter()
                .try_fold(1, |all: u64, more| Some(all.saturating_mul(more?))),
        })
    }
}

/// What the tokenize stage of a run wrote.
struct Tokenized {
    dir: PathBuf,
    manifest: Manifest,
    groups: Vec<TokenGroup>,
}

impl Tokenized {
    fn of(config: &Config) -> Result<Self> {
        let (dir, manifest) = config.output_of("tokenize")?;
        let groups = TokenGroup::read_all(&dir).context("run `textmill tokenize` again")?;
        Ok(Self {
            dir,
            manifest,
            groups,
        })
    }

    /// The shards that are trained on.
    fn train_shards(&self) -> impl Iterator<Item = PathBuf> {
        let train = self.manifest.kept.iter();
        let train = train.filter(|shard| shard.path.starts_with("train/"));
        train.map(|shard| self.dir.join(&shard.path))
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}
