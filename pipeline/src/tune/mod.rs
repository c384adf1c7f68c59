//! `textmill tune filter`: other thresholds over what was measured, without reading the text again.

mod changes;
mod examples;
mod overview;
mod tally;

use std::path::PathBuf;

use anyhow::{Result, bail};
use textmill_filter::Retune;
use textmill_schemas::{Manifest, ShardReader, Signals};

use crate::config::Config;
use crate::output::sayln;
use crate::stages::section;

/// Shows what the configuration's thresholds change against those that the run was filtered with;
/// where they change nothing, what each rule measured and drops. `examples` documents are shown
/// from each side.
pub fn filter(config: &Config, examples: usize) -> Result<()> {
    let run = Measured::of(config)?;
    let changes = changes::between(&run.manifest.config, &section("filter", config)?);
    if let Some(key) = changes.iter().find(|change| !change.can_be_retuned) {
        bail!(
            "filter.{} decides what is measured, so the signals of {} do not tell what it changes; \
             run `textmill filter --set filter.{}=…` instead",
            key.name,
            run.dir.display(),
            key.name
        );
    }
    if changes.is_empty() {
        return overview::print(&run, &Retune::new(&config.filter)?);
    }
    sayln!(
        "Over {} documents of {}, with",
        run.manifest.read,
        run.dir.display()
    );
    for change in &changes {
        sayln!(
            "  filter.{} = {} (was {})",
            change.name,
            change.new,
            change.old
        );
    }
    let tally = tally::count(&run, &Retune::new(&config.filter)?, examples)?;
    tally.print(run.bytes_per_token);
    examples::print(&run, &tally)
}

/// What the filter stage of a run measured.
struct Measured {
    dir: PathBuf,
    manifest: Manifest,
    /// As the run's tokenizer has it, if it got so far.
    bytes_per_token: Option<f64>,
}

impl Measured {
    fn of(config: &Config) -> Result<Self> {
        let (dir, manifest) = config.output_of("filter")?;
        if manifest.signals.is_empty() && manifest.read > 0 {
            bail!(
                "{}: this run kept no signals; run `textmill filter --set filter.signals=true`",
                dir.display()
            );
        }
        let tokenized = Manifest::read(&config.run.dir.join("tokenize"))?;
        let bytes_per_token = tokenized.and_then(|manifest| {
            let figure = |name: &str| manifest.stats.get(name)?.as_f64();
            Some(figure("train_bytes")? / figure("train_tokens")?)
        });
        Ok(Self {
            dir,
            manifest,
            bytes_per_token: bytes_per_token.filter(|ratio| ratio.is_finite()),
        })
    }

    /// The signals of all documents, a row group at a time.
    fn each(&self, mut see: impl FnMut(&Signals)) -> Result<()> {
        for shard in &self.manifest.signals {
            for group in ShardReader::<Signals>::open(&self.dir.join(&shard.path))? {
                group?.iter().for_each(&mut see);
            }
        }
        Ok(())
    }
}
