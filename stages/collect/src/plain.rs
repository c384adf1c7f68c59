//! Files that are one document: web pages, plain text, Markdown.

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Reads a whole file as one document of this media type.
pub(crate) fn read(
    stream: &mut Stream,
    size: u64,
    media_type: &str,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let place = Place::default();
    let limit = settings.max_record;
    // A compressed file is as large as it turns out to be.
    let known = if stream.is_compressed() { 0 } else { size };
    let body = if known > limit {
        Err(too_large(known, limit))
    } else {
        match stream.read_all(limit) {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(too_large(limit + 1, limit)),
            Err(damage) => Err(damage.reason()),
        }
    };
    match body {
        Ok(body) if body.is_empty() => {
            out.reject(file.dropped(place, None, Reason::new("collect.empty")))
        }
        Ok(body) => {
            let mut row = file.document(place);
            media_type.clone_into(&mut row.media_type);
            row.charset.clone_from(&file.source.config.charset);
            row.body = body;
            out.keep(row)
        }
        Err(reason) => out.reject(file.dropped(place, None, reason)),
    }
}
