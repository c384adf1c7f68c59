//! Stack Exchange dumps.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Whether a text begins like a table of a Stack Exchange dump: `<posts>`, `<comments>`, `<users>` and so on.
pub(crate) fn begins(start: &str) -> bool {
    let _ = start;
    false
}

/// Reads a table of a dump.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
