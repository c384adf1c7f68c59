//! Random numbers as pure functions of a seed and a place, so that nothing has to be saved to
//! resume, and threads cannot disturb each other.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for; each purpose and index has its own stream under a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Weights = 1,
    Dropout = 2,
    Sampling = 3,
}

/// The stream of a seed, purpose and index.
pub(crate) fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Uniform in [0, 1), from the top 53 bits.
pub(crate) fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Normally distributed numbers around zero (Box and Muller 1958).
pub(crate) fn normals(rng: &mut impl Rng, deviation: f64, count: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = deviation * (-2.0 * (1.0 - uniform(rng)).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * uniform(rng)).sin_cos();
        values.push((radius * cos) as f32);
        values.push((radius * sin) as f32);
    }
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_the_deviation_asked_for() {
        let values = normals(&mut stream(1, Purpose::Weights, 0), 0.02, 100_001);
        assert_eq!(values.len(), 100_001);
        let n = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 3e-4, "{mean}");
        assert!((variance.sqrt() - 0.02).abs() < 2e-4, "{variance}");
    }

    #[test]
    fn streams_differ_by_each_of_their_names() {
        let first = |mut rng: ChaCha8Rng| rng.next_u64();
        let base = first(stream(1, Purpose::Weights, 1));
        assert_eq!(base, first(stream(1, Purpose::Weights, 1)));
        assert_ne!(base, first(stream(2, Purpose::Weights, 1)));
        assert_ne!(base, first(stream(1, Purpose::Dropout, 1)));
        assert_ne!(base, first(stream(1, Purpose::Weights, 2)));
    }
}
