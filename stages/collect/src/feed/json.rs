//! JSON Feed.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Whether bytes begin like a JSON Feed.
pub(crate) fn begins(head: &[u8]) -> bool {
    let _ = head;
    false
}

/// Reads a feed.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
