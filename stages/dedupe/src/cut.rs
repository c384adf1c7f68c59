//! Takes parts out of a text and leaves a text that reads as if they had never been there.

use std::ops::Range;

use textmill_schemas::{Document, Reason};

use crate::words::for_each_unit;

/// What became of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Units taken out: lines, paragraphs, or words.
    pub units: u64,
    /// Share of the text's characters that is left.
    pub left: f64,
    /// Why the document is dropped, when too little is left. It keeps its old text then.
    pub reason: Option<Reason>,
}

impl Cut {
    /// The document stays as it is.
    pub(crate) fn nothing() -> Self {
        Self {
            units: 0,
            left: 1.0,
            reason: None,
        }
    }
}

/// Cuts ranges of bytes, which are ascending, disjoint and on borders of characters, out of a
/// document that holds `units` units there. A document of which less than `min_left` is left, or
/// nothing, is dropped by `rule`.
pub(crate) fn cut_document(
    document: &mut Document,
    ranges: &[Range<usize>],
    units: u64,
    (rule, min_left): (&str, f64),
) -> Cut {
    if ranges.is_empty() {
        return Cut::nothing();
    }
    let text = cut(&document.text, ranges, Emptied::Goes);
    let left = text.chars().count() as f64 / document.text.chars().count().max(1) as f64;
    let reason = (left < min_left || text.trim().is_empty())
        .then(|| Reason::new(rule).measured(left, min_left));
    if reason.is_none() {
        if has_spans(document) {
            // Spans are carried over changes inside lines, and over lines that go: one by one.
            let same_lines = cut(&document.text, ranges, Emptied::Stays);
            document.set_text(same_lines);
        }
        document.set_text(text);
    }
    Cut {
        units,
        left,
        reason,
    }
}

fn has_spans(document: &Document) -> bool {
    let spans = [
        &document.title_span,
        &document.code_spans,
        &document.comment_spans,
        &document.author_spans,
    ];
    spans.iter().any(|spans| !spans.is_empty())
}

/// What becomes of a line of which nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Emptied {
    /// It goes, and leaves no hole of blank lines.
    Goes,
    /// It stays as it was.
    Stays,
}

/// The text without the ranges. Lines stay apart; what is left of a line is joined by one space,
/// or by nothing where there was no space (in Chinese). Linear in the text.
fn cut(text: &str, mut ranges: &[Range<usize>], emptied: Emptied) -> String {
    let mut lines = LinesOut::new(text.len());
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        while let Some((first, later)) = ranges.split_first()
            && first.end <= start
        {
            ranges = later;
        }
        let inside = ranges.iter().take_while(|range| range.start < end).count();
        match ranges.get(..inside).unwrap_or_default() {
            [] => lines.push(line),
            inside => {
                let rest = rest_of_line(line, start, inside);
                match (rest.is_empty(), emptied) {
                    (false, _) => lines.push(&rest),
                    (true, Emptied::Goes) => lines.hole = true,
                    (true, Emptied::Stays) => lines.push(line),
                }
            }
        }
        start = end + 1;
    }
    lines.finish()
}

/// Lines written one after the other.
struct LinesOut {
    text: String,
    /// No line was written yet, or the last one is blank.
    blank: bool,
    empty: bool,
    /// A line went since the last one that is not blank.
    hole: bool,
}

impl LinesOut {
    fn new(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            blank: true,
            empty: true,
            hole: false,
        }
    }

    fn push(&mut self, line: &str) {
        let blank = line.trim_start().is_empty();
        if blank && self.hole && self.blank {
            return;
        }
        if !self.empty {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.empty = false;
        self.blank = blank;
        self.hole &= blank;
    }

    fn finish(mut self) -> String {
        if self.hole {
            self.text.truncate(self.text.trim_end().len());
        }
        self.text
    }
}

