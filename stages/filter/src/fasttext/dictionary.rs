//! The words, labels and hashed features of a model.

use std::io::{Read, Write};

use rustc_hash::FxHashMap;

use super::Settings;
use super::file::{Damage, Sink, Source};

/// The word that stands for the end of a line.
pub(crate) const END_OF_LINE: &str = "</s>";
/// How labels begin; such words of a text are no features.
const LABEL: &[u8] = b"__label__";

/// A label with the number of examples that had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub name: String,
    pub count: i64,
}

/// Which row of the input matrix stands for what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    /// The bytes of all words, then of all labels.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    counts: Vec<i64>,
    words: usize,
    labels: Vec<Label>,
    /// Words and labels by hash, as numbers from 1; 0 is free.
    slots: Vec<u32>,
    /// In a pruned model, the rows (after those of the words) of the buckets that were kept.
    kept: Option<FxHashMap<u32, u32>>,
}

impl Dictionary {
    /// A dictionary of these words and labels, each with its count.
    pub fn new(words: &[(&str, i64)], labels: &[(&str, i64)]) -> Self {
        let mut dictionary = Self::default();
        for (word, count) in words.iter().chain(labels) {
            dictionary.push(word.as_bytes(), *count);
        }
        dictionary.words = words.len();
        dictionary.index();
        dictionary
    }

    pub(super) fn read(source: &mut Source<impl Read>) -> Result<Self, Damage> {
        let (size, words, labels) = (source.i32()?, source.i32()?, source.i32()?);
        let _tokens = source.i64()?;
        let pruned = source.i64()?;
        if words < 0 || labels < 1 || i64::from(words) + i64::from(labels) != i64::from(size) {
            return Err(Damage(format!(
                "its dictionary of {size} has {words} words and {labels} labels"
            )));
        }
        // A zero byte, a count and a kind at least.
        let size = source.room(i64::from(size), 10)?;
        let mut dictionary = Self {
            words: words as usize,
            ..Self::default()
        };
        for number in 0..size {
            let word = source.word()?;
            let count = source.i64()?;
            if (source.byte()? != 0) != (number >= dictionary.words) {
                return Err(Damage(
                    "a label stands among the words of its dictionary".into(),
                ));
            }
            dictionary.push(&word, count);
        }
        if pruned >= 0 {
            let count = source.room(pruned, 8)?;
            dictionary.kept = Some(read_kept(source, count)?);
        }
        dictionary.index();
        Ok(dictionary)
    }

    pub(super) fn write(&self, sink: &mut Sink<impl Write>) -> std::io::Result<()> {
        sink.i32(self.ends.len() as i32)?;
        sink.i32(self.words as i32)?;
        sink.i32(self.labels.len() as i32)?;
        let words = self.counts.iter().take(self.words);
        sink.i64(words.fold(0, |sum: i64, count| sum.saturating_add(*count)))?;
        let not_pruned = -1;
        sink.i64(not_pruned)?;
        for number in 0..self.ends.len() {
            sink.bytes(self.entry(number))?;
            sink.bytes(&[0])?;
            sink.i64(self.counts[number])?;
            sink.flag(number >= self.words)?;
        }
        Ok(())
    }

