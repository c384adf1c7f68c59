//! Sources of the kind `feed` that are fetched: entries with a full text are rows as they stand,
//! the pages of the others are fetched.

use std::collections::HashSet;
use std::path::Path;

use textmill_schemas::{Cancelled, Dropped, RawDocument};
use url::Url;

use super::cache::Cache;
use super::seeds::{Seeds, list};
use super::work::Work;
use super::{Refresh, remote};
use crate::Error;
use crate::feed::NO_CONTENT;
use crate::listing::{Found, Source, found};
use crate::reader::read_file;
use crate::record::{Output, Settings, Stop};

/// The feeds of a source: files of its path, or the one that was fetched. `index` is the source's
/// place.
pub(crate) fn files(source: &Source, index: usize, cache: &Cache) -> Result<Vec<Found>, Error> {
    if !source.is_feed() {
        return Ok(Vec::new());
    }
    let Some(address) = remote(source.path()) else {
        return source.list(index);
    };
    let feed = cache.feed(&address);
    let name = Path::new("feed").to_path_buf();
    let metadata = feed.metadata().ok();
    let found = metadata.map(|metadata| found(index, &feed, name, Ok(&metadata)));
    Ok(found.into_iter().collect())
}

/// Reads feeds into rows.
pub(crate) fn read(
    files: &[Found],
    source: &Source,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    for found in files {
        out.check()?;
        out.count("files");
        read_file(found, &found.file(source), settings, out)?;
    }
    Ok(())
}

/// Gathers the addresses of entries without a full text; fetches the feed before, if it has an
/// address. Says whether that brought another feed, or `None` where it brought none.
pub(crate) fn gather(
    (index, source): (usize, &Source),
    seeds: &mut Seeds,
    settings: &Settings,
    work: &Work,
) -> Result<Option<bool>, Error> {
    let mut changed = false;
    if let Some(url) = remote(source.path()) {
        match fetch(&url, seeds, work)? {
            Some(other) => changed = other,
            None => return Ok(None),
        }
    }
    if !source.fetches_entries() {
        return Ok(Some(changed));
    }
    let mut links = Links {
        seeds,
        seen: HashSet::new(),
        work,
    };
    match read(
        &files(source, index, work.cache)?,
        source,
        settings,
        &mut links,
    ) {
        Ok(()) | Err(Stop::Full) => Ok(Some(changed)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Fetches a feed, unless it is there and shall not be asked for again.
fn fetch(url: &Url, seeds: &mut Seeds, work: &Work) -> Result<Option<bool>, Error> {
    let again = work.fetcher.config.refresh == Refresh::Conditional;
    if !again && work.cache.feed(url).exists() {
        return Ok(Some(false));
    }
    let mut other = work.other("_lists")?;
    let fetched = list(url, work.fetcher, &mut other);
    other.finish()?;
    match fetched? {
        Ok((_, feed)) => Ok(Some(work.cache.put_feed(url, &feed)?)),
        // What is there is better than nothing.
        Err(_) if work.cache.feed(url).exists() => Ok(Some(false)),
        Err(reason) => {
            seeds.problem(url.as_str(), reason);
            Ok(None)
        }
    }
}

/// Takes of the rows of feeds the addresses whose pages are missing.
struct Links<'a> {
    seeds: &'a mut Seeds,
    seen: HashSet<String>,
    work: &'a Work<'a>,
}

impl Output for Links<'_> {
    fn keep(&mut self, _document: RawDocument) -> Result<(), Stop> {
        Ok(())
    }

    fn reject(&mut self, dropped: Dropped) -> Result<(), Stop> {
        if dropped.rule != NO_CONTENT {
            return Ok(());
        }
        // Each entry has its row already, also those that lead to the same page.
        if let Some(link) = dropped.url.filter(|link| self.seen.insert(link.clone())) {
            self.seeds.add(&link);
        }
        match self.seeds.too_many {
            true => Err(Stop::Full),
            false => Ok(()),
        }
    }

    fn count(&mut self, _what: &'static str) {}

    fn check(&self) -> Result<(), Stop> {
        match self.work.fetcher.is_cancelled() {
            true => Err(Stop::Failed(Error::Cancelled(Cancelled))),
            false => Ok(()),
        }
    }
}
