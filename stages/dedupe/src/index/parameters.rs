//! What hashes and signatures depend on, as it stands in the metadata of each shard.

use std::fmt::Display;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::IndexError;
use crate::Config;

/// The key under which a shard's metadata hold its [`Parameters`], as JSON.
pub const PARAMETERS_KEY: &str = "textmill.dedupe";

/// Version of the normal form, of the canonical address and of the ways to hash: to be raised with
/// each change that gives a text another hash or signature.
pub const NORMAL_FORM: u32 = 1;

/// What must be equal for two entries to be comparable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// [`NORMAL_FORM`] of the program that wrote the entries.
    pub normal_form: u32,
    /// Whether the entries have signatures at all: `near` of the configuration.
    pub near: bool,
    /// Words in a shingle.
    pub ngram: usize,
    /// Characters in a shingle of a script without spaces.
    pub cjk_ngram: usize,
    /// Bands of a signature.
    pub bands: usize,
    /// Rows of a band.
    pub rows: usize,
    /// Seed of the hash functions.
    pub seed: u64,
}

impl Parameters {
    /// Those that a configuration gives.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            normal_form: NORMAL_FORM,
            near: config.near,
            ngram: config.ngram,
            cjk_ngram: config.cjk_ngram,
            bands: config.bands,
            rows: config.rows,
            seed: config.seed,
        }
    }

    /// Number of values in a signature, where there is one.
    #[must_use]
    pub fn hashes(&self) -> usize {
        self.bands.saturating_mul(self.rows)
    }

    /// Parses what a shard's metadata hold, and checks that a configuration may hold it.
    pub(super) fn parse(json: Option<&str>, shard: &Path) -> Result<Self, IndexError> {
        let parsed = match json {
            Some(json) => serde_json::from_str(json).map_err(|error| error.to_string()),
            None => Err("missing".to_owned()),
        };
        let checked = parsed.and_then(|parameters: Self| match parameters.config().validate() {
            Ok(()) => Ok(parameters),
            Err(error) => Err(format!("wrong: {error}")),
        });
        checked.map_err(|what| IndexError::Metadata {
            path: shard.to_path_buf(),
            what,
        })
    }

    /// The defaults with these values.
    fn config(&self) -> Config {
        Config {
            near: self.near,
            ngram: self.ngram,
            cjk_ngram: self.cjk_ngram,
            bands: self.bands,
            rows: self.rows,
            seed: self.seed,
            ..Config::default()
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Whether entries with these parameters, those of `shard`, can be compared with what has the
    /// parameters `wanted`. Signatures that nobody asks for are no obstacle.
    pub(super) fn check(&self, shard: &Path, wanted: &Self, other: &str) -> Result<(), IndexError> {
        let numbers = |of: &Self| {
            [
                ("normal_form", u64::from(of.normal_form)),
                ("ngram", of.ngram as u64),
                ("cjk_ngram", of.cjk_ngram as u64),
                ("bands", of.bands as u64),
                ("rows", of.rows as u64),
                ("seed", of.seed),
            ]
        };
        let differ = |key: &str, found: &dyn Display, wanted: &dyn Display| {
            let mend = match key {
                "normal_form" => "write the index again with this program".to_owned(),
                _ => format!("set [dedupe] {key} = {found} there, or write the index again"),
            };
            Err(IndexError::Parameters {
                path: shard.to_path_buf(),
                difference: format!("{key} = {found}, but {other} has {wanted}"),
                mend,
            })
        };
        for ((key, found), (_, wanted)) in numbers(self).into_iter().zip(numbers(wanted)) {
            if found != wanted {
                return differ(key, &found, &wanted);
            }
        }
        if wanted.near && !self.near {
            return differ("near", &false, &true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_back_and_differences_are_named() {
        let config = Config::default();
        let made = Parameters::of(&config);
        let shard = Path::new("a/part-00000.parquet");
        assert_eq!(
            Parameters::parse(Some(&made.to_json()), shard).unwrap(),
            made
        );
        made.check(shard, &made, "itself").unwrap();
        for (key, other) in [
            (
                "ngram = 5",
                Config {
                    ngram: 6,
                    ..config.clone()
                },
            ),
            (
                "cjk_ngram = 5",
                Config {
                    cjk_ngram: 6,
                    ..config.clone()
                },
            ),
            (
                "bands = 14",
                Config {
                    bands: 20,
                    ..config.clone()
                },
            ),
            (
                "rows = 8",
                Config {
                    rows: 20,
                    ..config.clone()
                },
            ),
            (
                "seed = 0",
                Config {
                    seed: u64::MAX,
                    ..config.clone()
                },
            ),
        ] {
            let wanted = Parameters::of(&other);
            let error = made.check(shard, &wanted, "the configuration").unwrap_err();
            let error = error.to_string();
            let mend = format!("set [dedupe] {key} there");
            assert!(
                error.contains(&format!("made with {key}, but the configuration has")),
                "{error}"
            );
            assert!(
                error.starts_with("a/part-00000.parquet: ") && error.contains(&mend),
                "{error}"
            );
        }
    }

    #[test]
    fn only_signatures_asked_for_must_be_there() {
        let with = Parameters::of(&Config::default());
        let without = Parameters {
            near: false,
            ..with.clone()
        };
        let shard = Path::new("x");
        with.check(shard, &without, "the configuration").unwrap();
        let error = without
            .check(shard, &with, "the configuration")
            .unwrap_err();
        assert!(error.to_string().contains("near = false"), "{error}");
    }

    #[test]
    fn other_metadata_are_refused_by_name() {
        let huge = Parameters {
            bands: 1 << 40,
            ..Parameters::of(&Config::default())
        };
        let error = Parameters::parse(Some(&huge.to_json()), Path::new("x.parquet")).unwrap_err();
        assert!(error.to_string().contains("bands"), "{error}");
        for json in [
            None,
            Some(""),
            Some("{}"),
            Some("{\"normal_form\":1,\"new\":2}"),
        ] {
            let error = Parameters::parse(json, Path::new("x.parquet")).unwrap_err();
            assert!(error.to_string().contains("x.parquet"), "{error}");
        }
    }
}
