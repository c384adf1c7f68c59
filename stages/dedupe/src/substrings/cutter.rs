//! Fifth step: repeated substrings are cut out of the documents.

use std::ops::Range;

use textmill_schemas::Document;

use super::Config;
use super::places::Places;
use super::removal::{Removal, union};
use crate::Error;
use crate::cut::{Cut, cut_document};
use crate::occurrence::ByRow;
use crate::shuffle::Sorted;

/// Rule of documents of which too little is left.
const RULE: &str = "dedupe.substrings";
/// Signs that go with what follows when there is no white space on either side.
const OPENING: [char; 13] = [
    '(', '[', '{', '<', '“', '‘', '（', '《', '〈', '「', '『', '【', '〔',
];

/// Cuts the documents of one shard.
pub struct Cutter {
    min_left: f64,
    removals: ByRow,
    places: Places,
    words: Vec<u64>,
}

impl Cutter {
    /// A cutter for a shard, given what [`super::find_repeats`] found there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn new(config: &Config, removals: Sorted<2>) -> Result<Self, Error> {
        Ok(Self {
            min_left: config.min_left,
            removals: ByRow::new(removals)?,
            places: Places::default(),
            words: Vec::new(),
        })
    }

    /// Cuts a document; rows ascend.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn cut(&mut self, row: u64, document: &mut Document) -> Result<Cut, Error> {
        self.removals.read(row, &mut self.words)?;
        if self.words.is_empty() {
            return Ok(Cut::nothing());
        }
        let removed = union(self.words.iter().map(|word| Removal::units(*word)));
        let units = removed.iter().map(|range| range.end - range.start).sum();
        let ranges = byte_ranges(&mut self.places, &document.text, &removed);
        let rule = (RULE, self.min_left);
        Ok(cut_document(document, &ranges, units, rule))
    }
}

/// The bytes of ranges of units, with the signs around them.
fn byte_ranges(places: &mut Places, text: &str, removed: &[Range<u64>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(removed.len());
    let mut removed = removed.iter().peekable();
    let (mut unit, mut end, mut open) = (0, 0, None);
    let gap = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    places.for_each(text, |place, _| {
        if let Some(start) = open
            && removed.next_if(|range| range.end == unit).is_some()
        {
            ranges.push(start..end + split_gap(gap(end, place.start)).0);
            open = None;
        }
        if removed.peek().is_some_and(|range| range.start == unit) {
            let before = gap(end, place.start);
            let right = if end == 0 {
                start_of_line(before)
            } else {
                split_gap(before).1
            };
            open = Some(end + right);
        }
        end = place.end;
        unit += 1;
    });
    if let Some(start) = open {
        ranges.push(start..end + split_gap(gap(end, text.len())).0);
    }
    ranges
}

/// Parts what stands between two units: how long the part is that belongs to the unit before it,
/// and where that begins which belongs to the unit behind it. Between the two lies white space,
/// and lines without a unit.
fn split_gap(gap: &str) -> (usize, usize) {
    let up_to = |end: usize| gap.get(..end).unwrap_or(gap).trim_end().len();
    if let Some(line_end) = gap.find('\n') {
        return (up_to(line_end), start_of_line(gap));
    }
    let spaces = |(_, c): &(usize, char)| c.is_whitespace();
    if let Some((at, space)) = gap.char_indices().rfind(spaces) {
        return (up_to(at), at + space.len_utf8());
    }
    let border = gap.find(OPENING).unwrap_or(gap.len());
    (border, border)
}

/// Where the last line of a gap begins, behind its indentation. All that stands before the first
/// unit of a line belongs to it.
fn start_of_line(gap: &str) -> usize {
    let line = gap.rfind('\n').map_or(0, |at| at + 1);
    let rest = gap.get(line..).unwrap_or_default();
    line + rest.len() - rest.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without some of its units.
    fn without(text: &str, units: &[(u64, u64)]) -> String {
        let units: Vec<_> = units.iter().map(|&(start, end)| start..end).collect();
        let mut document = Document {
            text: text.into(),
            ..Document::default()
        };
        let ranges = byte_ranges(&mut Places::default(), text, &units);
        cut_document(&mut document, &ranges, 0, ("dedupe.test", 0.0));
        document.text
    }

    #[test]
    fn signs_go_with_the_words_they_are_at() {
        let text = "First one. “Then two,” he said (three). Fourth – five!";
        assert_eq!(
            without(text, &[(2, 4)]),
            "First one. he said (three). Fourth – five!"
        );
        assert_eq!(
            without(text, &[(6, 7)]),
            "First one. “Then two,” he said Fourth – five!"
        );
        assert_eq!(
            without(text, &[(0, 2), (8, 9)]),
            "“Then two,” he said (three). Fourth –"
        );
        assert_eq!(
            without("他说：“你好。”（笑）再见。", &[(2, 4)]),
            "他说：（笑）再见。"
        );
        assert_eq!(
            without("他说：“你好。”（笑）再见。", &[(4, 5)]),
            "他说：“你好。”再见。"
        );
        assert_eq!(without("使用rust编写ok的", &[(2, 5)]), "使用ok的");
        assert_eq!(without("so foo-bar-baz.", &[(2, 3)]), "so foo-baz.");
    }

    #[test]
    fn whole_lines_go_with_their_signs() {
        let text = "# Title\n\n- one\n- two (2)\n  - three\n\n* * *\n\nThe end.\n";
        assert_eq!(
            without(text, &[(2, 4)]),
            "# Title\n\n- one\n  - three\n\n* * *\n\nThe end.\n"
        );
        assert_eq!(without(text, &[(1, 5)]), "# Title\n\n* * *\n\nThe end.\n");
        assert_eq!(
            without(text, &[(0, 1)]),
            "- one\n- two (2)\n  - three\n\n* * *\n\nThe end.\n"
        );
        assert_eq!(
            without(text, &[(5, 7)]),
            "# Title\n\n- one\n- two (2)\n  - three\n\n* * *"
        );
        assert_eq!(
            without("  let x = y;\n  let z;", &[(0, 2)]),
            "  y;\n  let z;"
        );
    }
}
