//! Gets one address: whose turn it is, what the site allows, retries and redirects.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use textmill_schemas::Reason;
use url::Url;

use super::address::LookUp;
use super::client::{Client, Exchange, Failure, Want, target};
use super::hosts::Hosts;
use super::ledger::Page;
use super::opt_out::{OptOut, Reservations, TDM_PATH};
use super::retry;
use super::robots::{self, Robots};
use super::settings::FetchConfig;
use super::site::{Site, Sites};
use super::warc::Record;
use super::writer::Writer;
use crate::Error;

/// Redirects that lead to a `robots.txt` at most (RFC 9309, 2.3.1.2).
const ROBOTS_REDIRECTS: u32 = 5;
/// Bytes of an answer that is no page that are stored.
const MAX_OTHER: u64 = 64 << 10;
/// Longest list of addresses: the limit of a sitemap.
pub(crate) const MAX_LIST: u64 = 50 << 20;

/// Fetches politely; one for all threads of a run.
pub(crate) struct Fetcher<'a> {
    /// The settings.
    pub config: &'a FetchConfig,
    /// What keeps pages out.
    pub opt_out: OptOut,
    /// Set when the user asked to stop.
    pub cancel: &'a AtomicBool,
    /// What was asked, for the report.
    pub counts: Counts,
    client: Client,
    token: String,
    hosts: Hosts,
    sites: Sites,
}

/// What was asked and answered.
#[derive(Default)]
pub(crate) struct Counts {
    /// Requests.
    pub requests: AtomicU64,
    /// Bytes of bodies.
    pub bytes: AtomicU64,
    /// Pages that came.
    pub pages: AtomicU64,
    /// Pages that had not changed.
    pub unchanged: AtomicU64,
}

/// What is sought.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sought {
    /// A document.
    Page,
    /// A list of addresses, of any media type.
    List,
}

/// How the way to an address ended.
pub(crate) enum Arrived {
    /// With an answer of 200.
    Answer(Exchange),
    /// What is stored holds.
    NotModified(Exchange),
    /// With nothing; whether it may be better another time.
    Refused(Reason, bool),
}

impl<'a> Fetcher<'a> {
    /// Prepares connections.
    pub fn new(
        config: &'a FetchConfig,
        look_up: LookUp,
        cancel: &'a AtomicBool,
    ) -> Result<Self, Error> {
        Ok(Self {
            config,
            opt_out: OptOut::new(config),
            cancel,
            counts: Counts::default(),
            client: Client::new(config, look_up)?,
            token: robots::token(&config.user_agent).to_owned(),
            hosts: Hosts::default(),
            sites: Sites::default(),
        })
    }

    /// Whether the user asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Goes to an address, through redirects. What comes on the way is written to `other`.
    pub fn follow(
        &self,
        address: &Url,
        stored: Option<&Page>,
        sought: Sought,
        other: &mut Writer,
    ) -> Result<Arrived, Error> {
        let mut url = address.clone();
        let mut seen = HashSet::from([url.clone()]);
        loop {
            let site = self.site(&url, other)?;
            let path = target(&url);
            if let Some(reason) = site.refuses(&self.token, &self.config.agents, &path) {
                let passing = site.robots.is_err();
                return Ok(Arrived::Refused(reason, passing));
            }
            let stored = stored.filter(|page| page.url == url.as_str());
            let conditions = stored.map(conditions).unwrap_or_default();
            let want = |status, headers: &HeaderMap| self.want(sought, status, headers);
            let delay = site.delay(&self.token);
            let exchange = match self.ask(&url, &conditions, delay, &want, other)? {
                Ok(exchange) => exchange,
                Err(failure) => {
                    return Ok(Arrived::Refused(failure.reason(), failure.is_passing()));
                }
            };
            match exchange.status {
                200 => return Ok(Arrived::Answer(exchange)),
                304 if !conditions.is_empty() => return Ok(Arrived::NotModified(exchange)),
                301 | 302 | 303 | 307 | 308 => {}
                status => {
                    self.store(&exchange, other)?;
                    let reason = Reason::new("collect.http_status").measured(status.into(), 200.0);
                    return Ok(Arrived::Refused(reason, retry::is_passing(status)));
                }
            }
            self.store(&exchange, other)?;
            match self.next(&exchange, &mut seen) {
                Ok(next) => url = next,
                Err(detail) => {
                    let reason = Reason::new("collect.redirects").detail(detail);
                    return Ok(Arrived::Refused(reason, false));
                }
            }
        }
    }

