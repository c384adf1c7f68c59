//! Training or validation: decided by a hash, not by chance or order.

use textmill_schemas::Side;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Assigns documents to sides. What decides is the id of the document (or its cluster) and the
/// split's own seed, so neither the run's seed nor further documents move one.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    seed: u64,
    /// Hashes below this are validation.
    limit: u64,
}

impl Split {
    /// A split that sets `fraction` (0 to 1) of the clusters aside for validation.
    #[must_use]
    pub fn new(fraction: f64, seed: u64) -> Self {
        Self {
            seed,
            limit: share_of_hashes(fraction),
        }
    }

    /// The side of a document: that of its duplicate cluster, so that documents of one cluster are
    /// on one side. Runs over other documents agree as far as they keep the same one of a cluster.
    #[must_use]
    pub fn side(&self, id: &str, cluster_id: Option<&str>) -> Side {
        let key = cluster_id.unwrap_or(id);
        match xxh3_64_with_seed(key.as_bytes(), self.seed) < self.limit {
            true => Side::Validation,
            false => Side::Train,
        }
    }
}

/// The bound below which this share of all 64-bit hashes lies.
pub(crate) fn share_of_hashes(share: f64) -> u64 {
    // Saturates: a share of 1 is every hash but one.
    (share * u64::MAX as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_on_one_side() {
        let split = Split::new(0.5, 7);
        for cluster in 0..50 {
            let cluster = cluster.to_string();
            let sides: Vec<Side> = (0..5)
                .map(|member| split.side(&format!("{cluster}-{member}"), Some(&cluster)))
                .collect();
            assert!(sides.iter().all(|side| *side == sides[0]));
            assert_eq!(sides[0], split.side(&cluster, None));
        }
    }

    #[test]
    fn the_share_is_about_right_and_the_seed_matters() {
        let count = |seed| -> Vec<usize> {
            let split = Split::new(0.1, seed);
            (0..10_000)
                .filter(|i| split.side(&i.to_string(), None) == Side::Validation)
                .collect()
        };
        assert!((900..1100).contains(&count(1).len()), "{}", count(1).len());
        assert_ne!(count(1), count(2));
        assert_eq!(count(1), count(1));
    }
}