    fn push(&mut self, word: &[u8], count: i64) {
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len());
        self.counts.push(count);
    }

    /// Sets up labels and hash table.
    fn index(&mut self) {
        self.labels = (self.words..self.ends.len())
            .map(|number| Label {
                name: String::from_utf8_lossy(self.entry(number)).into_owned(),
                count: self.counts[number],
            })
            .collect();
        self.slots = vec![0; (self.ends.len() * 3 / 2 + 1).next_power_of_two()];
        for number in 0..self.ends.len() {
            let at = self.slot(self.entry(number), hash(self.entry(number)));
            self.slots[at] = number as u32 + 1;
        }
    }

    fn entry(&self, number: usize) -> &[u8] {
        let start = if number == 0 {
            0
        } else {
            self.ends[number - 1]
        };
        &self.bytes[start..self.ends[number]]
    }

    /// Where a word stands, or the free slot where it would.
    fn slot(&self, word: &[u8], hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 && self.entry(self.slots[at] as usize - 1) != word {
            at = (at + 1) & mask;
        }
        at
    }

    fn find(&self, word: &[u8], hash: u32) -> Option<usize> {
        (self.slots[self.slot(word, hash)] as usize).checked_sub(1)
    }

    /// Number of words.
    pub fn words(&self) -> usize {
        self.words
    }

    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Whether the dictionary has this word.
    pub fn has(&self, word: &str) -> bool {
        self.find(word.as_bytes(), hash(word.as_bytes()))
            .is_some_and(|number| number < self.words)
    }

    /// Rows that the kept buckets of a pruned model need.
    pub(super) fn kept(&self) -> Option<u64> {
        let kept = self.kept.as_ref()?;
        Some(kept.values().max().map_or(0, |row| u64::from(*row) + 1))
    }

    /// The input row of a bucket.
    #[inline]
    pub fn bucket_row(&self, bucket: u32) -> Option<usize> {
        let row = match &self.kept {
            Some(kept) => *kept.get(&bucket)?,
            None => bucket,
        };
        Some(self.words + row as usize)
    }

    /// Hands over the input rows of a word and its subwords. Returns whether it is a word of text
    /// at all, and no label.
    #[inline]
    pub fn rows(
        &self,
        word: &[u8],
        hash: u32,
        settings: &Settings,
        mut each: impl FnMut(usize),
    ) -> bool {
        match self.find(word, hash) {
            Some(number) if number >= self.words => return false,
            Some(number) => each(number),
            None if word.starts_with(LABEL) => return false,
            None => {}
        }
        if settings.max_subword > 0 && settings.buckets > 0 && word != END_OF_LINE.as_bytes() {
            subwords(word, settings, |bucket| {
                if let Some(row) = self.bucket_row(bucket) {
                    each(row);
                }
            });
        }
        true
    }
}

fn read_kept(source: &mut Source<impl Read>, count: usize) -> Result<FxHashMap<u32, u32>, Damage> {
    let mut kept = FxHashMap::default();
    for _ in 0..count {
        let pair = (u32::try_from(source.i32()?), u32::try_from(source.i32()?));
        let (Ok(bucket), Ok(row)) = pair else {
            return Err(Damage("its list of kept buckets is damaged".into()));
        };
        kept.insert(bucket, row);
    }
    Ok(kept)
}

/// Hands over the buckets of the character n-grams of `<word>`; the marks alone are none.
fn subwords(word: &[u8], settings: &Settings, mut each: impl FnMut(u32)) {
    let length = word.len() + 2;
    let at = |place: usize| match place {
        0 => b'<',
        _ => word.get(place - 1).copied().unwrap_or(b'>'),
    };
    let continues = |place: usize| place < length && at(place) & 0xC0 == 0x80;
    for start in 0..length {
        if continues(start) {
            continue;
        }
        let (mut end, mut hash) = (start, EMPTY);
        for count in 1..=settings.max_subword {
            if end == length {
                break;
            }
            hash = extend(hash, at(end));
            end += 1;
            while continues(end) {
                hash = extend(hash, at(end));
                end += 1;
            }
            let mark = count == 1 && (start == 0 || end == length);
            if count >= settings.min_subword && !mark {
                each(hash % settings.buckets);
            }
        }
    }
}

const EMPTY: u32 = 2_166_136_261;

/// FNV-1a over signed bytes, as fastText has it.
#[inline]
fn extend(hash: u32, byte: u8) -> u32 {
    (hash ^ i32::from(byte as i8) as u32).wrapping_mul(16_777_619)
}

/// fastText's hash of a word.
#[inline]
pub(crate) fn hash(word: &[u8]) -> u32 {
    word.iter().fold(EMPTY, |hash, &byte| extend(hash, byte))
}