/// What the ranges leave of a line that starts at byte `start`; empty when it is blank.
fn rest_of_line(line: &str, start: usize, ranges: &[Range<usize>]) -> String {
    let indentation = line.len() - line.trim_start().len();
    let mut rest = Rest::new(line.get(..indentation).unwrap_or_default());
    let mut from = indentation;
    for range in ranges {
        let to = range.start.saturating_sub(start);
        rest.push(line.get(from..to).unwrap_or_default());
        from = from.max(range.end - start);
    }
    rest.push(line.get(from..).unwrap_or_default());
    rest.finish()
}

/// What is left of a line, piece by piece.
struct Rest {
    text: String,
    /// More than the indentation was written.
    inked: bool,
    /// There was white space behind what is written, or before a piece.
    spaced: bool,
}

impl Rest {
    fn new(indentation: &str) -> Self {
        Self {
            text: indentation.to_owned(),
            inked: false,
            spaced: false,
        }
    }

    fn push(&mut self, piece: &str) {
        self.spaced |= piece.starts_with(char::is_whitespace);
        let ink = piece.trim();
        if ink.is_empty() {
            return;
        }
        if self.inked && (self.spaced || merge(&self.text, ink)) {
            self.text.push(' ');
        }
        self.text.push_str(ink);
        self.inked = true;
        self.spaced = piece.ends_with(char::is_whitespace);
    }

    fn finish(self) -> String {
        if self.inked { self.text } else { String::new() }
    }
}

