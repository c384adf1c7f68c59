//! Phrases of page furniture, and finding them in short lines.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use xxhash_rust::xxh3::xxh3_64;

use crate::hashing::HashedSet;
use crate::words::is_space;

const DATA: &str = include_str!("../../../data/boilerplate_lines.txt");

/// Stands for a number in a key.
const NUMBER: char = '\u{1}';

/// Longest phrase, in words of spaced scripts, and in characters of others.
const MAX_WORDS: usize = 8;
const MAX_CHARS: usize = 12;

/// The phrases of one language, with those of English.
#[derive(Clone, Debug, Default)]
pub struct Phrases {
    counters: HashedSet,
    lines: HashedSet,
    leads: HashedSet,
    starts: HashedSet,
    ends: HashedSet,
    /// First words (of scripts without spaces: characters) of leads and starts, last ones of ends:
    /// most lines need no other look.
    firsts: HashedSet,
    lasts: HashedSet,
    inside: Option<AhoCorasick>,
}

/// What a phrase says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The line goes.
    Line,
    /// So many letters and digits at its start go.
    Start(usize),
    /// So many at its end go.
    End(usize),
}

impl Phrases {
    /// The phrases for a language code: English ones, and its own if there are any.
    #[must_use]
    pub fn of(lang: &str) -> &'static Self {
        static ALL: LazyLock<HashMap<&str, Phrases>> = LazyLock::new(|| {
            let codes = DATA.lines().filter_map(|line| line.split(' ').next());
            codes.map(|code| (code, Phrases::read(code))).collect()
        });
        static NONE: LazyLock<Phrases> = LazyLock::new(Phrases::default);
        let code = if lang == "yue" { "zh" } else { lang };
        ALL.get(code).or_else(|| ALL.get("en")).unwrap_or(&NONE)
    }

    fn read(lang: &str) -> Self {
        let mut phrases = Self::default();
        let mut inside = Vec::new();
        for line in DATA.lines().filter(|line| !line.starts_with('#')) {
            let Some((head, list)) = line.split_once(": ") else {
                continue;
            };
            let Some((_, kind)) = head
                .split_once(' ')
                .filter(|(code, _)| *code == lang || *code == "en")
            else {
                continue;
            };
            let list = list.split(" | ");
            match kind {
                "counter" => phrases.counters.extend(list.clone().map(hash)),
                "line" => phrases.lines.extend(list.clone().map(hash)),
                "lead" => phrases.leads.extend(list.clone().map(hash)),
                "start" => phrases.starts.extend(list.clone().map(hash)),
                "end" => phrases.ends.extend(list.clone().map(hash)),
                "any" => inside.extend(list.clone()),
                _ => {}
            }
            match kind {
                "lead" | "start" => phrases.firsts.extend(list.flat_map(firsts).map(hash)),
                "end" => phrases.lasts.extend(list.flat_map(lasts).map(hash)),
                _ => {}
            }
        }
        phrases.inside = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(inside)
            .ok();
        phrases
    }

    /// Whether a line is numbers with what they count.
    pub(super) fn is_counter(&self, key: &Key) -> bool {
        let mut pieces = key
            .counted
            .split(NUMBER)
            .map(str::trim)
            .filter(|piece| !piece.is_empty());
        let first = pieces.next();
        first
            .into_iter()
            .chain(pieces)
            .all(|piece| self.counters.contains(&hash(piece)))
            && first.is_some()
    }

    pub(super) fn find(&self, key: &Key, unspaced: bool) -> Option<Found> {
        let text = key.text.as_str();
        if self.lines.contains(&hash(text)) || self.has_inside(text, unspaced) {
            return Some(Found::Line);
        }
        self.find_start(text, unspaced)
            .or_else(|| self.find_end(text, unspaced))
    }

    fn find_start(&self, text: &str, unspaced: bool) -> Option<Found> {
        if !firsts(text)
            .iter()
            .any(|part| self.firsts.contains(&hash(part)))
        {
            return None;
        }
        let mut found = None;
        for part in beginnings(text, unspaced) {
            let hash = hash(part);
            if self.leads.contains(&hash) {
                return Some(Found::Line);
            }
            if self.starts.contains(&hash) {
                found = Some(Found::Start(letters(part)));
            }
        }
        found
    }

    fn find_end(&self, text: &str, unspaced: bool) -> Option<Found> {
        if !lasts(text)
            .iter()
            .any(|part| self.lasts.contains(&hash(part)))
        {
            return None;
        }
        let parts = endings(text, unspaced).filter(|part| self.ends.contains(&hash(part)));
        // The longest.
        parts.last().map(|part| Found::End(letters(part)))
    }

    fn has_inside(&self, text: &str, unspaced: bool) -> bool {
        let Some(automaton) = &self.inside else {
            return false;
        };
        automaton.find_overlapping_iter(text).any(|found| {
            let at_border = |c: Option<char>| c.is_none_or(|c| c == ' ');
            unspaced
                || at_border(text[..found.start()].chars().next_back())
                    && at_border(text[found.end()..].chars().next())
        })
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|&c| is_letter(c)).count()
}

/// The first word and the first character.
fn firsts(text: &str) -> [&str; 2] {
    let first = text.chars().next().map_or(0, char::len_utf8);
    [text.split(' ').next().unwrap_or(text), &text[..first]]
}

