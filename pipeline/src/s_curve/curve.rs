//! The probabilities of MinHash LSH (Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*,
//! section 3.4).

use std::fmt;

use textmill_dedupe::{Config, Verify, candidate_probability};

/// Share of pairs that a suggested setting finds at `min_similarity`.
const ENOUGH: f64 = 0.99;
/// Hashes of a suggested setting.
const HASHES: std::ops::RangeInclusive<usize> = 128..=512;

/// How a signature is cut into bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub bands: usize,
    pub rows: usize,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.bands, self.rows)
    }
}

impl Setting {
    pub fn of(config: &Config) -> Self {
        Self {
            bands: config.bands,
            rows: config.rows,
        }
    }

    /// MinHash values of a document.
    pub fn hashes(self) -> usize {
        self.bands * self.rows
    }

    /// Probability that a pair of this similarity is compared.
    pub fn found(self, jaccard: f64) -> f64 {
        let config = Config {
            bands: self.bands,
            rows: self.rows,
            ..Config::default()
        };
        candidate_probability(&config, jaccard)
    }

    /// The similarity at which pairs are found with this probability.
    pub fn similarity_at(self, found: f64) -> f64 {
        let band = 1.0 - (1.0 - found).powf(1.0 / self.bands as f64);
        band.powf(1.0 / self.rows as f64)
    }

    /// The similarity at which the curve is steepest, about.
    pub fn steepest(self) -> f64 {
        (1.0 / self.bands as f64).powf(1.0 / self.rows as f64)
    }

    /// Probability that a pair of this similarity is found, and verified as duplicates.
    pub fn dropped(self, config: &Config, jaccard: f64) -> f64 {
        match config.verify {
            Verify::Exact if jaccard >= config.min_similarity => self.found(jaccard),
            Verify::Exact => 0.0,
            Verify::Estimate => self.found_and_estimated(jaccard, config.min_similarity),
        }
    }

    /// Probability that all values of a band agree, and at least this share of all values. The
    /// two are not independent: a pair that was found is more likely to look similar.
    fn found_and_estimated(self, jaccard: f64, share: f64) -> f64 {
        let band = binomial(self.rows, jaccard);
        let all = powers(&band, self.bands);
        let without_full_band = powers(band.get(..self.rows).unwrap_or(&[]), self.bands);
        let enough = |(equal, _): &(usize, &f64)| *equal as f64 / self.hashes() as f64 >= share;
        let tail = |values: &[f64]| -> f64 {
            let values = values.iter().enumerate().filter(enough);
            values.map(|(_, probability)| probability).sum()
        };
        (tail(&all) - tail(&without_full_band)).clamp(0.0, 1.0)
    }
}

/// Probabilities of 0 to n successes.
fn binomial(n: usize, success: f64) -> Vec<f64> {
    let one = [1.0 - success, success];
    powers(&one, n)
}

/// Distribution of the sum of `times` values that each have this distribution.
fn powers(distribution: &[f64], times: usize) -> Vec<f64> {
    let mut sum = vec![1.0];
    for _ in 0..times {
        let mut next = vec![0.0; (sum.len() + distribution.len()).saturating_sub(1)];
        for (at, probability) in sum.iter().enumerate() {
            for (slot, more) in next.iter_mut().skip(at).zip(distribution) {
                *slot += probability * more;
            }
        }
        sum = next;
    }
    sum
}

/// Other settings that find enough at `min_similarity`, and what speaks for each: the one with the
/// fewest hashes, and the one with the most rows.
pub fn alternatives(config: &Config) -> Vec<(Setting, &'static str)> {
    let fewest_bands = |rows: usize| -> Option<Setting> {
        let band = config.min_similarity.powf(rows as f64);
        let bands = ((1.0 - ENOUGH).ln() / (-band).ln_1p()).ceil().max(1.0);
        let setting = Setting {
            bands: bands as usize,
            rows,
        };
        let fits = bands <= *HASHES.end() as f64 && HASHES.contains(&setting.hashes());
        fits.then_some(setting)
    };
    let settings: Vec<Setting> = (1..=*HASHES.end()).filter_map(fewest_bands).collect();
    let cheapest = settings.iter().min_by_key(|setting| setting.hashes());
    let steepest = settings.last();
    let mut found = Vec::new();
    let reasons = [
        (cheapest, "has the fewest hashes"),
        (
            steepest,
            "is the steepest, so it compares the fewest pairs in vain",
        ),
    ];
    for (setting, why) in reasons {
        let known = |setting: Setting| {
            setting == Setting::of(config) || found.iter().any(|(other, _)| *other == setting)
        };
        if let Some(setting) = setting.copied().filter(|setting| !known(*setting)) {
            found.push((setting, why));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fineweb() -> Setting {
        Setting::of(&Config::default())
    }

    #[test]
    fn similarities_and_probabilities_are_inverse() {
        for found in [0.01, 0.5, 0.99] {
            let jaccard = fineweb().similarity_at(found);
            assert!((fineweb().found(jaccard) - found).abs() < 1e-9);
        }
        assert!((fineweb().steepest() - 0.719).abs() < 0.001);
    }

    #[test]
    fn exact_verification_is_a_step() {
        let config = Config::default();
        assert_eq!(fineweb().dropped(&config, 0.65), 0.0);
        assert_eq!(fineweb().dropped(&config, 0.7), fineweb().found(0.7));
    }

    #[test]
    fn estimates_are_counted_with_what_was_found() {
        let at = |bands, rows, min_similarity, jaccard: f64| {
            let config = Config {
                bands,
                rows,
                min_similarity,
                verify: Verify::Estimate,
                ..Config::default()
            };
            Setting::of(&config).dropped(&config, jaccard)
        };
        // Two values in bands of one: both agree, or exactly one.
        assert!((at(2, 1, 1.0, 0.6) - 0.36).abs() < 1e-12);
        assert!((at(2, 1, 0.5, 0.6) - 0.84).abs() < 1e-12);
        // In one band of two: only both together are found.
        assert!((at(1, 2, 0.5, 0.6) - 0.36).abs() < 1e-12);
        assert!((at(14, 8, 0.0, 0.7) - fineweb().found(0.7)).abs() < 1e-12);
        assert!(at(14, 8, 0.7, 0.6) > 0.0 && at(14, 8, 0.7, 0.9) < fineweb().found(0.9));
    }

    #[test]
    fn alternatives_find_enough_with_as_few_bands_as_they_can() {
        let config = Config::default();
        let settings: Vec<Setting> = alternatives(&config).into_iter().map(|(s, _)| s).collect();
        let expected = [(26, 5), (54, 7)].map(|(bands, rows)| Setting { bands, rows });
        assert_eq!(settings, expected);
        for setting in settings {
            let fewer = Setting {
                bands: setting.bands - 1,
                ..setting
            };
            assert!(setting.found(0.7) >= 0.99 && fewer.found(0.7) < 0.99);
        }
        let with = |min_similarity| Config {
            min_similarity,
            ..Config::default()
        };
        assert!(alternatives(&with(0.0)).is_empty());
        assert_eq!(alternatives(&with(0.3)).len(), 1);
        for percent in 1..=100 {
            alternatives(&with(f64::from(percent) / 100.0));
        }
    }
}
