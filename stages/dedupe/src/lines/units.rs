//! Lines and paragraphs of a text, and what they are compared by.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{Config, Unit};
use crate::normal::write_normal_form;
use crate::words::for_each_unit;

/// The lines of a text that are not blank, or its paragraphs.
pub(super) fn units(text: &str, unit: Unit) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    let (mut start, mut joined) = (0, false);
    for line in text.split('\n') {
        let end = start + line.len();
        let blank = line.trim_start().is_empty();
        match units.last_mut() {
            _ if blank => {}
            Some(paragraph) if joined => paragraph.end = end,
            _ => units.push(start..end),
        }
        joined = !blank && unit == Unit::Paragraph;
        start = end + 1;
    }
    units
}

/// Gives each unit its hash; keeps its buffer between units.
#[derive(Debug)]
pub(super) struct Hasher {
    min_words: usize,
    fold_digits: bool,
    seed: u64,
    normal: String,
}

impl Hasher {
    pub fn new(config: &Config, seed: u64) -> Self {
        Self {
            min_words: config.min_words,
            fold_digits: config.fold_digits,
            seed,
            normal: String::new(),
        }
    }

    /// Hash of a unit's normal form; none if it has too few words to be looked at.
    pub fn hash(&mut self, unit: &str) -> Option<u128> {
        write_normal_form(unit, &mut self.normal);
        let mut words = 0;
        for_each_unit(&self.normal, |_| words += 1);
        if words < self.min_words {
            return None;
        }
        if self.fold_digits && self.normal.contains(char::is_numeric) {
            self.normal = self.normal.replace(char::is_numeric, "0");
        }
        Some(xxh3_128_with_seed(self.normal.as_bytes(), self.seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, unit: Unit) -> Vec<&str> {
        units(text, unit)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn lines_and_paragraphs() {
        let text = "\n a\nb \r\n\n \n\tc\n";
        assert_eq!(parts(text, Unit::Line), [" a", "b \r", "\tc"]);
        assert_eq!(parts(text, Unit::Paragraph), [" a\nb \r", "\tc"]);
        assert!(parts(" \n\n", Unit::Paragraph).is_empty());
    }

    #[test]
    fn hashes_are_of_the_normal_form() {
        let mut hasher = Hasher::new(&Config::default(), 0);
        let hash = hasher.hash("Read  the “FULL” story").unwrap();
        assert_eq!(hasher.hash(" read the \"full\" story"), Some(hash));
        assert_ne!(hasher.hash("read the full story"), Some(hash));
        assert_eq!(hasher.hash("read the story"), None);
        assert_eq!(hasher.hash("—— 相关文 ——"), None);
        assert!(hasher.hash("相关文章").is_some());
        let folding = Config {
            fold_digits: true,
            ..Config::default()
        };
        for (config, equal) in [(&folding, true), (&Config::default(), false)] {
            let mut hasher = Hasher::new(config, 0);
            let dates = ["Posted on 3 May", "Posted on 7 May"].map(|date| hasher.hash(date));
            assert_eq!(dates[0] == dates[1], equal);
        }
    }
}
