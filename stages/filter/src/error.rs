//! What can be wrong with a filter configuration, and with the files that it names.

use std::path::PathBuf;

/// An error in the `[filter]` section, or in a file that it names.
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
    /// A list that cannot be read.
    #[error("{}: cannot be read: {message}; give a list file or a folder of lists", path.display())]
    List {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// A file that cannot be read.
    #[error("{path}: {message}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// A line of a list that is no entry.
    #[error("{}, line {line}: `{text}` is no {expected}; mend or remove the line", path.display())]
    ListLine {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// The line, cut to 80 characters.
        text: String,
        /// What a line must be.
        expected: &'static str,
    },
    /// A fastText model that cannot be read, written or used.
    #[error("{path}: {reason}")]
    FastText {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A classifier that cannot be trained so.
    #[error("training a classifier: {reason}")]
    Classifier {
        /// What is wrong, and what to give instead.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("{path} cannot be written: {message}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// A perplexity model that is damaged or none.
    #[error("{path}: {problem}", path = path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A mistake in a model in ARPA form.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Arpa {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Options or texts from which no perplexity model can be trained.
    #[error("training of a perplexity model: {problem}")]
    Training {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A mistake in an evaluation set.
    #[error("{path}:{line}: {problem}", path = path.display())]
    EvaluationSet {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, and what to do.
        problem: String,
    },
    /// Options of decontamination that make no sense.
    #[error("decontamination: {problem}")]
    Decontamination {
        /// What is wrong, and what to do.
        problem: String,
    },
}
