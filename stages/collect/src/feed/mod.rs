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

pub(crate) use entry::{Entry, Found, Info, NO_CONTENT};

use std::collections::HashSet;
use std::io::Cursor;

use textmill_schemas::Reason;

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// The addresses of a feed's entries, in order, each once; at most `limit`.
pub(crate) fn links(bytes: &[u8], limit: usize) -> Vec<String> {
    let Ok(mut stream) = Stream::open(Box::new(Cursor::new(bytes.to_vec()))) else {
        return Vec::new();
    };
    let (mut links, mut seen) = (Vec::new(), HashSet::new());
    let mut take = |found: Found| {
        let link = found.entry.ok().and_then(|entry| entry.link);
        links.extend(link.filter(|link| seen.insert(link.clone())));
        match links.len() < limit {
            true => Ok(()),
            false => Err(Stop::Full),
        }
    };
    // What cannot be read gives no address.
    let _ = match bytes.trim_ascii_start().starts_with(b"{") {
        true => json::entries(&mut stream, u64::MAX, &mut take),
        false => xml::entries(&mut stream, u64::MAX, &mut take),
    };
    links
}

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
