use std::path::PathBuf;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::decision::Level;
use crate::{Error, Repetitions, budget, lines, substrings};

/// Bounds that keep a mistyped number from asking for gigabytes per document.
const MAX_HASHES: usize = 8192;
const MAX_NGRAM: usize = 1000;

/// The `[dedupe]` section.
///
/// The defaults are FineWeb's: word 5-grams, 14 bands of 8 rows (Penedo et al. 2024,
/// <https://arxiv.org/abs/2406.17557>). Unlike there, candidates are verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Drop documents whose address, in its canonical form, is that of another.
    pub url: bool,
    /// Drop documents whose normal form (see [`crate::normal_form`]) equals another's.
    pub exact: bool,
    /// Drop documents whose shingle set is similar to another's.
    pub near: bool,
    /// Words in a shingle.
    pub ngram: usize,
    /// Characters in a shingle that starts in a script written without spaces (Han, kana,
    /// Thai, Lao, Khmer, Myanmar).
    pub cjk_ngram: usize,
    /// Bands: documents that agree on all rows of at least one band become candidates.
    pub bands: usize,
    /// Rows (MinHash values) in a band.
    pub rows: usize,
    /// Jaccard similarity from which a candidate counts as a near duplicate. The default lies
    /// just under the point (1/14)^(1/8) = 0.72 where the default bands are at their steepest:
    /// it removes chance hits without taking back what the S-curve promises.
    pub min_similarity: f64,
    /// How the similarity of candidates is measured.
    pub verify: Verify,
    /// Which document of a cluster is kept.
    pub keep: Keep,
    /// Sources whose documents are kept before those of others, best first.
    pub prefer: Vec<String>,
    /// Clusters of more documents are counted in the manifest; where candidates are compared by
    /// estimate, components of more are compared by their shingles before anything is dropped.
    pub max_cluster: u64,
    /// How often training should see a document, by the size of its cluster; always once where
    /// this is empty.
    pub repetitions: Repetitions,
    /// Memory of the whole program, in bytes or as `"2GiB"`. Obeyed by sorting on disk; the
    /// output does not depend on it.
    pub memory_limit: ByteSize,
    /// Seed of the hash functions. Signatures of different seeds cannot be compared.
    pub seed: u64,
    /// Indexes of earlier runs: documents that they hold are dropped. Each is the folder of a
    /// run, or what `textmill index merge` wrote.
    pub reference: Vec<PathBuf>,
    /// Write an index of the documents kept, for later runs.
    pub write_index: bool,
    /// Lines and paragraphs that many documents share.
    pub lines: lines::Config,
    /// Substrings that occur more than once.
    pub substrings: substrings::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: true,
            exact: true,
            near: true,
            ngram: 5,
            cjk_ngram: 5,
            bands: 14,
            rows: 8,
            min_similarity: 0.7,
            verify: Verify::default(),
            keep: Keep::default(),
            prefer: Vec::new(),
            max_cluster: 1000,
            repetitions: Repetitions::default(),
            memory_limit: ByteSize::gib(2),
            seed: 0,
            reference: Vec::new(),
            write_index: false,
            lines: lines::Config::default(),
            substrings: substrings::Config::default(),
        }
    }
}

/// How the similarity of candidates is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// Jaccard similarity of the full shingle sets, which are computed for candidates alone.
    #[default]
    Exact,
    /// Share of equal MinHash values: standard error 0.04 at 112 values. Keeps the
    /// signatures on disk instead of reading the candidates' texts again.
    Estimate,
}

/// Which document of a cluster is kept. Ties go by a hash of the address (or of the id, where
/// there is none), so the order of arrival never matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The one with the longest normal form, in bytes.
    #[default]
    Longest,
    /// The first one of the corpus, in the order of `collect`.
    First,
    /// The one published first, or fetched first where no date is known.
    Earliest,
    /// The one that the filter's classifier scores highest; the longest where it scores none.
    Score,
}

impl Config {
    /// Number of MinHash values in a signature.
    #[must_use]
    pub fn hashes(&self) -> usize {
        self.bands.saturating_mul(self.rows)
    }

    /// Whether a level is on.
    pub(crate) fn has(&self, level: Level) -> bool {
        match level {
            Level::Url => self.url,
            Level::Exact => self.exact,
            Level::Near => self.near,
        }
    }

    /// Checks each value.
    ///
    /// # Errors
    /// [`Error::Config`] names the key, the value and what is allowed.
    pub fn validate(&self) -> Result<(), Error> {
        for (key, value) in [("ngram", self.ngram), ("cjk_ngram", self.cjk_ngram)] {
            if !(1..=MAX_NGRAM).contains(&value) {
                return Err(Error::config(key, value, "a number from 1 to 1000"));
            }
        }
        if self.bands == 0 || self.rows == 0 || self.hashes() > MAX_HASHES {
            let value = format!("{} x {}", self.bands, self.rows);
            let allowed = "at least 1 each, and together at most 8192 MinHash values";
            return Err(Error::config("bands x rows", value, allowed));
        }
        if !(0.0..=1.0).contains(&self.min_similarity) {
            return Err(Error::config(
                "min_similarity",
                self.min_similarity,
                "a number from 0 to 1",
            ));
        }
        if self.max_cluster == 0 {
            return Err(Error::config("max_cluster", 0, "at least 1"));
        }
        if self.memory_limit.as_u64() < budget::LEAST {
            let least = "at least 512MiB";
            return Err(Error::config("memory_limit", self.memory_limit, least));
        }
        self.repetitions.validate()?;
        self.lines.validate()?;
        self.substrings.validate()
    }
}

/// The S-curve of the configured bands: the probability 1 - (1 - J^rows)^bands that a pair of
/// Jaccard similarity J becomes a candidate (Leskovec, Rajaraman and Ullman, *Mining of Massive
/// Datasets*, section 3.4). With `verify = "exact"` a candidate is then a near duplicate if and
/// only if J is at least `min_similarity`.
#[must_use]
pub fn candidate_probability(config: &Config, jaccard: f64) -> f64 {
    // Validated counts are at most 8192.
    let (bands, rows) = (config.bands as f64, config.rows as f64);
    1.0 - (1.0 - jaccard.powf(rows)).powf(bands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_s_curve_is_the_published_one() {
        let at = |jaccard| candidate_probability(&Config::default(), jaccard);
        // FineWeb, appendix E: 56.0%, 77.0%, 92.0%, 98.8% at 0.7, 0.75, 0.8, 0.85.
        for (jaccard, probability) in [(0.7, 0.56), (0.75, 0.77), (0.8, 0.92), (0.85, 0.988)] {
            assert!((at(jaccard) - probability).abs() < 0.006, "{jaccard}");
        }
    }

    #[test]
    fn bad_values_are_named() {
        let bad = [
            (
                Config {
                    ngram: 0,
                    ..Config::default()
                },
                "ngram",
            ),
            (
                Config {
                    bands: 0,
                    ..Config::default()
                },
                "bands",
            ),
            (
                Config {
                    bands: usize::MAX,
                    ..Config::default()
                },
                "bands",
            ),
            (
                Config {
                    min_similarity: f64::NAN,
                    ..Config::default()
                },
                "min_similarity",
            ),
            (
                Config {
                    min_similarity: 1.5,
                    ..Config::default()
                },
                "min_similarity",
            ),
        ];
        for (config, key) in bad {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
        Config::default().validate().unwrap();
    }
}
