//! The `[evaluate.masked]` section.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How a model that fills in masked tokens is measured: `[evaluate.masked]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MaskedConfig {
    /// Share of each document's tokens that are hidden for the masked loss; at least one is.
    pub share: f64,
    /// Documents whose pseudo-log-likelihood is measured at most, drawn evenly over the shards;
    /// 0 leaves the measurement out.
    pub pseudo_documents: u64,
    /// Their tokens at most: each costs a pass over its window. A document with more tokens than
    /// are left is passed over, so a small number favours short documents.
    pub pseudo_tokens: u64,
}

impl Default for MaskedConfig {
    fn default() -> Self {
        Self {
            share: 0.15,
            pseudo_documents: 200,
            pseudo_tokens: 20_000,
        }
    }
}

impl MaskedConfig {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        match self.share > 0.0 && self.share < 1.0 {
            true => Ok(()),
            false => Err(Error::Config(format!(
                "`masked.share` is {}; it must lie between 0 and 1, such as 0.15",
                self.share
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_more_than_nothing_and_less_than_all() {
        for (share, good) in [(0.0, false), (0.15, true), (1.0, false), (f64::NAN, false)] {
            let config = MaskedConfig {
                share,
                ..MaskedConfig::default()
            };
            let found = config.validate();
            assert_eq!(found.is_ok(), good, "{share}");
            if let Err(error) = found {
                assert!(error.to_string().contains("`masked.share`"), "{error}");
            }
        }
    }
}
