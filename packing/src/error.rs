//! What can be wrong with a mixture or a packing.

/// Errors name the key, its value and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A weight that is no weight.
    #[error("`mixture.{key}` is {value}; weights are 0 or more, and at most {most}")]
    Weight {
        /// The key, such as `sources.news`.
        key: String,
        /// The weight.
        value: f64,
        /// The greatest weight.
        most: f64,
    },
    /// A weight for something that the training shards do not hold.
    #[error("`mixture.{part}`: no training document has the {what} `{name}`{nearest}")]
    Unknown {
        /// `sources` or `languages`.
        part: &'static str,
        /// source or language.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The nearest name that there is, as half a sentence.
        nearest: String,
    },
    /// All weights are 0.
    #[error("`mixture` leaves no training document: every group has the weight 0")]
    Nothing,
    /// Rows without room.
    #[error("a context of 0 tokens holds nothing; give one of 1 or more")]
    NoContext,
    /// More than rows can tell apart.
    #[error("packing = \"best_fit\": {what} is beyond {most}; use packing = \"concatenate\"")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// As much as there may be.
        most: u64,
    },
}
