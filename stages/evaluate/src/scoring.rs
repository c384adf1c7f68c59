//! The model's scores of documents.

use tch::Tensor;
use textmill_model::Gpt;
use textmill_schemas::{TaskContext, Tokens};

use crate::Error;
use crate::metrics::Score;
use crate::windows::{Window, windows};
use crate::workers::Workers;

/// How documents are cut and put together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The model's context.
    pub context: usize,
    /// Tokens that a window scores.
    pub stride: usize,
    /// Windows in a batch.
    pub batch: usize,
    /// The document-end token.
    pub end: u32,
}

impl Shape {
    /// Number of windows that a document is cut into.
    pub fn windows(&self, document: &Tokens) -> usize {
        let beyond = document.tokens.len().saturating_sub(self.context);
        1 + beyond.div_ceil(self.stride)
    }
}

/// Scores documents, in their order. Windows of similar length share a batch, so that little is
/// computed for padding.
pub(crate) fn score(
    workers: &mut Workers,
    shape: Shape,
    documents: &[Tokens],
    ctx: &TaskContext,
) -> Result<Vec<Score>, Error> {
    let cut = |(index, document): (usize, &Tokens)| {
        windows(index, document.tokens.len(), shape.context, shape.stride)
    };
    let mut all: Vec<Window> = documents.iter().enumerate().flat_map(cut).collect();
    all.sort_by_key(|window| std::cmp::Reverse(window.length())); // stable: one order only
    let batches: Vec<&[Window]> = all.chunks(shape.batch).collect();
    let found = workers.run(&batches, |gpt, batch| {
        ctx.check_cancelled()?;
        score_batch(gpt, batch, documents, shape.end)
    })?;
    let mut by_window: Vec<(Window, Score)> = all
        .iter()
        .copied()
        .zip(found.into_iter().flatten())
        .collect();
    by_window.sort_by_key(|(window, _)| (window.document, window.scored));
    let mut scores = vec![Score::default(); documents.len()];
    for (window, score) in &by_window {
        if let Some(sum) = scores.get_mut(window.document) {
            sum.add(score);
        }
    }
    Ok(scores)
}

/// Scores windows together, padded to the longest: what follows a token does not change its
/// scores in a causal model.
fn score_batch(
    gpt: &Gpt,
    batch: &[Window],
    documents: &[Tokens],
    end: u32,
) -> Result<Vec<Score>, Error> {
    let width = batch.iter().map(Window::length).max().unwrap_or(0);
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for (row, window) in batch.iter().enumerate() {
        let tokens = documents.get(window.document).map(|d| d.tokens.as_slice());
        let tokens = tokens.unwrap_or_default();
        let skip = window.first;
        let behind_end = [end].into_iter().chain(tokens.iter().copied());
        let read = behind_end.skip(skip).take(window.length());
        inputs.extend(read.map(i64::from));
        let predicted = tokens.iter().skip(skip).take(window.length());
        targets.extend(predicted.map(|&token| i64::from(token)));
        inputs.resize((row + 1) * width, i64::from(end));
        targets.resize((row + 1) * width, i64::from(end));
    }
    let shape = [batch.len() as i64, width as i64];
    let tensor = |values: &[i64]| -> Result<Tensor, Error> {
        let values = Tensor::f_from_slice(values)?.f_reshape(shape)?;
        Ok(values.f_to_device(gpt.device())?)
    };
    let found = gpt.score(&tensor(&inputs)?, &tensor(&targets)?)?;
    let count = batch.len() * width;
    let (mut nats, mut ranks) = (vec![0f32; count], vec![0i64; count]);
    let flat = |values: &Tensor| values.f_reshape([-1]);
    flat(&found.nll)?.f_copy_data(&mut nats, count)?;
    flat(&found.rank)?.f_copy_data(&mut ranks, count)?;
    let rows = nats.chunks(width.max(1)).zip(ranks.chunks(width.max(1)));
    let sum = |(window, (nats, ranks)): (&Window, (&[f32], &[i64]))| {
        let mut score = Score::default();
        let scored = nats.iter().zip(ranks).take(window.length());
        for (&nats, &rank) in scored.skip(window.scored - window.first) {
            score.count(f64::from(nats), rank.unsigned_abs());
        }
        score
    };
    Ok(batch.iter().zip(rows).map(sum).collect())
}

#[cfg(test)]
#[path = "scoring_tests.rs"]
mod tests;
