//! The evaluate stage.

use serde_json::json;
use textmill_model::{Gpt, best_device};
use textmill_schemas::{
    CorpusStage, ShardEntry, ShardReader, StageInput, StageResult, TaskContext, TaskReport, Tokens,
    check_tokenizer, write_atomically,
};

use crate::baseline::Baselines;
use crate::inputs::{Checkpoint, TOKENIZE, TRAIN, Vocabulary, shards, tokenizer};
use crate::metrics::{Metrics, ModelFacts, Results, Scores};
use crate::scoring::{Shape, score};
use crate::workers::Workers;
use crate::{Config, Error, samples};

/// Where the stage puts what it measured.
const METRICS_FILE: &str = "metrics.json";
/// Batches that are gathered before they are scored, so that windows can be sorted by length.
const BATCHES: usize = 32;

/// The evaluate stage: one step, one task.
///
/// It reads the validation documents and counts the training documents of the tokenize stage,
/// loads the checkpoint that the train stage names, and writes metrics.json: perplexity, bits per
/// byte and next-token accuracy of the model, a Kneser-Ney 5-gram and a unigram baseline on the same
/// targets, overall, by source and by language, and the model's continuations of the prompts.
///
/// Each document is a sequence of its own behind a document-end token, read in disjoint windows
/// of the model's context that overlap by one token, as lm-evaluation-harness' rolling
/// log-likelihood does ([`Config::stride`] makes them overlap more). The targets are the
/// document's own tokens; its end is not scored.
///
/// Memory: the model, one row group of the shards, the windows of a few batches, and the n-grams
/// (8 bytes a token while counting, 12 bytes a different n-gram of each order;
/// [`Config::baseline_tokens`] bounds it).
#[derive(Clone, Debug)]
pub struct Evaluate {
    config: Config,
}

impl Evaluate {
    /// The stage with this configuration.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config: config.clone(),
        })
    }

    fn evaluate(
        &self,
        tokenized: &StageInput,
        trained: &StageInput,
        ctx: &TaskContext,
    ) -> Result<TaskReport, Error> {
        let device = best_device(); // before any other use of tensors
        let vocabulary = Vocabulary::of(tokenized)?;
        check_tokenizer(tokenized)?;
        let checkpoint = Checkpoint::find(trained, tokenized)?;
        let tokenizer = tokenizer(tokenized)?;
        let draw = Draw::new(tokenized, self.config.max_documents)?;
        ctx.progress.add_total(draw.count);
        let gpt = Gpt::load(&checkpoint.dir, device)?;
        checkpoint.check(gpt.config(), vocabulary)?;
        let facts = ModelFacts {
            checkpoint: checkpoint.name,
            parameters: gpt.parameters(),
            context: gpt.config().context,
            vocab_size: gpt.config().vocab_size,
        };
        ctx.progress.message("counting the baselines");
        let limit = self.config.baseline_tokens;
        let baselines = Baselines::count(tokenized, vocabulary, limit, ctx)?;
        let mut scorer = Scorer {
            shape: self.shape(&gpt, vocabulary),
            workers: Workers::new(gpt, self.threads(ctx))?,
            baselines,
            results: Results::default(),
        };
        ctx.progress.message("scoring");
        scorer.score_all(tokenized, vocabulary, draw, ctx)?;
        ctx.progress.message("writing samples");
        let (end, workers) = (vocabulary.end, &mut scorer.workers);
        let samples = samples::write(workers, &tokenizer, &self.config, end, ctx)?;
        let metrics = scorer.results.report(facts, samples)?;
        report(&metrics, scorer.results.documents(), &scorer.baselines, ctx)
    }

    fn shape(&self, gpt: &Gpt, vocabulary: Vocabulary) -> Shape {
        let context = usize::try_from(gpt.config().context).unwrap_or(1).max(1);
        Shape {
            context,
            stride: match self.config.stride {
                0 => context,
                stride => stride.min(context),
            },
            batch: self.config.batch,
            end: vocabulary.end,
        }
    }

    fn threads(&self, ctx: &TaskContext) -> usize {
        match self.config.threads {
            0 => ctx.threads.max(1),
            threads => threads,
        }
    }
}

