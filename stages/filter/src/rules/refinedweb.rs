//! RefinedWeb's corrections by line (Penedo et al. 2023, "The RefinedWeb Dataset for Falcon LLM",
//! appendix G.2, arXiv:2306.01116).
//!
//! A line goes if it is mainly upper case, only numerals, a counter (`3 likes`) or one word, and a
//! line of at most 10 words is cut or goes if it begins with, ends with or has in it a phrase of
//! page furniture (`sign-in`, `Read more…`, `items in cart`). A document is dropped if more than
//! 5% of its words went.
//!
//! The paper gives an example for each kind, no lists. The phrases are ours, for ten languages
//! (`data/boilerplate_lines.txt`); those of English count in every language. "Mainly" upper case
//! is more than half of the characters, as in DCLM's reading of the paper.

mod phrases;

use std::borrow::Cow;

pub use phrases::Phrases;
use phrases::{Found, Key};

use crate::words::{Segmenter, is_space};

/// Limits, and which kinds of lines go.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Share of upper-case characters above which a line goes (0.5); above 1 for never.
    pub max_uppercase: f64,
    /// Whether lines of numerals go.
    pub numerals: bool,
    /// Whether counters go.
    pub counters: bool,
    /// Whether lines of one word go.
    pub single_words: bool,
    /// Longest line, in words, that phrases count in (10); 0 for none.
    pub phrase_line_words: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_uppercase: 0.5,
            numerals: true,
            counters: true,
            single_words: true,
            phrase_line_words: 10,
        }
    }
}

/// Greatest share of a document's words that may go (0.05).
pub const MAX_REMOVED_WORDS: f64 = 0.05;

/// A text without the lines that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite<'a> {
    /// What stays.
    pub text: Cow<'a, str>,
    /// Lines that went, by what they were.
    pub removed: Removed,
    /// Words of the text as it was. In languages without spaces: half of the characters, and one
    /// for each run of Latin letters or digits.
    pub words: usize,
    /// Words that went.
    pub removed_words: usize,
}

/// Numbers of lines by what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Mainly upper case.
    pub uppercase: usize,
    /// Only numerals.
    pub numerals: usize,
    /// Counters.
    pub counters: usize,
    /// One word.
    pub single_words: usize,
    /// Page furniture.
    pub phrases: usize,
    /// Lines that stay, with a phrase cut off.
    pub cut: usize,
}

impl Removed {
    /// All lines that went or were cut.
    #[must_use]
    pub fn lines(&self) -> usize {
        let Self {
            uppercase,
            numerals,
            counters,
            single_words,
            phrases,
            cut,
        } = self;
        uppercase + numerals + counters + single_words + phrases + cut
    }
}

impl Rewrite<'_> {
    /// Share of the words that went; 0 of none. Above [`MAX_REMOVED_WORDS`] the paper drops the
    /// document.
    #[must_use]
    pub fn removed_share(&self) -> f64 {
        super::ratio(self.removed_words, self.words)
    }
}

/// Removes the lines that the options name. Empty lines stay.
#[must_use]
pub fn rewrite<'a>(
    text: &'a str,
    segmenter: Segmenter,
    phrases: &Phrases,
    options: &Options,
) -> Rewrite<'a> {
    let mut reader = Reader {
        unspaced: segmenter != Segmenter::Spaced,
        phrases,
        options,
        key: Key::default(),
        removed: Removed::default(),
    };
    let (mut words, mut removed_words, mut start) = (0, 0, 0);
    // None as long as all lines stayed.
    let mut kept: Option<Vec<&str>> = None;
    for line in text.split('\n') {
        let shape = Shape::of(line, reader.unspaced);
        words += shape.words;
        let stays = reader.read(line, &shape);
        if stays != Some(line) {
            removed_words +=
                shape.words - stays.map_or(0, |rest| Shape::of(rest, reader.unspaced).words);
            kept.get_or_insert_with(|| text[..start].split_terminator('\n').collect());
        }
        if let (Some(kept), Some(stays)) = (&mut kept, stays) {
            kept.push(stays);
        }
        start += line.len() + 1;
    }
    Rewrite {
        text: kept.map_or(Cow::Borrowed(text), |kept| kept.join("\n").into()),
        removed: reader.removed,
        words,
        removed_words,
    }
}

/// Decides about lines.
struct Reader<'p> {
    unspaced: bool,
    phrases: &'p Phrases,
    options: &'p Options,
    key: Key,
    removed: Removed,
}

