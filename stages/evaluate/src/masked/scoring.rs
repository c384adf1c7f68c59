//! How well hidden tokens are told.

use tch::Tensor;
use textmill_model::{Gpt, NO_TARGET};
use textmill_schemas::{TaskContext, Tokens};

use super::places::Places;
use crate::Error;
use crate::metrics::Score;
use crate::scoring::Shape;
use crate::windows::{Window, windows};
use crate::workers::Workers;

/// Judges documents by their hidden tokens.
///
/// Each document is read in windows, each behind the document-end token, which stands before a
/// document in training. Only rows of one length are computed together: nothing is padded, and no
/// row can see another's padding.
pub(crate) struct Judge<'a> {
    /// `context` is one less than the model's, for the document-end token.
    pub shape: Shape,
    pub mask: u32,
    pub places: &'a Places,
}

/// A window with hidden tokens.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Reads the tokens `first..end` of its document itself; those in `scored..end` count.
    window: Window,
    /// The only hidden token, by its place in the document; none: all that are drawn.
    alone: Option<usize>,
}

impl Judge<'_> {
    /// Scores of the drawn tokens of each document, hidden together.
    pub fn masked(
        &self,
        workers: &mut Workers,
        documents: &[Tokens],
        ctx: &TaskContext,
    ) -> Result<Vec<Score>, Error> {
        let hidden: Vec<Vec<usize>> = documents.iter().map(|d| self.places.drawn(d)).collect();
        let row = |window| Row {
            window,
            alone: None,
        };
        let rows = self.windows(documents).map(row).collect();
        self.score(workers, documents, &hidden, rows, ctx)
    }

    /// Pseudo-log-likelihoods: scores of all tokens of each document, each hidden alone.
    pub fn pseudo(
        &self,
        workers: &mut Workers,
        documents: &[Tokens],
        ctx: &TaskContext,
    ) -> Result<Vec<Score>, Error> {
        let hidden: Vec<Vec<usize>> = documents.iter().map(|d| self.places.all(d)).collect();
        let mut rows = Vec::new();
        for window in self.windows(documents) {
            let places = hidden.get(window.document).into_iter().flatten().copied();
            let scored = places.filter(|place| (window.scored..window.end).contains(place));
            rows.extend(scored.map(|place| Row {
                window,
                alone: Some(place),
            }));
        }
        self.score(workers, documents, &hidden, rows, ctx)
    }

    fn windows(&self, documents: &[Tokens]) -> impl Iterator<Item = Window> {
        let Shape {
            context, stride, ..
        } = self.shape;
        let cut = move |(index, document): (usize, &Tokens)| {
            windows(index, document.tokens.len(), context, stride)
        };
        documents.iter().enumerate().flat_map(cut)
    }

    fn score(
        &self,
        workers: &mut Workers,
        documents: &[Tokens],
        hidden: &[Vec<usize>],
        mut rows: Vec<Row>,
        ctx: &TaskContext,
    ) -> Result<Vec<Score>, Error> {
        // stable: one order only
        rows.sort_by_key(|row| std::cmp::Reverse(row.window.length()));
        let equal = rows.chunk_by(|a, b| a.window.length() == b.window.length());
        let batches: Vec<&[Row]> = equal
            .flat_map(|rows| rows.chunks(self.shape.batch))
            .collect();
        let found = workers.run(&batches, |gpt, batch| {
            ctx.check_cancelled()?;
            self.batch(gpt, batch, documents, hidden)
        })?;
        let mut by_row: Vec<(&Row, Score)> = rows.iter().zip(found.into_iter().flatten()).collect();
        // sums do not depend on how rows were put together
        by_row.sort_by_key(|(row, _)| (row.window.document, row.window.scored, row.alone));
        let mut scores = vec![Score::default(); documents.len()];
        for (row, score) in &by_row {
            if let Some(sum) = scores.get_mut(row.window.document) {
                sum.add(score);
            }
        }
        Ok(scores)
    }

    /// Scores of rows of one length.
    fn batch(
        &self,
        gpt: &Gpt,
        batch: &[Row],
        documents: &[Tokens],
        hidden: &[Vec<usize>],
    ) -> Result<Vec<Score>, Error> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for row in batch {
            let Window {
                document,
                first,
                scored,
                end,
            } = row.window;
            let tokens = documents.get(document).map(|d| d.tokens.as_slice());
            let places = hidden.get(document).map(Vec::as_slice).unwrap_or_default();
            inputs.push(i64::from(self.shape.end));
            targets.push(NO_TARGET);
            let read = tokens.unwrap_or_default().iter().enumerate();
            for (place, &token) in read.take(end).skip(first) {
                let masked = match row.alone {
                    Some(alone) => place == alone,
                    None => places.binary_search(&place).is_ok(),
                };
                inputs.push(i64::from(if masked { self.mask } else { token }));
                let counts = masked && place >= scored;
                targets.push(if counts { token.into() } else { NO_TARGET });
            }
        }
        let shape = [batch.len() as i64, -1];
        let tensor = |values: &[i64]| -> Result<Tensor, Error> {
            let values = Tensor::f_from_slice(values)?.f_reshape(shape)?;
            Ok(values.f_to_device(gpt.device())?)
        };
        sums(gpt, &tensor(&inputs)?, &tensor(&targets)?)
    }
}

/// Scores of the targets of each row.
fn sums(gpt: &Gpt, inputs: &Tensor, targets: &Tensor) -> Result<Vec<Score>, Error> {
    let counts = targets
        .f_ne(NO_TARGET)?
        .f_sum_dim_intlist(1i64, false, tch::Kind::Int64)?;
    let counts = Vec::<i64>::try_from(counts)?;
    let all = counts.iter().sum::<i64>() as usize;
    let (mut nats, mut ranks) = (vec![0f32; all], vec![0i64; all]);
    if all > 0 {
        let found = gpt.score_targets(inputs, targets, None)?;
        found.nll.f_copy_data(&mut nats, all)?;
        found.rank.f_copy_data(&mut ranks, all)?;
    }
    let mut found = nats.into_iter().zip(ranks);
    let sum = |count: i64| {
        let mut score = Score::default();
        for (nats, rank) in found.by_ref().take(count.unsigned_abs() as usize) {
            score.count(f64::from(nats), rank.unsigned_abs());
        }
        score
    };
    Ok(counts.into_iter().map(sum).collect())
}

#[cfg(test)]
#[path = "scoring_tests.rs"]
mod tests;
