//! Muon: momentum, made orthogonal by Newton–Schulz steps.

use std::collections::BTreeMap;

use tch::{Kind, Tensor, no_grad};
use textmill_model::Matrix;

use crate::config::Precision;
use crate::{Config, Error};

/// Decay of the mean of gradients (Jordan's choice).
const MOMENTUM: f64 = 0.95;
/// Newton–Schulz steps.
const STEPS: usize = 5;
/// Coefficients of the quintic step x ← a·x + b·x³ + c·x⁵, steep at 0: singular values end
/// between about 0.7 and 1.2, which serves as well as 1 (Jordan et al. 2024).
const QUINTIC: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
/// Elements that are made orthogonal together on a GPU: bounds the memory for it.
const GPU_BATCH: i64 = 1 << 26;

/// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks") for the
/// matrices inside the blocks: Nesterov momentum, of which each matrix is replaced by a nearly
/// orthogonal one.
///
/// The update is scaled by 0.2·√max(rows, columns) (Liu et al. 2025, "Muon is scalable for LLM
/// training", arXiv:2502.16982), not by Jordan's √max(1, rows/columns): so the root mean square
/// of an update is 0.2 for every shape, which is what AdamW's is, and one learning rate and one
/// weight decay serve both.
///
/// The state is one vector as long as the matrices. On the CPU each matrix is worked on by one
/// thread, so the result does not depend on how many there are; on a GPU matrices of a shape are
/// one batch, in bf16.
#[derive(Debug)]
pub(crate) struct Muon {
    pub momentum: Tensor,
    /// Where the matrices begin in the flat parameters.
    start: i64,
    matrices: Vec<Matrix>,
    /// What Newton–Schulz computes in.
    kind: Kind,
    decay: f64,
    threads: usize,
}

impl Muon {
    /// For these matrices of the flat parameters, which lie side by side.
    pub fn new(
        config: &Config,
        weights: &Tensor,
        matrices: Vec<Matrix>,
        threads: usize,
    ) -> Result<Self, Error> {
        let start = matrices.first().map_or(0, |matrix| matrix.offset);
        let length = matrices.iter().map(|matrix| matrix.rows * matrix.columns);
        let options = (weights.f_kind()?, weights.device());
        let bf16 = weights.device().is_cuda() || config.precision == Precision::Bf16;
        Ok(Self {
            momentum: weights.f_new_zeros([length.sum::<i64>()], options)?,
            start,
            matrices,
            kind: if bf16 { Kind::BFloat16 } else { Kind::Float },
            decay: config.weight_decay,
            threads,
        })
    }

    /// First element of the flat parameters that is a matrix of a block, and the one behind the
    /// last.
    pub fn range(&self) -> (i64, i64) {
        (self.start, self.start + self.momentum.numel() as i64)
    }

    /// Applies a flat gradient times `scale`, a scalar on the device.
    pub fn update(
        &mut self,
        weights: &Tensor,
        gradient: &Tensor,
        scale: &Tensor,
        lr: f64,
    ) -> Result<(), Error> {
        let length = self.momentum.numel() as i64;
        let gradient = gradient.f_narrow(0, self.start, length)?.f_mul(scale)?;
        let _ = self.momentum.f_lerp_(&gradient, 1.0 - MOMENTUM)?;
        let direction = gradient.f_lerp(&self.momentum, MOMENTUM)?; // Nesterov's
        if self.decay > 0.0 {
            let mut matrices = weights.f_narrow(0, self.start, length)?;
            let _ = matrices.f_mul_scalar_(1.0 - lr * self.decay)?;
        }
        match weights.device().is_cuda() {
            true => self.update_batches(weights, &direction, lr),
            false => self.update_on_threads(weights, &direction, lr),
        }
    }

    /// One matrix's weights and direction, `[rows, columns]` both.
    fn views(
        &self,
        matrix: &Matrix,
        weights: &Tensor,
        direction: &Tensor,
    ) -> Result<(Tensor, Tensor), Error> {
        let view = |tensor: &Tensor, offset: i64| {
            let shape = [matrix.rows, matrix.columns];
            let flat = tensor.f_narrow(0, offset, matrix.rows * matrix.columns)?;
            flat.f_view(shape)
        };
        let direction = view(direction, matrix.offset - self.start)?;
        Ok((view(weights, matrix.offset)?, direction))
    }

