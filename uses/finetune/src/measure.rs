//! What a model makes of rows, without learning from them.

use tch::{Kind, Tensor, no_grad};

use crate::Error;
use crate::batches::{Row, by_length, lengths, targets, tokens};
use crate::learner::Learner;
use crate::lesson::{MICRO_BATCH, span_logits};
use crate::threads::Handle;

impl Learner {
    /// Logits of classes, a vector for each row.
    pub fn classify(&self, rows: &[Row]) -> Result<Vec<Vec<f32>>, Error> {
        self.by_row(rows, |handle, rows| {
            let (gpt, head) = (&handle.gpt, head_of(handle)?);
            let lengths = lengths(rows, gpt.device())?;
            let hidden = gpt.hidden_padded(&tokens(rows, gpt.device())?, &lengths)?;
            let logits = gpt
                .pooled(&hidden, &lengths)?
                .f_linear(head, None::<Tensor>)?;
            vectors(&logits)
        })
    }

    /// Logits of an answer's first and last token, for each row; `[first, last]` side by side.
    pub fn spans(&self, rows: &[Row]) -> Result<Vec<Vec<f32>>, Error> {
        self.by_row(rows, |handle, rows| {
            let (gpt, head) = (&handle.gpt, head_of(handle)?);
            let lengths = lengths(rows, gpt.device())?;
            let hidden = gpt.hidden_padded(&tokens(rows, gpt.device())?, &lengths)?;
            let [first, last] = span_logits(rows, &hidden, head)?;
            vectors(&Tensor::f_cat(&[first, last], 1)?)
        })
    }

    /// Sum of the losses of the rows' targets in nats, and how many targets there are.
    pub fn loss(&self, rows: &[Row]) -> Result<(f64, usize), Error> {
        let sums = self.by_row(rows, |handle, rows| {
            let gpt = &handle.gpt;
            let device = gpt.device();
            let wanted = targets(rows, device)?;
            let counts = wanted.f_ge(0)?.f_to_kind(Kind::Float)?;
            let scores = gpt.score(&tokens(rows, device)?, &wanted.f_clamp_min(0)?)?;
            vectors(
                &scores
                    .nll
                    .f_mul(&counts)?
                    .f_sum_dim_intlist(1i64, true, Kind::Float)?,
            )
        })?;
        let sum = sums.iter().flatten().map(|&nll| f64::from(nll)).sum();
        Ok((sum, rows.iter().map(Row::weight).sum()))
    }

    fn by_row(
        &self,
        rows: &[Row],
        work: impl Fn(&Handle, &[&Row]) -> Result<Vec<Vec<f32>>, Error> + Sync,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let order = by_length(rows, MICRO_BATCH);
        let of = |batch: &Vec<usize>| batch.iter().filter_map(|&index| rows.get(index)).collect();
        let jobs: Vec<Vec<&Row>> = order.iter().map(of).collect();
        let found = self.each(&jobs, |handle, _, rows| no_grad(|| work(handle, rows)))?;
        let values = found.into_iter().flatten();
        let mut sorted: Vec<(usize, Vec<f32>)> = order.into_iter().flatten().zip(values).collect();
        sorted.sort_by_key(|(index, _)| *index);
        Ok(sorted.into_iter().map(|(_, values)| values).collect())
    }
}

fn head_of(handle: &Handle) -> Result<&Tensor, Error> {
    let missing = || Error::Config("this task needs a head".to_owned());
    handle.head.as_ref().ok_or_else(missing)
}

/// The rows of a matrix.
fn vectors(matrix: &Tensor) -> Result<Vec<Vec<f32>>, Error> {
    let (rows, columns) = matrix.size2()?;
    let flat = matrix
        .f_to_kind(Kind::Float)?
        .f_contiguous()?
        .f_reshape([-1])?;
    let mut values = vec![0f32; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    let columns = columns.max(1) as usize;
    debug_assert_eq!(values.len(), rows as usize * columns);
    Ok(values.chunks(columns).map(<[f32]>::to_vec).collect())
}
