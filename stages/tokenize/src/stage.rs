//! The stage: first the vocabulary, then every shard's documents.

use std::path::PathBuf;
use std::sync::OnceLock;

use rayon::prelude::*;
use textmill_schemas::{
    CorpusStage, Dropped, PlainDocument, Row, ShardEntry, ShardReader, ShardWriter, Side,
    StageResult, TaskContext, TaskReport, TokenGroup, TokenizerStamp, Tokens, hash_file,
    shard_name, write_atomically,
};
use textmill_storage::LocalFile;

use crate::config::Config;
use crate::encode::Encoder;
use crate::error::Error;
use crate::groups::{self, Tally};
use crate::split::Split;
use crate::vocabulary;

/// Where the stage puts its tokenizer.
const TOKENIZER: &str = "tokenizer.json";
/// The stage whose documents are tokenized.
const UPSTREAM: &str = "normalize";

/// The tokenize stage.
///
/// Writes `tokenizer.json`, `train/part-*.parquet` and `validation/part-*.parquet`, and
/// `groups.json` ([`TokenGroup`]). Its statistics tell `vocab_size` and `eot_id` (the id of the
/// document-end token) to the trainer, and `mask_id`, if there is a mask token.
pub struct Tokenize {
    config: Config,
    encoder: OnceLock<Loaded>,
}

/// The tokenizer that the first step left.
struct Loaded {
    encoder: Encoder,
    stamp: TokenizerStamp,
}

impl Tokenize {
    /// The stage with this configuration.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
            encoder: OnceLock::new(),
        })
    }

    fn split(&self) -> Split {
        Split::new(self.config.validation_fraction, self.config.split_seed)
    }

    fn vocabulary(&self, ctx: &TaskContext) -> StageResult<TaskReport> {
        let mut report = TaskReport::default();
        let tokenizer = match &self.config.tokenizer {
            Some(path) => vocabulary::load(path, &self.config)?,
            None => {
                let input = ctx.input(UPSTREAM)?;
                let (tokenizer, sample) =
                    vocabulary::train(input, &self.config, self.split(), ctx)?;
                for (name, figure) in vocabulary::statistics(&sample) {
                    report.stats.insert(name, figure.into());
                }
                tokenizer
            }
        };
        let json = tokenizer
            .to_string(true)
            .map_err(|error| Error::Train(error.to_string()))?;
        write_atomically(&ctx.out.join(TOKENIZER), json.as_bytes())?;
        report.files.push(ShardEntry::of_file(ctx.out, TOKENIZER)?);
        let stamp = &self.loaded(ctx)?.stamp;
        for (name, figure) in [
            ("vocab_size", stamp.vocab_size),
            ("eot_id", stamp.document_end.into()),
        ] {
            report.stats.insert(name.to_owned(), figure.into());
        }
        if let Some(mask) = &self.config.mask {
            let id = tokenizer.token_to_id(mask);
            report.stats.insert("mask_id".to_owned(), id.into());
        }
        Ok(report)
    }

    fn loaded(&self, ctx: &TaskContext) -> StageResult<&Loaded> {
        if let Some(loaded) = self.encoder.get() {
            return Ok(loaded);
        }
        let path = ctx.out.join(TOKENIZER);
        let encoder = Encoder::load(LocalFile::of(&path)?.path())?;
        let end = &self.config.document_end;
        let document_end = encoder.tokenizer().token_to_id(end);
        let stamp = TokenizerStamp {
            hash: hash_file(&path)?,
            vocab_size: encoder.vocab_size() as u64,
            document_end: document_end.ok_or_else(|| Error::Load {
                path,
                message: format!("it lacks the document-end token `{end}`"),
            })?,
        };
        Ok(self.encoder.get_or_init(|| Loaded { encoder, stamp }))
    }

    /// Encodes a shard: a row group at a time, its documents in parallel, written in their order.
    fn encode(&self, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let input = ctx.input(UPSTREAM)?;
        let path: PathBuf = input
            .shards()
            .nth(rank)
            .map(|(path, _)| path)
            .ok_or_else(|| format!("{UPSTREAM} has no shard {rank}"))?;
        let Loaded { encoder, stamp } = self.loaded(ctx)?;
        let split = self.split();
        let name = shard_name(rank);
        let mut train = Writer::create(ctx, stamp, "train", &name)?;
        let mut validation = Writer::create(ctx, stamp, "validation", &name)?;
        let mut dropped = ShardWriter::<Dropped>::create(ctx.out, &format!("dropped/{name}"))?;
        let mut report = TaskReport::default();
        let mut tally = Tally::default();
        let schema = PlainDocument::schema();
        let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        for group in ShardReader::<PlainDocument>::open(&path)?.with_columns(&columns) {
            ctx.check_cancelled()?;
            let decided = group?.into_par_iter().map(|document| {
                let side = split.side(&document.id, document.cluster_id.as_deref());
                (side, encoder.decide(document))
            });
            for (side, decided) in decided.collect::<Vec<_>>() {
                report.read += 1;
                match decided {
                    Ok(tokens) => {
                        tally.add(side, &tokens);
                        match side {
                            Side::Train => train.write(tokens)?,
                            Side::Validation => validation.write(tokens)?,
                        }
                    }
                    Err(ended) => {
                        let (origin, reason) = *ended;
                        report.count_drop(&reason.rule);
                        dropped.write(Dropped::new("tokenize", origin, reason))?;
                    }
                }
                ctx.progress.advance(1);
            }
        }
        train.finish(&mut report)?;
        validation.finish(&mut report)?;
        report.dropped.push(dropped.finish()?);
        tally.write(&ctx.work(), rank)?;
        Ok(report)
    }

    fn groups(&self, ctx: &TaskContext) -> StageResult<TaskReport> {
        let shards = ctx.input(UPSTREAM)?.manifest.kept.len();
        let (groups, validation_hash) = groups::sum(&ctx.work(), shards)?;
        write_atomically(
            &ctx.out.join(TokenGroup::FILE),
            &serde_json::to_vec_pretty(&groups)?,
        )?;
        let mut report = TaskReport::default();
        report
            .files
            .push(ShardEntry::of_file(ctx.out, TokenGroup::FILE)?);
        let hash = format!("{validation_hash:016x}");
        report
            .stats
            .insert("validation_hash".to_owned(), hash.into());
        Ok(report)
    }
}

