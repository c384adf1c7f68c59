//! The randomness of private training: which rows a step takes, and its noise.

use std::f64::consts::PI;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tch::{Tensor, no_grad};

use crate::Error;

/// Elements whose noise is drawn at a time, so that it takes no memory to speak of. Even.
const PIECE: i64 = 1 << 16;

/// A stream of draws that nobody can foretell without the key (ChaCha20). The key is in memory
/// alone: who has it can draw the noise again, and subtract it.
pub(crate) struct Chance(ChaCha20Rng);

impl Chance {
    /// With a key from the operating system, or with one that a seed makes. Streams of one seed
    /// have nothing in common.
    pub fn new(seed: Option<u64>, stream: u64) -> Result<Self, Error> {
        let mut key = [0u8; 32];
        match seed {
            None => getrandom::fill(&mut key).map_err(Error::Random)?,
            Some(seed) => {
                key[..8].copy_from_slice(&seed.to_le_bytes());
                key[8..14].copy_from_slice(b"DP-SGD");
            }
        }
        let mut rng = ChaCha20Rng::from_seed(key);
        rng.set_stream(stream);
        Ok(Self(rng))
    }

    /// Uniform in (0, 1], in steps of 2⁻⁵³.
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// The numbers of the rows that a step takes: each with this probability, whatever the others
    /// (Poisson sampling). There may be none.
    pub fn sample(&mut self, rows: usize, rate: f64) -> Vec<usize> {
        (0..rows).filter(|_| self.uniform() <= rate).collect()
    }

    /// Two independent draws of the standard normal distribution (Box and Muller 1958), by
    /// functions that are the same on all machines.
    fn normals(&mut self) -> [f64; 2] {
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        let (sine, cosine) = libm::sincos(2.0 * PI * self.uniform());
        [radius * cosine, radius * sine]
    }

    /// Adds Gaussian noise of this deviation to each element of a flat tensor.
    pub fn blur(&mut self, flat: &Tensor, deviation: f64) -> Result<(), Error> {
        let (length, mut done) = (flat.numel() as i64, 0);
        while done < length {
            let count = PIECE.min(length - done);
            let draws = (0..(count + 1) / 2).flat_map(|_| self.normals());
            let noise: Vec<f32> = draws.map(|draw| (deviation * draw) as f32).collect();
            let noise = Tensor::f_from_slice(&noise)?.f_narrow(0, 0, count)?;
            let _ = no_grad(|| {
                let noise = noise.f_to_device(flat.device())?;
                flat.f_narrow(0, done, count)?.f_add_(&noise)
            })?;
            done += count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn noise(seed: Option<u64>, stream: u64, length: i64, deviation: f64) -> Tensor {
        let flat = Tensor::zeros([length], (Kind::Float, Device::Cpu));
        let mut chance = Chance::new(seed, stream).unwrap();
        chance.blur(&flat, deviation).unwrap();
        flat
    }

    #[test]
    fn noise_is_gaussian_with_its_deviation() {
        let length = 3 * PIECE + 7;
        let found = noise(Some(5), 0, length, 2.5) / 2.5;
        // Moments of the standard normal distribution, within 4 standard errors.
        let count = length as f64;
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let moment = found
                .pow_tensor_scalar(power)
                .mean(Kind::Double)
                .double_value(&[]);
            let error = 4.0 * (variance / count).sqrt();
            assert!((moment - expected).abs() < error, "{power}: {moment}");
        }
        let beyond = found.abs().gt(1.959_964).sum(Kind::Int64).int64_value(&[]);
        assert!((beyond as f64 / count - 0.05).abs() < 4.0 * (0.05 * 0.95 / count).sqrt());
        // Neighbours, of which each pair comes from one draw, have nothing to do with each other.
        let next = found.narrow(0, 1, length - 1);
        let together = (&next * found.narrow(0, 0, length - 1)).mean(Kind::Double);
        assert!(together.double_value(&[]).abs() < 4.0 / count.sqrt());
        assert_eq!(found.eq(0.0).sum(Kind::Int64).int64_value(&[]), 0);
    }

    #[test]
    fn seeds_repeat_and_keys_of_the_system_do_not() {
        let first = noise(Some(5), 0, 100, 1.0);
        assert!(noise(Some(5), 0, 100, 1.0).equal(&first));
        for other in [noise(Some(6), 0, 100, 1.0), noise(Some(5), 1, 100, 1.0)] {
            assert_eq!(other.eq_tensor(&first).sum(Kind::Int64).int64_value(&[]), 0);
        }
        assert!(!noise(None, 0, 100, 1.0).equal(&noise(None, 0, 100, 1.0)));
    }

    #[test]
    fn samples_have_the_size_of_a_binomial() {
        let mut chance = Chance::new(Some(1), 0).unwrap();
        let samples: Vec<Vec<usize>> = (0..400).map(|_| chance.sample(1000, 0.05)).collect();
        let sizes: Vec<f64> = samples.iter().map(|sample| sample.len() as f64).collect();
        let mean = sizes.iter().sum::<f64>() / 400.0;
        let variance = sizes.iter().map(|size| (size - mean).powi(2)).sum::<f64>() / 400.0;
        // 50 and 47.5, within 4 standard errors.
        assert!((mean - 50.0).abs() < 1.4, "{mean}");
        assert!((variance - 47.5).abs() < 13.5, "{variance}");
        // Each row is as likely as any other.
        let mut counts = vec![0u32; 1000];
        samples.iter().flatten().for_each(|&row| counts[row] += 1);
        let spread = counts
            .iter()
            .map(|&count| (f64::from(count) - 20.0).powi(2) / 19.0);
        assert!((spread.sum::<f64>() - 1000.0).abs() < 4.0 * 2000f64.sqrt());
        assert!(samples.iter().all(|sample| sample.is_sorted()));
        assert!(chance.sample(1000, 0.0).is_empty());
        assert_eq!(chance.sample(1000, 1.0).len(), 1000);
    }
}
