//! The train stage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use textmill_model::{
    Architecture, CONFIG_FILE, GENERATION_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE,
};
use textmill_packing::{Packing, Pieces};
use textmill_privacy::Canary;
use textmill_schemas::{
    CorpusStage, ShardEntry, StageInput, StageResult, TaskContext, TaskReport, TokenGroup,
    check_tokenizer, write_atomically,
};

use crate::checkpoint::{BEST, Identity, STATE_FILE, step_name};
use crate::contents::{Contents, Times};
use crate::corpus::{TokenStream, Vocabulary};
use crate::hashes::HASHES_FILE;
use crate::loader::RowFormat;
use crate::masking::Masking;
use crate::metrics::METRICS_FILE;
use crate::optimizer::OPTIMIZER_FILE;
use crate::order::Order;
use crate::planting::{CANARIES_FILE, Plants};
use crate::ranks::Ranks;
use crate::spikes::SPIKES_FILE;
use crate::trainer::{Plan, Summary, train};
use crate::{Config, Error};

/// The train stage: one step, one task.
///
/// It reads the shards of the tokenize stage under `train/` and `validation/` and its
/// tokenizer.json, and writes `step-NNNNNN/` checkpoints, `best/` (the parameters with the lowest
/// validation loss; the manifest's figure `checkpoint` names it, and it is what is evaluated),
/// metrics.jsonl, and spikes.jsonl. What differs between repetitions is no output of record:
/// timings.jsonl, and tensorboard/, whose event files hold the figures of both with their times.
#[derive(Clone, Debug)]
pub struct Stage {
    config: Config,
}

