//! Shingles: the set of overlapping word sequences that stands for a text.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::Config;
use crate::normal::write_normal_form;
use crate::words::{Unit, for_each_unit};

/// Base of the polynomial that combines unit hashes; odd, otherwise arbitrary.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// Buffers beyond this many bytes are given back after the document that needed them.
const KEEP_BUFFER: usize = 16 << 20;

/// Turns texts into shingle hashes (Broder 1997, *On the resemblance and containment of
/// documents*). One per thread: it keeps its buffers between documents.
///
/// A shingle starts at each unit (word, or character of a script without spaces) and is `ngram`
/// units long, or `cjk_ngram` when it starts with a character. A text with too few units for one
/// shingle is one shingle of all that it has, so that short texts are alike only when equal.
#[derive(Debug)]
pub struct Shingler {
    ngram: usize,
    cjk_ngram: usize,
    seed: u64,
    normal: String,
    units: Vec<UnitHash>,
    shingles: Vec<u64>,
}

/// What deduplication knows of one text.
#[derive(Debug)]
pub struct Shingled<'a> {
    /// Hash of the normal form.
    pub exact: u128,
    /// Bytes of the normal form.
    pub length: u64,
    /// Hashes of the shingles, in order of the text, repeated as they are there. Empty for
    /// texts without a word.
    pub shingles: &'a mut Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct UnitHash {
    hash: u64,
    /// Number of units in the shingle that starts here.
    span: usize,
}

impl Shingler {
    /// A shingler for a validated configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            ngram: config.ngram,
            cjk_ngram: config.cjk_ngram,
            seed: config.seed,
            normal: String::new(),
            units: Vec::new(),
            shingles: Vec::new(),
        }
    }

    /// Cuts a text. Linear in its length.
    pub fn shingle(&mut self, text: &str) -> Shingled<'_> {
        self.give_back_large_buffers();
        write_normal_form(text, &mut self.normal);
        self.hash_units();
        self.hash_shingles();
        Shingled {
            exact: xxh3_128_with_seed(self.normal.as_bytes(), self.seed),
            length: self.normal.len() as u64,
            shingles: &mut self.shingles,
        }
    }

    fn hash_units(&mut self) {
        let (seed, ngram, cjk_ngram) = (self.seed, self.ngram, self.cjk_ngram);
        let units = &mut self.units;
        units.clear();
        for_each_unit(&self.normal, |unit| {
            let (hash, span) = match unit {
                Unit::Word(word) => (xxh3_64_with_seed(word.as_bytes(), seed), ngram),
                // Apart from words: nothing hashes like a word but by chance.
                Unit::Character(c) => (mix(u64::from(c).wrapping_add(seed) ^ BASE), cjk_ngram),
            };
            units.push(UnitHash { hash, span });
        });
    }

    /// With prefix sums P(i) = P(i-1) * B + h(i), the polynomial of a window of n units is
    /// P(i+n) - P(i) * B^n: one multiplication per shingle, whatever its length.
    fn hash_shingles(&mut self) {
        let powers = [power(BASE, self.ngram), power(BASE, self.cjk_ngram)];
        let shingles = &mut self.shingles;
        shingles.clear();
        // The sum before each window's start lags behind the sum at its end, so each span
        // walks the units once with two cursors.
        for (kind, span) in [self.ngram, self.cjk_ngram].into_iter().enumerate() {
            if kind == 1 && span == self.ngram {
                break;
            }
            let (mut before, mut end) = (0_u64, 0_u64);
            let power = powers.get(kind).copied().unwrap_or_default();
            for unit in self.units.iter().take(span.saturating_sub(1)) {
                end = end.wrapping_mul(BASE).wrapping_add(unit.hash);
            }
            let ends = self.units.iter().skip(span - 1);
            for (start, last) in self.units.iter().zip(ends) {
                end = end.wrapping_mul(BASE).wrapping_add(last.hash);
                if start.span == span {
                    shingles.push(mix(end.wrapping_sub(before.wrapping_mul(power))));
                }
                before = before.wrapping_mul(BASE).wrapping_add(start.hash);
            }
        }
        if shingles.is_empty() && !self.units.is_empty() {
            let whole = self.units.iter().fold(0_u64, |sum, unit| {
                sum.wrapping_mul(BASE).wrapping_add(unit.hash)
            });
            shingles.push(mix(whole));
        }
    }

    fn give_back_large_buffers(&mut self) {
        if self.normal.capacity() > KEEP_BUFFER {
            self.normal = String::new();
            self.units = Vec::new();
            self.shingles = Vec::new();
        }
    }
}

