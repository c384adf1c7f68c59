//! Apache Parquet.

use textmill_schemas::Reason;

use crate::input::Input;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads a table.
pub(crate) fn read(
    input: Box<dyn Input>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let _ = (input, settings);
    out.reject(file.dropped(Place::default(), None, Reason::new("collect.media_type")))
}