impl Stage {
    /// A stage with these settings.
    ///
    /// # Errors
    /// [`Error::Config`] with the key that makes no sense.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
        })
    }

    fn plan<'a>(
        &'a self,
        input: &StageInput,
        ctx: &TaskContext,
        ranks: &'a Ranks,
    ) -> Result<(Plan<'a>, Order), Error> {
        let vocabulary = vocabulary(input)?;
        let is_tokenizer = |file: &&ShardEntry| file.path == TOKENIZER_FILE;
        let tokenizer = input.manifest.files.iter().find(is_tokenizer);
        let tokenizer =
            tokenizer.ok_or_else(|| Error::Input(format!("has no {TOKENIZER_FILE}")))?;
        check_tokenizer(input)?;
        let mixture = &self.config.mixture;
        if !mixture.is_empty() {
            mixture.check(&TokenGroup::read_all(&input.dir)?)?;
        }
        let mut model = self.config.model(vocabulary.size, vocabulary.eot)?;
        let tokenizer_file = input.dir.join(&tokenizer.path);
        let masking = match model.architecture.is_causal() {
            true => None,
            false => Some(self.masking(input, vocabulary, &tokenizer_file, ctx.seed)?),
        };
        model.mask_id = masking.as_ref().map(Masking::token);
        let pack = |part: &str, times: Times, canaries: &[Canary], pieces: Option<&mut Pieces>| {
            let prefix = format!("{part}/");
            let shards = input
                .shards()
                .filter(|(_, shard)| shard.path.starts_with(&prefix));
            let (shards, rows): (Vec<PathBuf>, Vec<u64>) =
                shards.map(|(path, shard)| (path, shard.rows)).unzip();
            let contents = Contents {
                shards: &shards,
                times,
                plants: Plants::new(canaries, &tokenizer_file, rows.iter().sum(), ctx.seed)?,
            };
            let (path, first) = (ctx.work().join(format!("{part}.tokens")), ranks.is_first());
            let scanned = TokenStream::scan(&path, first, contents, vocabulary, pieces, ctx)?;
            ranks.wait()?; // for the file that rank 0 writes
            scanned.open()
        };
        let mut pieces = match self.config.packing {
            Packing::Concatenate => None,
            Packing::BestFit => Some(Pieces::new(model.context as u32)?),
        };
        let times = Times::Mixed(mixture, ctx.seed);
        let train = pack("train", times, &self.canaries(ctx, ranks)?, pieces.as_mut())?;
        let validation = pack("validation", Times::Once, &[], None)?;
        if train.length() < 2 {
            return Err(Error::Input("has no training tokens".to_owned()));
        }
        let order = match pieces {
            None => {
                let documents = Arc::clone(train.documents());
                Order::concatenate(documents, model.context as u64, ctx.seed)?
            }
            Some(pieces) => Order::best_fit(pieces.pack(), ctx.seed),
        };
        let (validated, trained): (Vec<&ShardEntry>, _) =
            (input.manifest.kept.iter()).partition(|shard| shard.path.starts_with("validation/"));
        let hashes = |files: Vec<&ShardEntry>| -> Vec<String> {
            files.iter().map(|file| file.hash.clone()).collect()
        };
        let trained: Vec<&ShardEntry> = trained;
        let hash = input.manifest.stats.get("validation_hash");
        let plan = Plan {
            config: &self.config,
            identity: Identity {
                config: Config {
                    threads: 0, // the only setting that does not change the result
                    ..self.config.clone()
                },
                seed: ctx.seed,
                code: env!("CARGO_PKG_VERSION").to_owned(),
                inputs: hashes([trained, vec![tokenizer]].concat()),
                validation: hashes(validated),
            },
            validation_hash: hash.and_then(Value::as_str).map(str::to_owned),
            train: Arc::new(train),
            format: RowFormat {
                context: model.context as u64,
                padding: vocabulary.eot,
                apart: self.config.separate_documents,
                both_ways: masking.is_some(),
            },
            masking: masking.map(Arc::new),
            model,
            validation,
            tokenizer: tokenizer_file,
            ranks,
        };
        Ok((plan, order))
    }

    /// The canaries of the run; the first process writes down which.
    fn canaries(&self, ctx: &TaskContext, ranks: &Ranks) -> Result<Vec<Canary>, Error> {
        let canaries = self.config.canaries.all(ctx.seed);
        if !canaries.is_empty() && ranks.is_first() {
            let path = ctx.out.join(CANARIES_FILE);
            let json = serde_json::to_vec_pretty(&canaries).map_err(Error::json(&path))?;
            write_atomically(&path, &json)?;
        }
        Ok(canaries)
    }

    fn masking(
        &self,
        input: &StageInput,
        vocabulary: Vocabulary,
        tokenizer: &Path,
        seed: u64,
    ) -> Result<Masking, Error> {
        let mask = input.manifest.stats.get("mask_id").and_then(Value::as_u64);
        let mask = mask.filter(|id| *id < vocabulary.size as u64);
        let mask = mask.ok_or_else(|| {
            Error::Config(format!(
                "`preset = \"{}\"` needs a mask token, which the vocabulary lacks: set `mask = \
                 \"<|mask|>\"` under [tokenize], and run `tokenize` again",
                self.config.preset
            ))
        })?;
        let json = fs::read(tokenizer).map_err(Error::io(tokenizer))?;
        let json = serde_json::from_slice(&json).map_err(Error::json(tokenizer))?;
        let Vocabulary { size, eot } = vocabulary;
        let share = self.config.mask_share;
        Ok(Masking::new(share, size, eot, mask as u32, &json, seed))
    }
}

