//! Loads evaluation sets, and compares documents with them.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::index::{Index, Place};
use super::items::{Leaf, mistake, read};
use super::options::DecontaminationOptions;
use super::receipts::{Hit, Match, Run};
use super::units::{Kind, Unit, each, fold_into, push_folded};
use super::window::Window;
use crate::error::Error;
use crate::hashing::HashedMap;

/// Evaluation sets, ready to be compared with documents.
#[derive(Clone, Debug, Default)]
pub struct Decontaminator {
    files: Vec<PathBuf>,
    fields: Vec<String>,
    texts: Vec<Text>,
    /// The folded units of all texts, each with a space after it.
    folded: String,
    /// Where each unit begins in `folded`, and its end.
    starts: Vec<u32>,
    /// N-grams of long texts; short texts as a whole; the last units of short texts.
    ngrams: Index,
    wholes: Index,
    endings: Index,
    lengths: Vec<NgramLength>,
    whole_lengths: Vec<WholeLengths>,
    items: usize,
    unchecked: usize,
}

/// How long the n-grams of texts mainly of one kind are. Each has a unit of that kind, so that
/// others need not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NgramLength {
    kind: Kind,
    length: usize,
}

/// How long the short texts mainly of one kind are.
#[derive(Clone, Debug)]
struct WholeLengths {
    kind: Kind,
    /// Of their endings, by which they are found.
    ending: usize,
    /// Ascending.
    lengths: Vec<usize>,
}

/// A text of an item.
#[derive(Clone, Copy, Debug)]
struct Text {
    first_unit: u32,
    units: u32,
    file: u32,
    line: u32,
    field: u32,
}

impl Decontaminator {
    /// Reads evaluation sets, one JSON object a line, in files that may be packed with gzip
    /// (`.gz`). Memory: the folded texts, 4 bytes a unit, 20 a text and about 20 an n-gram.
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
        if let (Some(run), false) = (latest.and_then(|at| self.runs.get_mut(at)), whole) {
            if run.extend(hit) {
                return;
            }
        }
        self.latest.insert(u64::from(hit.text), self.runs.len());
        self.runs.push(Run::new(hit, whole));
    }
}

/// Takes the items in.
struct Loader<'a> {
    options: &'a DecontaminationOptions,
    sets: Decontaminator,
    /// Texts by the hash of their folded units.
    known: HashedMap<u32>,
    /// For each short text, which different items it stands in, up to one more than may be.
    holders: HashedMap<Vec<u64>>,
    ngrams: Vec<Place>,
    wholes: Vec<Place>,
    endings: Vec<Place>,
    /// Of each item with texts, which ones.
    texts_of_items: Vec<Vec<u32>>,
}

impl<'a> Loader<'a> {
    fn new(options: &'a DecontaminationOptions) -> Self {
        Self {
            options,
            sets: Decontaminator::default(),
            known: HashedMap::default(),
            holders: HashedMap::default(),
            ngrams: Vec::new(),
            wholes: Vec::new(),
            endings: Vec::new(),
            texts_of_items: Vec::new(),
        }
    }

    fn item(&mut self, path: &Path, file: u32, line: usize, leaves: &[Leaf]) -> Result<(), Error> {
        self.sets.items += 1;
        let joined: Vec<&str> = leaves.iter().map(|leaf| leaf.text).collect();
        let joined = joined.join("\n");
        let mut item = Item {
            file,
            line: u32::try_from(line)
                .map_err(|_| mistake(path, line, "too many lines in a file"))?,
            content: {
                let mut folded = String::new();
                fold_into(&joined, &mut folded);
                xxh3_64(folded.as_bytes())
            },
            texts: Vec::new(),
        };
        for leaf in leaves {
            self.text(leaf.text, leaf.key, leaf.answer, &mut item);
        }
        // A short question and a short answer may be long enough together.
        if let (true, Some(first)) = (item.texts.is_empty(), leaves.first()) {
            self.text(&joined, first.key, false, &mut item);
        }
        self.texts_of_items.push(item.texts);
        match u32::try_from(self.sets.folded.len()) {
            Ok(_) => Ok(()),
            Err(_) => Err(mistake(
                path,
                line,
                "the evaluation sets have more than 4 GiB of text; give fewer",
            )),
        }
    }

    /// Takes a text in, unless it is too short or known.
    fn text(&mut self, text: &str, key: &str, answer: bool, item: &mut Item) {
        let mut units: Vec<Unit> = Vec::new();
        each(text, |unit| units.push(unit));
        let kind = main_kind(&units);
        let (ngram, shortest) = (self.options.ngram.of(kind), self.options.shortest.of(kind));
        let whole = units.len() < ngram;
        if units.len() < shortest || (whole && (answer || !telling(&units))) {
            return;
        }
        let mut folded = String::new();
        fold_into(text, &mut folded);
        let hash = xxh3_64(folded.as_bytes());
        let next = self.sets.texts.len() as u32;
        let number = *self.known.entry(hash).or_insert(next);
        item.texts.push(number);
        if whole {
            let holders = self.holders.entry(u64::from(number)).or_default();
            if holders.len() <= self.options.max_shared_whole && !holders.contains(&item.content) {
                holders.push(item.content);
            }
        }
        if number == next {
            self.add(text, &units, key, item);
            match whole {
                true => self.add_whole(&units, kind, shortest),
                false => self.add_ngrams(&units, kind, ngram),
            }
        }
    }

