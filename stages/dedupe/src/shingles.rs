//! Shingles: the set of overlapping word sequences that stands for a text.

use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::Config;
use crate::normal::write_normal_form;
use crate::words::{Unit, Word, for_each_unit};

/// Base of the polynomial that combines unit hashes; odd, otherwise arbitrary.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// Secrets of the hash of words; arbitrary.
const SECRETS: [u64; 2] = [0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9];
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
    /// Hashes of the units. The lowest bit is set for characters, of which shingles may have
    /// another length.
    units: Vec<u64>,
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
        let seeds = SECRETS.map(|secret| secret ^ mix(self.seed));
        let units = &mut self.units;
        units.clear();
        for_each_unit(&self.normal, |unit| {
            units.push(match unit {
                Unit::Word(word) => hash_word(word, seeds) & !1,
                Unit::Character(c) => multiply(u64::from(c) ^ seeds[1], seeds[0]) | 1,
            });
        });
    }

    fn hash_shingles(&mut self) {
        let (units, shingles) = (&self.units, &mut self.shingles);
        shingles.clear();
        if self.ngram == self.cjk_ngram {
            shingles.extend(windows(units, self.ngram).map(|(_, shingle)| shingle));
        } else {
            for (kind, span) in [(0, self.ngram), (1, self.cjk_ngram)] {
                let windows = windows(units, span).filter(|(first, _)| first & 1 == kind);
                shingles.extend(windows.map(|(_, shingle)| shingle));
            }
        }
        if shingles.is_empty() && !units.is_empty() {
            shingles.extend(windows(units, units.len()).map(|(_, shingle)| shingle));
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

/// The first unit and the hash of each stretch of `span` units. The hash is a polynomial of the
/// units' hashes that rolls on: two multiplications a shingle, whatever its length.
fn windows(units: &[u64], span: usize) -> impl Iterator<Item = (u64, u64)> {
    let (first, _) = units.split_at(units.len().min(span - 1));
    let ends = units.get(span - 1..).unwrap_or_default();
    let append = |sum: u64, unit: u64| sum.wrapping_mul(BASE).wrapping_add(unit);
    let mut sum = first.iter().fold(0, |sum, unit| append(sum, *unit));
    let power = first
        .iter()
        .fold(1, |power: u64, _| power.wrapping_mul(BASE));
    units.iter().zip(ends).map(move |(&first, &last)| {
        let window = append(sum, last);
        sum = window.wrapping_sub(first.wrapping_mul(power));
        (first, mix(window))
    })
}

/// A hash in the manner of wyhash (Wang Yi 2019), for words: 16 bytes a step, without a branch
/// on the length up to there.
#[inline]
fn hash_word(word: Word<'_>, seeds: [u64; 2]) -> u64 {
    let (mut rest, mut left) = (word.rest, word.length);
    let mut hash = seeds[0];
    while left > 16 {
        let (low, high) = halves(load(rest));
        hash = multiply(low ^ hash, high ^ seeds[1]);
        rest = rest.get(16..).unwrap_or_default();
        left -= 16;
    }
    // What follows the word is shifted out.
    let (low, high) = halves(load(rest) << (8 * (16 - left)));
    multiply(low ^ hash, high ^ seeds[1])
}

/// The next 16 bytes, zeros behind the end.
#[inline]
fn load(bytes: &[u8]) -> u128 {
    let next = bytes.first_chunk::<16>().copied().unwrap_or_else(|| {
        let mut next = [0; 16];
        next.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        next
    });
    u128::from_le_bytes(next)
}

fn halves(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// Both halves of a product in one.
#[inline]
fn multiply(a: u64, b: u64) -> u64 {
    let (low, high) = halves(u128::from(a) * u128::from(b));
    low ^ high
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
                Unit::Word(word) => (word.as_str().to_owned(), config.ngram),
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
