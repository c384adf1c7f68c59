//! What can be wrong with what is to be compared.

use thiserror::Error;

/// Why there is no score.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Error {
    /// Nothing to score.
    #[error("there is nothing to score: no hypotheses")]
    Empty,
    /// Nothing to compare with.
    #[error("there are no references to compare with")]
    NoReferences,
    /// Lists that should go together and do not.
    #[error("{hypotheses} hypotheses, but {references} references in list {list} of them")]
    Lengths {
        /// Number of hypotheses.
        hypotheses: usize,
        /// Number of references.
        references: usize,
        /// Which list of references, from 1.
        list: usize,
    },
    /// A class that was not declared.
    #[error("`{0}` is none of the classes")]
    Class(String),
    /// A name that nothing has.
    #[error("`{name}` is no {what}; there are: {known}")]
    Unknown {
        /// What kind of thing was named.
        what: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        known: &'static str,
    },
}

/// Refuses lists of references that do not fit the hypotheses.
pub(crate) fn check<R: AsRef<str>>(hypotheses: usize, references: &[&[R]]) -> Result<(), Error> {
    if hypotheses == 0 {
        return Err(Error::Empty);
    }
    if references.is_empty() {
        return Err(Error::NoReferences);
    }
    match references.iter().position(|list| list.len() != hypotheses) {
        None => Ok(()),
        Some(at) => Err(Error::Lengths {
            hypotheses,
            references: references.get(at).map_or(0, |list| list.len()),
            list: at + 1,
        }),
    }
}
