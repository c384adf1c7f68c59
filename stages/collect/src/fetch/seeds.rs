//! The addresses of a source: those of a list, a sitemap or a feed, or a single page.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use textmill_schemas::Reason;
use url::Url;

use super::fetcher::{Arrived, Fetcher, MAX_LIST, Sought, check, media_problem};
use super::ledger::Refusal;
use super::links::{self, Links};
use super::writer::Writer;
use crate::Error;
use crate::http;
use crate::input::Stream;

/// Lists of lists in each other at most.
const MAX_DEPTH: u32 = 4;
/// Lists of a source at most.
const MAX_LISTS: usize = 10_000;
/// Longest address in bytes.
const MAX_ADDRESS: usize = 8 << 10;

/// An address of a source, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seed {
    /// The address, or what stands in its place.
    pub text: String,
    /// What is wrong with it.
    pub problem: Option<Refusal>,
}

/// Gathers the addresses of a source.
pub(crate) struct Seeds {
    /// Addresses and problems in order.
    pub found: Vec<Seed>,
    known: HashSet<String>,
    max: usize,
    /// Whether there were more than that.
    pub too_many: bool,
}

impl Seeds {
    /// None so far, and at most so many.
    pub fn new(max: u64) -> Self {
        Self {
            found: Vec::new(),
            known: HashSet::new(),
            max: usize::try_from(max).unwrap_or(usize::MAX),
            too_many: false,
        }
    }

    /// Adds what stands in the place of an address.
    pub fn problem(&mut self, text: &str, reason: Reason) {
        self.found.push(Seed {
            text: text.to_owned(),
            problem: Some(reason.into()),
        });
    }

    /// Adds an address, as it is written.
    pub fn add(&mut self, text: &str) {
        if self.is_full() {
            return;
        }
        let invalid = |detail: &str| Reason::new("collect.invalid_address").detail(detail);
        if text.len() > MAX_ADDRESS {
            let cut: String = text.chars().take(100).collect();
            return self.problem(&cut, invalid("longer than 8 KiB"));
        }
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return self.problem(text, invalid(&error.to_string())),
        };
        if let Err(detail) = check(&url) {
            return self.problem(text, invalid(detail));
        }
        url.set_fragment(None);
        if !self.known.insert(url.to_string()) {
            return self.problem(text, Reason::new("collect.repeated_address"));
        }
        self.found.push(Seed {
            text: url.into(),
            problem: None,
        });
    }

    /// Whether there is no room left; says so once.
    fn is_full(&mut self) -> bool {
        let (count, max) = (self.found.len(), self.max);
        if count >= max && !self.too_many {
            self.too_many = true;
            let reason = Reason::new("collect.too_many_addresses")
                .measured(count as f64 + 1.0, max as f64)
                .detail("further addresses are not read; raise collect.fetch.max_urls");
            self.problem("", reason);
        }
        self.too_many
    }

    fn room(&self) -> usize {
        self.max.saturating_sub(self.found.len()).saturating_add(1)
    }

    /// Reads a local file: lines with addresses, or a list of another form.
    pub fn local(&mut self, path: &Path) -> Result<Vec<Url>, Error> {
        let bytes = read(path)?;
        // Links of a local list are absolute: there is nothing to read them against.
        let nowhere = Url::parse("about:blank").map_err(|error| Error::fetched(path, error))?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}');
        let is_lines = !text.trim_start().starts_with(['<', '{']);
        let links = match is_lines {
            true => Links::None,
            false => links::find(&bytes, &nowhere, self.room()),
        };
        match links {
            Links::Pages(pages) => pages.iter().for_each(|page| self.add(page)),
            Links::Lists(lists) => {
                return Ok(lists
                    .iter()
                    .filter_map(|list| Url::parse(list).ok())
                    .collect());
            }
            Links::None => text
                .lines()
                .filter_map(of_line)
                .for_each(|line| self.add(line)),
        }
        Ok(Vec::new())
    }

    /// Fetches lists and those that they lead to. The first may be a page instead.
    pub fn remote(
        &mut self,
        lists: Vec<Url>,
        first_may_be_page: bool,
        fetcher: &Fetcher,
        other: &mut Writer,
    ) -> Result<(), Error> {
        let mut seen: HashSet<Url> = lists.iter().cloned().collect();
        let mut queue: VecDeque<(Url, u32)> = lists.into_iter().map(|list| (list, 0)).collect();
        while let Some((url, depth)) = queue.pop_front() {
            if self.is_full() {
                return Ok(());
            }
            let found = list(&url, fetcher, other)?;
            let room = self.room();
            let found = found.map(|(address, body)| links::find(&body, &address, room));
            let further = match found {
                Ok(Links::Pages(pages)) => {
                    pages.iter().for_each(|page| self.add(page));
                    continue;
                }
                Ok(Links::None) if depth == 0 && first_may_be_page => {
                    self.add(url.as_str());
                    continue;
                }
                Ok(Links::Lists(lists)) => lists,
                Ok(Links::None) => {
                    let detail = "neither a sitemap nor a feed";
                    self.problem(
                        url.as_str(),
                        Reason::new("collect.media_type").detail(detail),
                    );
                    continue;
                }
                Err(reason) => {
                    self.problem(url.as_str(), reason);
                    continue;
                }
            };
            for list in further {
                self.further(&list, depth + 1, &mut seen, &mut queue);
            }
        }
        Ok(())
    }

    fn further(
        &mut self,
        list: &str,
        depth: u32,
        seen: &mut HashSet<Url>,
        queue: &mut VecDeque<(Url, u32)>,
    ) {
        let problem = match Url::parse(list).ok().filter(|url| check(url).is_ok()) {
            None => "not an address of http or https",
            Some(_) if depth > MAX_DEPTH => "lists in lists, too deep",
            Some(_) if seen.len() >= MAX_LISTS => "too many lists",
            Some(url) => {
                if seen.insert(url.clone()) {
                    queue.push_back((url, depth));
                }
                return;
            }
        };
        if !self.is_full() {
            self.problem(list, Reason::new("collect.invalid_address").detail(problem));
        }
    }
}

