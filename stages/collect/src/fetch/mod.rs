//! Fetches pages politely, and writes what came as WARC.
//!
//! A source of the kind `web` names a list of addresses, a sitemap, a feed, a `robots.txt` with
//! sitemaps, or a page. The step `fetch` gets what is not there yet, and the step `read` reads
//! from what is there: without a network it gives the same rows again.

mod address;
mod cache;
mod client;
mod feeds;
mod fetcher;
mod hosts;
mod ledger;
mod links;
mod meta;
mod opt_out;
mod read;
mod retry;
mod robots;
mod seeds;
mod settings;
mod site;
mod warc;
mod work;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use textmill_schemas::{TaskContext, TaskReport};
use url::Url;

use crate::Error;
use crate::config::{Config, SourceConfig};
use crate::expand::expand;
use crate::listing::Source;
use crate::record::{Output, Settings, Stop};
use address::LookUp;
use cache::Cache;
use fetcher::Fetcher;
use read::Fetched;
use seeds::Seeds;
pub use settings::{FetchConfig, Refresh};
use work::Work;

/// The sources that are fetched.
pub(crate) struct Web {
    config: FetchConfig,
    /// When a feed's entry needs no page.
    full_chars: u64,
    folder: PathBuf,
    /// Their places among all sources.
    sources: Vec<usize>,
    look_up: LookUp,
    /// Made once, after the fetch.
    fetched: OnceLock<(Vec<Fetched>, Vec<Task>)>,
}

/// Some hosts of a source.
#[derive(Debug)]
struct Task {
    /// Place among the fetched sources.
    web: usize,
    units: Range<usize>,
}

impl Web {
    /// Checks the settings; `None` without a source to fetch.
    pub fn new(config: &Config, sources: &[Source]) -> Result<Option<Self>, Error> {
        config.fetch.check()?;
        let sources: Vec<usize> = (0..sources.len())
            .filter(|index| sources.get(*index).is_some_and(Source::is_fetched))
            .collect();
        let folder = expand(&config.fetch.folder, |name| std::env::var(name).ok());
        let folder = folder.map_err(|problem| Error::Setting {
            key: "fetch.folder",
            problem,
        })?;
        Ok((!sources.is_empty()).then_some(Self {
            config: config.fetch.clone(),
            full_chars: config.feed.full_chars,
            folder: folder.into(),
            sources,
            look_up: address::system,
            fetched: OnceLock::new(),
        }))
    }

    /// Hash of the lists of addresses and of what was fetched of them.
    pub fn hash(&self, sources: &[Source]) -> Result<String, Error> {
        let mut hasher = blake3::Hasher::new();
        for (index, source) in self.sources(sources) {
            for part in [
                &source.config.name,
                &self.key(index, source)?,
                &self.cache(source).version()?,
            ] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The sources with their places.
    fn sources<'a>(&self, sources: &'a [Source]) -> impl Iterator<Item = (usize, &'a Source)> {
        let source = |index: &usize| Some((*index, sources.get(*index)?));
        self.sources.iter().filter_map(source)
    }

    /// What the addresses of a source are made from.
    fn key(&self, index: usize, source: &Source) -> Result<String, Error> {
        let mut key = match remote(source.path()) {
            Some(_) => source.path().to_owned(),
            None if source.is_feed() => {
                let mut hasher = blake3::Hasher::new();
                let files = feeds::files(source, index, &self.cache(source))?;
                files.iter().for_each(|found| found.hash(&mut hasher));
                hasher.finalize().to_hex().to_string()
            }
            None => hash(source)?,
        };
        if source.is_feed() {
            let SourceConfig {
                fetch, summaries, ..
            } = source.config;
            key += &format!(" {fetch:?} {summaries} {}", self.full_chars);
        }
        Ok(key)
    }

    fn cache(&self, source: &Source) -> Cache {
        Cache::new(&self.folder, &source.config.name)
    }

    /// Fetches all sources, one after another: hosts that they share are asked by one.
    pub fn fetch(
        &self,
        sources: &[Source],
        settings: &Settings,
        ctx: &TaskContext,
    ) -> Result<TaskReport, Error> {
        let fetcher = Fetcher::new(&self.config, self.look_up, ctx.cancel)?;
        if self.config.contact.is_empty() && !self.config.allow_private {
            ctx.progress.note(
                "collect.fetch.contact is empty: set it to an address or mailbox, so that sites can reach you",
            );
        }
        for (index, source) in self.sources(sources) {
            let cache = self.cache(source);
            let _lock = cache.lock()?;
            let work = Work {
                fetcher: &fetcher,
                cache: &cache,
                name: &source.config.name,
                progress: ctx.progress,
            };
            let other = self.gather((index, source), settings, &work)?;
            let changed = work.all(&cache.addresses()?.units())?;
            cache.put_state(changed || other)?;
        }
        let mut report = TaskReport::default();
        let counts = &fetcher.counts;
        for (name, count) in [
            ("fetch_requests", &counts.requests),
            ("fetch_bytes", &counts.bytes),
            ("fetch_pages", &counts.pages),
            ("fetch_not_modified", &counts.unchanged),
        ] {
            let count = count.load(Ordering::Relaxed);
            report.stats.insert(name.to_owned(), count.into());
        }
        Ok(report)
    }

    /// Finds the addresses of a source, unless they are known; says whether they are others now.
    fn gather(
        &self,
        (index, source): (usize, &Source),
        settings: &Settings,
        work: &Work,
    ) -> Result<bool, Error> {
        let key = self.key(index, source)?;
        let old = work.cache.addresses()?;
        let known = old.key == key;
        let holds = match self.config.refresh {
            Refresh::Never => known,
            Refresh::Failed => known && old.seeds.iter().all(|(seed, _)| seed.problem.is_none()),
            Refresh::Conditional => false,
        };
        if holds {
            return Ok(false);
        }
        let mut seeds = Seeds::new(self.config.max_urls);
        let came = match source.is_feed() {
            true => feeds::gather((index, source), &mut seeds, settings, work)?,
            false => lists(source, &mut seeds, work)?,
        };
        // A list that fails for once does not empty the source.
        let Some(other) = came.or((!known).then_some(false)) else {
            return Ok(false);
        };
        let changed = work.cache.put_addresses(&key, &seeds.found)?;
        // Of another list the hash says it already.
        Ok((changed || other) && known)
    }

    fn fetched(
        &self,
        sources: &[Source],
        task_bytes: u64,
    ) -> Result<&(Vec<Fetched>, Vec<Task>), Error> {
        if let Some(fetched) = self.fetched.get() {
            return Ok(fetched);
        }
        let (mut all, mut tasks) = (Vec::new(), Vec::new());
        for (web, (index, source)) in self.sources(sources).enumerate() {
            let cache = self.cache(source);
            let feeds = feeds::files(source, index, &cache)?;
            let fetched = Fetched::open(cache, feeds)?;
            let task_bytes = match source.config.limit {
                Some(_) => u64::MAX,
                None => task_bytes,
            };
            let cut = cut(&fetched, task_bytes)?;
            tasks.extend(cut.into_iter().map(|units| Task { web, units }));
            all.push(fetched);
        }
        Ok(self.fetched.get_or_init(|| (all, tasks)))
    }

    /// Number of tasks that read what was fetched.
    pub fn tasks(&self, sources: &[Source], task_bytes: u64) -> Result<usize, Error> {
        Ok(self.fetched(sources, task_bytes)?.1.len())
    }

    /// The source that a task reads, and a function that reads it.
    pub fn task<'a>(
        &'a self,
        sources: &'a [Source],
        task_bytes: u64,
        rank: usize,
    ) -> Result<Option<Reading<'a>>, Error> {
        let (fetched, tasks) = self.fetched(sources, task_bytes)?;
        let found = tasks.get(rank).and_then(|task| {
            let fetched = fetched.get(task.web)?;
            let source = sources.get(*self.sources.get(task.web)?)?;
            Some(Reading {
                fetched,
                source,
                units: task.units.clone(),
            })
        });
        Ok(found)
    }
}

