//! Objects of a store as files of a source.

use std::io::{self, Read, Seek, SeekFrom};

use textmill_schemas::Reason;
use textmill_storage::{ReadError, Remote};

use crate::input::{Broken, Damage, Input};

pub(crate) use textmill_storage::{Listed, Object, is_address, list};

/// Rule for an object that is not what it was.
const CHANGED: &str = "collect.changed";

/// Opens an object by its address, to be read from any place.
pub(crate) fn open(url: &str) -> Result<Box<dyn Input>, Reason> {
    opened(textmill_storage::open(url))
}

/// Opens an object of a listing: another content under its key is an error of reading.
pub(crate) fn open_listed(
    url: &str,
    size: u64,
    e_tag: Option<String>,
) -> Result<Box<dyn Input>, Reason> {
    opened(textmill_storage::open_listed(url, size, e_tag))
}

fn opened(remote: Result<Remote, String>) -> Result<Box<dyn Input>, Reason> {
    match remote {
        Ok(remote) => Ok(Box::new(Ruled(remote))),
        Err(problem) => Err(Reason::new(Damage::UNREADABLE).detail(problem)),
    }
}

/// An object whose errors of reading name their rule.
struct Ruled(Remote);

fn ruled(error: io::Error) -> io::Error {
    match ReadError::of(&error) {
        Some(found) if found.changed => Broken::error(CHANGED, &found.detail),
        Some(found) => Broken::error(Damage::UNREADABLE, &found.detail),
        None => error,
    }
}

impl Read for Ruled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(ruled)
    }
}

impl Seek for Ruled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
