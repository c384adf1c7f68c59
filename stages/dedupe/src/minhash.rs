//! MinHash signatures and the bands that find candidates.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Config;
use crate::shingles::{make_set, mix};

/// Rounds before repeated shingles are removed: a set as large as the signature is long leaves few
/// bins empty by then.
const TRUSTING_ROUNDS: usize = 3;

/// Computes signatures of `bands x rows` values, any two of which are equal with a probability of
/// the sets' Jaccard similarity (Broder 1997).
///
/// The method is *Fast Similarity Sketching* (Dahlgaard, Knudsen and Thorup, FOCS 2017,
/// <https://arxiv.org/abs/1704.04370>). In round i each shingle is hashed once, to a bin and a
/// value; a bin keeps the least value of the first round that reached it. Rounds go on until no
/// bin is empty; after k / 8 of them (k bins; the paper has k) a round fills one bin, so that they
/// always suffice. Expected cost is O(n + k log k) rather than the O(n k) of k permutations, and
/// other than in one-permutation hashing with densification the estimate is unbiased for sets of
/// any size, with about the variance of k independent permutations at most.
#[derive(Clone, Debug)]
pub struct MinHash {
    bands: usize,
    rows: usize,
    seed: u64,
}

impl MinHash {
    /// A kernel for a validated configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            bands: config.bands,
            rows: config.rows,
            // Apart from the seed of the shingle hashes themselves.
            seed: mix(config.seed ^ 0x6d69_6e68_6173_6821),
        }
    }

    /// Writes the signature of a set of shingles, given in any order and with repeats (which
    /// are removed when that saves time). Without shingles the signature is empty.
    pub fn sign(&self, shingles: &mut Vec<u64>, signature: &mut Vec<u32>) {
        signature.clear();
        if shingles.is_empty() {
            return;
        }
        let bins = self.bands * self.rows;
        // A slot is empty (all ones), or has the round in its high half and the value in its low
        // one: the least is the least value of the first round.
        let mut slots = vec![u64::MAX; bins];
        for round in 0..rounds(bins) {
            self.scatter(round, shingles, &mut slots);
            if !slots.contains(&u64::MAX) {
                break;
            }
            if round == TRUSTING_ROUNDS {
                // More rounds are ahead; a text that repeats itself should not pay for them.
                make_set(shingles);
            }
        }
        self.fill_one_by_one(shingles, &mut slots);
        signature.extend(slots.into_iter().map(|slot| slot as u32));
    }

    /// One round: each shingle competes for the bin that its hash names.
    fn scatter(&self, round: usize, shingles: &[u64], slots: &mut [u64]) {
        let round_seed = self.round_seed(round);
        let (bins, round) = (slots.len() as u64, (round as u64) << 32);
        for shingle in shingles {
            let hash = mix(shingle ^ round_seed);
            // High half: bin; low half: value.
            let bin = ((hash >> 32).wrapping_mul(bins) >> 32) as usize;
            if let Some(slot) = slots.get_mut(bin) {
                *slot = (*slot).min(round | hash & u64::from(u32::MAX));
            }
        }
    }

    /// The last rounds, one for each bin: all shingles compete for it if it is still empty.
    fn fill_one_by_one(&self, shingles: &[u64], slots: &mut [u64]) {
        let rounds = rounds(slots.len());
        for (bin, slot) in slots.iter_mut().enumerate() {
            if *slot == u64::MAX {
                let round_seed = self.round_seed(rounds + bin);
                let hashes = shingles.iter().map(|shingle| mix(shingle ^ round_seed));
                *slot = hashes
                    .map(|hash| hash & u64::from(u32::MAX))
                    .min()
                    .unwrap_or_default();
            }
        }
    }

    fn round_seed(&self, round: usize) -> u64 {
        mix(self.seed.wrapping_add(round as u64))
    }

    /// The key of each band of a signature: documents that share one are candidates. Keys of
    /// different bands are apart; all lie in one space of 64 bits.
    pub fn band_keys<'a>(&self, signature: &'a [u32]) -> impl Iterator<Item = u64> + use<'a> {
        let seed = self.seed;
        let mut bytes = Vec::with_capacity(self.rows * 4);
        signature
            .chunks(self.rows)
            .enumerate()
            .map(move |(band, rows)| {
                bytes.clear();
                rows.iter()
                    .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
                xxh3_64_with_seed(&bytes, seed.wrapping_add(band as u64))
            })
    }
}

