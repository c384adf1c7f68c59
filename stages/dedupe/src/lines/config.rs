use serde::{Deserialize, Serialize};

use crate::Error;

/// The step `boilerplate` holds this many occurrences of a unit at most.
const MAX_DOCUMENTS: u64 = 1_000_000;

/// The `[dedupe.lines]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Cut out lines or paragraphs that many documents share, or that one repeats.
    pub enabled: bool,
    /// What is compared.
    pub unit: Unit,
    /// A unit in at least this many documents is boilerplate. CCNet's is 2, for which a quotation
    /// suffices; what a site puts on its pages it puts on more than ten.
    pub min_documents: u64,
    /// Leave a unit of boilerplate in the first document that has it.
    pub keep_first: bool,
    /// Cut out repeats of a unit within one document; the first stays.
    pub within: bool,
    /// Units of fewer words (characters in scripts written without spaces) stay: `}`, `Yes`,
    /// `See also`, `Chapter 1` recur because there is no other way to say it, and text falls apart
    /// without them.
    pub min_words: usize,
    /// Compare all digits as one, as CCNet does: finds "3 comments" and "5 comments", but also
    /// rows of different numbers.
    pub fold_digits: bool,
    /// Documents of which less than this share of the characters is left are dropped. By default
    /// a fifth: what is left of a document that is mostly boilerplate is fragments.
    pub min_left: f64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Lines.
    #[default]
    Line,
    /// Lines between blank lines.
    Paragraph,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            unit: Unit::default(),
            min_documents: 10,
            keep_first: true,
            within: true,
            min_words: 4,
            fold_digits: false,
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
        if !(2..=MAX_DOCUMENTS).contains(&self.min_documents) {
            let allowed = "a number from 2 to 1000000";
            return Err(Error::config(
                "lines.min_documents",
                self.min_documents,
                allowed,
            ));
        }
        if !(0.0..=1.0).contains(&self.min_left) {
            let allowed = "a number from 0 to 1";
            return Err(Error::config("lines.min_left", self.min_left, allowed));
        }
        Ok(())
    }
}
