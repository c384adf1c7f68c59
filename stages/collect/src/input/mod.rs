//! Decompressed bytes of a file, with the place of each in the file.

mod gzip;
mod stream;
mod text;

pub(crate) use stream::{Line, Stream};
pub(crate) use text::{Mark, TextStream};

use textmill_schemas::Reason;

/// Bytes that can be read from any place: a file, or memory in tests.
pub(crate) trait Input: std::io::Read + std::io::Seek + Send {}

impl<T: std::io::Read + std::io::Seek + Send> Input for T {}

/// Why the bytes of a file end early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Rule of the dropped row.
    pub rule: &'static str,
    /// What happened, with the offset in the file.
    pub detail: String,
    /// Offset in the file of the gzip member concerned; 0 without gzip.
    pub member: u64,
}

impl Damage {
    /// The compressed bytes end too early.
    const TRUNCATED: &'static str = "collect.truncated";
    /// The compressed bytes are wrong.
    const CORRUPT: &'static str = "collect.corrupt";
    /// The operating system refuses.
    const UNREADABLE: &'static str = "collect.unreadable";

    /// The reason of the dropped row.
    pub fn reason(&self) -> Reason {
        Reason::new(self.rule).detail(self.detail.clone())
    }
}
