//! Hashes of words; sets and maps whose keys are hashes already.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

/// A word's 64-bit hash.
pub(crate) fn hash_word(word: &str) -> u64 {
    hash_word_at(word.as_bytes(), 0, word.len())
}

/// The same of the `len` bytes from `start` of `text`. Words are short: up to 16 bytes are read as
/// two numbers, without a branch on their length, and folded by one multiplication, as wyhash does
/// (Wang Yi, 2019).
#[inline]
pub(crate) fn hash_word_at(text: &[u8], start: usize, len: usize) -> u64 {
    let end = start + len;
    if len > 16 || len == 0 {
        return xxh3_64(&text[start..end]);
    }
    let first = match text[start..].first_chunk() {
        Some(&eight) => u64::from_le_bytes(eight),
        None => {
            let mut eight = [0; 8];
            let rest = &text[start..];
            eight[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(eight)
        }
    };
    let (first, last) = match len {
        0..=8 => (first & (u64::MAX >> (64 - 8 * len)), 0),
        _ => {
            let last = text[end - 8..end].first_chunk();
            (first, u64::from_le_bytes(last.copied().unwrap_or_default()))
        }
    };
    let a = first ^ 0xA076_1D64_78BD_642F;
    let b = last ^ 0xE703_7ED1_A0B4_28DB ^ (len as u64) << 56;
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A map from XXH3 hashes.
pub(crate) type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<PassThrough>>;
/// A set of XXH3 hashes.
pub(crate) type HashedSet = HashSet<u64, BuildHasherDefault<PassThrough>>;

/// Hands a 64-bit hash through unchanged.
#[derive(Default)]
pub(crate) struct PassThrough(u64);

impl Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_word_has_one_hash_wherever_it_stands(before in "[a-z ]{0,9}", word in "[a-zé中]{1,20}", after in "[a-z ]{0,9}") {
            let text = format!("{before}{word}{after}");
            let there = hash_word_at(text.as_bytes(), before.len(), word.len());
            proptest::prop_assert_eq!(there, hash_word(&word));
        }

        #[test]
        fn different_words_have_different_hashes(a in "[ab]{1,18}", b in "[ab]{1,18}") {
            proptest::prop_assert_eq!(a == b, hash_word(&a) == hash_word(&b));
        }
    }
}
