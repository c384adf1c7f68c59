//! The output head and its loss, in chunks of tokens, so that the logits of a batch
//! (tokens × vocabulary) never exist whole.

use tch::{Kind, Tensor};

use crate::Error;

/// Logits that one chunk may hold: 16 MiB in fp32 on the CPU, where they should stay in the
/// cache, 512 MiB on a GPU, where few large products are faster.
fn chunk_elements(hidden: &Tensor) -> i64 {
    if hidden.device().is_cuda() {
        1 << 27
    } else {
        1 << 22
    }
}

/// What makes logits of hidden states.
#[derive(Clone, Copy)]
pub(crate) struct Output<'a> {
    /// `[padded vocabulary, width]`.
    pub weight: &'a Tensor,
    /// `[padded vocabulary]`.
    pub bias: Option<&'a Tensor>,
}

/// Calls `visit(first, logits)` for each chunk with its logits `[tokens, padded vocabulary]`
/// in fp32, padding at −∞.
fn for_each_chunk(
    hidden: &Tensor,
    head: Output,
    vocab: i64,
    mut visit: impl FnMut(i64, Tensor) -> Result<(), Error>,
) -> Result<(), Error> {
    let (tokens, padded) = (hidden.size()[0], head.weight.size()[0]);
    let chunk = (chunk_elements(hidden) / padded).max(1);
    let mut first = 0;
    while first < tokens {
        let rows = hidden.f_narrow(0, first, chunk.min(tokens - first))?;
        let logits = rows
            .f_linear(head.weight, head.bias)?
            .f_to_kind(Kind::Float)?;
        if padded > vocab {
            let mut padding = logits.f_narrow(1, vocab, padded - vocab)?;
            let _ = padding.f_fill_(f64::NEG_INFINITY)?;
        }
        visit(first, logits)?;
        first += chunk;
    }
    Ok(())
}

/// A target of this value is none: what [`crate::Gpt::gradients`] teaches does not depend on what
/// comes at its place. PyTorch's `ignore_index` has the same default.
pub const NO_TARGET: i64 = -100;

/// Loss of a batch and its gradients where the head begins.
pub(crate) struct HeadGradients {
    /// Sum of the cross-entropies times the scale, fp32 scalar.
    pub loss: Tensor,
    /// By the hidden states, `[tokens, width]`.
    pub hidden: Tensor,
    /// By the head's matrix, `[padded vocabulary, width]`, fp32.
    pub head: Tensor,
    /// By the head's bias, `[padded vocabulary]`, fp32; 0 if it has none.
    pub bias: Tensor,
}

/// Cross-entropy of `hidden` `[tokens, width]` against `targets` `[tokens]`, times `scale`, with
/// its gradients by formula: (softmax − one-hot) · scale; both 0 where the target is [`NO_TARGET`].
///
/// The logits are computed once and not kept for a backward pass. The caller disables autograd.
pub(crate) fn gradients(
    hidden: &Tensor,
    head: Output,
    vocab: i64,
    targets: &Tensor,
    scale: f64,
) -> Result<HeadGradients, Error> {
    let kind = hidden.f_kind()?;
    let options = (Kind::Float, hidden.device());
    let mut loss = Tensor::f_zeros([0i64; 0], options)?;
    let mut by_head = Tensor::f_zeros(head.weight.size(), options)?;
    let mut by_bias = Tensor::f_zeros([head.weight.size()[0]], options)?;
    let by_hidden = Tensor::f_empty(hidden.size(), (kind, hidden.device()))?;
    for_each_chunk(hidden, head, vocab, |first, logits| {
        let tokens = logits.size()[0];
        let rows = hidden.f_narrow(0, first, tokens)?;
        let target = targets.f_narrow(0, first, tokens)?.f_unsqueeze(1)?;
        let counts = target.f_ne(NO_TARGET)?.f_to_kind(Kind::Float)?;
        let target = target.f_clamp_min(0)?; // any id: what it gives is taken times 0
        let mut softmax = logits.f_log_softmax(1, None::<Kind>)?;
        let likelihood = softmax.f_gather(1, &target, false)?.f_mul(&counts)?;
        let _ = loss.f_sub_(&likelihood.f_sum(Kind::Float)?)?;
        let _ = softmax.f_exp_()?;
        let minus_one = Tensor::f_full([tokens, 1], -1.0, options)?;
        let _ = softmax.f_scatter_add_(1, &target, &minus_one)?;
        let _ = softmax.f_mul_(&counts.f_mul_scalar(scale)?)?;
        if head.bias.is_some() {
            let _ = by_bias.f_add_(&softmax.f_sum_dim_intlist(0i64, false, Kind::Float)?)?;
        }
        let by_logits = softmax.f_to_kind(kind)?;
        by_hidden
            .f_narrow(0, first, tokens)?
            .f_copy_(&by_logits.f_mm(head.weight)?)?;
        let by_logits = by_logits.f_transpose(0, 1)?;
        let _ = match kind {
            Kind::Float => by_head.f_addmm_(&by_logits, &rows)?,
            _ => by_head.f_add_(&by_logits.f_mm(&rows)?.f_to_kind(Kind::Float)?)?,
        };
        Ok(())
    })?;
    Ok(HeadGradients {
        loss: loss.f_mul_scalar_(scale)?,
        hidden: by_hidden,
        head: by_head,
        bias: by_bias,
    })
}

