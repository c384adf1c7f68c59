//! The evaluate stage.

use serde_json::{Value, json};
use textmill_model::{Gpt, best_device};
use textmill_schemas::{
    CorpusStage, Side, StageInput, StageResult, TaskContext, TaskReport, Tokens, check_tokenizer,
};
use tokenizers::Tokenizer;

use crate::baseline::Baselines;
use crate::drawing::{Draw, each_chunk};
use crate::exposure::{CANARIES_FILE, exposures, planted};
use crate::inputs::{Checkpoint, TOKENIZE, TRAIN, Vocabulary, held_out, tokenizer};
use crate::losses::Losses;
use crate::memorization::{Passages, recite};
use crate::metrics::{Further, Metrics, ModelFacts, Results, Scores};
use crate::report::report;
use crate::scoring::{Shape, score};
use crate::tasks::{self, LanguageModel, TaskScores, Watch};
use crate::workers::Workers;
use crate::{Config, Error, masked, samples};

/// The evaluate stage: one step, one task.
///
/// It reads the validation documents and counts the training documents of the tokenize stage,
/// loads the checkpoint that the train stage names, and writes metrics.json: perplexity, bits per
/// byte and next-token accuracy of the model, a Kneser-Ney 5-gram and a unigram baseline on the
/// same targets, overall, by source, by language and by length; the tasks of [`Config::tasks`];
/// what the model knows by heart, and betrays of the canaries; and its continuations of the prompts.
/// The loss of each document goes to documents/part-*.parquet ([`Config::document_loss`]). Of a
/// BERT, which predicts no next token, it measures how well hidden ones are told
/// ([`crate::MaskedConfig`]).
///
/// Each document is a sequence of its own behind a document-end token, read in disjoint windows
/// of the model's context that overlap by one token, as lm-evaluation-harness' rolling
/// log-likelihood does ([`Config::stride`] makes them overlap more). The targets are the
/// document's own tokens; its end is not scored.
///
/// Memory: the model, one row group of the shards, the windows of a few batches, the text of the
/// largest task, and the n-grams (8 bytes a token while counting, 12 bytes a different n-gram of
/// each order; [`Config::baseline_tokens`] bounds it).
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
        let validation = Draw::new(tokenized, Side::Validation, self.config.max_documents);
        if validation.is_empty() {
            return Err(Error::NoDocuments);
        }
        let train = match self.config.document_loss.contains(&Side::Train) {
            true => Draw::new(tokenized, Side::Train, self.config.max_train_documents),
            false => Draw::default(),
        };
        let gpt = Gpt::load(&checkpoint.dir, device)?;
        checkpoint.check(gpt.config(), vocabulary)?;
        if !gpt.config().architecture.is_causal() {
            let subject = masked::Subject {
                tokenized,
                vocabulary,
                tokenizer: &tokenizer,
                checkpoint: &checkpoint,
                threads: self.threads(ctx),
            };
            return masked::measure(&self.config, &subject, gpt, ctx);
        }
        ctx.progress.add_total(validation.count() + train.count());
        let facts = ModelFacts::of(&gpt, &checkpoint.name);
        ctx.progress.message("counting the baselines");
        let passages = || Passages::new(&self.config.memorization, ctx.seed);
        let (limit, mut learnt) = (self.config.baseline_tokens, passages());
        let held_out = held_out(trained)?;
        let baselines =
            Baselines::count(tokenized, vocabulary, limit, &held_out, &mut learnt, ctx)?;
        let mut scorer = Scorer {
            shape: self.shape(&gpt, vocabulary),
            baselines,
            workers: Workers::new(gpt, self.threads(ctx))?,
            results: Results::new(held_out),
            passages: passages(),
            losses: Losses::new(ctx.out),
            sides: &self.config.document_loss,
        };
        ctx.progress.message("scoring");
        for (side, draw) in [(Side::Validation, validation), (Side::Train, train)] {
            let windows = scorer.shape.batch * BATCHES;
            each_chunk(
                tokenized,
                vocabulary,
                side,
                draw,
                scorer.shape,
                windows,
                |chunk| scorer.score(side, chunk, ctx),
            )?;
        }
        let further = self.further(
            &mut scorer,
            &learnt,
            trained,
            &tokenizer,
            vocabulary.end,
            ctx,
        )?;
        let metrics = scorer.results.report(facts, further)?;
        let stats = stats(&metrics, scorer.baselines.tokens);
        let documents = scorer.results.documents();
        report(&metrics, stats, scorer.losses, documents, ctx)
    }

    /// What is asked of the model besides its losses.
    fn further(
        &self,
        scorer: &mut Scorer,
        learnt: &Passages,
        trained: &StageInput,
        tokenizer: &Tokenizer,
        end: u32,
        ctx: &TaskContext,
    ) -> Result<Further, Error> {
        // as `textmill tasks` and the harness have it: text that spells a special token is that
        let mut spelling = tokenizer.clone();
        spelling.set_encode_special_tokens(false);
        let watch = Watch {
            progress: ctx.progress,
            cancelled: &|| ctx.check_cancelled().is_err(),
        };
        let mut model = LanguageModel {
            workers: &mut scorer.workers,
            tokenizer: &spelling,
            prefix: end,
            batch: self.config.batch,
        };
        ctx.progress.message("reciting");
        let memorization = recite(&mut model, [learnt, &scorer.passages], watch)?;
        let canaries = match trained
            .manifest
            .files
            .iter()
            .any(|file| file.path == CANARIES_FILE)
        {
            true => planted(&trained.dir)?,
            false => Vec::new(),
        };
        ctx.progress.message("ranking the canaries");
        let candidates = self.config.canary_candidates;
        let exposure = exposures(&mut model, &canaries, candidates, ctx.seed, watch)?;
        let mut all = Vec::with_capacity(self.config.tasks.len());
        for task in &self.config.tasks {
            ctx.progress.message(&format!("asking {}", task.kind));
            let outcome = tasks::run::<Error>(task, &mut model, watch, &mut |_| Ok(()))?;
            all.push(outcome.scores);
        }
        ctx.progress.message("writing samples");
        Ok(Further {
            tasks: all,
            memorization,
            exposure,
            samples: samples::write(&mut scorer.workers, tokenizer, &self.config, end, ctx)?,
        })
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

    /// The tasks' files.
    fn external_inputs(&self) -> StageResult<String> {
        Ok(tasks::files_hash(&self.config.tasks)?)
    }
}

