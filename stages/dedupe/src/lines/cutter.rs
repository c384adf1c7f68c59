//! The last step: boilerplate and repeats are cut out of the documents.

use std::collections::HashSet;
use std::ops::Range;

use textmill_schemas::Document;

use super::units::{Hasher, units};
use super::{Config, Unit};
use crate::Error;
use crate::cut::{Cut, cut_document};
use crate::occurrence::ByRow;
use crate::shuffle::Sorted;

/// Rule of documents of which too little is left.
const RULE: &str = "dedupe.lines";

/// Third step, per shard: cuts its documents.
pub struct Cutter {
    unit: Unit,
    within: bool,
    min_left: f64,
    hasher: Hasher,
    removals: ByRow,
    boilerplate: Vec<u64>,
}

impl Cutter {
    /// A cutter for a shard, given what [`super::find_boilerplate`] found there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(config: &Config, seed: u64, removals: Sorted<2>) -> Result<Self, Error> {
        Ok(Self {
            unit: config.unit,
            within: config.within,
            min_left: config.min_left,
            hasher: Hasher::new(config, seed),
            removals: ByRow::new(removals)?,
            boilerplate: Vec::new(),
        })
    }

    /// Cuts a document; rows ascend. Listings of code stay as they are: a line of code is needed
    /// where it is.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn cut(&mut self, row: u64, document: &mut Document) -> Result<Cut, Error> {
        self.removals.read(row, &mut self.boilerplate)?;
        if self.boilerplate.is_empty() && !self.within {
            return Ok(Cut::nothing());
        }
        let text = &document.text;
        let mut ranges = units(text, self.unit);
        let hashes: Vec<Option<u128>> = ranges
            .iter()
            .map(|range| {
                self.hasher
                    .hash(text.get(range.clone()).unwrap_or_default())
            })
            .collect();
        let places = self.boilerplate.iter().map(|index| *index as usize);
        let boilerplate: HashSet<u128> = places.filter_map(|at| *hashes.get(at)?).collect();
        let mut seen = HashSet::new();
        let mut hashes = hashes.into_iter();
        ranges.retain(|range| {
            hashes.next().flatten().is_some_and(|hash| {
                let repeated = self.within && !seen.insert(hash);
                (repeated || boilerplate.contains(&hash)) && !meets(range, &document.code_spans)
            })
        });
        let units = ranges.len() as u64;
        let rule = (RULE, self.min_left);
        Ok(cut_document(document, &ranges, units, rule))
    }
}

/// Whether a range shares a byte with one of the spans, which are ascending.
fn meets(range: &Range<usize>, spans: &[u32]) -> bool {
    let mut spans = spans.chunks_exact(2);
    spans.any(|span| (span[0] as usize) < range.end && range.start < span[1] as usize)
}
