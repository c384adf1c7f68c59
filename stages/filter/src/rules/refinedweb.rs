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
#[derive(Clone, Copy, Debug, PartialEq)]
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
        } else if shape.may_be_uppercase() && uppercase_share(line) > options.max_uppercase {
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
        self.key.set(line, self.unspaced);
        if self.options.counters
            && shape.digits > 0
            && shape.words <= COUNTER_WORDS
            && self.phrases.is_counter(&self.key)
        {
            self.removed.counters += 1;
            return None;
        }
        if shape.words > self.options.phrase_line_words {
            return Some(line);
        }
        let rest = match self.phrases.find(&self.key, self.unspaced) {
            None => return Some(line),
            Some(Found::Line) => "",
            Some(Found::Start(letters)) => phrases::cut_start(line, letters),
            Some(Found::End(letters)) => phrases::cut_end(line, letters),
        };
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
    upper: usize,
    lower: usize,
    digits: usize,
    /// Of ASCII: what is neither white space, letter, digit nor stands between digits.
    marks: usize,
    /// Bytes outside ASCII.
    wide: usize,
}

impl Shape {
    fn of(line: &str, unspaced: bool) -> Self {
        let mut counts = [0usize; CLASSES];
        let (mut runs, mut inside) = (0usize, false);
        for &byte in line.as_bytes() {
            let class = CLASS[usize::from(byte)];
            counts[class as usize] += 1;
            // A word is a run of bytes other than white space; without spaces, of ASCII letters
            // and digits.
            let in_word = if unspaced {
                class <= DIGIT
            } else {
                class != SPACE
            };
            runs += usize::from(in_word & !inside);
            inside = in_word;
        }
        let at = |class: u8| counts[class as usize];
        let characters = if unspaced { at(HEAD).div_ceil(2) } else { 0 };
        Self {
            words: runs + characters,
            upper: at(UPPER),
            lower: at(LOWER),
            digits: at(DIGIT),
            marks: at(MARK),
            wide: at(HEAD) + at(OTHER),
        }
    }

    fn is_empty(&self) -> bool {
        self.upper + self.lower + self.digits + self.marks + self.wide == 0
    }

    /// Digits, with no more than points, commas, colons, slashes, dashes and spaces.
    fn is_numeral(&self) -> bool {
        self.digits > 0 && self.upper + self.lower + self.marks + self.wide == 0
    }

    /// Whether more than half of the line's characters can be upper case.
    fn may_be_uppercase(&self) -> bool {
        self.upper + self.wide / 2 > self.lower + self.digits + self.marks
    }
}

// Classes of bytes, those of words first.
const UPPER: u8 = 0;
const LOWER: u8 = 1;
const DIGIT: u8 = 2;
const SPACE: u8 = 3;
/// The first byte of a character from U+0E00 on, where scripts without spaces are.
const HEAD: u8 = 4;
/// Other bytes outside ASCII.
const OTHER: u8 = 5;
/// What stands between digits.
const JOIN: u8 = 6;
const MARK: u8 = 7;
const CLASSES: usize = 8;

static CLASS: [u8; 256] = {
    let mut table = [MARK; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t'..=b'\r' => SPACE,
            b'.' | b',' | b':' | b'/' | b'-' => JOIN,
            0xE0..=0xF4 => HEAD,
            0x80..=0xFF => OTHER,
            _ => MARK,
        };
        byte += 1;
    }
    table
};

fn uppercase_share(line: &str) -> f64 {
    let (mut upper, mut all) = (0, 0);
    for c in line.trim_matches(is_space).chars() {
        all += 1;
        upper += usize::from(c.is_uppercase());
    }
    super::ratio(upper, all)
}

#[cfg(test)]
mod tests;