    fn update_batches(&self, weights: &Tensor, direction: &Tensor, lr: f64) -> Result<(), Error> {
        let mut shapes: BTreeMap<(i64, i64), Vec<&Matrix>> = BTreeMap::new();
        for matrix in &self.matrices {
            let shape = (matrix.rows, matrix.columns);
            shapes.entry(shape).or_default().push(matrix);
        }
        for ((rows, columns), alike) in shapes {
            let count = (GPU_BATCH / (rows * columns)).max(1) as usize;
            for batch in alike.chunks(count) {
                let views: Vec<(Tensor, Tensor)> = batch
                    .iter()
                    .map(|matrix| self.views(matrix, weights, direction))
                    .collect::<Result<_, _>>()?;
                let directions: Vec<&Tensor> = views.iter().map(|(_, d)| d).collect();
                let updates = orthogonalise(&Tensor::f_stack(&directions, 0)?, self.kind)?;
                let updates = updates.f_mul_scalar(-lr * reach(rows, columns))?;
                for (number, (mut weights, _)) in (0..).zip(views) {
                    let _ = weights.f_add_(&updates.f_select(0, number)?)?;
                }
            }
        }
        Ok(())
    }

    fn update_on_threads(
        &self,
        weights: &Tensor,
        direction: &Tensor,
        lr: f64,
    ) -> Result<(), Error> {
        let threads = self.threads.clamp(1, self.matrices.len().max(1));
        let mut shares: Vec<Vec<(Tensor, Tensor)>> = Vec::new();
        shares.resize_with(threads, Vec::new);
        let mut largest_first: Vec<&Matrix> = self.matrices.iter().collect();
        largest_first.sort_by_key(|matrix| std::cmp::Reverse(matrix.rows * matrix.columns));
        for (number, matrix) in largest_first.into_iter().enumerate() {
            if let Some(share) = shares.get_mut(number % threads) {
                share.push(self.views(matrix, weights, direction)?);
            }
        }
        let kind = self.kind;
        let work = |share: Vec<(Tensor, Tensor)>| -> Result<(), Error> {
            tch::set_num_threads(1);
            for (mut weights, direction) in share {
                let (rows, columns) = weights.size2()?;
                let update = orthogonalise(&direction.f_unsqueeze(0)?, kind)?.f_squeeze()?;
                let update = update.f_reshape([rows, columns])?;
                let _ = weights.f_add_(&update.f_mul_scalar(-lr * reach(rows, columns))?)?;
            }
            Ok(())
        };
        if threads == 1 {
            return shares.into_iter().try_for_each(work);
        }
        std::thread::scope(|scope| {
            let spawn = |share| scope.spawn(move || no_grad(|| work(share)));
            let started: Vec<_> = shares.into_iter().map(spawn).collect();
            let mut ended = started.into_iter().map(|thread| thread.join());
            ended.try_for_each(|result| result.unwrap_or(Err(Error::Worker)))
        })
    }
}

/// Factor that makes the root mean square of an orthogonal matrix 0.2.
fn reach(rows: i64, columns: i64) -> f64 {
    0.2 * (rows.max(columns) as f64).sqrt()
}