impl CorpusStage for Stage {
    fn steps(&self) -> Vec<&'static str> {
        vec!["train"]
    }

    fn world(&self, _step: &str, _ctx: &TaskContext) -> StageResult<usize> {
        Ok(1)
    }

    fn task(&self, _step: &str, _rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let input = ctx.input("tokenize")?;
        let ranks = Ranks::join()?; // before any other use of tensors
        let plan = self.plan(input, ctx, &ranks);
        let result = plan.and_then(|(plan, order)| train(plan, order, ctx));
        let summary = match result {
            Err(error) => {
                ranks.fail(&error);
                return Err(match error {
                    Error::Cancelled(cancelled) => cancelled.into(),
                    other => other.into(),
                });
            }
            Ok(_) if !ranks.is_first() => return Ok(TaskReport::default()),
            Ok(summary) => summary,
        };
        let documents = input.manifest.kept.iter().map(|shard| shard.rows).sum();
        Ok(TaskReport {
            read: documents,
            kept_rows: documents,
            files: files(&summary, &self.config, ctx)?,
            stats: stats(&summary, &self.config),
            ..TaskReport::default()
        })
    }
}

fn vocabulary(input: &StageInput) -> Result<Vocabulary, Error> {
    let figure = |name: &str| {
        let value = input.manifest.stats.get(name).and_then(Value::as_u64);
        value.ok_or_else(|| Error::Input(format!("does not say `{name}`")))
    };
    let (size, eot) = (figure("vocab_size")?, figure("eot_id")?);
    if eot >= size || size > 1 << 24 {
        return Err(Error::Input(format!(
            "has eot_id {eot} for a vocabulary of {size}"
        )));
    }
    Ok(Vocabulary {
        size: size as i64,
        eot: eot as u32,
    })
}

/// The files of record: the last step's checkpoint, the best one, the metrics, and which canaries
/// were planted.
fn files(summary: &Summary, config: &Config, ctx: &TaskContext) -> Result<Vec<ShardEntry>, Error> {
    let model = [
        CONFIG_FILE,
        GENERATION_FILE,
        WEIGHTS_FILE,
        STATE_FILE,
        TOKENIZER_FILE,
        TOKENIZER_CONFIG_FILE,
        HASHES_FILE,
    ];
    let last = step_name(summary.state.step);
    let mut paths: Vec<String> = model.map(|file| format!("{last}/{file}")).to_vec();
    paths.push(format!("{last}/{OPTIMIZER_FILE}"));
    if summary.state.best.is_some() {
        paths.extend(model.map(|file| format!("{BEST}/{file}")));
    }
    paths.extend([METRICS_FILE, SPIKES_FILE].map(str::to_owned));
    if !config.canaries.is_empty() {
        paths.push(CANARIES_FILE.to_owned());
    }
    let entries = paths.iter().map(|path| ShardEntry::of_file(ctx.out, path));
    Ok(entries.collect::<Result<_, _>>()?)
}

/// Figures of the manifest; `mask_share` tells that the losses are those of masked tokens, and
/// `held_out` which sources and languages were left out.
fn stats(summary: &Summary, config: &Config) -> BTreeMap<String, Value> {
    let masked = Architecture::named(&config.preset).is_ok_and(|it| !it.is_causal());
    let state = &summary.state;
    let checkpoint = match state.best {
        Some(_) => BEST.to_owned(),
        None => step_name(state.step),
    };
    let mut stats: BTreeMap<String, Value> = [
        ("checkpoint", json!(checkpoint)),
        ("steps", json!(state.step)),
        ("parameters", json!(summary.parameters)),
        ("tokens_seen", json!(state.tokens)),
        ("train_loss", json!(state.loss)),
        ("val_loss", json!(state.val_loss)),
        ("best_val_loss", json!(state.best.map(|best| best.val_loss))),
        ("best_step", json!(state.best.map(|best| best.step))),
        ("skipped_steps", json!(state.step - state.updates)),
        ("tokens_per_second", json!(summary.tokens_per_second)),
        ("mfu", json!(summary.mfu)),
        ("loader_share", json!(summary.loader_share)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if masked {
        stats.insert("mask_share".to_owned(), json!(config.mask_share));
    }
    let held_out = config.mixture.held_out();
    if !held_out.is_empty() {
        stats.insert("held_out".to_owned(), json!(held_out));
    }
    stats
}

#[cfg(test)]
#[path = "stage_tests/mod.rs"]
mod tests;
