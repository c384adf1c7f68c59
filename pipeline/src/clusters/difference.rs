//! How two texts differ, word by word: the changed places with a little of what stands around.
//!
//! Words are those of UAX #29, which cuts scripts without spaces into characters. White space
//! does not count. The differences are found by `imara-diff`; how much of a text is compared is
//! bounded, since the time still grows with the square of the length where two texts share many
//! words in another order.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Words of a text that are compared, from its beginning: two seconds at the worst.
const COMPARED: usize = 30_000;
/// Columns of what stands around a change, on each side.
const CONTEXT: usize = 30;
/// Lines at most.
const LINES: usize = 6;
/// Columns of a line at least: context on both sides, and something of what was changed.
const NARROWEST: usize = 2 * CONTEXT + 30;

/// How a text differs from another one.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Words that only the first text has.
    pub removed: u32,
    /// Words that only the second one has.
    pub added: u32,
    /// Places where they differ.
    pub places: usize,
    /// The first of these places; near ones share a line.
    pub lines: Vec<Vec<Part>>,
    /// How many of the places the lines show.
    pub shown: usize,
    /// Whether a text is so long that only its beginning was compared.
    pub cut: bool,
}

/// A stretch of a line. White space is written as single spaces.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// In both texts.
    Same(String),
    /// In the first one alone.
    Removed(String),
    /// In the second one alone.
    Added(String),
}

/// The difference from one text to another, in lines of about `width` columns.
pub fn difference(from: &str, to: &str, width: usize) -> Difference {
    let (from, to) = (Words::of(from), Words::of(to));
    let mut input = InternedInput::default();
    input.update_before(from.words());
    input.update_after(to.words());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut lines = Lines {
        from: &from,
        to: &to,
        width: width.max(NARROWEST),
        lines: Vec::new(),
        open: None,
    };
    let mut difference = Difference {
        cut: from.cut || to.cut,
        ..Difference::default()
    };
    for hunk in diff.hunks() {
        // What the end of one text has more may follow where the other one was cut.
        let removed_end = hunk.is_pure_removal() && from.ends_at(hunk.before.end) && to.cut;
        let added_end = hunk.is_pure_insertion() && to.ends_at(hunk.after.end) && from.cut;
        if removed_end || added_end {
            break;
        }
        difference.removed += hunk.before.end - hunk.before.start;
        difference.added += hunk.after.end - hunk.after.start;
        difference.places += 1;
        difference.shown += usize::from(lines.add(&hunk));
    }
    difference.lines = lines.finish();
    difference
}

/// A text and where its words begin and end.
struct Words<'a> {
    text: &'a str,
    places: Vec<Range<usize>>,
    /// Whether the text goes on.
    cut: bool,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let words = text.split_word_bound_indices();
        let words = words.filter(|(_, word)| !word.chars().all(char::is_whitespace));
        let mut places = words.map(|(at, word)| at..at + word.len());
        let compared = places.by_ref().take(COMPARED).collect();
        let next = places.next().map(|place| place.start);
        Self {
            text: next.and_then(|next| text.get(..next)).unwrap_or(text),
            places: compared,
            cut: next.is_some(),
        }
    }

    /// Whether `word` is the end of what is compared.
    fn ends_at(&self, word: u32) -> bool {
        word as usize == self.places.len()
    }

    fn words(&self) -> impl Iterator<Item = &'a str> {
        let places = self.places.iter();
        places.map(|place| self.text.get(place.clone()).unwrap_or_default())
    }

    /// Where a word begins, or the text ends.
    fn start(&self, word: usize) -> usize {
        let place = self.places.get(word);
        place.map_or(self.text.len(), |place| place.start)
    }

    /// Words with the white space behind them.
    fn slice(&self, words: Range<usize>) -> &'a str {
        let range = self.start(words.start)..self.start(words.end);
        self.text.get(range).unwrap_or_default()
    }

    /// The first of the words that fit into `CONTEXT` columns before `end`.
    fn context_before(&self, end: usize) -> usize {
        let fits = |first: &usize| columns(self.slice(*first..end)) <= CONTEXT;
        (0..end).rev().take_while(fits).last().unwrap_or(end)
    }

    /// The end of the words that fit into `CONTEXT` columns from `start` on.
    fn context_behind(&self, start: usize) -> usize {
        let fits = |end: &usize| columns(self.slice(start..*end)) <= CONTEXT;
        let ends = start + 1..=self.places.len();
        ends.take_while(fits).last().unwrap_or(start)
    }
}

/// Lines under construction.
struct Lines<'a> {
    from: &'a Words<'a>,
    to: &'a Words<'a>,
    width: usize,
    lines: Vec<Vec<Part>>,
    open: Option<Open>,
}

/// The last line, and how far it goes.
struct Open {
    parts: Vec<Part>,
    columns: usize,
    /// The first word of the first text behind it.
    end: usize,
}

