//! Fetches the addresses of a source: several hosts at a time, each by one thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use textmill_schemas::{Cancelled, Progress, Reason};
use url::Url;

use super::cache::{Cache, Unit};
use super::client::Exchange;
use super::fetcher::{Arrived, Fetcher, Sought, media_problem};
use super::ledger::{Ledger, Outcome, Page, Refusal};
use super::meta;
use super::settings::Refresh;
use super::warc::{self, Record};
use super::writer::Writer;
use crate::{Error, http};

/// Addresses of a host that may fail in a row before the rest is not asked.
const MAX_FAILURES: u32 = 5;

/// The work on one source.
pub(crate) struct Work<'a> {
    /// Who fetches.
    pub fetcher: &'a Fetcher<'a>,
    /// Where to.
    pub cache: &'a Cache,
    /// The source's name.
    pub name: &'a str,
    /// Where to report progress.
    pub progress: &'a dyn Progress,
}

impl Work<'_> {
    /// Fetches all hosts; says whether something that was there has changed.
    pub fn all(&self, units: &[Unit]) -> Result<bool, Error> {
        let total = units.iter().map(|unit| unit.addresses.len()).sum::<usize>();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (changed, failed) = (AtomicBool::new(false), Mutex::new(None));
        let step = || {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            self.progress
                .message(&format!("{}: {done} of {total} addresses", self.name));
        };
        let work = || {
            while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.unit(unit, &step) {
                    Ok(unit_changed) => {
                        changed.fetch_or(unit_changed, Ordering::Relaxed);
                    }
                    Err(error) => {
                        // The others end with the host at hand.
                        next.store(units.len(), Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.fetcher.config.hosts_at_once.min(units.len()) {
                scope.spawn(work);
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(changed.into_inner()),
        }
    }

    /// Opens the files for what is no page.
    pub fn other(&self, unit: &str) -> Result<Writer, Error> {
        let config = self.fetcher.config;
        let agent = config.full_user_agent();
        // All that a killed run has written is of use.
        Writer::open(&self.cache.other(), unit, &agent, config.warc_bytes, |_| {
            Some(u64::MAX)
        })
    }

    fn unit(&self, unit: &Unit, step: &impl Fn()) -> Result<bool, Error> {
        let config = self.fetcher.config;
        let mut ledger = Ledger::read(&self.cache.ledger(&unit.name))?;
        let folder = self.cache.pages();
        let agent = config.full_user_agent();
        let end_of = |file: &str| ledger.end_of(file);
        let pages = Writer::open(&folder, &unit.name, &agent, config.warc_bytes, end_of)?;
        ledger.check(&folder);
        let mut host = Host {
            fetcher: self.fetcher,
            pages,
            other: self.other(&unit.name)?,
            ledger,
            failures: 0,
            last: None,
        };
        let mut changed = false;
        let mut result = Ok(());
        for (address, _) in &unit.addresses {
            match host.address(address) {
                Ok(replaced) => changed |= replaced,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
            step();
        }
        // Also after an error: what has come is not fetched again.
        host.pages.finish()?;
        host.other.finish()?;
        host.ledger.sync()?;
        result.map(|()| changed)
    }
}

/// The work on one host.
struct Host<'a> {
    fetcher: &'a Fetcher<'a>,
    pages: Writer,
    other: Writer,
    ledger: Ledger,
    /// Addresses that failed in a row.
    failures: u32,
    /// The reason of the last of them.
    last: Option<Refusal>,
}

impl Host<'_> {
    /// Brings an address up to date; says whether another outcome was replaced.
    fn address(&mut self, address: &str) -> Result<bool, Error> {
        if self.fetcher.is_cancelled() {
            return Err(Error::Cancelled(Cancelled));
        }
        let known = self.ledger.get(address).map(|(outcome, _)| outcome.clone());
        let stored = match (known, self.fetcher.config.refresh) {
            (Some(_), Refresh::Never) | (Some(Outcome::Page(_)), Refresh::Failed) => {
                return Ok(false);
            }
            (Some(Outcome::Page(page)), Refresh::Conditional) => Some(page),
            _ => None,
        };
        let outcome = match Url::parse(address) {
            _ if self.failures >= MAX_FAILURES => self.not_asked(stored),
            Ok(url) => self.fetch(&url, stored)?,
            Err(error) => {
                let reason = Reason::new("collect.invalid_address").detail(error.to_string());
                Outcome::Dropped(reason.into())
            }
        };
        if let Outcome::Dropped(refusal) = &outcome {
            let detail = refusal.detail.as_deref().unwrap_or_default();
            let time = jiff::Timestamp::now();
            let record = Record::failure(address, &refusal.rule, detail, time);
            self.other.write(&[record])?;
        }
        self.ledger.put(address, outcome)
    }

    /// The outcome on a host that did not answer several times.
    fn not_asked(&self, stored: Option<Page>) -> Outcome {
        if let Some(page) = stored {
            return Outcome::Page(page);
        }
        let last = self.last.clone();
        let mut refusal = last.unwrap_or_else(|| Reason::new("collect.fetch_failed").into());
        let detail = refusal.detail.unwrap_or_default();
        refusal.detail = Some(format!(
            "not asked: the {MAX_FAILURES} addresses before it on this host failed ({detail})"
        ));
        Outcome::Dropped(refusal)
    }

    fn fetch(&mut self, url: &Url, stored: Option<Page>) -> Result<Outcome, Error> {
        let arrived = self
            .fetcher
            .follow(url, stored.as_ref(), Sought::Page, &mut self.other)?;
        let (reason, passing) = match (arrived, stored) {
            (Arrived::Answer(exchange), stored) => {
                self.failures = 0;
                return self.page(&exchange, stored);
            }
            (Arrived::NotModified(exchange), Some(page)) => {
                self.failures = 0;
                return self.unchanged(&exchange, page, true);
            }
            (Arrived::NotModified(_), None) => {
                let reason = Reason::new("collect.http_status").measured(304.0, 200.0);
                (reason, false)
            }
            // What is stored is better than nothing.
            (Arrived::Refused(_, true), Some(page)) => {
                self.failures += 1;
                return Ok(Outcome::Page(page));
            }
            (Arrived::Refused(reason, passing), _) => (reason, passing),
        };
        let refusal = Refusal::from(reason);
        self.failures = if passing { self.failures + 1 } else { 0 };
        self.last = passing.then(|| refusal.clone());
        Ok(Outcome::Dropped(refusal))
    }

    /// Stores a page, unless it is none, or asks to be kept out: then nothing of it is stored.
    fn page(&mut self, exchange: &Exchange, stored: Option<Page>) -> Result<Outcome, Error> {
        if let Some(essence) = media_problem(&exchange.headers) {
            self.fetcher.store(exchange, &mut self.other)?;
            let reason = Reason::new("collect.media_type").detail(essence);
            return Ok(Outcome::Dropped(reason.into()));
        }
        if let Some(ask) = self.opt_out(exchange)? {
            let reason = Reason::new("collect.opt_out").detail(ask);
            return Ok(Outcome::Dropped(reason.into()));
        }
        let digest = warc::digest(&[&exchange.body]);
        if let Some(page) =
            stored.filter(|page| page.digest == digest && page.url == exchange.url.as_str())
        {
            return self.unchanged(exchange, page, false);
        }
        let response = Record::response(exchange);
        let record = response.id.clone();
        let request = Record::request(exchange, &record);
        let written = self.pages.write(&[response, request])?;
        self.fetcher.counts.pages.fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::Page(Page {
            url: exchange.url.to_string(),
            file: written.file,
            offset: written.offset,
            end: written.end,
            record,
            date: warc::date(exchange.time),
            digest,
            etag: exchange.header("etag").map(str::to_owned),
            modified: exchange.header("last-modified").map(str::to_owned),
        }))
    }

    fn unchanged(
        &mut self,
        exchange: &Exchange,
        page: Page,
        not_modified: bool,
    ) -> Result<Outcome, Error> {
        let old = [&page.record, &page.url, &page.date, &page.digest].map(String::as_str);
        let revisit = Record::revisit(exchange, not_modified, old);
        let request = Record::request(exchange, &revisit.id);
        self.other.write(&[revisit, request])?;
        self.fetcher
            .counts
            .unchanged
            .fetch_add(1, Ordering::Relaxed);
        Ok(Outcome::Page(page))
    }

    fn opt_out(&mut self, exchange: &Exchange) -> Result<Option<String>, Error> {
        let reserved = self.fetcher.is_reserved(&exchange.url, &mut self.other)?;
        let head = http::parse(&exchange.head).unwrap_or_default();
        let start = meta::start(&head.encodings, &exchange.body);
        let headers = exchange.headers.iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        Ok(self.fetcher.opt_out.find(headers, &start, reserved))
    }
}
