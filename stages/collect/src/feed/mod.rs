//! News and blogs: RSS, Atom, CDF, JSON Feed.

mod capture;
mod config;
pub(crate) mod date;
mod entry;
pub(crate) mod json;
mod names;
mod parser;
mod scan;
mod slot;
mod value;
mod window;
pub(crate) mod xml;

pub use config::FeedConfig;

pub(crate) use entry::{Entry, Found, Info};

use textmill_schemas::Reason;

use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Makes rows of what `entries` finds.
fn read<O: Output>(
    file: &FileRef,
    settings: &Settings,
    out: &mut O,
    entries: impl FnOnce(u64, &mut dyn FnMut(Found) -> Result<(), Stop>) -> Result<Info, Stop>,
) -> Result<(), Stop> {
    let mut rows = 0_u64;
    let info = entries(settings.max_record, &mut |found: Found| {
        out.check()?;
        rows += 1;
        let place = Place {
            offset: found.offset,
            ..Place::default()
        };
        match found.entry {
            Ok(entry) => match entry.row(
                file.document(place),
                file.source.config.summaries,
                &settings.feed,
            ) {
                Ok(row) => out.keep(row),
                Err((url, reason)) => out.reject(file.dropped(place, url, reason)),
            },
            Err(reason) => out.reject(file.dropped(place, None, reason)),
        }
    })?;
    if rows > 0 {
        return Ok(());
    }
    let title: String = info
        .title
        .iter()
        .flat_map(|title| title.chars())
        .take(200)
        .collect();
    let reason = Reason::new("collect.no_entries").detail(format!("the feed \"{title}\" has none"));
    out.reject(file.dropped(Place::default(), info.link, reason))
}
