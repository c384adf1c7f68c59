//! Posts and comments as JSON lines, of the Reddit type.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Whether JSON lines begin like such posts or comments.
pub(crate) fn begins(head: &[u8]) -> bool {
    let _ = head;
    false
}

/// Reads a dump.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
