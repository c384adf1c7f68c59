//! Decompressed bytes of a file, with the place of each in the file.

mod broken;
mod bytes;
mod bzip2;
mod forward;
mod gzip;
mod layer;
mod members;
mod stream;
mod text;
mod zstandard;

pub(crate) use broken::Broken;
pub(crate) use forward::Forward;
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
    /// Offset in the file of the member (of gzip, Zstandard or bzip2) concerned; 0 without one.
    pub member: u64,
}

impl Damage {
    /// The compressed bytes end too early.
    pub const TRUNCATED: &'static str = "collect.truncated";
    /// The compressed bytes are wrong.
    pub const CORRUPT: &'static str = "collect.corrupt";
    /// The operating system refuses.
    pub const UNREADABLE: &'static str = "collect.unreadable";

    /// More content than the compressed bytes of an honest file give.
    pub const BOMB: &'static str = "collect.bomb";

    /// The rule for an error of reading: its own if it has one.
    pub fn rule(error: &std::io::Error, rule: &'static str) -> &'static str {
        Broken::of(error).map_or(rule, |broken| broken.rule)
    }

    /// The reason of the dropped row.
    pub fn reason(&self) -> Reason {
        Reason::new(self.rule).detail(self.detail.clone())
    }
}
