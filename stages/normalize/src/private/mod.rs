//! Finds private data and puts typed placeholders in its place.
//!
//! One scan looks for the bytes that every kind needs (a digit, `:`, `@`, the beginning of a key);
//! recognisers written by hand look at what stands there. A number is private by its own proof (check
//! digits, a calling code) or by the words before it; version numbers, dates, ISBNs and order numbers
//! are not.

mod bank;
mod calling;
mod context;
mod email;
mod ip;
mod number;
mod passport;
mod phone;
mod pseudonym;
mod resident;
mod secret;

use std::ops::Range;

use aho_corasick::packed::Searcher;
use aho_corasick::{Match, Span};

use crate::config::PrivateKind;
use crate::counts::count;
use pseudonym::Placeholders;

/// What gives an item away that may hold no digit: private key blocks, keys of which one in thirty
/// has none, and spelled e-mail addresses.
const BEGINNINGS: [&str; 11] = [
    "-----BEGIN ",
    "AKIA",
    "ASIA",
    "LTAI",
    "(at)",
    "[at]",
    "{at}",
    "(AT)",
    "[AT]",
    "{AT}",
    "<at>",
];

/// Masks private data of the chosen kinds.
pub(crate) struct Masker {
    on: [bool; PrivateKind::ALL.len()],
    placeholders: Placeholders,
    /// Looks for [`BEGINNINGS`] with vector instructions.
    beginnings: Option<Searcher>,
}

/// An item found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub kind: PrivateKind,
    pub range: Range<usize>,
}

/// How far a text was looked through.
struct Scan<'a> {
    text: &'a str,
    /// End of the last item.
    done: usize,
    /// Where to look on.
    from: usize,
    /// End of the last token that was no secret.
    token_end: usize,
    /// The next digit, colon or at sign at or after `from`.
    sign: Option<usize>,
    /// The next of [`BEGINNINGS`] at or after `from`.
    beginning: Option<Match>,
}

impl Masker {
    pub fn new(kinds: &[PrivateKind], template: &str, pseudonym_key: &str) -> Self {
        Self {
            on: PrivateKind::ALL.map(|kind| kinds.contains(&kind)),
            placeholders: Placeholders::new(template, pseudonym_key),
            beginnings: Searcher::new(BEGINNINGS),
        }
    }

    /// Masks a text; nothing when it holds no private data.
    pub fn mask(&self, text: &str, counters: &mut [u32; PrivateKind::ALL.len()]) -> Option<String> {
        if self.on == [false; PrivateKind::ALL.len()] {
            return None;
        }
        let mut out = String::new();
        let mut scan = Scan {
            text,
            done: 0,
            from: 0,
            token_end: 0,
            sign: next_sign(text.as_bytes(), 0),
            beginning: self.beginning(text, 0),
        };
        let mut copied = 0;
        while let Some(item) = self.next(&mut scan) {
            out.push_str(text.get(copied..item.range.start).unwrap_or_default());
            let written = text.get(item.range.clone()).unwrap_or_default();
            self.placeholders.write(item.kind, written, &mut out);
            if let Some(counter) = counters.get_mut(item.kind as usize) {
                count(counter);
            }
            copied = item.range.end;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Some(out)
    }

    /// What stands in place of an item of this kind, for example.
    pub fn placeholder(&self, kind: PrivateKind) -> String {
        let mut out = String::new();
        self.placeholders.write(kind, "", &mut out);
        out
    }

    fn is_on(&self, kind: PrivateKind) -> bool {
        self.on.get(kind as usize).copied().unwrap_or_default()
    }

    fn beginning(&self, text: &str, from: usize) -> Option<Match> {
        let span = Span::from(from.min(text.len())..text.len());
        self.beginnings.as_ref()?.find_in(text, span)
    }

    /// The next item.
    fn next(&self, scan: &mut Scan) -> Option<Item> {
        let bytes = scan.text.as_bytes();
        loop {
            if scan.sign.is_some_and(|at| at < scan.from) {
                scan.sign = next_sign(bytes, scan.from);
            }
            if scan
                .beginning
                .is_some_and(|found| found.start() < scan.from)
            {
                scan.beginning = self.beginning(scan.text, scan.from);
            }
            let (item, next) = match (scan.beginning, scan.sign) {
                (Some(found), sign) if sign.is_none_or(|at| found.start() < at) => {
                    (self.at_beginning(scan, found), found.start() + 1)
                }
                (_, Some(at)) => self.at_sign(scan, at),
                (_, None) => return None,
            };
            scan.from = next.max(scan.from + 1);
            if let Some(item) =
                item.filter(|item| self.is_on(item.kind) && item.range.start >= scan.done)
            {
                scan.done = item.range.end;
                scan.from = scan.done;
                return Some(item);
            }
        }
    }

    fn at_beginning(&self, scan: &Scan, found: Match) -> Option<Item> {
        match found.pattern().as_usize() {
            0 => secret::block(scan.text, found.start()),
            1..=3 => secret::key(scan.text, found.start()),
            _ => email::spelled(scan.text, found.start(), scan.done),
        }
    }

    fn at_sign(&self, scan: &mut Scan, at: usize) -> (Option<Item>, usize) {
        let (text, done) = (scan.text, scan.done);
        match text.as_bytes().get(at) {
            Some(b'@') => (email::at(text, at, done), at + 1),
            Some(b':') => ip::v6_at(text, at, done),
            _ => {
                if at >= scan.token_end && self.is_on(PrivateKind::Secret) {
                    let (item, end) = secret::at(text, at, done);
                    scan.token_end = end;
                    if item.is_some() {
                        return (item, end);
                    }
                }
                let (item, next) = number::at(text, at, done);
                (item, next.max(at + 1))
            }
        }
    }
}

/// The place of the next byte that most private data cannot do without.
fn next_sign(bytes: &[u8], from: usize) -> Option<usize> {
    /// Bytes looked at in one go; the compiler makes vector instructions of it.
    const BLOCK: usize = 32;
    let mut at = from;
    for block in bytes.get(from..)?.chunks(BLOCK) {
        if block.iter().fold(false, |any, byte| any | is_sign(*byte)) {
            return block
                .iter()
                .position(|byte| is_sign(*byte))
                .map(|place| at + place);
        }
        at += block.len();
    }
    None
}

/// Digits, colon (which follows them in ASCII) and at sign.
fn is_sign(byte: u8) -> bool {
    byte.wrapping_sub(b'0') <= b':' - b'0' || byte == b'@'
}

#[cfg(test)]
mod tests;