/// Batches that are gathered before they are scored, so that windows can be sorted by length.
pub(crate) const BATCHES: usize = 32;

/// Scores documents by all judges.
struct Scorer<'a> {
    shape: Shape,
    workers: Workers,
    baselines: Baselines,
    results: Results,
    /// Of the validation documents.
    passages: Passages,
    losses: Losses,
    /// Whose losses are written.
    sides: &'a [Side],
}

impl Scorer<'_> {
    fn score(&mut self, side: Side, documents: &[Tokens], ctx: &TaskContext) -> Result<(), Error> {
        let scores = score(&mut self.workers, self.shape, documents, ctx)?;
        for (document, model) in documents.iter().zip(scores) {
            ctx.check_cancelled()?;
            if self.sides.contains(&side) {
                let windows = self.shape.windows(document);
                self.losses.add(side, document, &model, windows)?;
            }
            if side == Side::Validation {
                let scores = Scores {
                    model,
                    kneser_ney_5: self.baselines.kneser_ney.score(&document.tokens),
                    unigram: self.baselines.unigram.score(&document.tokens),
                };
                self.results.add(document, &scores);
                self.passages.add(document);
            }
            ctx.progress.advance(1);
        }
        Ok(())
    }
}

/// The figures that the manifest holds, too.
fn stats(metrics: &Metrics, baseline_tokens: u64) -> Vec<(String, Value)> {
    let overall = &metrics.overall.model;
    let named = |scores: &TaskScores| (format!("acc_{}", scores.task), json!(scores.acc));
    let figures = [
        ("perplexity", json!(overall.perplexity)),
        ("bits_per_byte", json!(overall.bits_per_byte)),
        ("baseline_tokens", json!(baseline_tokens)),
    ];
    let figures = figures.map(|(name, value)| (name.to_owned(), value));
    let tasks = metrics.further.tasks.iter().map(named);
    figures.into_iter().chain(tasks).collect()
}

#[cfg(test)]
#[path = "stage_tests/mod.rs"]
mod tests;
