//! Where the units of a text's normal form stand in the text itself.

use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::normal::write_normal_form;
use crate::words::{Unit, for_each_unit};

/// Finds the units of a text: those that [`for_each_unit`] finds in its normal form, with the
/// bytes of the text that became them. Keeps its buffers between texts.
///
/// White space and Han characters part units, and NFC composes neither with anything, so a text may
/// be cut there and each piece folded for itself. A piece of which each character became one of
/// the same length (nearly every line of plain text) needs no more: places there are places in the
/// piece. Otherwise the clusters of characters that NFC may compose are folded one by one.
#[derive(Debug, Default)]
pub(super) struct Places {
    normal: String,
    folded: String,
    /// Where each cluster ends, in the normal form and in the piece.
    ends: Vec<(usize, usize)>,
}

impl Places {
    /// Calls `f` with each unit, in order. Ranges are ascending and disjoint; one is empty when
    /// its unit came out of the same cluster as the one before. Linear in the text.
    pub fn for_each(&mut self, text: &str, mut f: impl FnMut(Range<usize>, Unit<'_>)) {
        let mut next = 0;
        for line in text.split('\n') {
            let at = next + (line.len() - line.trim_start().len());
            next += line.len() + 1;
            let line = line.trim();
            if may_have_han(line) || !self.aligned_piece(line, at, &mut f) {
                self.pieces(line, at, &mut f);
            }
        }
    }

    /// Handles a line that starts at byte `at`, between white space and Han characters.
    fn pieces(&mut self, line: &str, at: usize, f: &mut impl FnMut(Range<usize>, Unit<'_>)) {
        let mut start = 0;
        for (border, c) in line.char_indices() {
            let han = is_han(c);
            if han || c.is_whitespace() {
                self.piece(line, start..border, at, f);
                start = border + c.len_utf8();
                if han {
                    f(at + border..at + start, Unit::Character(c));
                }
            }
        }
        self.piece(line, start..line.len(), at, f);
    }

    #[inline]
    fn piece(
        &mut self,
        line: &str,
        range: Range<usize>,
        at: usize,
        f: &mut impl FnMut(Range<usize>, Unit<'_>),
    ) {
        if range.is_empty() {
            return;
        }
        let at = at + range.start;
        let piece = line.get(range).unwrap_or_default();
        if !self.aligned_piece(piece, at, f) {
            self.clusters(piece, at, f);
        }
    }

    /// Handles a piece that starts at byte `at`, if each of its characters keeps its place.
    fn aligned_piece(
        &mut self,
        piece: &str,
        at: usize,
        f: &mut impl FnMut(Range<usize>, Unit<'_>),
    ) -> bool {
        write_normal_form(piece, &mut self.normal);
        let aligned = aligned(piece, &self.normal);
        if aligned {
            for_each_located(&self.normal, |range, unit| {
                f(at + range.start..at + range.end, unit);
            });
        }
        aligned
    }

    /// Handles any piece without white space that starts at byte `at`.
    fn clusters(&mut self, piece: &str, at: usize, f: &mut impl FnMut(Range<usize>, Unit<'_>)) {
        self.normal.clear();
        self.ends.clear();
        let mut end = 0;
        while let Some(rest) = piece.get(end..).filter(|rest| !rest.is_empty()) {
            let cluster = cluster(rest);
            write_normal_form(cluster, &mut self.folded);
            self.normal.push_str(&self.folded);
            end += cluster.len();
            self.ends.push((self.normal.len(), end));
        }
        let mut ends = self.ends.iter().copied().peekable();
        let (mut before, mut taken) = (0, 0);
        for_each_located(&self.normal, |unit_range, unit| {
            while let Some((_, end)) = ends.next_if(|(end, _)| *end <= unit_range.start) {
                before = end;
            }
            let start = taken.max(before);
            while let Some((_, end)) = ends.next_if(|(end, _)| *end < unit_range.end) {
                before = end;
            }
            taken = ends.peek().map_or(piece.len(), |(_, end)| *end).max(start);
            f(at + start..at + taken, unit);
        });
    }
}

/// The most frequent Han characters: units that stay as they are, whatever stands around them.
fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// Whether a text may have such characters; much faster than to look at each.
fn may_have_han(text: &str) -> bool {
    text.bytes()
        .fold(false, |found, b| found | matches!(b, 0xe4..=0xe9))
}

/// Whether each character became one of the same length.
fn aligned(text: &str, normal: &str) -> bool {
    let starts = |b: u8| b & 0xc0 != 0x80;
    let mut both = text.bytes().zip(normal.bytes());
    text.len() == normal.len() && both.all(|(a, b)| starts(a) == starts(b))
}

/// The units of a normal form, and where they are.
fn for_each_located<'a>(normal: &'a str, mut f: impl FnMut(Range<usize>, Unit<'a>)) {
    let mut end = 0;
    for_each_unit(normal, |unit| {
        let (start, length) = match unit {
            Unit::Word(word) => {
                let word = word.as_bytes();
                let start = word.as_ptr().addr().wrapping_sub(normal.as_ptr().addr());
                (start, word.len())
            }
            // Nothing of its kind was passed over since the last unit.
            Unit::Character(c) => {
                let rest = normal.get(end..).unwrap_or_default();
                (end + rest.find(c).unwrap_or_default(), c.len_utf8())
            }
        };
        end = start + length;
        f(start..end, unit);
    });
}

/// The first character of a text and those behind it that NFC may compose with it.
fn cluster(text: &str) -> &str {
    let mut chars = text.char_indices().skip(1);
    let end = chars.find(|(_, c)| starts_cluster(*c));
    text.get(..end.map_or(text.len(), |(at, _)| at))
        .unwrap_or(text)
}

/// Whether NFC never composes or reorders a character with those before it.
fn starts_cluster(c: char) -> bool {
    c < '\u{300}'
        || canonical_combining_class(c) == 0
            && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned(unit: Unit<'_>) -> String {
        match unit {
            Unit::Word(word) => word.as_str().to_owned(),
            Unit::Character(c) => format!("[{c}]"),
        }
    }

    fn places(text: &str) -> Vec<(Range<usize>, String)> {
        let mut found = Vec::new();
        Places::default().for_each(text, |range, unit| found.push((range, owned(unit))));
        found
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "“It\u{2019}s  so\u{ad}ft,\u{200b} cafe\u{301} ＡＢ” 你好，世\u{e0100}界\u{a0}Ünïcode\n\n\tＯＫ。";
        let found: Vec<(&str, String)> = places(text)
            .into_iter()
            .map(|(range, unit)| (&text[range], unit))
            .collect();
        let expected = [
            ("It\u{2019}s", "it's"),
            ("so\u{ad}ft", "soft"),
            ("cafe\u{301}", "café"),
            ("ＡＢ", "ab"),
            ("你", "[你]"),
            ("好", "[好]"),
            ("世", "[世]"),
            ("界", "[界]"),
            ("Ünïcode", "ünïcode"),
            ("ＯＫ", "ok"),
        ];
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_long_text_without_separators_takes_linear_time() {
        let started = std::time::Instant::now();
        for part in [
            "a.b,c:é",
            "字\u{301}",
            "“",
            "a\u{301}\u{302}",
            "Ω",
            "\u{1100}\u{1161}",
            "ＡＢ。",
            "\u{200b}",
        ] {
            places(&part.repeat(3_000_000 / part.len()));
        }
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }

    const HOSTILE: &str = "([a-cA-C ]|[ \n\t\u{a0}\u{3000}]|[éÉ\u{301}\u{327}\u{345}]|[字一。，（Ａｂ１]|[가ᄀ\u{1161}\u{11a8}]\
        |[\u{200b}\u{ad}\u{200d}\u{7}\u{feff}]|[“”’.,:'_-]|[ΩÅक\u{93c}\u{958}שׁ]|[デーภาあ]|\\PC){0,40}";

    proptest! {
        #[test]
        fn units_are_those_of_the_normal_form(text in HOSTILE) {
            let mut expected = Vec::new();
            for_each_unit(&crate::normal_form(&text), |unit| expected.push(owned(unit)));
            let found = places(&text);
            let units: Vec<String> = found.iter().map(|(_, unit)| unit.clone()).collect();
            prop_assert_eq!(units, expected);
            let mut end = 0;
            for (range, _) in &found {
                prop_assert!(range.start >= end && text.get(range.clone()).is_some(), "{range:?}");
                end = range.end;
            }
        }

        /// Of the characters that become more or fewer when folded, none that become longer.
        #[test]
        fn the_bytes_of_a_unit_fold_to_it(
            text in "([a-cA-C ]|[ \n\u{a0}]|[éÉ\u{301}字。，Ａ가\u{200b}\u{ad}“’.,:'Жд]){0,40}"
        ) {
            for (range, unit) in places(&text) {
                let part = crate::normal_form(&text[range]);
                // A character is told apart from the marks on it, but goes with them.
                let unit = unit.trim_matches(['[', ']']);
                prop_assert_eq!(part.trim_end_matches('\u{301}'), unit.trim_end_matches('\u{301}'));
            }
        }
    }
}
