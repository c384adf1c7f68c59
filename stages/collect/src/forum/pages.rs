//! Saved pages of forums.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads a page.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
