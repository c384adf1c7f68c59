//! What a match is shown by.

use std::ops::Range;
use std::path::Path;

/// A piece of a document that stands in an evaluation set.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'a> {
    /// The evaluation set's file.
    pub file: &'a Path,
    /// The line of the item in it, from 1; the first one if several items have the same text.
    pub line: usize,
    /// The key of the item's text.
    pub field: &'a str,
    /// Where it stands in the document, in bytes.
    pub span: Range<usize>,
    /// That piece of the document.
    pub text: &'a str,
    /// Number of n-grams that are the same; 1 for a short text, which is compared as a whole.
    pub ngrams: usize,
    /// Share of the item's text that is the same, by units; from 0 to 1.
    pub share: f64,
    /// Whether the item's text is shorter than an n-gram, and stands in the document as a whole.
    pub whole: bool,
}

/// Where a window of the document is the same as one of an evaluation text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub text: u32,
    /// Of the evaluation text: first unit, number of units.
    pub item_unit: usize,
    pub length: usize,
    /// Of the document: number of the last unit, bytes.
    pub last_unit: usize,
    pub start: usize,
    pub end: usize,
}

/// Hits of one text close to each other.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub text: u32,
    pub span: Range<usize>,
    pub ngrams: usize,
    /// Units of the evaluation text that are the same.
    pub covered: usize,
    pub whole: bool,
    /// The unit of the evaluation text up to which they are counted.
    covered_to: usize,
    last_unit: usize,
}

impl Run {
    pub(super) fn new(hit: &Hit, whole: bool) -> Self {
        Self {
            text: hit.text,
            span: hit.start..hit.end,
            ngrams: 1,
            covered: hit.length,
            whole,
            covered_to: hit.item_unit + hit.length,
            last_unit: hit.last_unit,
        }
    }

    /// Takes a hit in, if no more than one n-gram's length lies between: a changed word does not
    /// make two matches of one.
    pub(super) fn extend(&mut self, hit: &Hit) -> bool {
        if hit.last_unit > self.last_unit + 2 * hit.length {
            return false;
        }
        let item_end = hit.item_unit + hit.length;
        if item_end > self.covered_to {
            self.covered += (item_end - self.covered_to).min(hit.length);
            self.covered_to = item_end;
        }
        self.span.end = self.span.end.max(hit.end);
        self.ngrams += 1;
        self.last_unit = hit.last_unit;
        true
    }
}