/// How well each target was predicted.
#[derive(Debug)]
pub struct Scores {
    /// Negative log-likelihood of each target in nats, fp32, shaped as the targets.
    pub nll: Tensor,
    /// Tokens that were thought more likely than the target, int64: 0 is a correct first guess,
    /// below 5 one among the first five.
    pub rank: Tensor,
}

/// Scores of `targets` `[tokens]` given `hidden` `[tokens, width]`.
pub(crate) fn scores(
    hidden: &Tensor,
    head: Output,
    vocab: i64,
    targets: &Tensor,
) -> Result<Scores, Error> {
    let (mut nll, mut rank) = (Vec::new(), Vec::new());
    for_each_chunk(hidden, head, vocab, |first, logits| {
        let target = targets
            .f_narrow(0, first, logits.size()[0])?
            .f_unsqueeze(1)?;
        let target = logits.f_gather(1, &target, false)?;
        let total = logits.f_logsumexp([1i64].as_slice(), true)?;
        nll.push(total.f_sub(&target)?.f_squeeze_dim(1)?);
        let above = logits.f_gt_tensor(&target)?;
        rank.push(above.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Int64)?);
        Ok(())
    })?;
    Ok(Scores {
        nll: Tensor::f_cat(&nll, 0)?,
        rank: Tensor::f_cat(&rank, 0)?,
    })
}

/// What the network expects, position by position.
#[derive(Debug)]
pub struct Predictions {
    /// Log-probability of each target in nats, fp32, shaped as the targets.
    pub target: Tensor,
    /// Ids of the likeliest tokens, int64, the likeliest first: the targets' shape and `count`.
    pub top: Tensor,
    /// Their log-probabilities, fp32. A target among them has the same value here as there.
    pub top_logs: Tensor,
}