impl Lines<'_> {
    /// Shows a place, unless there are enough already.
    fn add(&mut self, hunk: &Hunk) -> bool {
        let from = hunk.before.start as usize..hunk.before.end as usize;
        let to = hunk.after.start as usize..hunk.after.end as usize;
        let to_start = to.start;
        let change = self.change(from.clone(), to);
        let needed = change.iter().map(Part::columns).sum::<usize>() + CONTEXT;
        let fits = |open: &Open| {
            // Words are no longer than their text: a far place is not measured.
            let near = from.start - open.end <= 2 * CONTEXT;
            let gap = || columns(self.from.slice(open.end..from.start));
            near && gap() <= 2 * CONTEXT && open.columns + gap() + needed <= self.width
        };
        let mut open = match self.open.take() {
            Some(open) if fits(&open) => open,
            other => {
                self.close(other);
                if self.lines.len() >= LINES {
                    return false;
                }
                self.start(from.start)
            }
        };
        let gap = self.from.slice(open.end..from.start);
        open.push(Part::Same(spaced(gap, usize::MAX)));
        // What is added behind the end of the first text.
        let before = self.to.slice(to_start.saturating_sub(1)..to_start);
        if !gap.ends_with(char::is_whitespace) && before.ends_with(char::is_whitespace) {
            open.push(Part::Same(" ".to_owned()));
        }
        change.into_iter().for_each(|part| open.push(part));
        open.end = from.end;
        self.open = Some(open);
        true
    }

    /// What a place loses and gets, and the space behind.
    fn change(&self, from: Range<usize>, to: Range<usize>) -> Vec<Part> {
        let (removed, added) = (self.from.slice(from), self.to.slice(to));
        let behind = if added.is_empty() { removed } else { added };
        let space = if behind.ends_with(char::is_whitespace) {
            " "
        } else {
            ""
        };
        let both = usize::from(!removed.is_empty()) + usize::from(!added.is_empty());
        let most = (self.width - 2 * CONTEXT) / both.max(1);
        vec![
            Part::Removed(spaced(removed.trim_end(), most)),
            Part::Added(spaced(added.trim_end(), most)),
            Part::Same(space.to_owned()),
        ]
    }

    /// A line that shows what stands before `word`.
    fn start(&self, word: usize) -> Open {
        let first = self.from.context_before(word);
        let mut open = Open {
            parts: Vec::new(),
            columns: 0,
            end: first,
        };
        if first > 0 {
            open.push(Part::Same("… ".to_owned()));
        }
        open
    }

    /// Ends a line with what stands behind.
    fn close(&mut self, open: Option<Open>) {
        let Some(mut open) = open else { return };
        let end = self.from.context_behind(open.end);
        let more = if end < self.from.places.len() {
            "…"
        } else {
            ""
        };
        let behind = spaced(self.from.slice(open.end..end), usize::MAX) + more;
        open.push(Part::Same(behind));
        self.lines.push(joined(open.parts));
    }

    fn finish(mut self) -> Vec<Vec<Part>> {
        let open = self.open.take();
        self.close(open);
        self.lines
    }
}

impl Open {
    fn push(&mut self, part: Part) {
        self.columns += part.columns();
        self.parts.push(part);
    }
}

impl Part {
    fn columns(&self) -> usize {
        let (Self::Same(text) | Self::Removed(text) | Self::Added(text)) = self;
        columns(text)
    }
}

/// Neighbouring stretches of what is the same made one, and empty ones left out.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts.into_iter().filter(|part| part.columns() > 0) {
        match (out.last_mut(), part) {
            (Some(Part::Same(before)), Part::Same(text)) => before.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    if let Some(Part::Same(last)) = out.last_mut() {
        last.truncate(last.trim_end().len());
    }
    out
}

/// Columns that a text takes. Characters without a width count too, lest a million of them take none.
fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(1).max(1)).sum()
}

/// Text with single spaces, its middle left out where it is longer than `most` columns.
fn spaced(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let mut space = false;
    for c in text.chars() {
        if !(c.is_whitespace() && space) {
            out.push(if c.is_whitespace() { ' ' } else { c });
        }
        space = c.is_whitespace();
    }
    if columns(&out) <= most {
        return out;
    }
    let tail = most / 3;
    let head = most.saturating_sub(tail + 3);
    let fitting = |chars: &mut dyn Iterator<Item = char>, most: usize| -> usize {
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(1).max(1);
            used <= most
        };
        chars.take_while(fits).map(char::len_utf8).sum()
    };
    let front = fitting(&mut out.chars(), head);
    let back = out.len() - fitting(&mut out.chars().rev(), tail);
    let part = |range: Range<usize>| out.get(range).unwrap_or_default();
    // Whole words, where there are spaces.
    let (front, back) = (part(0..front), part(back..out.len()));
    let front = front.rsplit_once(' ').map_or(front, |(words, _)| words);
    let back = back.split_once(' ').map_or(back, |(_, words)| words);
    format!("{front} … {back}")
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