/// The address on a line of a list; behind white space there may be a comment.
fn of_line(line: &str) -> Option<&str> {
    let line = line.trim();
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    let line = line.get(..comment.unwrap_or(line.len()))?.trim();
    (!line.is_empty()).then_some(line)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let at = |problem: String| Error::fetched(path, problem);
    let file = File::open(path).map_err(|error| at(error.to_string()))?;
    let mut stream = Stream::open(Box::new(file)).map_err(|error| at(error.to_string()))?;
    match stream.read_all(MAX_LIST) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(at(format!(
            "a list of more than {MAX_LIST} bytes; cut it in several"
        ))),
        Err(damage) => Err(at(damage.detail)),
    }
}

/// Fetches a list; of a picture or the like nothing. Redirects may lead to another address.
pub(crate) fn list(
    url: &Url,
    fetcher: &Fetcher,
    other: &mut Writer,
) -> Result<Result<(Url, Vec<u8>), Reason>, Error> {
    let exchange = match fetcher.follow(url, None, Sought::List, other)? {
        Arrived::Answer(exchange) | Arrived::NotModified(exchange) => exchange,
        Arrived::Refused(reason, _) => return Ok(Err(reason)),
    };
    fetcher.store(&exchange, other)?;
    let binary = media_problem(&exchange.headers).is_some_and(|essence| {
        ["image/", "video/", "audio/", "font/"]
            .iter()
            .any(|kind| essence.starts_with(kind))
    });
    if binary {
        return Ok(Ok((exchange.url, Vec::new())));
    }
    let head = http::parse(&exchange.head).unwrap_or_default();
    let body = match http::decode(&head, exchange.body, MAX_LIST, false) {
        Ok(body) => unpack(body),
        Err(reason) => Err(reason),
    };
    Ok(body.map(|body| (exchange.url, body)))
}

/// Sitemaps are also files that are compressed themselves.
fn unpack(body: Vec<u8>) -> Result<Vec<u8>, Reason> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(body);
    }
    let mut out = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(body.as_slice());
    match decoder.take(MAX_LIST + 1).read_to_end(&mut out) {
        Ok(_) if out.len() as u64 > MAX_LIST => Err(Reason::new("collect.too_large")
            .measured(out.len() as f64, MAX_LIST as f64)
            .detail("a sitemap may have 50 MiB")),
        Ok(_) => Ok(out),
        // What came out of it before the damage.
        Err(_) if !out.is_empty() => Ok(out),
        Err(error) => Err(Reason::new("collect.corrupt").detail(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_list() {
        for (line, expected) in [
            ("http://a.example/", Some("http://a.example/")),
            (
                "  http://a.example/#part  # why",
                Some("http://a.example/#part"),
            ),
            ("# http://a.example/", None),
            ("\t", None),
        ] {
            assert_eq!(of_line(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_local_list_becomes_addresses_and_problems() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("urls.txt");
        let text = "\u{feff}# list\nhttp://a.example/x#y\r\nftp://a.example/\nnothing\nHTTP://A.example:80/x\n\
            http://me:pw@a.example/\nhttp://b.example/\nhttp://c.example/\n";
        std::fs::write(&path, text).unwrap();
        let mut seeds = Seeds::new(6);
        assert!(seeds.local(&path).unwrap().is_empty());
        let rows: Vec<_> = seeds
            .found
            .iter()
            .map(|seed| {
                (
                    seed.text.as_str(),
                    seed.problem.as_ref().map_or("", |problem| &problem.rule),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("http://a.example/x", ""),
                ("ftp://a.example/", "collect.invalid_address"),
                ("nothing", "collect.invalid_address"),
                ("HTTP://A.example:80/x", "collect.repeated_address"),
                ("http://me:pw@a.example/", "collect.invalid_address"),
                ("http://b.example/", ""),
                ("", "collect.too_many_addresses"),
            ]
        );
        std::fs::write(
            &path,
            "<sitemapindex><sitemap><loc>http://a.example/s.xml</loc></sitemap></sitemapindex>",
        )
        .unwrap();
        assert_eq!(Seeds::new(9).local(&path).unwrap().len(), 1);
    }
}