impl CorpusStage for Evaluate {
    fn steps(&self) -> Vec<&'static str> {
        vec!["evaluate"]
    }

    fn world(&self, _step: &str, _ctx: &TaskContext) -> StageResult<usize> {
        Ok(1)
    }

    fn task(&self, _step: &str, _rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        match self.evaluate(ctx.input(TOKENIZE)?, ctx.input(TRAIN)?, ctx) {
            Err(Error::Cancelled(cancelled)) => Err(cancelled.into()),
            other => Ok(other?),
        }
    }
}

/// Which of the validation documents are scored: `count` of `total`, evenly spread.
#[derive(Clone, Copy, Debug)]
struct Draw {
    count: u64,
    total: u64,
}

impl Draw {
    fn new(tokenized: &StageInput, most: u64) -> Result<Self, Error> {
        let total: u64 = shards(tokenized, "validation")
            .map(|(_, shard)| shard.rows)
            .sum();
        let count = match most {
            0 => total,
            most => total.min(most),
        };
        match total {
            0 => Err(Error::NoDocuments),
            _ => Ok(Self { count, total }),
        }
    }

    fn takes(&self, number: u64) -> bool {
        let before = |n: u64| u128::from(n) * u128::from(self.count) / u128::from(self.total);
        before(number + 1) > before(number)
    }
}

/// Scores documents by all judges.
struct Scorer {
    shape: Shape,
    workers: Workers,
    baselines: Baselines,
    results: Results,
}

impl Scorer {
    fn score_all(
        &mut self,
        tokenized: &StageInput,
        vocabulary: Vocabulary,
        draw: Draw,
        ctx: &TaskContext,
    ) -> Result<(), Error> {
        let (mut number, mut windows) = (0, 0);
        let mut chunk = Vec::new();
        for (path, _) in shards(tokenized, "validation") {
            for group in ShardReader::<Tokens>::open(&path)? {
                for document in group? {
                    number += 1;
                    if !draw.takes(number - 1) {
                        continue;
                    }
                    vocabulary.check(&path, &document)?;
                    windows += self.shape.windows(&document);
                    chunk.push(document);
                    if windows >= BATCHES * self.shape.batch {
                        self.score_chunk(&std::mem::take(&mut chunk), ctx)?;
                        windows = 0;
                    }
                }
            }
        }
        self.score_chunk(&chunk, ctx)
    }

    fn score_chunk(&mut self, documents: &[Tokens], ctx: &TaskContext) -> Result<(), Error> {
        let scores = score(&mut self.workers, self.shape, documents, ctx)?;
        for (document, model) in documents.iter().zip(scores) {
            ctx.check_cancelled()?;
            let tokens = &document.tokens;
            let scores = Scores {
                model,
                kneser_ney_5: self.baselines.kneser_ney.score(tokens),
                unigram: self.baselines.unigram.score(tokens),
            };
            self.results.add(document, &scores);
            ctx.progress.advance(1);
        }
        Ok(())
    }
}

fn report(
    metrics: &Metrics,
    documents: u64,
    baselines: &Baselines,
    ctx: &TaskContext,
) -> Result<TaskReport, Error> {
    let mut json = serde_json::to_vec_pretty(metrics)?;
    json.push(b'\n');
    write_atomically(&ctx.out.join(METRICS_FILE), &json)?;
    let stats = [
        ("perplexity", json!(metrics.overall.model.perplexity)),
        ("bits_per_byte", json!(metrics.overall.model.bits_per_byte)),
        ("baseline_tokens", json!(baselines.tokens)),
    ];
    Ok(TaskReport {
        read: documents,
        kept_rows: documents,
        files: vec![ShardEntry::of_file(ctx.out, METRICS_FILE)?],
        stats: stats.map(|(name, value)| (name.to_owned(), value)).into(),
        ..TaskReport::default()
    })
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