/// Rounds in which shingles compete for all bins: after so many, few bins are empty that the rounds
/// of single bins don't fill at less cost.
fn rounds(bins: usize) -> usize {
    bins.div_ceil(8)
}

/// Estimated Jaccard similarity: the share of equal values. Its standard error is
/// sqrt(J (1 - J) / k). 0 when a signature is empty.
#[must_use]
pub fn estimate(a: &[u32], b: &[u32]) -> f64 {
    if a.is_empty() || a.len() != b.len() {
        return 0.0;
    }
    let equal = a.iter().zip(b).filter(|(x, y)| x == y).count();
    equal as f64 / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate_probability;

    fn signature(minhash: &MinHash, set: impl IntoIterator<Item = u64>) -> Vec<u32> {
        let mut signature = Vec::new();
        minhash.sign(&mut set.into_iter().map(mix).collect(), &mut signature);
        signature
    }

    #[test]
    fn order_and_repeats_do_not_matter() {
        let minhash = MinHash::new(&Config::default());
        for n in [1, 2, 3, 10, 100, 1000] {
            let set = signature(&minhash, 0..n);
            assert_eq!(set.len(), 112);
            assert_eq!(set, signature(&minhash, (0..n).rev().chain(0..n / 2)));
        }
        assert!(signature(&minhash, []).is_empty());
        assert_eq!(minhash.band_keys(&[]).count(), 0);
        assert_eq!(minhash.band_keys(&signature(&minhash, 0..9)).count(), 14);
    }

    #[test]
    fn a_text_of_one_shingle_repeated_costs_little() {
        let minhash = MinHash::new(&Config::default());
        let mut shingles = vec![42; 5_000_000];
        let mut signed = Vec::new();
        minhash.sign(&mut shingles, &mut signed);
        assert_eq!(signed, signature_of(&minhash, 42));
        assert_eq!(shingles, [42]);
    }

    fn signature_of(minhash: &MinHash, shingle: u64) -> Vec<u32> {
        let mut signed = Vec::new();
        minhash.sign(&mut vec![shingle], &mut signed);
        signed
    }

    /// Pairs of sets with `shared` common and `own` further members each, over many seeds: mean
    /// and variance of the estimate, and the share of pairs with a band in common.
    fn trial(shared: u64, own: u64) -> (f64, f64, f64) {
        const TRIALS: u64 = 4000;
        let (mut sum, mut squares, mut hits) = (0.0, 0.0, 0);
        let minhash = MinHash::new(&Config::default());
        for t in 0..TRIALS {
            let base = t << 32;
            let a = signature(&minhash, base..base + shared + own);
            let b = signature(
                &minhash,
                (base..base + shared).chain(base + shared + own..base + shared + 2 * own),
            );
            let similarity = estimate(&a, &b);
            sum += similarity;
            squares += similarity * similarity;
            let mut keys = minhash.band_keys(&a).zip(minhash.band_keys(&b));
            hits += u32::from(keys.any(|(x, y)| x == y));
        }
        let mean = sum / TRIALS as f64;
        let variance = squares / TRIALS as f64 - mean * mean;
        (mean, variance, f64::from(hits) / TRIALS as f64)
    }

    #[test]
    fn estimates_are_unbiased_and_bands_follow_the_s_curve() {
        // Jaccard 0.8 and 0.5, for sets smaller than, about as large as, and larger than k.
        for (jaccard, shared, own) in [
            (0.8, 8, 1),
            (0.8, 80, 10),
            (0.8, 800, 100),
            (0.8, 4000, 500),
            (0.5, 4, 2),
            (0.5, 40, 20),
            (0.5, 400, 200),
        ] {
            let (mean, variance, hits) = trial(shared, own);
            let independent: f64 = jaccard * (1.0 - jaccard) / 112.0;
            assert!(
                (mean - jaccard).abs() < 0.003,
                "{shared}+{own}: mean {mean}"
            );
            assert!(
                variance < independent * 1.1,
                "{shared}+{own}: variance {variance}"
            );
            let promised = candidate_probability(&Config::default(), jaccard);
            assert!(
                (hits - promised).abs() < 0.025,
                "{shared}+{own}: {hits} for {promised}"
            );
        }
    }
}