    /// Stores a text's units and where it comes from.
    fn add(&mut self, text: &str, units: &[Unit], key: &str, item: &Item) {
        let sets = &mut self.sets;
        let field = sets.fields.iter().position(|field| field == key);
        let field = field.unwrap_or_else(|| {
            sets.fields.push(key.to_string());
            sets.fields.len() - 1
        });
        sets.texts.push(Text {
            first_unit: sets.starts.len() as u32,
            units: units.len() as u32,
            file: item.file,
            line: item.line,
            field: field as u32,
        });
        for unit in units {
            sets.starts.push(sets.folded.len() as u32);
            push_folded(text, unit, &mut sets.folded);
            sets.folded.push(' ');
        }
    }

    fn add_ngrams(&mut self, units: &[Unit], kind: Kind, length: usize) {
        let own = NgramLength { kind, length };
        if !self.sets.lengths.contains(&own) {
            self.sets.lengths.push(own);
        }
        let (text, first) = self.last_text();
        let mut window = Window::new();
        for (at, unit) in (1..).zip(units) {
            window.push(unit);
            let ngram = &units[at.max(length) - length..at];
            if let (Some(hash), true) = (
                window.hash(length),
                window.has(kind, length) && telling(ngram),
            ) {
                let unit = first + (at - length) as u32;
                self.ngrams.push(Place { hash, text, unit });
            }
        }
    }

    fn add_whole(&mut self, units: &[Unit], kind: Kind, ending: usize) {
        let all = &mut self.sets.whole_lengths;
        let at = all
            .iter()
            .position(|own| own.kind == kind)
            .unwrap_or_else(|| {
                all.push(WholeLengths {
                    kind,
                    ending,
                    lengths: Vec::new(),
                });
                all.len() - 1
            });
        let lengths = &mut all[at].lengths;
        if let Err(place) = lengths.binary_search(&units.len()) {
            lengths.insert(place, units.len());
        }
        let (text, unit) = self.last_text();
        let mut window = Window::new();
        units.iter().for_each(|unit| window.push(unit));
        let place = |hash| Place { hash, text, unit };
        self.wholes.extend(window.hash(units.len()).map(place));
        self.endings.extend(window.hash(ending).map(place));
    }

    /// Number and first unit of the text that was added last.
    fn last_text(&self) -> (u32, u32) {
        let first = self.sets.texts.last().map_or(0, |text| text.first_unit);
        (self.sets.texts.len() as u32 - 1, first)
    }

    fn finish(self) -> Decontaminator {
        let Self {
            mut sets,
            mut wholes,
            mut endings,
            ..
        } = self;
        sets.starts.push(sets.folded.len() as u32);
        let own = |place: &Place| {
            let holders = self.holders.get(&u64::from(place.text));
            holders.is_none_or(|holders| holders.len() <= self.options.max_shared_whole)
        };
        wholes.retain(own);
        endings.retain(own);
        // Of an ending it only matters that it is one.
        endings
            .iter_mut()
            .for_each(|place| (place.text, place.unit) = (0, 0));
        sets.ngrams = Index::new(self.ngrams).without_common(self.options.max_shared);
        sets.wholes = Index::new(wholes);
        sets.endings = Index::new(endings);
        let mut findable = vec![false; sets.texts.len()];
        for text in sets.ngrams.texts().chain(sets.wholes.texts()) {
            findable[text as usize] = true;
        }
        let items = self.texts_of_items.iter();
        sets.unchecked = items
            .filter(|texts| !texts.iter().any(|text| findable[*text as usize]))
            .count();
        sets
    }
}

/// An item while it is taken in.
struct Item {
    file: u32,
    line: u32,
    /// Hash of all its texts.
    content: u64,
    texts: Vec<u32>,
}

/// The kind of at least half of the units; words if there is none.
fn main_kind(units: &[Unit]) -> Kind {
    let count = |kind| units.iter().filter(|unit| unit.kind == kind).count();
    let most = Kind::ALL
        .into_iter()
        .find(|kind| count(*kind) * 2 >= units.len());
    most.unwrap_or(Kind::Word)
}

/// Whether units say enough to be evidence: at least half of them are more than numbers, and at
/// least half are different. `1 2 3 4 …` and `a a a …` stand in many documents.
fn telling(units: &[Unit]) -> bool {
    let letters = units.iter().filter(|unit| unit.letters).count();
    let repeated =
        (0..units.len()).filter(|&at| units[..at].iter().any(|unit| unit.hash == units[at].hash));
    letters * 2 >= units.len() && repeated.count() * 2 <= units.len()
}
