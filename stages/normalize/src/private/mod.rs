//! Finds private data and puts typed placeholders in its place.
//!
//! One scan looks for the bytes that every kind needs (a digit, `@`, `::`); recognisers written by
//! hand look at what stands there. A number is private by its own proof (check digits, a calling
//! code) or by the words before it; version numbers, dates, ISBNs and order numbers are not.

mod bank;
mod context;
mod email;
mod ip;
mod number;
mod phone;
mod resident;

use std::ops::Range;

use crate::config::PrivateKind;
use crate::counts::count;

/// Masks private data of the chosen kinds.
pub(crate) struct Masker {
    on: [bool; PrivateKind::ALL.len()],
    placeholders: [String; PrivateKind::ALL.len()],
}

/// An item found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub kind: PrivateKind,
    pub range: Range<usize>,
}

impl Masker {
    pub fn new(kinds: &[PrivateKind], template: &str) -> Self {
        Self {
            on: PrivateKind::ALL.map(|kind| kinds.contains(&kind)),
            placeholders: PrivateKind::ALL.map(|kind| template.replace("{kind}", kind.label())),
        }
    }

    /// Masks a text; nothing when it holds no private data.
    pub fn mask(&self, text: &str, counters: &mut [u32; PrivateKind::ALL.len()]) -> Option<String> {
        if self.on == [false; PrivateKind::ALL.len()] {
            return None;
        }
        let mut out = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(item) = self.next(text, from, done) {
            let index = item.kind as usize;
            out.push_str(text.get(done..item.range.start).unwrap_or_default());
            if let (Some(placeholder), Some(counter)) =
                (self.placeholders.get(index), counters.get_mut(index))
            {
                out.push_str(placeholder);
                count(counter);
            }
            done = item.range.end;
            from = done;
        }
        if done == 0 {
            return None;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        Some(out)
    }

    /// The first item that begins at or after `done`, with its sign at or after `from`.
    fn next(&self, text: &str, mut from: usize, done: usize) -> Option<Item> {
        let bytes = text.as_bytes();
        loop {
            let at = next_sign(bytes, from)?;
            let sign = *bytes.get(at)?;
            let (item, next) = match sign {
                b'@' => (email::at(text, at, done), at + 1),
                b':' => ip::v6_at(text, at, done),
                _ => number::at(text, at, done),
            };
            if let Some(item) = item.filter(|item| self.on[item.kind as usize]) {
                return Some(item);
            }
            from = next.max(at + 1);
        }
    }
}

/// The place of the next byte that private data cannot do without.
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