/// The nearest orthogonal matrices of `[count, rows, columns]`, roughly: singular vectors stay,
/// singular values go to about 1. Computed in `kind`; fp32 out.
fn orthogonalise(matrices: &Tensor, kind: Kind) -> Result<Tensor, Error> {
    let (_, rows, columns) = matrices.size3()?;
    let wide = match rows > columns {
        true => matrices.f_transpose(1, 2)?,
        false => matrices.shallow_clone(),
    };
    // Singular values must not exceed 1 in the beginning; the Frobenius norm bounds them.
    let norm = wide.f_norm_scalaropt_dim(2, [1i64, 2].as_slice(), true)?;
    let mut x = wide.f_div(&norm.f_add_scalar(1e-7)?)?.f_to_kind(kind)?;
    let (a, b, c) = QUINTIC;
    for _ in 0..STEPS {
        let square = x.f_bmm(&x.f_transpose(1, 2)?)?;
        let inner = square.f_baddbmm(&square, &square, b, c)?;
        x = x.f_baddbmm(&inner, &x, a, 1.0)?;
    }
    let x = match rows > columns {
        true => x.f_transpose(1, 2)?,
        false => x,
    };
    Ok(x.f_to_kind(Kind::Float)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn noise(shape: &[i64], phase: f64) -> Tensor {
        let count: i64 = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|i| ((i as f64 + phase) * 12.9898).sin() * 43758.5453)
            .map(|x| (x - x.floor() - 0.5) as f32)
            .collect();
        Tensor::from_slice(&values).reshape(shape)
    }

    #[test]
    fn singular_vectors_stay_and_singular_values_go_to_one() {
        for (shape, kind) in [
            ([2, 24, 40], Kind::Float),
            ([2, 40, 24], Kind::Float),
            ([1, 32, 32], Kind::BFloat16),
        ] {
            let matrices = noise(&shape, 0.5);
            let found = orthogonalise(&matrices, kind).unwrap();
            assert_eq!((found.size(), found.kind()), (shape.to_vec(), Kind::Float));
            for i in 0..shape[0] {
                let (u, _, vh) = Tensor::svd(&matrices.get(i), true, true);
                // In the basis of the singular vectors it is diagonal, with values about 1.
                let inner = u.tr().matmul(&found.get(i)).matmul(&vh);
                let values = inner.diagonal(0, 0, 1);
                let off = (&inner - values.diag(0)).abs().max().double_value(&[]);
                let (least, most) = (
                    values.min().double_value(&[]),
                    values.max().double_value(&[]),
                );
                let slack = if kind == Kind::Float { 1e-3 } else { 0.1 };
                assert!(off < slack, "{off}");
                let least_wanted = if shape[1] == shape[2] { 0.3 } else { 0.6 };
                assert!(least > least_wanted && most < 1.3, "{least} {most}");
            }
        }
    }

    #[test]
    fn updates_have_one_size_for_every_shape_and_threads_do_not_show() {
        let shapes = [(16, 16), (16, 48), (64, 16), (16, 16), (16, 16)];
        let mut offset = 10;
        let mut matrices = Vec::new();
        for (rows, columns) in shapes {
            matrices.push(Matrix {
                offset,
                rows,
                columns,
            });
            offset += rows * columns;
        }
        let config = Config {
            weight_decay: 0.0,
            ..Config::default()
        };
        let one = Tensor::from(1f32);
        let after = |threads, cuda: bool| {
            let weights = Tensor::zeros([offset + 5], (Kind::Float, Device::Cpu));
            let mut muon = Muon::new(&config, &weights, matrices.clone(), threads).unwrap();
            assert_eq!(muon.range(), (10, offset));
            let gradient = noise(&[offset + 5], 0.25);
            match cuda {
                false => muon.update(&weights, &gradient, &one, 1.0).unwrap(),
                true => {
                    let direction = gradient.narrow(0, 10, offset - 10);
                    muon.update_batches(&weights, &direction, 1.0).unwrap();
                }
            }
            weights
        };
        let single = after(1, false);
        assert!(single.equal(&after(3, false)));
        assert_eq!(single.narrow(0, 0, 10).abs().max().double_value(&[]), 0.0);
        assert_eq!(
            single.narrow(0, offset, 5).abs().max().double_value(&[]),
            0.0
        );
        for matrix in &matrices {
            let update = single.narrow(0, matrix.offset, matrix.rows * matrix.columns);
            let rms = (&update * &update)
                .mean(Kind::Float)
                .sqrt()
                .double_value(&[]);
            assert!((0.14..0.24).contains(&rms), "{rms} of {matrix:?}");
        }
        // Together or one by one: the direction is the same but for a factor, which goes away.
        let batched = after(1, true);
        assert!((single - batched).abs().max().double_value(&[]) < 1e-3);
    }
}