/// A task that reads what was fetched.
pub(crate) struct Reading<'a> {
    fetched: &'a Fetched,
    /// The source.
    pub source: &'a Source,
    units: Range<usize>,
}

impl Reading<'_> {
    /// Reads it.
    pub fn read(&self, settings: &Settings, out: &mut impl Output) -> Result<(), Stop> {
        self.fetched
            .read(self.units.clone(), self.source, settings, out)
    }
}

/// The address that a path is.
pub(crate) fn remote(path: &str) -> Option<Url> {
    let url = Url::parse(path).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Gathers the addresses of a list, and of those that it leads to; `None` if there are none.
fn lists(source: &Source, seeds: &mut Seeds, work: &Work) -> Result<Option<bool>, Error> {
    let mut other = work.other("_lists")?;
    let (lists, may_be_page) = match remote(source.path()) {
        Some(url) => (vec![url], true),
        None => (seeds.local(Path::new(source.path()))?, false),
    };
    let result = seeds.remote(lists, may_be_page, work.fetcher, &mut other);
    other.finish()?;
    result?;
    let has_any = seeds.found.iter().any(|seed| seed.problem.is_none());
    Ok(has_any.then_some(false))
}

/// Hash of a local list.
fn hash(source: &Source) -> Result<String, Error> {
    let path = source.path();
    let list = Path::new(path);
    let mut hasher = blake3::Hasher::new();
    let read = std::fs::File::open(list).and_then(|file| hasher.update_reader(file).map(|_| ()));
    read.map_err(|error| {
        let problem = format!(
            "`{path}`: {error}; `path` of a source of the kind `web` is an address, or a file with addresses"
        );
        Error::source(&source.config.name, problem)
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Cuts hosts into runs of about `task_bytes`; at least one, for what is no address.
fn cut(fetched: &Fetched, task_bytes: u64) -> Result<Vec<Range<usize>>, Error> {
    let mut tasks = Vec::new();
    let (mut start, mut sum) = (0, 0_u64);
    for (index, unit) in fetched.units.iter().enumerate() {
        let bytes = fetched.bytes(unit)?;
        if index > start && sum + bytes > task_bytes {
            tasks.push(start..index);
            (start, sum) = (index, 0);
        }
        sum += bytes;
    }
    tasks.push(start..fetched.units.len());
    Ok(tasks)
}

/// Reads a `robots.txt` and asks it, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_robots(data: &[u8]) {
    let (text, path) = data.split_at(data.len() / 2);
    let robots = robots::Robots::parse(text);
    let path = String::from_utf8_lossy(path);
    let _ = (
        robots.allows("textmill", &path),
        robots.crawl_delay("textmill"),
    );
    let _ = opt_out::Reservations::parse(text).reserves(&path);
}

/// Reads a list of addresses, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_sitemap(data: &[u8]) {
    if let Ok(url) = Url::parse("https://a.example/") {
        let found = links::find(data, &url, 100);
        assert!(!matches!(found, links::Links::Pages(pages) if pages.len() > 100));
    }
    let opt_out = opt_out::OptOut::new(&FetchConfig::default());
    let _ = opt_out.find(std::iter::empty(), data, false);
}

#[cfg(test)]
mod tests;