impl CorpusStage for Tokenize {
    fn steps(&self) -> Vec<&'static str> {
        vec!["vocabulary", "encode", "groups"]
    }

    fn world(&self, step: &str, ctx: &TaskContext) -> StageResult<usize> {
        if step != "encode" {
            return Ok(1);
        }
        let manifest = &ctx.input(UPSTREAM)?.manifest;
        ctx.progress.add_total(manifest.kept_rows);
        Ok(manifest.kept.len())
    }

    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        match step {
            "vocabulary" => self.vocabulary(ctx),
            "encode" => self.encode(rank, ctx),
            _ => self.groups(ctx),
        }
    }

    fn external_inputs(&self) -> StageResult<String> {
        let files = self
            .config
            .tokenizer
            .iter()
            .map(|path| vocabulary::files(path));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let hashes = files.iter().flatten().map(|file| hash_file(file));
        Ok(hashes.collect::<Result<Vec<_>, _>>()?.join(" "))
    }
}

/// Writes one side's shard and counts what is in it.
struct Writer {
    side: &'static str,
    shard: ShardWriter<Tokens>,
    documents: u64,
    tokens: u64,
    bytes: u64,
}

impl Writer {
    fn create(
        ctx: &TaskContext,
        stamp: &TokenizerStamp,
        side: &'static str,
        name: &str,
    ) -> StageResult<Self> {
        Ok(Self {
            side,
            shard: stamp.create_shard(ctx.out, &format!("{side}/{name}"))?,
            documents: 0,
            tokens: 0,
            bytes: 0,
        })
    }

    fn write(&mut self, row: Tokens) -> StageResult<()> {
        self.documents += 1;
        self.tokens += row.tokens.len() as u64;
        self.bytes += u64::from(row.bytes);
        Ok(self.shard.write(row)?)
    }

    fn finish(self, report: &mut TaskReport) -> StageResult<()> {
        report.kept_rows += self.documents;
        report.kept.push(self.shard.finish()?);
        for (name, value) in [
            ("documents", self.documents),
            ("tokens", self.tokens),
            ("bytes", self.bytes),
        ] {
            let key = format!("{}_{name}", self.side);
            report.stats.insert(key, value.into());
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
