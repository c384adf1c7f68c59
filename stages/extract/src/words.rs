//! Word tables (`src/data/*.txt`): what class names and short banner texts mean.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::decide::measure;

/// A set of word categories: bit `i` stands for line `i` of the class table.
pub(crate) type Classes = u64;

/// Tokens of a label, at most one less.
const LONGEST_LABEL: usize = 20;

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

/// `category: word word` lines of a data file: number, name and words of each. A line may go on
/// with a category. `#` begins a comment.
fn categories(
    source: &'static str,
    separator: char,
) -> impl Iterator<Item = (u8, &'static str, impl Iterator<Item = &'static str>)> {
    let mut names: Vec<&'static str> = Vec::new();
    let lines = source.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(move |line| {
        let (name, list) = line.split_once(':')?;
        let category = names.iter().position(|known| *known == name);
        let category = category.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let words = list.split(separator).map(str::trim);
        Some((category as u8, name, words.filter(|word| !word.is_empty())))
    })
}

impl Table {
    /// Reads `category: word word` lines; a line may continue a category. `#` begins a comment.
    fn read(source: &'static str, separator: char, all_whole: bool) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for (category, name, list) in categories(source, separator) {
            if names.len() == usize::from(category) {
                names.push(name);
            }
            for word in list {
                let bare = word.strip_prefix('=').unwrap_or(word);
                let whole = all_whole || bare.len() < word.len();
                patterns.push(Pattern { category, whole });
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
pub(crate) fn banner_table() -> &'static Banners {
    static TABLE: OnceLock<Banners> = OnceLock::new();
    TABLE.get_or_init(|| Banners::read(include_str!("data/banners.txt")))
}

/// The table of words for kinds of pages.
fn kind_table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_str!("data/kinds.txt"), ',', true))
}

/// Names of the kinds of pages.
pub(crate) fn kind_names() -> &'static [&'static str] {
    kind_table().names()
}

/// One flag a category of page kinds that `text` (an address, a declared type) names.
pub(crate) fn kind_flags(text: &str) -> Vec<f32> {
    let table = kind_table();
    let mut flags = vec![0.0; table.names.len()];
    table.matches(text, |category, _| flags[usize::from(category)] = 1.0);
    flags
}

/// Whether `text` names a kind of page.
pub(crate) fn is_kind(text: &str, kind: &str) -> bool {
    let position = kind_names().iter().position(|name| *name == kind);
    position.is_some_and(|at| kind_flags(text)[at] > 0.0)
}

/// Adds to `classes` the categories of a class, id or role attribute.
pub(crate) fn add_classes(attribute: &str, classes: &mut Classes) {
    // Longer values are generated, and a hostile page has many.
    let end = attribute.floor_char_boundary(attribute.len().min(512));
    class_table().matches(&attribute[..end], |category, _| {
        *classes |= 1 << (category & 63)
    });
}

/// Whether a class or id attribute holds a name by which a consent manager marks its banner
/// (`data/consent.txt`).
pub(crate) fn is_consent_manager(attribute: &str) -> bool {
    static NAMES: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let lines = include_str!("data/consent.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_ascii_whitespace).collect()
    });
    attribute
        .split_ascii_whitespace()
        .any(|name| names.contains(name))
}

/// Whether a class or id attribute looks like that of a consent banner (`data/consent_words.txt`).
pub(crate) fn names_consent(attribute: &str) -> bool {
    static COOKIE: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| insensitive(["cookie", "gdpr"]));
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let lines = include_str!("data/consent_words.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        insensitive(lines.flat_map(str::split_ascii_whitespace))
    });
    let (Some(cookie), Some(words)) = (&*COOKIE, &*WORDS) else {
        return false;
    };
    // Within one name: a page's wrapper may be called `layout cookie-free message`.
    cookie.is_match(attribute)
        && attribute
            .split_ascii_whitespace()
            .any(|name| cookie.is_match(name) && words.is_match(name))
}

fn insensitive(words: impl IntoIterator<Item = &'static str>) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .ok()
}

