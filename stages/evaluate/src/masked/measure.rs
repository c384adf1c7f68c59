//! The measuring of a BERT, from the documents to the files.

use serde_json::{Value, json};
use textmill_model::Gpt;
use textmill_schemas::{Side, StageInput, TaskContext, TaskReport, Tokens};
use tokenizers::Tokenizer;

use super::metrics::{Metrics, Results};
use super::places::Places;
use super::scoring::Judge;
use super::unigram::unigram;
use crate::baseline::Discounted;
use crate::drawing::{Draw, each_chunk};
use crate::inputs::{Checkpoint, Vocabulary};
use crate::losses::Losses;
use crate::metrics::ModelFacts;
use crate::report::report;
use crate::scoring::Shape;
use crate::stage::BATCHES;
use crate::workers::Workers;
use crate::{Config, Error};

/// A model that fills in masked tokens, and what it is measured on.
pub(crate) struct Subject<'a> {
    pub tokenized: &'a StageInput,
    pub vocabulary: Vocabulary,
    pub tokenizer: &'a Tokenizer,
    pub checkpoint: &'a Checkpoint,
    pub threads: usize,
}

/// Writes metrics.json: masked loss and accuracy of the model and of a unigram baseline on the same
/// hidden tokens, and the model's pseudo-log-likelihood. The pseudo-log-likelihood of each measured
/// document goes to documents/part-*.parquet ([`Config::document_loss`]).
pub(crate) fn measure(
    config: &Config,
    subject: &Subject,
    gpt: Gpt,
    ctx: &TaskContext,
) -> Result<TaskReport, Error> {
    let dir = &subject.checkpoint.dir;
    if !config.tasks.is_empty() {
        return Err(Error::MaskedTasks {
            checkpoint: dir.clone(),
        });
    }
    let mask = gpt.config().mask_id.ok_or_else(|| Error::NoMask {
        checkpoint: dir.clone(),
    })?;
    let facts = ModelFacts::of(&gpt, &subject.checkpoint.name);
    let end = subject.vocabulary.end;
    let share = config.masked.share;
    let places = Places::new(share, ctx.seed, subject.tokenizer, [end, mask]);
    ctx.progress.message("counting the baseline");
    let mut scorer = Scorer {
        judge: Judge {
            shape: shape(config, &gpt, end),
            mask,
            places: &places,
        },
        unigram: unigram(subject.tokenized, subject.vocabulary, ctx)?,
        workers: Workers::new(gpt, subject.threads)?,
        results: Results::default(),
        losses: Losses::new(ctx.out),
        subject,
        ctx,
    };
    scorer.hide_a_share(config)?;
    for side in [Side::Validation, Side::Train] {
        scorer.hide_each(config, side)?;
    }
    let metrics = scorer.results.report(facts, share)?;
    let documents = scorer.results.documents();
    report(&metrics, stats(&metrics), scorer.losses, documents, ctx)
}

/// Windows leave room for the document-end token before them.
fn shape(config: &Config, gpt: &Gpt, end: u32) -> Shape {
    let context = usize::try_from(gpt.config().context).unwrap_or(1);
    let context = context.saturating_sub(1).max(1);
    Shape {
        context,
        stride: match config.stride {
            0 => context,
            stride => stride.min(context),
        },
        batch: config.batch,
        end,
    }
}

/// Scores documents by all judges.
struct Scorer<'a> {
    judge: Judge<'a>,
    unigram: Discounted,
    workers: Workers,
    results: Results,
    losses: Losses,
    subject: &'a Subject<'a>,
    ctx: &'a TaskContext<'a>,
}

impl Scorer<'_> {
    /// The masked loss of the validation documents.
    fn hide_a_share(&mut self, config: &Config) -> Result<(), Error> {
        let side = Side::Validation;
        let draw = Draw::new(self.subject.tokenized, side, config.max_documents);
        self.ctx.progress.add_total(draw.count());
        self.ctx.progress.message("filling in masked tokens");
        self.each_chunk(side, draw, |scorer, documents| {
            let scores = scorer
                .judge
                .masked(&mut scorer.workers, documents, scorer.ctx)?;
            for (document, model) in documents.iter().zip(scores) {
                let drawn = scorer.judge.places.drawn(document).into_iter();
                let hidden = drawn.filter_map(|place| document.tokens.get(place).copied());
                let hidden: Vec<u32> = hidden.collect();
                let unigram = scorer.unigram.score(&hidden);
                scorer.results.add(document, &model, &unigram);
                scorer.ctx.progress.advance(1);
            }
            Ok(())
        })
    }

    /// The pseudo-log-likelihood of some documents: of validation for the metrics, of both sides for
    /// the documents' losses.
    fn hide_each(&mut self, config: &Config, side: Side) -> Result<(), Error> {
        let written = config.document_loss.contains(&side);
        let most = config.masked.pseudo_documents;
        // Draw::new takes 0 for all
        if most == 0 || !(written || side == Side::Validation) {
            return Ok(());
        }
        let draw = Draw::new(self.subject.tokenized, side, most);
        self.ctx.progress.add_total(draw.count());
        self.ctx.progress.message("masking token by token");
        let mut left = config.masked.pseudo_tokens;
        self.each_chunk(side, draw, |scorer, documents| {
            let mut chosen = Vec::new();
            for document in documents {
                let tokens = document.tokens.len() as u64;
                if tokens <= left {
                    left -= tokens;
                    chosen.push(document.clone());
                }
            }
            let scores = scorer
                .judge
                .pseudo(&mut scorer.workers, &chosen, scorer.ctx)?;
            for (document, score) in chosen.iter().zip(scores) {
                if side == Side::Validation {
                    scorer.results.add_pseudo(document, &score);
                }
                if written {
                    let windows = scorer.judge.shape.windows(document);
                    scorer.losses.add(side, document, &score, windows)?;
                }
            }
            scorer.ctx.progress.advance(documents.len() as u64);
            Ok(())
        })
    }

    fn each_chunk(
        &mut self,
        side: Side,
        draw: Draw,
        mut work: impl FnMut(&mut Self, &[Tokens]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (subject, shape) = (self.subject, self.judge.shape);
        let windows = shape.batch * BATCHES;
        let (tokenized, vocabulary) = (subject.tokenized, subject.vocabulary);
        each_chunk(tokenized, vocabulary, side, draw, shape, windows, |chunk| {
            self.ctx.check_cancelled()?;
            work(self, chunk)
        })
    }
}

/// The figures that the manifest holds, too.
fn stats(metrics: &Metrics) -> Vec<(String, Value)> {
    let overall = &metrics.overall;
    let mut figures = vec![
        ("masked_loss", json!(overall.model.masked_loss)),
        ("masked_accuracy", json!(overall.model.masked_accuracy)),
    ];
    if let Some(pseudo) = &overall.pseudo {
        figures.push(("pseudo_perplexity", json!(pseudo.pseudo_perplexity)));
    }
    let figures = figures.into_iter();
    figures
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