fn power(base: u64, exponent: usize) -> u64 {
    (0..exponent).fold(1, |product: u64, _| product.wrapping_mul(base))
}

/// Spreads a hash over all bits (the finalizer of MurmurHash3, variant 13 by D. Stafford).
#[inline]
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Sorts hashes and removes repeats: a set.
pub(crate) fn make_set(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
}

/// Exact Jaccard similarity of two sets, sorted and without repeats: 0 when both are empty.
#[must_use]
pub fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut both) = (0_usize, 0_usize, 0_usize);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        // Without branches: which of the two is smaller cannot be foreseen.
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        both += usize::from(x == y);
    }
    let union = a.len() + b.len() - both;
    if union == 0 {
        0.0
    } else {
        both as f64 / union as f64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn set(shingler: &mut Shingler, text: &str) -> Vec<u64> {
        let shingled = shingler.shingle(text);
        make_set(shingled.shingles);
        shingled.shingles.clone()
    }

    /// Shingles as plain strings, by the definition.
    fn naive(config: &Config, text: &str) -> HashSet<Vec<String>> {
        let normal = crate::normal_form(text);
        let mut units = Vec::new();
        for_each_unit(&normal, |unit| {
            units.push(match unit {
                Unit::Word(word) => (word.to_owned(), config.ngram),
                Unit::Character(character) => (character.to_string(), config.cjk_ngram),
            });
        });
        let words: Vec<String> = units.iter().map(|unit| unit.0.clone()).collect();
        let mut shingles: HashSet<Vec<String>> = (0..units.len())
            .filter(|&i| i + units[i].1 <= units.len())
            .map(|i| words[i..i + units[i].1].to_vec())
            .collect();
        if shingles.is_empty() && !words.is_empty() {
            shingles.insert(words);
        }
        shingles
    }

    #[test]
    fn short_texts_are_alike_only_when_equal() {
        let mut shingler = Shingler::new(&Config::default());
        let texts = [
            "one",
            "two",
            "one two",
            "two one",
            "好",
            "你好",
            "one two three four",
            "a b c d",
        ];
        let sets: HashSet<Vec<u64>> = texts.iter().map(|text| set(&mut shingler, text)).collect();
        assert_eq!(sets.len(), texts.len());
        assert!(set(&mut shingler, " ...!? ").is_empty());
        assert_eq!(
            set(&mut shingler, "One,  TWO!"),
            set(&mut shingler, "one two")
        );
    }

    #[test]
    fn jaccard_of_known_sets() {
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!(jaccard(&[], &[]), 0.0);
        assert_eq!(jaccard(&[1], &[]), 0.0);
        assert_eq!(jaccard(&[7], &[7]), 1.0);
    }

    proptest! {
        #[test]
        fn sets_are_those_of_the_definition(
            a in "([a-c]{1,2} |[一二三]){0,30}", b in "([a-c]{1,2} |[一二三]){0,30}",
            ngram in 1_usize..7, cjk_ngram in 1_usize..7,
        ) {
            let config = Config { ngram, cjk_ngram, ..Config::default() };
            let mut shingler = Shingler::new(&config);
            let (x, y) = (naive(&config, &a), naive(&config, &b));
            let (p, q) = (set(&mut shingler, &a), set(&mut shingler, &b));
            prop_assert_eq!(p.len(), x.len());
            let union = x.union(&y).count();
            let expected = if union == 0 { 0.0 } else { x.intersection(&y).count() as f64 / union as f64 };
            prop_assert!((jaccard(&p, &q) - expected).abs() < 1e-12);
        }
    }
}