/// Whether the last word of one text and the first of another would become one: the signs of two
/// characters on either side decide about that.
fn merge(before: &str, after: &str) -> bool {
    let start = before.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    let end = after
        .char_indices()
        .nth(2)
        .map_or(after.len(), |(at, _)| at);
    let before = before.get(start..).unwrap_or_default();
    let after = after.get(..end).unwrap_or_default();
    let count = |text: &str| {
        let mut units = 0;
        for_each_unit(text, |_| units += 1);
        units
    };
    count(&format!("{before}{after}")) < count(before) + count(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cuts out what stands between the brackets.
    fn without(marked: &str) -> String {
        let (text, ranges) = unmark(marked);
        cut(&text, &ranges, Emptied::Goes)
    }

    fn unmark(marked: &str) -> (String, Vec<Range<usize>>) {
        let (mut text, mut ranges, mut start) = (String::new(), Vec::new(), 0);
        for c in marked.chars() {
            match c {
                '[' => start = text.len(),
                ']' => ranges.push(start..text.len()),
                _ => text.push(c),
            }
        }
        (text, ranges)
    }

    fn cut_at(start: usize, end: usize) -> Vec<Range<usize>> {
        vec![Range { start, end }]
    }

    #[test]
    fn one_space_joins_what_is_left_of_a_line() {
        assert_eq!(without("one [two] three"), "one three");
        assert_eq!(without("one[ two ]three"), "one three");
        assert_eq!(without("one [two] [three] four"), "one four");
        assert_eq!(without("one  [two]\tthree"), "one three");
        assert_eq!(without("  [one] two"), "  two");
        assert_eq!(without("one [two]"), "one");
        assert_eq!(without("[one two]"), "");
        assert_eq!(without("你好。[再见。]世界"), "你好。世界");
        assert_eq!(without("abc[你好]def"), "abc def");
        assert_eq!(without("用[你好]def"), "用def");
        assert_eq!(without("v1.[零]2"), "v1. 2");
    }

    #[test]
    fn lines_that_go_leave_no_hole() {
        assert_eq!(without("a\n[b]\nc"), "a\nc");
        assert_eq!(without("a\n\n[b]\n\nc"), "a\n\nc");
        assert_eq!(without("a\n\n[b\n\nb]\n\n\nc"), "a\n\nc");
        assert_eq!(without("a\n[b]\n\nc"), "a\n\nc");
        assert_eq!(without("a\n\n[b]\nc"), "a\n\nc");
        assert_eq!(without("[a]\n\nb\n\n[c]"), "b");
        assert_eq!(without("a\n\n\nb\n[c]\nd"), "a\n\n\nb\nd");
        assert_eq!(without("a\n[b]\n"), "a");
        assert_eq!(without("[a\n\n b]"), "");
    }

    #[test]
    fn lines_stay_apart() {
        assert_eq!(without("one [two\n\n three\nfour] five"), "one\nfive");
        assert_eq!(without("one [two\n  three] four"), "one\n  four");
        assert_eq!(
            without("one\n  [two] three\n    four"),
            "one\n  three\n    four"
        );
    }

    #[test]
    fn spans_are_carried_over_both_kinds_of_cut() {
        let (text, ranges) = unmark("The [old] title\n\n[gone]\n\nlet x;\nlet y;\n[The end]");
        let code = text.find("let x").unwrap() as u32;
        let mut document = Document {
            title_span: vec![0, 13],
            code_spans: vec![code, code + 13],
            text,
            ..Document::default()
        };
        let cut = cut_document(&mut document, &ranges, 3, ("dedupe.test", 0.5));
        assert_eq!((cut.units, cut.reason), (3, None));
        assert_eq!(document.text, "The title\n\nlet x;\nlet y;");
        assert_eq!(document.title_span, [0, 9]);
        assert_eq!(document.code_spans, [11, 24]);
    }

    #[test]
    fn a_document_of_which_little_is_left_is_dropped() {
        let text = "one two three".to_owned();
        let mut document = Document {
            text: text.clone(),
            ..Document::default()
        };
        let cut = cut_document(&mut document, &cut_at(3, 13), 2, ("dedupe.test", 0.5));
        let reason = cut.reason.unwrap();
        assert_eq!(
            (reason.rule.as_str(), reason.limit),
            ("dedupe.test", Some(0.5))
        );
        assert_eq!(reason.value, Some(3.0 / 13.0));
        assert_eq!(document.text, text);
        let cut = cut_document(&mut document, &cut_at(0, 13), 3, ("dedupe.test", 0.0));
        assert!(cut.reason.is_some(), "nothing is left");
        assert_eq!(
            cut_document(&mut document, &[], 0, ("", 1.0)),
            Cut::nothing()
        );
    }

    #[test]
    fn many_cuts_take_linear_time() {
        let text = format!("{}{}", " ".repeat(5_000_000), "a b ".repeat(500_000));
        let ranges: Vec<_> = (0..500_000)
            .map(|i| 5_000_000 + 4 * i..5_000_001 + 4 * i)
            .collect();
        let started = std::time::Instant::now();
        assert!(cut(&text, &ranges, Emptied::Goes).ends_with("b b b"));
        let lines = "a\n".repeat(2_000_000);
        assert_eq!(cut(&lines, &cut_at(0, 3_999_999), Emptied::Goes), "");
        assert!(started.elapsed().as_secs() < 5);
    }

    proptest! {
        #[test]
        fn what_is_left_is_all_there_and_squeezed(
            text in "([a-c]|[ \n]|[一二。]){0,40}", bounds in prop::collection::btree_set(0_usize..40, 0..8)
        ) {
            let at: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let bounds: Vec<usize> = bounds.iter().filter_map(|i| at.get(*i).copied()).collect();
            let ranges: Vec<Range<usize>> = bounds.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let inked = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let mut rest = text.clone();
            ranges.iter().rev().for_each(|range| rest.replace_range(range.clone(), ""));
            let left = cut(&text, &ranges, Emptied::Goes);
            prop_assert_eq!(inked(&left), inked(&rest));
            let longest = |text: &str| text.split(|c| c != '\n').map(str::len).max();
            let lines = |text: &str| text.lines().map(|line| line.trim().to_owned() + "\n").collect::<String>();
            prop_assert!(longest(&lines(&left)) <= longest(&lines(&text)).max(Some(2)));
            if ranges.is_empty() {
                prop_assert_eq!(left, text);
            }
        }
    }
}
