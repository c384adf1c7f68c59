//! Errors of reading that have a rule of their own.

use std::io;

/// Why the bytes of a member of an archive or of an object in a store end early.
///
/// Travels inside an [`io::Error`] through the decoders of the standard library's form.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Broken {
    /// Rule of the dropped row.
    pub rule: &'static str,
    /// What happened.
    pub detail: String,
}

impl Broken {
    /// Wraps a rule and what happened into an error of reading.
    pub fn error(rule: &'static str, detail: impl Into<String>) -> io::Error {
        let detail = detail.into();
        io::Error::other(Self { rule, detail })
    }

    /// What was wrapped, if this error is one of ours.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}
