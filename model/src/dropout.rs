//! Dropout whose masks are a pure function of a seed and a place in the run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use tch::Tensor;

use crate::Error;
use crate::random::{Purpose, stream};

/// Zeroes random activations while training and scales the others up in return (Srivastava et
/// al. 2014); on the embeddings and on what each block adds to the residual stream, as GPT-2
/// does.
///
/// The masks are drawn here, not by libtorch, whose one generator all threads share: so they
/// depend on seed and index alone, and a resumed run draws the same ones.
#[derive(Debug)]
pub struct Dropout(Option<Masks>);

#[derive(Debug)]
struct Masks {
    rng: ChaCha8Rng,
    /// Of 65,536 draws, those that drop.
    threshold: u16,
    kept: f32,
}

impl Dropout {
    /// No dropout, as in evaluation.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Drops with this probability; `index` names the place in the run, such as the number of
    /// the micro-batch.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 ≤ probability < 1.
    pub fn new(probability: f64, seed: u64, index: u64) -> Result<Self, Error> {
        if !(0.0..1.0).contains(&probability) {
            return Err(Error::Config(format!(
                "`dropout` is {probability}; it must be at least 0 and below 1"
            )));
        }
        let threshold = (probability * 65_536.0) as u16;
        let kept = 65_536.0 / (65_536.0 - f32::from(threshold));
        Ok(Self((threshold > 0).then(|| Masks {
            rng: stream(seed, Purpose::Dropout, index),
            threshold,
            kept,
        })))
    }

    /// The next mask: for each of `count` activations what it is multiplied by; `None` if nothing
    /// is dropped.
    pub(crate) fn mask(&mut self, count: usize) -> Option<Vec<f32>> {
        self.0.as_mut().map(|masks| masks.draw(count))
    }

    pub(crate) fn apply(&mut self, x: Tensor) -> Result<Tensor, Error> {
        let Some(mask) = self.mask(x.numel()) else {
            return Ok(x);
        };
        let mask = Tensor::f_from_slice(&mask)?
            .f_reshape(x.size())?
            .f_to_device(x.device())?
            .f_to_kind(x.f_kind()?)?;
        Ok(x.f_mul(&mask)?)
    }
}

impl Masks {
    fn draw(&mut self, count: usize) -> Vec<f32> {
        let mut bytes = vec![0u8; 2 * count];
        self.rng.fill_bytes(&mut bytes);
        let draws = bytes.as_chunks::<2>().0.iter();
        draws
            .map(|&pair| match u16::from_le_bytes(pair) < self.threshold {
                true => 0.0,
                false => self.kept,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn keeps_the_mean_and_repeats() {
        let ones = || Tensor::ones([100, 1000], (Kind::Float, Device::Cpu));
        let dropped = Dropout::new(0.2, 1, 7).unwrap().apply(ones()).unwrap();
        let again = Dropout::new(0.2, 1, 7).unwrap().apply(ones()).unwrap();
        assert!(dropped.equal(&again));
        assert!((dropped.mean(None).double_value(&[]) - 1.0).abs() < 0.01);
        let zeros = dropped.eq(0.0).sum(Kind::Int64).int64_value(&[]);
        assert!((zeros - 20_000).abs() < 600, "{zeros}");
        assert!(Dropout::off().apply(ones()).unwrap().equal(&ones()));
        assert!(Dropout::new(1.0, 1, 1).is_err());
    }
}
