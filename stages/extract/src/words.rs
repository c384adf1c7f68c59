//! Word tables (`src/data/*.txt`): what class names and short banner texts mean.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// A set of word categories: bit `i` stands for line `i` of the class table.
pub(crate) type Classes = u64;

/// Banner categories that there may be.
pub(crate) const MAX_BANNERS: usize = 32;

/// Word lists by category, matched in one pass.
pub(crate) struct Table {
    names: Vec<&'static str>,
    /// Category and form of each pattern.
    patterns: Vec<Pattern>,
    automaton: Option<AhoCorasick>,
}

struct Pattern {
    category: u8,
    /// Must begin and end at a word boundary (`=word` in the file).
    whole: bool,
}

impl Table {
    /// Reads `category: word word` lines; a line may continue a category. `#` begins a comment.
    fn read(source: &'static str, separator: char, all_whole: bool) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, list)) = line.split_once(':') else {
                continue;
            };
            let category = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            for word in list
                .split(separator)
                .map(str::trim)
                .filter(|word| !word.is_empty())
            {
                let bare = word.strip_prefix('=').unwrap_or(word);
                let whole = all_whole || bare.len() < word.len();
                patterns.push(Pattern {
                    category: category as u8,
                    whole,
                });
                words.push(bare);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)
            .ok();
        Self {
            names,
            patterns,
            automaton,
        }
    }

    /// Names of the categories, in order.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Calls `found(category, bytes)` for every word in `text`.
    fn matches(&self, text: &str, mut found: impl FnMut(u8, std::ops::Range<usize>)) {
        let Some(automaton) = &self.automaton else {
            return;
        };
        for hit in automaton.find_overlapping_iter(text) {
            let pattern = &self.patterns[hit.pattern().as_usize()];
            if !pattern.whole || is_whole(text.as_bytes(), hit.start(), hit.end()) {
                found(pattern.category, hit.start()..hit.end());
            }
        }
    }
}

/// Whether `start..end` is a word of its own; a change from lower to upper case is a boundary.
fn is_whole(bytes: &[u8], start: usize, end: usize) -> bool {
    // A word that begins (ends) with a non-ASCII character, such as a Chinese one, needs none.
    let first = bytes[start];
    let last = bytes[end - 1];
    let left = start == 0 || !first.is_ascii() || {
        let before = bytes[start - 1];
        (!before.is_ascii_alphabetic() && before.is_ascii())
            || (before.is_ascii_lowercase() && first.is_ascii_uppercase())
    };
    let right = end == bytes.len() || !last.is_ascii() || {
        let after = bytes[end];
        (!after.is_ascii_alphabetic() && after.is_ascii())
            || (last.is_ascii_lowercase() && after.is_ascii_uppercase())
    };
    left && right
}

/// The table of class, id and role words.
pub(crate) fn class_table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_str!("data/classes.txt"), ' ', false))
}

/// The table of banner texts.
pub(crate) fn banner_table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_str!("data/banners.txt"), ',', true))
}

/// One flag a category of page kinds that `text` (an address, a declared type) names.
pub(crate) fn kind_flags(text: &str) -> Vec<f32> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE.get_or_init(|| Table::read(include_str!("data/kinds.txt"), ',', true));
    let mut flags = vec![0.0; table.names.len()];
    table.matches(text, |category, _| flags[usize::from(category)] = 1.0);
    flags
}

/// Adds to `classes` the categories of a class, id or role attribute.
pub(crate) fn add_classes(attribute: &str, classes: &mut Classes) {
    // Longer values are generated, and a hostile page has many.
    let end = attribute.floor_char_boundary(attribute.len().min(512));
    class_table().matches(&attribute[..end], |category, _| {
        *classes |= 1 << (category & 63)
    });
}

/// Bytes of `text` that each banner category covers, added to `covered`.
pub(crate) fn banner_cover(text: &str, covered: &mut [u32]) {
    banner_table().matches(text, |category, range| {
        if let Some(bytes) = covered.get_mut(usize::from(category)) {
            *bytes += range.len() as u32;
        }
    });
}

/// Bit of a class category by its name in the table; 0 when there is none.
pub(crate) fn class_bit(name: &str) -> Classes {
    let position = class_table().names().iter().position(|n| *n == name);
    position.map_or(0, |bit| 1 << (bit & 63))
}

/// Whether a lower-case word is one of the most frequent function words of the languages in
/// `data/function_words.txt`.
pub(crate) fn is_function_word(word: &str) -> bool {
    static WORDS: OnceLock<std::collections::HashSet<&'static str>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let source = include_str!("data/function_words.txt");
        let lines = source.lines().filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).collect()
    });
    words.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_at_word_boundaries_and_humps() {
        let classes = |text: &str| {
            let mut found = 0;
            add_classes(text, &mut found);
            found
        };
        assert_eq!(classes("xy-ad"), class_bit("ad"));
        assert_ne!(classes("topAd") & class_bit("ad"), 0);
        assert_eq!(classes("loading") & class_bit("ad"), 0);
        assert_ne!(classes("articleBody") & class_bit("article"), 0);
        assert_ne!(classes("cookieConsent") & class_bit("cookie"), 0);
    }

    #[test]
    fn every_category_has_a_bit() {
        assert!(class_table().names().len() <= 64);
        assert!(banner_table().names().len() <= MAX_BANNERS);
        assert!(class_table().automaton.is_some() && banner_table().automaton.is_some());
    }

    #[test]
    fn banner_words_of_chinese_need_no_boundaries() {
        let mut covered = vec![0; banner_table().names().len()];
        banner_cover("点击分享到微信", &mut covered);
        assert!(covered.iter().any(|bytes| *bytes > 0));
    }
}
