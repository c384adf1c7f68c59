//! Values separated by commas or tabs.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// What separates values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    Comma,
    Tab,
}

/// Reads a table.
pub(crate) fn read(
    stream: &mut Stream,
    separator: Separator,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (stream, separator, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
