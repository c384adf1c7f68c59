//! Log-likelihoods of continuations.

use std::cmp::Reverse;

use tch::Tensor;
use textmill_model::Gpt;
use textmill_schemas::{Cancelled, Progress};

use crate::Error;
use crate::workers::Workers;

/// Token ids to score.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What the model reads first; at least one token.
    pub context: Vec<u32>,
    /// What is scored behind it; from one token to the model's context.
    pub continuation: Vec<u32>,
}

impl Request {
    /// The tokens that the model reads: all but the last, and of those as many of the later ones
    /// as fit its context.
    fn input(&self, max_length: usize) -> impl Iterator<Item = u32> {
        let all = self.context.len() + self.continuation.len();
        let tokens = self.context.iter().chain(&self.continuation).copied();
        tokens
            .skip(all.saturating_sub(max_length + 1))
            .take((all - 1).min(max_length))
    }

    /// Refuses what no model of this context and vocabulary can score.
    fn check(&self, max_length: usize, vocab: i64) -> Result<(), Error> {
        let ids = || self.context.iter().chain(&self.continuation);
        let outside = ids().find(|id| i64::from(**id) >= vocab);
        let (context, length) = (self.context.len(), self.continuation.len());
        let problem = if context == 0 {
            "has no context; give at least the document-end token".to_owned()
        } else if length == 0 {
            "has an empty continuation; give at least one token".to_owned()
        } else if length > max_length {
            format!("has a continuation of {length} tokens; the model's context is {max_length}")
        } else if let Some(id) = outside {
            format!(
                "has the token {id}, the model a vocabulary of {vocab}; was it encoded with \
                 another tokenizer?"
            )
        } else {
            return Ok(());
        };
        Err(Error::Request(problem))
    }
}

/// How likely a continuation is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogLikelihood {
    /// Sum of the tokens' log-probabilities in nats: each of fp32 logits, summed in f64.
    pub sum: f64,
    /// Whether each token is the most likely one at its place.
    pub is_greedy: bool,
}

/// Who is told how far a long computation is, and asked whether it should go on.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Gets the number of requests, and each as it is done.
    pub progress: &'a dyn Progress,
    /// Whether the user asked to stop.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl Watch<'_> {
    pub(crate) fn check(&self) -> Result<(), Cancelled> {
        match (self.cancelled)() {
            true => Err(Cancelled),
            false => Ok(()),
        }
    }
}

/// What the model reads once, and the requests that are answered by that: those that differ in
/// their last token alone, as the letters of an examination do.
struct Row {
    /// The tokens that are read.
    input: Vec<u32>,
    /// Places of the requests.
    requests: Vec<usize>,
}

/// Scores requests; the results are in their order.
///
/// This is `HFLM._loglikelihood_tokens` of lm-evaluation-harness: what is too long loses its
/// beginning. Requests of similar length share a batch of `batch` rows, and each batch runs on one
/// thread, so the result does not depend on the threads.
///
/// # Errors
/// [`Error::Request`] for a request that the model cannot score; [`Error::Cancelled`]; and what
/// libtorch refuses. [`Error::NotFinite`] for a model whose training went wrong.
pub fn loglikelihoods(
    workers: &mut Workers,
    requests: &[Request],
    batch: usize,
    watch: Watch,
) -> Result<Vec<LogLikelihood>, Error> {
    let (max_length, vocab) = (workers.context(), workers.vocab_size());
    for request in requests {
        request.check(max_length, vocab)?;
    }
    watch.progress.add_total(requests.len() as u64);
    let rows = rows(requests, max_length);
    let batches: Vec<&[Row]> = rows.chunks(batch.max(1)).collect();
    let found = workers.run(&batches, |gpt, rows| {
        watch.check()?;
        let found = score_rows(gpt, rows, requests)?;
        watch.progress.advance(found.len() as u64);
        Ok(found)
    })?;
    let mut results = vec![LogLikelihood::default(); requests.len()];
    for (place, result) in found.into_iter().flatten() {
        if !result.sum.is_finite() {
            return Err(Error::NotFinite { judge: "model" });
        }
        if let Some(slot) = results.get_mut(place) {
            *slot = result;
        }
    }
    Ok(results)
}

/// The longest rows first; of equal length by their tokens.
fn rows(requests: &[Request], max_length: usize) -> Vec<Row> {
    let inputs = requests.iter().map(|request| request.input(max_length));
    let mut inputs: Vec<(usize, Vec<u32>)> = inputs.map(Iterator::collect).enumerate().collect();
    inputs.sort_by(|(_, a), (_, b)| Reverse(a.len()).cmp(&Reverse(b.len())).then(a.cmp(b)));
    let mut rows: Vec<Row> = Vec::new();
    for (place, input) in inputs {
        match rows.last_mut() {
            Some(row) if row.input == input => row.requests.push(place),
            _ => rows.push(Row {
                input,
                requests: vec![place],
            }),
        }
    }
    rows
}

/// Scores rows together, padded to the longest: what follows a token does not change its scores
/// in a causal model. The head sees the positions of the continuations alone.
fn score_rows(
    gpt: &Gpt,
    rows: &[Row],
    requests: &[Request],
) -> Result<Vec<(usize, LogLikelihood)>, Error> {
    let width = rows.iter().map(|row| row.input.len()).max().unwrap_or(0);
    let (mut inputs, mut positions, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    let mut lengths = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        inputs.extend(row.input.iter().map(|&token| i64::from(token)));
        inputs.resize((number + 1) * width, 0);
        let end = number * width + row.input.len();
        for &place in &row.requests {
            let continuation = requests.get(place).map(|request| &request.continuation);
            let continuation = continuation.map(Vec::as_slice).unwrap_or_default();
            positions.extend((end - continuation.len()..end).map(|position| position as i64));
            targets.extend(continuation.iter().map(|&token| i64::from(token)));
            lengths.push((place, continuation.len()));
        }
    }
    let tensor = |values: &[i64]| -> Result<Tensor, Error> {
        Ok(Tensor::f_from_slice(values)?.f_to_device(gpt.device())?)
    };
    let inputs = tensor(&inputs)?.f_reshape([rows.len() as i64, width as i64])?;
    let hidden = gpt.hidden(&inputs)?.f_reshape([-1, gpt.config().width])?;
    let hidden = hidden.f_index_select(0, &tensor(&positions)?)?;
    let found = gpt.score_hidden(&hidden, &tensor(&targets)?)?;
    let (mut nats, mut ranks) = (vec![0f32; targets.len()], vec![0i64; targets.len()]);
    found.nll.f_copy_data(&mut nats, targets.len())?;
    found.rank.f_copy_data(&mut ranks, targets.len())?;
    let mut tokens = nats.into_iter().zip(ranks);
    let sum = |(place, length): (usize, usize)| {
        let start = LogLikelihood {
            sum: 0.0,
            is_greedy: true,
        };
        let sum = tokens.by_ref().take(length);
        let sum = sum.fold(start, |sum, (nats, rank)| LogLikelihood {
            sum: sum.sum - f64::from(nats),
            is_greedy: sum.is_greedy && rank == 0,
        });
        (place, sum)
    };
    Ok(lengths.into_iter().map(sum).collect())
}