/// Predictions of `targets` `[tokens]` given `hidden` `[tokens, width]`, with the `count`
/// likeliest tokens of each position.
pub(crate) fn predictions(
    hidden: &Tensor,
    head: Output,
    vocab: i64,
    targets: &Tensor,
    count: i64,
) -> Result<Predictions, Error> {
    let (mut target, mut top, mut top_logs) = (Vec::new(), Vec::new(), Vec::new());
    for_each_chunk(hidden, head, vocab, |first, logits| {
        let wanted = targets.f_narrow(0, first, logits.size()[0])?;
        let logs = logits.f_log_softmax(1, None::<Kind>)?;
        let found = logs.f_gather(1, &wanted.f_unsqueeze(1)?, false)?;
        let (values, ids) = logs.f_topk(count.min(vocab), 1, true, true)?;
        target.push(found.f_squeeze_dim(1)?);
        top.push(ids);
        top_logs.push(values);
        Ok(())
    })?;
    Ok(Predictions {
        target: Tensor::f_cat(&target, 0)?,
        top: Tensor::f_cat(&top, 0)?,
        top_logs: Tensor::f_cat(&top_logs, 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Reduction};

    fn values(rows: i64, columns: i64, phase: f64) -> Tensor {
        let values: Vec<f32> = (0..rows * columns)
            .map(|i| ((i as f64 * 0.917 + phase).sin() * 0.8) as f32)
            .collect();
        Tensor::from_slice(&values).reshape([rows, columns])
    }

    /// Enough tokens and vocabulary for three chunks, the last one short.
    const TOKENS: i64 = 600;
    const VOCAB: i64 = 16_350;
    const PADDED: i64 = 16_384;

    fn of(weight: &Tensor) -> Output<'_> {
        Output { weight, bias: None }
    }

    fn sample() -> (Tensor, Tensor, Tensor) {
        let targets: Vec<i64> = (0..TOKENS).map(|i| i * 7919 % VOCAB).collect();
        (
            values(TOKENS, 8, 0.1),
            values(PADDED, 8, 0.5),
            Tensor::from_slice(&targets),
        )
    }

    #[test]
    fn chunked_loss_and_gradients_equal_the_plain_ones() {
        let (hidden, head, targets) = sample();
        let scale = 1.0 / TOKENS as f64;
        let chunked = gradients(&hidden, of(&head), VOCAB, &targets, scale).unwrap();

        let hidden = hidden.set_requires_grad(true);
        let head = head.set_requires_grad(true);
        let logits = hidden.linear(&head, None::<Tensor>).narrow(1, 0, VOCAB);
        let plain = logits.cross_entropy_loss(&targets, None::<Tensor>, Reduction::Mean, -100, 0.0);
        let by = Tensor::run_backward(&[&plain], &[&hidden, &head], false, false);
        let apart = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
        assert!(apart(&chunked.loss, &plain.detach()) < 1e-5);
        assert!(apart(&chunked.hidden, &by[0]) < 1e-8);
        assert!(apart(&chunked.head, &by[1]) < 1e-8);
        let padding = chunked.head.narrow(0, VOCAB, PADDED - VOCAB);
        assert_eq!(padding.abs().max().double_value(&[]), 0.0);
    }

    /// Places without a target may as well not be there.
    #[test]
    fn no_target_teaches_nothing() {
        let (hidden, head, targets) = sample();
        let kept: Vec<i64> = (0..TOKENS).filter(|i| i % 3 != 1).collect();
        let kept = Tensor::from_slice(&kept);
        let without =
            targets
                .full_like(NO_TARGET)
                .index_copy(0, &kept, &targets.index_select(0, &kept));
        let (some, few) = (
            hidden.index_select(0, &kept),
            targets.index_select(0, &kept),
        );
        let found = gradients(&hidden, of(&head), VOCAB, &without, 0.01).unwrap();
        let expected = gradients(&some, of(&head), VOCAB, &few, 0.01).unwrap();
        let apart = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
        assert!(apart(&found.loss, &expected.loss) < 1e-5);
        assert_eq!(
            apart(&found.hidden.index_select(0, &kept), &expected.hidden),
            0.0
        );
        assert!(apart(&found.head, &expected.head) < 1e-6);
        let left: Vec<i64> = (0..TOKENS).filter(|i| i % 3 == 1).collect();
        let nothing = found.hidden.index_select(0, &Tensor::from_slice(&left));
        assert_eq!(nothing.abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn ranks_count_the_tokens_ahead() {
        let (hidden, head, targets) = sample();
        let found = scores(&hidden, of(&head), VOCAB, &targets).unwrap();
        let logits = hidden.linear(&head, None::<Tensor>).narrow(1, 0, VOCAB);
        let plain = logits.cross_entropy_loss(&targets, None::<Tensor>, Reduction::None, -100, 0.0);
        assert!((&found.nll - plain).abs().max().double_value(&[]) < 1e-5);
        let best = logits.argmax(1, false);
        let first = scores(&hidden, of(&head), VOCAB, &best).unwrap().rank;
        assert_eq!(first.max().int64_value(&[]), 0);
        assert_eq!(found.rank.size(), [TOKENS]);
        assert!(found.rank.max().int64_value(&[]) > 1000);
        assert_eq!(found.rank.device(), Device::Cpu);
    }

    #[test]
    fn predictions_are_the_scores_and_name_the_likeliest() {
        let (hidden, head, targets) = sample();
        let scores = scores(&hidden, of(&head), VOCAB, &targets).unwrap();
        let found = predictions(&hidden, of(&head), VOCAB, &targets, 3).unwrap();
        let sum = (&found.target + &scores.nll).abs().max();
        assert!(sum.double_value(&[]) < 1e-5);
        let logits = hidden.linear(&head, None::<Tensor>).narrow(1, 0, VOCAB);
        let likeliest = logits.gather(1, &found.top, false).select(1, 0);
        assert!(
            (likeliest - logits.amax(1, false))
                .abs()
                .max()
                .double_value(&[])
                < 1e-6
        );
        assert_eq!(found.top_logs.size(), [TOKENS, 3]);
        let best = predictions(&hidden, of(&head), VOCAB, &found.top.select(1, 0), 1).unwrap();
        assert!(best.target.equal(&found.top_logs.select(1, 0)));
    }
}
