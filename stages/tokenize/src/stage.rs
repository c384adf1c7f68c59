//! The stage: first the vocabulary, then every shard's documents.

use std::path::PathBuf;
use std::sync::OnceLock;

use textmill_schemas::{
    CorpusStage, Document, DocumentStage, Dropped, Row, ShardEntry, ShardReader, ShardWriter,
    StageResult, TaskContext, TaskReport, Tokens, Verdict, hash_file, shard_name, write_atomically,
};
use tokenizers::Tokenizer;

use crate::config::Config;
use crate::encode::Encoder;
use crate::error::Error;
use crate::split::{Side, Split};
use crate::vocabulary;

/// Where the stage puts its tokenizer.
const TOKENIZER: &str = "tokenizer.json";
/// The stage whose documents are tokenized.
const UPSTREAM: &str = "normalize";

/// The tokenize stage.
///
/// Writes `tokenizer.json`, `train/part-*.parquet` and `validation/part-*.parquet`. Its statistics
/// tell `vocab_size` and `eot_id` (the id of the document-end token) to the trainer.
pub struct Tokenize {
    config: Config,
    encoder: OnceLock<Encoder>,
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

    fn split(&self, ctx: &TaskContext) -> Split {
        Split::new(self.config.validation_fraction, ctx.seed)
    }

    fn vocabulary(&self, ctx: &TaskContext) -> StageResult<TaskReport> {
        let mut report = TaskReport::default();
        let tokenizer = match &self.config.tokenizer {
            Some(path) => vocabulary::load(path, &self.config)?,
            None => {
                ctx.progress.message("training the vocabulary");
                let input = ctx.input(UPSTREAM)?;
                let (tokenizer, sample) =
                    vocabulary::train(input, &self.config, self.split(ctx), ctx.seed)?;
                report
                    .stats
                    .insert("sample_documents".to_owned(), sample.documents.into());
                report
                    .stats
                    .insert("sample_bytes".to_owned(), sample.bytes.into());
                tokenizer
            }
        };
        report
            .stats
            .insert("vocab_size".to_owned(), vocab_size(&tokenizer).into());
        let end = tokenizer.token_to_id(&self.config.document_end);
        report.stats.insert("eot_id".to_owned(), end.into());
        let json = tokenizer
            .to_string(true)
            .map_err(|error| Error::Train(error.to_string()))?;
        write_atomically(&ctx.out.join(TOKENIZER), json.as_bytes())?;
        report.files.push(ShardEntry::of_file(ctx.out, TOKENIZER)?);
        Ok(report)
    }

    fn encoder(&self, ctx: &TaskContext) -> StageResult<&Encoder> {
        if let Some(encoder) = self.encoder.get() {
            return Ok(encoder);
        }
        let encoder = Encoder::load(&ctx.out.join(TOKENIZER))?;
        Ok(self.encoder.get_or_init(|| encoder))
    }

    fn encode(&self, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let input = ctx.input(UPSTREAM)?;
        let path: PathBuf = input
            .shards()
            .nth(rank)
            .map(|(path, _)| path)
            .ok_or_else(|| format!("{UPSTREAM} has no shard {rank}"))?;
        let encoder = self.encoder(ctx)?;
        let split = self.split(ctx);
        let name = shard_name(rank);
        let mut train = Writer::create(ctx, "train", &name)?;
        let mut validation = Writer::create(ctx, "validation", &name)?;
        let mut dropped = ShardWriter::<Dropped>::create(ctx.out, &format!("dropped/{name}"))?;
        let mut report = TaskReport::default();
        for group in ShardReader::<Document>::open(&path)? {
            for document in group? {
                report.read += 1;
                let (origin, side) = (document.origin(), split.side(&document));
                match encoder.process(document) {
                    Verdict::Keep(tokens) => match side {
                        Side::Train => train.write(tokens)?,
                        Side::Validation => validation.write(tokens)?,
                    },
                    Verdict::Drop(reason) => {
                        report.count_drop(&reason.rule);
                        dropped.write(Dropped::new("tokenize", origin, reason))?;
                    }
                }
                ctx.progress.advance(1);
                ctx.check_cancelled()?;
            }
        }
        train.finish(&mut report)?;
        validation.finish(&mut report)?;
        report.dropped.push(dropped.finish()?);
        Ok(report)
    }
}

impl CorpusStage for Tokenize {
    fn steps(&self) -> Vec<&'static str> {
        vec!["vocabulary", "encode"]
    }

    fn world(&self, step: &str, ctx: &TaskContext) -> StageResult<usize> {
        if step == "vocabulary" {
            return Ok(1);
        }
        let manifest = &ctx.input(UPSTREAM)?.manifest;
        ctx.progress.add_total(manifest.kept_rows);
        Ok(manifest.kept.len())
    }

    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        match step {
            "vocabulary" => self.vocabulary(ctx),
            _ => self.encode(rank, ctx),
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

/// One more than the greatest token id: what the model's embedding must hold.
fn vocab_size(tokenizer: &Tokenizer) -> u64 {
    let greatest = tokenizer.get_vocab(true).into_values().max();
    greatest.map_or(0, |id| u64::from(id) + 1)
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
    fn create(ctx: &TaskContext, side: &'static str, name: &str) -> StageResult<Self> {
        Ok(Self {
            side,
            shard: ShardWriter::create(ctx.out, &format!("{side}/{name}"))?,
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
