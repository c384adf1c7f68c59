//! Reads what was fetched: one row for each address of a source.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use textmill_schemas::{Dropped, RawDocument, Reason};

use super::cache::{Addresses, Cache, Unit};
use super::feeds;
use super::ledger::{Ledger, Outcome};
use crate::input::Stream;
use crate::listing::{Found, Source};
use crate::record::{FileRef, Output, Place, Settings, Stop};
use crate::{Error, warc};

/// What was fetched of a source.
pub(crate) struct Fetched {
    cache: Cache,
    addresses: Addresses,
    /// Its feeds.
    feeds: Vec<Found>,
    /// Its hosts.
    pub units: Vec<Unit>,
}

/// The pages that count of one WARC file: by offset, address and whether they came.
type Expected = BTreeMap<u64, (String, bool)>;

impl Fetched {
    /// Looks what there is.
    pub fn open(cache: Cache, feeds: Vec<Found>) -> Result<Self, Error> {
        let addresses = cache.addresses()?;
        Ok(Self {
            units: addresses.units(),
            cache,
            addresses,
            feeds,
        })
    }

    /// Bytes of the pages of a host.
    pub fn bytes(&self, unit: &Unit) -> Result<u64, Error> {
        let ledger = Ledger::read(&self.cache.ledger(&unit.name))?;
        let outcomes = unit
            .addresses
            .iter()
            .filter_map(|(address, _)| ledger.get(address));
        let bytes = outcomes.map(|(outcome, _)| match outcome {
            Outcome::Page(page) => page.end.saturating_sub(page.offset),
            Outcome::Dropped(_) => 0,
        });
        Ok(bytes.sum())
    }

    /// Reads some of the hosts; with the first come feeds, and the rows of what is no address.
    pub fn read(
        &self,
        units: Range<usize>,
        source: &Source,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        if units.start == 0 {
            feeds::read(&self.feeds, source, settings, out)?;
            self.problems(source, out)?;
        }
        for unit in self.units.get(units).unwrap_or_default() {
            self.unit(unit, source, settings, out)?;
        }
        Ok(())
    }

    fn problems(&self, source: &Source, out: &mut impl Output) -> Result<(), Stop> {
        let file = file(source, "addresses.jsonl".to_owned());
        let file = file.at_hand();
        for (seed, place) in &self.addresses.seeds {
            if let Some(problem) = &seed.problem {
                let text = (!seed.text.is_empty()).then(|| seed.text.clone());
                out.reject(file.dropped(at(*place), text, problem.clone().into()))?;
            }
        }
        Ok(())
    }

    fn unit(
        &self,
        unit: &Unit,
        source: &Source,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let ledger = Ledger::read(&self.cache.ledger(&unit.name))?;
        let ledger_file = file(source, format!("ledger/{}.jsonl", unit.name));
        let addresses_file = file(source, "addresses.jsonl".to_owned());
        let mut files: BTreeMap<&str, Expected> = BTreeMap::new();
        for (address, place) in &unit.addresses {
            let (file, place, refusal) = match ledger.get(address) {
                Some((Outcome::Page(page), _)) => {
                    let expected = files.entry(&page.file).or_default();
                    expected.insert(page.offset, (page.url.clone(), false));
                    continue;
                }
                Some((Outcome::Dropped(refusal), place)) => {
                    (&ledger_file, place, refusal.clone().into())
                }
                None => {
                    let reason = Reason::new("collect.fetch_failed").detail("it was not fetched");
                    (&addresses_file, *place, reason)
                }
            };
            out.reject(
                file.at_hand()
                    .dropped(at(place), Some(address.clone()), refusal),
            )?;
        }
        for (name, expected) in files {
            let file = file(source, format!("pages/{name}"));
            let path = self.cache.pages().join(name);
            pages(&path, &file.at_hand(), expected, settings, out)?;
        }
        Ok(())
    }
}

/// Reads the pages of a WARC file that count. Those that do not come are rows too.
fn pages(
    path: &Path,
    file: &FileRef,
    expected: Expected,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut current = Current { expected, out };
    let opened = File::open(path).and_then(|file| Stream::open(Box::new(file)));
    let problem = match opened {
        Ok(mut stream) => {
            warc::read(&mut stream, file, settings, &mut current)?;
            "the record is not in the file".to_owned()
        }
        Err(error) => error.to_string(),
    };
    for (offset, (url, came)) in current.expected {
        if !came {
            let reason = Reason::new("collect.unreadable").detail(problem.clone());
            out.reject(file.dropped(at(offset), Some(url), reason))?;
        }
    }
    Ok(())
}

/// Lets the records through that count: not those that a later fetch has replaced, and none of
/// addresses that the source does not have any more.
struct Current<'a, O> {
    expected: Expected,
    out: &'a mut O,
}

impl<O: Output> Current<'_, O> {
    fn counts(&mut self, offset: u64) -> bool {
        match self.expected.get_mut(&offset) {
            Some((_, came)) if !*came => {
                *came = true;
                true
            }
            _ => {
                self.out.count("fetched_records_not_read");
                false
            }
        }
    }
}

impl<O: Output> Output for Current<'_, O> {
    fn keep(&mut self, document: RawDocument) -> Result<(), Stop> {
        match self.counts(document.offset) {
            true => self.out.keep(document),
            false => Ok(()),
        }
    }

    fn reject(&mut self, dropped: Dropped) -> Result<(), Stop> {
        match self.counts(dropped.offset) {
            true => self.out.reject(dropped),
            false => Ok(()),
        }
    }

    fn count(&mut self, what: &'static str) {
        self.out.count(what);
    }

    fn check(&self) -> Result<(), Stop> {
        self.out.check()
    }
}

fn at(offset: u64) -> Place {
    Place {
        offset,
        ..Place::default()
    }
}

/// A file of the cache, whose name is its key.
struct Named<'a> {
    source: &'a Source,
    name: String,
}

impl Named<'_> {
    fn at_hand(&self) -> FileRef<'_> {
        FileRef {
            source: self.source,
            file: self.name.clone(),
            key: self.name.as_bytes(),
            member: None,
        }
    }
}

fn file(source: &Source, name: String) -> Named<'_> {
    Named { source, name }
}
