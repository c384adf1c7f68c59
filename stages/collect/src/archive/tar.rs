//! TAR.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads an archive.
pub(crate) fn read(
    stream: Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
