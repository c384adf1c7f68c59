//! Takes evaluation items in: which of their texts are compared, and by what.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::decontaminator::{Decontaminator, NgramLength, Text, WholeLengths};
use super::index::{Index, Place};
use super::items::{Leaf, mistake};
use super::options::DecontaminationOptions;
use super::units::{Kind, Unit, each, fold_into, push_folded};
use super::window::Window;
use crate::error::Error;
use crate::hashing::HashedMap;

/// Takes the items in.
pub(super) struct Loader<'a> {
    options: &'a DecontaminationOptions,
    pub sets: Decontaminator,
    /// Texts by the hash of their folded units; two texts of one 64-bit hash would be taken for one,
    /// which loses an item and drops no document.
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
    pub(super) fn new(options: &'a DecontaminationOptions) -> Self {
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

    pub(super) fn item(
        &mut self,
        path: &Path,
        file: u32,
        line: usize,
        leaves: &[Leaf],
    ) -> Result<(), Error> {
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

    pub(super) fn finish(self) -> Decontaminator {
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