impl Reader<'_> {
    /// What stays of a line.
    fn read<'a>(&mut self, line: &'a str, shape: &Shape) -> Option<&'a str> {
        let options = self.options;
        if shape.is_empty() {
            return Some(line);
        }
        let kind = if options.numerals && shape.is_numeral() {
            &mut self.removed.numerals
        } else if options.single_words && shape.words <= 1 {
            &mut self.removed.single_words
        } else if is_uppercase(line, shape, options.max_uppercase) {
            &mut self.removed.uppercase
        } else if shape.words > options.phrase_line_words.max(COUNTER_WORDS) {
            return Some(line);
        } else {
            return self.read_short(line, shape);
        };
        *kind += 1;
        None
    }

    fn read_short<'a>(&mut self, line: &'a str, shape: &Shape) -> Option<&'a str> {
        if self.options.counters && shape.digits > 0 && shape.words <= COUNTER_WORDS {
            self.key.set_counted(line);
            if self.phrases.is_counter(&self.key) {
                self.removed.counters += 1;
                return None;
            }
        }
        if shape.words > self.options.phrase_line_words {
            return Some(line);
        }
        self.key.set(line, self.unspaced);
        let rest = match self.phrases.find(&self.key, self.unspaced) {
            None => return Some(line),
            Some(Found::Line) => "",
            Some(Found::Start(letters)) => phrases::cut_start(line, letters),
            Some(Found::End(letters)) => phrases::cut_end(line, letters),
        };
        if rest.len() == line.len() {
            return Some(line);
        }
        if Shape::of(rest, self.unspaced).words <= 1 {
            self.removed.phrases += 1;
            return None;
        }
        self.removed.cut += 1;
        Some(rest)
    }
}

/// Longest counter, in words (`12 likes and 3 comments`).
const COUNTER_WORDS: usize = 8;

/// What bytes alone say of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    words: usize,
    digits: usize,
    /// Characters that may be upper case.
    may_be_upper: usize,
    /// Characters that are neither digits nor white space nor stand between digits.
    others: usize,
}

impl Shape {
    fn of(line: &str, unspaced: bool) -> Self {
        let mut shape = Self::default();
        let bytes = line.as_bytes();
        let mut heads = 0;
        // Counters of one byte are what the compiler does 16 of at a time.
        for block in bytes.chunks(255) {
            let (mut upper, mut digits, mut plain) = (0u8, 0u8, 0u8);
            let (mut chars, mut cased, mut wide) = (0u8, 0u8, 0u8);
            // 255 times 1 fits; a check for overflow would stop the compiler.
            let count = |sum: &mut u8, is: bool| *sum = sum.wrapping_add(u8::from(is));
            for &byte in block {
                count(&mut upper, byte.is_ascii_uppercase());
                count(&mut digits, byte.is_ascii_digit());
                count(&mut plain, (byte <= b' ') | joins_digits(byte));
                count(&mut chars, (byte as i8) >= -0x40);
                // The first bytes of Latin, Greek, Cyrillic, Armenian, Georgian, full-width.
                let of_cased = (0xC3..=0xDF).contains(&byte) | (byte == 0xE1) | (byte == 0xEF);
                count(&mut cased, of_cased);
                count(&mut wide, byte >= 0xE0);
            }
            heads += usize::from(wide);
            shape.digits += usize::from(digits);
            shape.may_be_upper += usize::from(upper) + usize::from(cased);
            shape.others += usize::from(chars) - usize::from(digits) - usize::from(plain);
        }
        shape.words = if unspaced {
            word_starts(bytes, is_latin_or_digit) + heads.div_ceil(2)
        } else {
            word_starts(bytes, |byte| byte > b' ')
        };
        shape
    }

    fn is_empty(&self) -> bool {
        self.digits + self.others == 0
    }

    /// Digits, with no more than points, commas, colons, slashes, dashes and spaces.
    fn is_numeral(&self) -> bool {
        self.digits > 0 && self.others == 0
    }
}

/// Number of runs of bytes that are in words: what is not white space; in scripts without spaces,
/// where characters count, ASCII letters and digits.
fn word_starts(bytes: &[u8], in_word: impl Fn(u8) -> bool) -> usize {
    let Some((&first, rest)) = bytes.split_first() else {
        return 0;
    };
    let mut starts = usize::from(in_word(first));
    for (block, before) in rest.chunks(255).zip(bytes.chunks(255)) {
        let pairs = block.iter().zip(before);
        let found = pairs.fold(0u8, |sum, (&byte, &before)| {
            sum.wrapping_add(u8::from(in_word(byte) & !in_word(before)))
        });
        starts += usize::from(found);
    }
    starts
}

/// As `u8::is_ascii_alphanumeric`, without branches.
fn is_latin_or_digit(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10)
}

fn joins_digits(byte: u8) -> bool {
    (b','..=b'/').contains(&byte) | (byte == b':')
}

/// Whether more than a share of a line's characters is upper case; `shape` is the line's.
fn is_uppercase(line: &str, shape: &Shape, limit: f64) -> bool {
    if shape.may_be_upper as f64 <= limit * (shape.digits + shape.others) as f64 {
        return false;
    }
    let (mut upper, mut all) = (0, 0);
    for c in line.trim_matches(is_space).chars() {
        all += 1;
        upper += usize::from(match c {
            'a'..='z' | 'а'..='я' | 'α'..='ω' => false,
            'A'..='Z' | 'А'..='Я' | 'Α'..='Ω' => true,
            _ => c.is_uppercase(),
        });
    }
    super::ratio(upper, all) > limit
}

#[cfg(test)]
mod tests;
