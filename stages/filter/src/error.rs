//! What can be wrong with a filter's configuration and its models.

/// An error in the `[filter]` section, or in a model's file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A rule family that does not exist.
    #[error("filter.families: there is no family `{name}`; choose among {known}")]
    UnknownFamily {
        /// The name as written.
        name: String,
        /// The families that exist.
        known: String,
    },
    /// A rule that does not exist.
    #[error("{key}: there is no rule `{name}`; rules of that family: {known}")]
    UnknownRule {
        /// The configuration key.
        key: String,
        /// The name as written.
        name: String,
        /// The rules that exist.
        known: String,
    },
    /// A number outside the range in which the rule makes sense.
    #[error("{key}: {value} is not a limit; give a number of at least 0")]
    Limit {
        /// The configuration key.
        key: String,
        /// The value as written.
        value: f64,
    },
    /// More stop words than one document's bit set holds.
    #[error("{key}: {count} stop words; give at most 64, the commonest ones")]
    TooManyStopWords {
        /// The configuration key.
        key: String,
        /// How many there are.
        count: usize,
    },
    /// A model's file that cannot be read, written or used.
    #[error("{path}: {reason}")]
    Model {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A classifier that cannot be trained so.
    #[error("training a classifier: {reason}")]
    Training {
        /// What is wrong, and what to give instead.
        reason: String,
    },
}
