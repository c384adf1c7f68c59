//! Errors of reading an object.

use std::io;

/// Why the bytes of an object end early. Travels inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Whether the object is no longer the one that was opened.
    pub changed: bool,
    /// What happened.
    pub detail: String,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ReadError {}

impl ReadError {
    pub(crate) fn unreadable(detail: impl Into<String>) -> io::Error {
        let detail = detail.into();
        let changed = false;
        Self { changed, detail }.into()
    }

    /// What was wrapped, if this error is one of these.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        Self::other(error)
    }
}