/// Whether tokens, given by their hashes, are a text that is never content when it stands alone
/// (`data/labels.txt`).
pub(crate) fn is_label(tokens: impl Iterator<Item = u64>) -> bool {
    static LABELS: OnceLock<FxHashSet<u64>> = OnceLock::new();
    let all = |tokens: &mut dyn Iterator<Item = u64>| {
        tokens.fold(1u64, |all, token| {
            all.rotate_left(5).wrapping_mul(31) ^ token
        })
    };
    let labels = LABELS.get_or_init(|| {
        let lines = include_str!("data/labels.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let label = |line| all(&mut measure::token_hashes(line).into_iter());
        lines.map(label).collect()
    });
    let mut tokens = tokens.take(LONGEST_LABEL);
    labels.contains(&all(&mut tokens))
}

/// Whether a word is what stands beside the name of who wrote a post (`data/roles.txt`).
pub(crate) fn is_role(word: &str) -> bool {
    static ROLES: OnceLock<FxHashSet<&'static str>> = OnceLock::new();
    let roles = ROLES.get_or_init(|| {
        let lines = include_str!("data/roles.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).collect()
    });
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    roles.contains(&*word.to_lowercase())
}

/// Short texts by which banners, buttons and boxes are known (`data/banners.txt`), as tokens.
pub(crate) struct Banners {
    names: Vec<&'static str>,
    /// By the hash of the first token: the tokens after it, and the category.
    phrases: FxHashMap<u64, Vec<(Vec<u64>, u8)>>,
}

impl Banners {
    fn read(source: &'static str) -> Self {
        let mut banners = Self {
            names: Vec::new(),
            phrases: FxHashMap::default(),
        };
        for (category, name, phrases) in categories(source, ',') {
            if banners.names.len() == usize::from(category) {
                banners.names.push(name);
            }
            for phrase in phrases {
                let mut tokens = measure::token_hashes(phrase).into_iter();
                if let Some(first) = tokens.next() {
                    let same_start = banners.phrases.entry(first).or_default();
                    same_start.push((tokens.collect(), category));
                }
            }
        }
        banners
    }

    /// Names of the categories, in order.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Adds to `cover`, per category, the bytes of a text that its phrases cover. Tokens are given
    /// by their hashes and their places in the text.
    pub(crate) fn add_cover(&self, tokens: &[(u64, Range<usize>)], cover: &mut [u16]) {
        for (at, (hash, place)) in tokens.iter().enumerate() {
            for (rest, category) in self.phrases.get(hash).into_iter().flatten() {
                let Some(following) = tokens.get(at + 1..at + 1 + rest.len()) else {
                    continue;
                };
                if following.iter().map(|(hash, _)| hash).eq(rest) {
                    let end = following.last().map_or(place.end, |(_, place)| place.end);
                    let cover = &mut cover[usize::from(*category)];
                    *cover = cover.saturating_add((end - place.start) as u16);
                }
            }
        }
    }
}

/// Bit of a class category by its name in the table; 0 when there is none.
pub(crate) fn class_bit(name: &str) -> Classes {
    let position = class_table().names().iter().position(|n| *n == name);
    position.map_or(0, |bit| 1 << (bit & 63))
}

/// Whether a token's hash is that of one of the most frequent function words of the languages in
/// `data/function_words.txt`.
pub(crate) fn is_function_word(hash: u64) -> bool {
    static WORDS: OnceLock<FxHashSet<u64>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let source = include_str!("data/function_words.txt");
        let lines = source.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(str::split_whitespace);
        words.map(measure::token_hash).collect()
    });
    words.contains(&hash)
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
        assert!(class_table().automaton.is_some());
    }

    #[test]
    fn consent_banners_are_known_by_their_names() {
        assert!(names_consent("bottom CookieNotice") && names_consent("gdpr-banner"));
        assert!(!names_consent("cookie-recipe card") && !names_consent("cookies notice-board"));
    }

    #[test]
    fn labels_stand_alone() {
        let is_label = |text: &str| is_label(measure::token_hashes(text).into_iter());
        assert!(is_label("— Advertisement —") && is_label("广告") && is_label("РЕКЛАМА"));
        assert!(!is_label("Advertisement rates") && !is_label("广告学") && !is_label("…"));
    }

    #[test]
    fn banner_words_of_chinese_need_no_boundaries() {
        let mut covered = [0; MAX_BANNERS];
        let declared = measure::Declared::default();
        measure::Counter::default().count("新闻点击分享到微信", &declared, &mut covered);
        assert!(covered.iter().any(|bytes| *bytes > 0));
    }
}