    /// Where a redirect leads.
    fn next(&self, exchange: &Exchange, seen: &mut HashSet<Url>) -> Result<Url, String> {
        let next = redirect(exchange)?;
        let most = self.config.max_redirects as usize;
        if seen.len() > most {
            return Err(format!("more than {most} redirects in a row"));
        }
        if !seen.insert(next.clone()) {
            return Err(format!("redirects in a circle, to {next}"));
        }
        Ok(next)
    }

    /// How much of an answer is wanted: nothing of what is no document.
    fn want(&self, sought: Sought, status: u16, headers: &HeaderMap) -> Want {
        match (status, sought) {
            (200, Sought::List) => Want::Whole(MAX_LIST),
            (200, Sought::Page) if media_problem(headers).is_none() => {
                Want::Whole(self.config.max_bytes)
            }
            (200, Sought::Page) => Want::Start(0),
            _ => Want::Start(MAX_OTHER),
        }
    }

    /// Asks until there is an answer that holds, or no attempt is left.
    fn ask(
        &self,
        url: &Url,
        conditions: &[(&'static str, String)],
        delay: Duration,
        want: &dyn Fn(u16, &HeaderMap) -> Want,
        other: &mut Writer,
    ) -> Result<Result<Exchange, Failure>, Error> {
        let host = url.host_str().unwrap_or_default();
        let delay = delay.max(Duration::from_secs_f64(self.config.delay_seconds));
        let mut attempt = 0;
        loop {
            let (result, again) = self.hosts.turn(host, self.cancel, || {
                self.counts.requests.fetch_add(1, Ordering::Relaxed);
                let result = self.client.get(url, conditions, want);
                let wait = retry::wait(&result, url, attempt, self.config, Timestamp::now());
                let pause = wait.map_or(delay, |wait| wait.pause.max(delay));
                let again = wait.is_some_and(|wait| wait.again);
                ((result, again), pause)
            })?;
            if let Ok(exchange) = &result {
                let bytes = exchange.body.len() as u64;
                self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            if !again {
                return Ok(result);
            }
            if let Ok(exchange) = &result {
                self.store(exchange, other)?;
            }
            attempt += 1;
        }
    }

    /// Stores an answer that is no page.
    pub fn store(&self, exchange: &Exchange, other: &mut Writer) -> Result<(), Error> {
        let response = Record::response(exchange);
        let request = Record::request(exchange, &response.id);
        other.write(&[response, request])?;
        Ok(())
    }

    /// What the site of an address asks.
    fn site(&self, url: &Url, other: &mut Writer) -> Result<std::sync::Arc<Site>, Error> {
        let origin = url.origin().ascii_serialization();
        self.sites.get(&origin, || {
            let robots = match self.file(url, "/robots.txt", other)? {
                Ok(Some(bytes)) => Ok(Robots::parse(&bytes)),
                Ok(None) => Ok(Robots::default()),
                Err(reason) => Err(reason),
            };
            let mut site = Site {
                robots,
                reservations: Reservations::default(),
                since: Instant::now(),
            };
            if self.config.respect_tdm
                && let Ok(robots) = &site.robots
                && robots.allows(&self.token, TDM_PATH)
                && let Ok(Some(bytes)) = self.file(url, TDM_PATH, other)?
            {
                site.reservations = Reservations::parse(&bytes);
            }
            Ok(site)
        })
    }

    /// Whether the site of an address reserves it.
    pub fn is_reserved(&self, url: &Url, other: &mut Writer) -> Result<bool, Error> {
        let site = self.site(url, other)?;
        Ok(site.reservations.reserves(&target(url)))
    }

    /// A file by which a site tells its rules: none where it answers with 4xx, an error where it
    /// does not answer (RFC 9309, 2.3.1).
    fn file(
        &self,
        url: &Url,
        path: &str,
        other: &mut Writer,
    ) -> Result<Result<Option<Vec<u8>>, Reason>, Error> {
        let Ok(mut at) = url.join(path) else {
            return Ok(Ok(None));
        };
        let limit = robots::MAX_BYTES as u64 + 1;
        for _ in 0..=ROBOTS_REDIRECTS {
            let want = |_: u16, _: &HeaderMap| Want::Start(limit);
            let exchange = match self.ask(&at, &[], Duration::ZERO, &want, other)? {
                Ok(exchange) => exchange,
                Err(failure) => {
                    let mut reason = failure.reason();
                    let detail = reason.detail.unwrap_or_default();
                    reason.detail = Some(format!("{path}: {detail}"));
                    return Ok(Err(reason));
                }
            };
            self.store(&exchange, other)?;
            match exchange.status {
                200..=299 => {
                    let head = crate::http::parse(&exchange.head).unwrap_or_default();
                    let body = crate::http::decode(&head, exchange.body, limit * 8, false);
                    return Ok(match body {
                        Ok(body) => Ok(Some(body)),
                        Err(_) => {
                            let detail = format!("{path} cannot be unpacked");
                            Err(Reason::new("collect.robots").detail(detail))
                        }
                    });
                }
                300..=399 => match redirect(&exchange) {
                    Ok(next) => at = next,
                    Err(_) => return Ok(Ok(None)),
                },
                // 429 asks to come less, not to come freely.
                429 | 500.. => {
                    let status = exchange.status;
                    let detail =
                        format!("{path} was answered with status {status}: nothing may be fetched");
                    return Ok(Err(Reason::new("collect.robots").detail(detail)));
                }
                _ => return Ok(Ok(None)),
            }
        }
        Ok(Ok(None))
    }
}

/// Where a redirect leads, or what is wrong with it.
fn redirect(exchange: &Exchange) -> Result<Url, String> {
    let location = exchange.headers.get("location");
    let location = location.ok_or("a redirect without Location")?;
    let location = String::from_utf8_lossy(location.as_bytes());
    let next = exchange.url.join(&location);
    let mut next = next.map_err(|error| format!("to {location:?}: {error}"))?;
    check(&next).map_err(|problem| format!("to {location:?}: {problem}"))?;
    next.set_fragment(None);
    Ok(next)
}

/// Whether an address can be fetched.
pub(crate) fn check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https are fetched");
    }
    if url.host_str().unwrap_or_default().is_empty() {
        return Err("no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("addresses with a user's name are not fetched");
    }
    Ok(())
}

/// The header fields that ask for an answer only if it has changed.
fn conditions(page: &Page) -> Vec<(&'static str, String)> {
    let etag = page.etag.iter().map(|etag| ("if-none-match", etag.clone()));
    let modified = page.modified.iter();
    etag.chain(modified.map(|time| ("if-modified-since", time.clone())))
        .collect()
}

/// The media type of an answer, if it is that of no document.
pub(crate) fn media_problem(headers: &HeaderMap) -> Option<String> {
    let declared = headers.get("content-type")?.to_str().ok()?;
    let essence = crate::http::media_type(declared).essence;
    let vague = !essence.contains('/')
        || matches!(
            essence.as_str(),
            "application/octet-stream" | "application/unknown"
        );
    let document = matches!(
        essence.as_str(),
        "text/html" | "application/xhtml+xml" | "text/plain" | "text/markdown"
    );
    (!vague && !document).then_some(essence)
}
