//! How far a model betrays a secret.

use crate::canaries::Canary;
use crate::invention::Invention;

/// Other secrets of a canary's form, none of them its own: what its secret is ranked among.
#[must_use]
pub fn decoys(canary: &Canary, count: usize, seed: u64) -> Vec<String> {
    let mut invention = Invention::of_decoys(seed);
    let secrets = std::iter::repeat_with(|| invention.secret(canary.lang));
    let others = secrets.filter(|secret| *secret != canary.secret);
    others.take(count).collect()
}

/// Rank of a secret among candidates: 1 for the likeliest. Equally likely ones count half, so that
/// a model that thinks all equally likely betrays nothing.
#[must_use]
pub fn rank(secret: f64, decoys: &[f64]) -> f64 {
    let likelier = decoys.iter().filter(|other| **other > secret).count();
    let equal = decoys.iter().filter(|other| **other == secret).count();
    1.0 + likelier as f64 + equal as f64 / 2.0
}

/// Exposure in bits: log₂ of the number of candidates, the secret among them, less log₂ of its
/// rank (Carlini et al. 2019, arXiv:1802.08232, definition 2, among a sample of the candidates as
/// in section 4.4). At most log₂ of the candidates; of a secret that was never seen it is 1.44
/// (log₂ e) in the mean.
#[must_use]
pub fn exposure(candidates: usize, rank: f64) -> f64 {
    (candidates.max(1) as f64).log2() - rank.max(1.0).log2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Canaries, Language};

    #[test]
    fn the_likeliest_is_exposed_wholly_and_a_guess_by_a_bit_and_a_half() {
        assert_eq!(rank(-3.0, &[-4.0, -5.0, -2.0]), 2.0);
        assert_eq!(rank(-3.0, &[-3.0, -3.0]), 2.0);
        assert_eq!(exposure(1024, 1.0), 10.0);
        assert_eq!(exposure(1024, 1024.0), 0.0);
        let n = 4096;
        let mean = (1..=n).map(|r| exposure(n, r as f64)).sum::<f64>() / n as f64;
        assert!((mean - std::f64::consts::LOG2_E).abs() < 0.01, "{mean}");
    }

    #[test]
    fn decoys_have_the_form_of_the_secret_and_are_not_it() {
        let canaries = Canaries {
            repeats: vec![1],
            ..Canaries::default()
        };
        for canary in canaries.all(3) {
            let others = decoys(&canary, 500, 3);
            assert_eq!(others.len(), 500);
            assert!(!others.contains(&canary.secret));
            assert_eq!(decoys(&canary, 500, 3), others);
            let characters = |secret: &str| secret.chars().filter(|c| c.is_whitespace()).count();
            let spaces = if canary.lang == Language::En { 4 } else { 0 };
            assert!(others.iter().all(|secret| characters(secret) == spaces));
        }
    }
}
