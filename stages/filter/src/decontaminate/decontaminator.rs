//! Loads evaluation sets, and compares documents with them.

use std::path::PathBuf;

use super::index::{Index, Place};
use super::items::read;
use super::loader::Loader;
use super::options::DecontaminationOptions;
use super::receipts::{Hit, Match, Run};
use super::units::{Kind, Unit, each, fold_into};
use super::window::Window;
use crate::error::Error;
use crate::hashing::HashedMap;

/// Evaluation sets, ready to be compared with documents.
#[derive(Clone, Debug, Default)]
pub struct Decontaminator {
    pub(super) files: Vec<PathBuf>,
    pub(super) fields: Vec<String>,
    pub(super) texts: Vec<Text>,
    /// The folded units of all texts, each with a space after it.
    pub(super) folded: String,
    /// Where each unit begins in `folded`, and its end.
    pub(super) starts: Vec<u32>,
    /// N-grams of long texts; short texts as a whole; the last units of short texts.
    pub(super) ngrams: Index,
    pub(super) wholes: Index,
    pub(super) endings: Index,
    pub(super) lengths: Vec<NgramLength>,
    pub(super) whole_lengths: Vec<WholeLengths>,
    pub(super) items: usize,
    pub(super) unchecked: usize,
}

/// How long the n-grams of texts mainly of one kind are. Each has a unit of that kind, so that
/// others need not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NgramLength {
    pub kind: Kind,
    pub length: usize,
}

/// How long the short texts mainly of one kind are.
#[derive(Clone, Debug)]
pub(super) struct WholeLengths {
    pub kind: Kind,
    /// Of their endings, by which they are found.
    pub ending: usize,
    /// Ascending.
    pub lengths: Vec<usize>,
}

/// A text of an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub first_unit: u32,
    pub units: u32,
    pub file: u32,
    pub line: u32,
    pub field: u32,
}

impl Decontaminator {
    /// Reads evaluation sets, one JSON object a line, in files that may be packed with gzip
    /// (`.gz`). Memory: the folded texts, 4 bytes a unit, 20 a text and about 18 an n-gram.
    ///
    /// # Errors
    /// Options that make no sense; a file that cannot be read; with the line: what is no JSON
    /// object; a file in which no item has any of the keys; more than 4 GiB of text.
    pub fn load(paths: &[PathBuf], options: &DecontaminationOptions) -> Result<Self, Error> {
        options.check()?;
        let mut loader = Loader::new(options);
        for path in paths {
            let file = loader.sets.files.len() as u32;
            loader.sets.files.push(path.clone());
            read(path, options, |line, leaves| {
                loader.item(path, file, line, leaves)
            })?;
        }
        Ok(loader.finish())
    }

    /// The match with the most n-grams, the first of several.
    #[must_use]
    pub fn check<'a>(&'a self, text: &'a str) -> Option<Match<'a>> {
        let best = |best: Match<'a>, next: Match<'a>| match next.ngrams > best.ngrams {
            true => next,
            false => best,
        };
        self.matches(text).into_iter().reduce(best)
    }

    /// All matches, as they begin in the document. Time is linear in the document's length.
    #[must_use]
    pub fn matches<'a>(&'a self, text: &'a str) -> Vec<Match<'a>> {
        let mut scan = Scan {
            sets: self,
            text,
            window: Window::new(),
            runs: Vec::new(),
            latest: HashedMap::default(),
            folded: String::new(),
        };
        each(text, |unit| scan.unit(&unit));
        let mut runs = scan.runs;
        runs.sort_by_key(|run| (run.span.start, run.text));
        runs.into_iter()
            .map(|run| self.receipt(run, text))
            .collect()
    }

    fn receipt<'a>(&'a self, run: Run, document: &'a str) -> Match<'a> {
        let text = self.texts[run.text as usize];
        Match {
            file: &self.files[text.file as usize],
            line: text.line as usize,
            field: &self.fields[text.field as usize],
            text: &document[run.span.clone()],
            span: run.span,
            ngrams: run.ngrams,
            share: run.covered as f64 / f64::from(text.units),
            whole: run.whole,
        }
    }

    /// Number of items read.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// Number of items that no document can match: too short, or with nothing of their own.
    #[must_use]
    pub fn unchecked(&self) -> usize {
        self.unchecked
    }

    /// Number of n-grams and of short texts that are looked for.
    #[must_use]
    pub fn ngrams(&self) -> (usize, usize) {
        (self.ngrams.len(), self.wholes.len())
    }

    /// Bytes of memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let indexes = [&self.ngrams, &self.wholes, &self.endings].map(Index::bytes);
        let texts =
            self.texts.len() * size_of::<Text>() + self.folded.len() + self.starts.len() * 4;
        indexes.iter().sum::<usize>() + texts
    }

    /// The folded units of a place.
    fn folded(&self, unit: usize, length: usize) -> &str {
        &self.folded[self.starts[unit] as usize..self.starts[unit + length] as usize - 1]
    }
}

/// One document's comparison.
struct Scan<'a> {
    sets: &'a Decontaminator,
    text: &'a str,
    window: Window,
    runs: Vec<Run>,
    /// The last run of each text.
    latest: HashedMap<usize>,
    /// Space to fold a window in.
    folded: String,
}

impl Scan<'_> {
    #[inline]
    fn unit(&mut self, unit: &Unit) {
        self.window.push(unit);
        let sets = self.sets;
        for &NgramLength { kind, length } in &sets.lengths {
            if self.window.has(kind, length) {
                self.look_up(&sets.ngrams, length, unit.end, false);
            }
        }
        for wholes in &sets.whole_lengths {
            let longest = wholes.lengths.last().copied().unwrap_or(0);
            if !self.window.has(wholes.kind, longest) {
                continue;
            }
            let ending = self.window.hash(wholes.ending);
            if ending.is_some_and(|hash| !sets.endings.find(hash).is_empty()) {
                for &length in &wholes.lengths {
                    self.look_up(&sets.wholes, length, unit.end, true);
                }
            }
        }
    }

    #[inline]
    fn look_up(&mut self, index: &Index, length: usize, end: usize, whole: bool) {
        if let Some(hash) = self.window.hash(length) {
            let places = index.find(hash);
            if !places.is_empty() {
                self.compare(places, length, end, whole);
            }
        }
    }

    /// Takes the places that truly have the window's last units.
    fn compare(&mut self, places: &[Place], length: usize, end: usize, whole: bool) {
        let Some(start) = self.window.start(length) else {
            return;
        };
        fold_into(&self.text[start..end], &mut self.folded);
        for place in places {
            if self.sets.folded(place.unit as usize, length) == self.folded {
                let hit = Hit {
                    text: place.text,
                    item_unit: place.unit as usize,
                    length,
                    last_unit: self.window.len(),
                    start,
                    end,
                };
                self.take(&hit, whole);
            }
        }
    }

    fn take(&mut self, hit: &Hit, whole: bool) {
        let latest = self.latest.get(&u64::from(hit.text)).copied();
        let run = latest.and_then(|at| self.runs.get_mut(at));
        if !whole && run.is_some_and(|run| run.extend(hit)) {
            return;
        }
        self.latest.insert(u64::from(hit.text), self.runs.len());
        self.runs.push(Run::new(hit, whole));
    }
}
