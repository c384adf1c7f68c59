//! What a step's rows teach: the loss and its gradients.

use tch::{Reduction, Tensor, no_grad};
use textmill_model::{Dropout, Gpt};

use crate::Error;
use crate::batches::{Goal, Row, lengths, targets, tokens};
use crate::learner::{Learner, Settings};
use crate::threads::Handle;

/// Rows that one thread computes at a time. It is part of the result, the threads are not.
pub(crate) const MICRO_BATCH: usize = 8;

/// What a step's rows teach.
pub(crate) struct Lesson {
    /// Mean loss of the rows' targets in nats.
    pub loss: f64,
    /// Its gradient by the flat parameters.
    pub body: Tensor,
    /// By the head, `[outputs, width]`.
    pub head: Option<Tensor>,
}

impl Learner {
    /// Mean loss of a step's rows, and its gradients: the sum over micro-batches, in their order.
    pub fn lesson(&self, rows: &[&Row], settings: &Settings, step: u64) -> Result<Lesson, Error> {
        let weight = rows.iter().map(|row| row.weight()).sum::<usize>().max(1);
        let jobs: Vec<&[&Row]> = rows.chunks(MICRO_BATCH).collect();
        let many = settings.batch.div_ceil(MICRO_BATCH) as u64;
        let lessons = self.each(&jobs, |handle, index, rows| {
            let place = step * many + index as u64;
            let mut dropout = Dropout::new(settings.dropout, settings.seed, place)?;
            teach(handle, rows, 1.0 / weight as f64, &mut dropout)
        })?;
        no_grad(|| sum(lessons))
    }
}

/// What one micro-batch teaches: the sum of its targets' losses times `scale`.
pub(crate) fn teach(
    handle: &Handle,
    rows: &[&Row],
    scale: f64,
    dropout: &mut Dropout,
) -> Result<Lesson, Error> {
    let gpt = &handle.gpt;
    let device = gpt.device();
    let ids = tokens(rows, device)?;
    if matches!(rows.first().map(|row| &row.goal), Some(Goal::Next(_))) {
        let found = gpt.gradients(&ids, &targets(rows, device)?, scale, dropout)?;
        return Ok(Lesson {
            loss: found.loss.f_double_value(&[])?,
            body: found.flat,
            head: None,
        });
    }
    let missing = || Error::Config("this task needs a head".to_owned());
    let head = handle.head.as_ref().ok_or_else(missing)?;
    let lengths = lengths(rows, device)?;
    let found = gpt.objective(&ids, Some(&lengths), &[head], dropout, |hidden| {
        head_loss(gpt, rows, hidden, head)?
            .f_mul_scalar(scale)
            .map_err(Error::from)
    })?;
    Ok(Lesson {
        loss: found.loss.f_double_value(&[])?,
        body: found.flat,
        head: found.others.into_iter().next(),
    })
}

/// Sum of the rows' cross-entropies.
fn head_loss(gpt: &Gpt, rows: &[&Row], hidden: &Tensor, head: &Tensor) -> Result<Tensor, Error> {
    let cross_entropy = |logits: Tensor, targets: Vec<i64>| -> Result<Tensor, Error> {
        let targets = Tensor::f_from_slice(&targets)?.f_to_device(logits.device())?;
        let none = None::<Tensor>;
        Ok(logits.f_cross_entropy_loss(&targets, none, Reduction::Sum, -100, 0.0)?)
    };
    let classes = rows.iter().filter_map(|row| match row.goal {
        Goal::Class(class) => Some(class),
        _ => None,
    });
    let classes: Vec<i64> = classes.collect();
    if classes.len() == rows.len() {
        let pooled = gpt.pooled(hidden, &lengths(rows, hidden.device())?)?;
        return cross_entropy(pooled.f_linear(head, None::<Tensor>)?, classes);
    }
    let [first, last] = span_logits(rows, hidden, head)?;
    let spans = rows.iter().map(|row| match row.goal {
        Goal::Span { first, last, .. } => (first, last),
        _ => (0, 0),
    });
    let (firsts, lasts): (Vec<i64>, Vec<i64>) = spans.unzip();
    let sum = cross_entropy(first, firsts)?.f_add(&cross_entropy(last, lasts)?)?;
    Ok(sum.f_mul_scalar(0.5)?)
}

/// Logits `[rows, longest]` of an answer's first and last token, −∞ outside of the contexts.
pub(crate) fn span_logits(
    rows: &[&Row],
    hidden: &Tensor,
    head: &Tensor,
) -> Result<[Tensor; 2], Error> {
    let (_, longest, _) = hidden.size3()?;
    let mut outside = Vec::with_capacity(rows.len() * longest as usize);
    for row in rows {
        let from = match row.goal {
            Goal::Span { from, .. } => from,
            _ => 0,
        };
        outside.extend((0..longest).map(|at| at < from || at >= row.tokens.len() as i64));
    }
    let outside = Tensor::f_from_slice(&outside)?.f_reshape([rows.len() as i64, longest])?;
    let outside = outside.f_to_device(hidden.device())?;
    let logits = hidden.f_linear(head, None::<Tensor>)?;
    let of = |index: i64| -> Result<Tensor, Error> {
        Ok(logits
            .f_select(2, index)?
            .f_masked_fill(&outside, f64::NEG_INFINITY)?)
    };
    Ok([of(0)?, of(1)?])
}

fn sum(lessons: Vec<Lesson>) -> Result<Lesson, Error> {
    let mut lessons = lessons.into_iter();
    let mut whole = lessons
        .next()
        .ok_or_else(|| Error::Config("a step without rows".to_owned()))?;
    for lesson in lessons {
        whole.loss += lesson.loss;
        let _ = whole.body.f_add_(&lesson.body)?;
        if let (Some(whole), Some(head)) = (&mut whole.head, &lesson.head) {
            let _ = whole.f_add_(head)?;
        }
    }
    Ok(whole)
}
