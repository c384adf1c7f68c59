use serde::{Deserialize, Serialize};

use crate::Error;

/// Removals carry their length in this many bits.
const MAX_TOKENS: usize = 1_000_000;

/// The `[dedupe.substrings]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Cut out what stands elsewhere word by word.
    pub enabled: bool,
    /// Length from which a repeated substring is cut, in words (or characters of scripts written
    /// without spaces). 50 is that of Lee et al. and of RefinedWeb, in subword tokens there.
    pub min_tokens: usize,
    /// What stays of a repeated substring.
    pub keep: Keep,
    /// Documents of which less than this share of the characters is left are dropped. By default
    /// a fifth: what is left of a document that is mostly copied is fragments.
    pub min_left: f64,
}

/// What stays of a repeated substring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Its first occurrence, by row and place.
    #[default]
    First,
    /// None of its occurrences, as in Lee et al.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            min_tokens: 50,
            keep: Keep::default(),
            min_left: 0.2,
        }
    }
}

impl Config {
    /// Checks each value.
    ///
    /// # Errors
    /// [`Error::Config`] names the key, the value and what is allowed.
    pub fn validate(&self) -> Result<(), Error> {
        if !(2..=MAX_TOKENS).contains(&self.min_tokens) {
            let allowed = "a number from 2 to 1000000";
            return Err(Error::config(
                "substrings.min_tokens",
                self.min_tokens,
                allowed,
            ));
        }
        if !(0.0..=1.0).contains(&self.min_left) {
            let allowed = "a number from 0 to 1";
            return Err(Error::config("substrings.min_left", self.min_left, allowed));
        }
        Ok(())
    }
}