/// The last word and the last character.
fn lasts(text: &str) -> [&str; 2] {
    let last = text.chars().next_back().map_or(0, char::len_utf8);
    [
        text.rsplit(' ').next().unwrap_or(text),
        &text[text.len() - last..],
    ]
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The text's beginnings, whole words of spaced scripts, shortest first.
fn beginnings(text: &str, unspaced: bool) -> impl Iterator<Item = &str> {
    borders(text, unspaced).map(|at| &text[..at]).chain([text])
}

/// The text's endings, whole words of spaced scripts, shortest first.
fn endings(text: &str, unspaced: bool) -> impl Iterator<Item = &str> {
    let most = if unspaced { MAX_CHARS } else { MAX_WORDS };
    let places = text.char_indices().rev();
    places
        .filter(move |&(at, c)| unspaced && at > 0 || c == ' ')
        .map(move |(at, c)| &text[if c == ' ' { at + 1 } else { at }..])
        .take(most)
        .chain([text])
}

fn borders(text: &str, unspaced: bool) -> impl Iterator<Item = usize> {
    let most = if unspaced { MAX_CHARS } else { MAX_WORDS };
    let places = text.char_indices();
    places
        .filter(move |&(at, c)| unspaced && at > 0 || c == ' ')
        .map(|(at, _)| at)
        .take(most)
}

/// A line as phrases are compared: letters and digits in lower case, words parted by one space.
/// Han, Kana and other characters of scripts without spaces are not parted.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    text: String,
    /// The same with numbers replaced.
    counted: String,
}

impl Key {
    pub(super) fn set(&mut self, line: &str, unspaced: bool) {
        self.text.clear();
        if line.is_ascii() {
            self.set_ascii(line);
        } else {
            self.set_unicode(line, unspaced);
        }
    }

    fn set_ascii(&mut self, line: &str) {
        let mut gap = false;
        for byte in line.bytes() {
            if byte.is_ascii_alphanumeric() {
                if gap && !self.text.is_empty() {
                    self.text.push(' ');
                }
                self.text.push(char::from(byte.to_ascii_lowercase()));
                gap = false;
            } else {
                gap = true;
            }
        }
    }

    fn set_unicode(&mut self, line: &str, unspaced: bool) {
        let mut gap = false;
        for c in line.chars() {
            if !is_letter(c) {
                gap = true;
                continue;
            }
            let parted = gap && !(unspaced && is_wide(c) && self.text.ends_with(is_wide));
            if parted && !self.text.is_empty() {
                self.text.push(' ');
            }
            push_lower(&mut self.text, c);
            gap = false;
        }
    }

    /// Prepares the form with numbers replaced.
    pub(super) fn set_counted(&mut self, line: &str) {
        self.counted.clear();
        let mut gap = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if !is_letter(c) {
                gap = true;
                continue;
            }
            self.count(c, gap, chars.peek().copied());
            gap = false;
        }
    }

    /// Adds a character to the form with numbers replaced. `1,234.5` is one number, as are `1.2k`
    /// and `1.2万`.
    fn count(&mut self, c: char, gap: bool, next: Option<char>) {
        let after_number = self.counted.ends_with(NUMBER);
        // Chinese numerals are numeric, and words.
        if !is_wide(c) && c.is_numeric() {
            if !after_number {
                self.counted.push(NUMBER);
            }
            return;
        }
        let ends = next.is_none_or(|next| is_wide(next) || !next.is_alphanumeric());
        let suffix = matches!(c, 'k' | 'K' | 'm' | 'M' | 'b' | 'B' | 'w' | 'W') && ends
            || matches!(c, '万' | '萬' | '千' | '亿' | '億' | '만' | '천');
        if after_number && suffix && (!gap || is_wide(c)) {
            return;
        }
        if gap && !self.counted.is_empty() && !after_number {
            self.counted.push(' ');
        }
        push_lower(&mut self.counted, c);
    }
}

/// As `char::is_alphanumeric`, faster for the commonest characters of Chinese and Japanese.
fn is_letter(c: char) -> bool {
    match c {
        '\u{4E00}'..='\u{9FFF}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' => true,
        '\u{3000}'..='\u{3004}' | '，' | '：' | '！' | '？' | '“' | '”' => false,
        _ => c.is_alphanumeric(),
    }
}

fn push_lower(text: &mut String, c: char) {
    if is_wide(c) {
        text.push(c);
    } else {
        text.extend(c.to_lowercase());
    }
}

/// Whether a character is of a script without spaces (as a key sees it).
fn is_wide(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

/// White space and what parts phrases from text.
fn is_separator(c: char) -> bool {
    is_space(c)
        || matches!(
            c,
            '|' | '·'
                | '•'
                | '»'
                | '«'
                | '›'
                | '>'
                | '→'
                | '-'
                | '–'
                | '—'
                | ':'
                | '：'
                | '['
                | '【'
                | '('
                | '（'
        )
}

/// The line without its first letters and digits, so many of them; all of it if no separator
/// parts them from the rest.
pub(super) fn cut_start(line: &str, letters: usize) -> &str {
    let mut places = line.char_indices().filter(|&(_, c)| is_letter(c));
    let last = letters.checked_sub(1).and_then(|before| places.nth(before));
    let Some((end, next)) = last.map(|(at, c)| at + c.len_utf8()).zip(places.next()) else {
        return "";
    };
    let between = line.get(end..next.0).unwrap_or_default();
    if between.chars().all(is_space) {
        return line;
    }
    line[next.0..].trim_end_matches(is_space)
}

/// The line without its last letters and digits, so many of them; all of it if neither a separator
/// nor the end of a sentence parts them from the rest.
pub(super) fn cut_end(line: &str, letters: usize) -> &str {
    let mut places = line.char_indices().rev().filter(|&(_, c)| is_letter(c));
    let last = letters.checked_sub(1).and_then(|before| places.nth(before));
    let Some((start, before)) = last.map(|(at, _)| at).zip(places.next()) else {
        return "";
    };
    let between = line
        .get(before.0 + before.1.len_utf8()..start)
        .unwrap_or_default();
    if between.chars().all(is_space) {
        return line;
    }
    line[..start].trim_end_matches(is_separator)
}
