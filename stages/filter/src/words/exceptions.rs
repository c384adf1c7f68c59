//! Strings that English word splitting treats as a whole: abbreviations, contractions, emoticons.

use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::hashing::HashedMap;

/// The exceptions by the hash of their text, each with it and the words that it consists of.
struct Exceptions {
    words: HashedMap<(&'static str, Vec<&'static str>)>,
    /// Bits by first and last two bytes and length: rules most words out without hashing.
    shapes: Vec<u64>,
}

/// Length in bytes that no exception passes.
const LONGEST: usize = 31;

/// Bits in [`Exceptions::shapes`].
const SHAPES: usize = 1 << 16;

static EXCEPTIONS: LazyLock<Exceptions> = LazyLock::new(|| {
    let mut words = HashedMap::default();
    let mut shapes = vec![0; SHAPES / 64];
    let data = include_str!("../../data/english_exceptions.txt");
    for line in data.lines().filter(|line| !line.starts_with("# ")) {
        let (text, parts) = line.split_once('\t').unwrap_or((line, line));
        words.insert(xxh3_64(text.as_bytes()), (text, parts.split(' ').collect()));
        let shape = shape(text.as_bytes());
        shapes[shape / 64] |= 1 << (shape % 64);
    }
    Exceptions { words, shapes }
});

/// A number below [`SHAPES`] from a text's first and last two bytes and its length.
#[inline]
fn shape(text: &[u8]) -> usize {
    let (Some(first), Some(last)) = (text.first_chunk::<2>(), text.last_chunk::<2>()) else {
        return text.first().map_or(0, |byte| usize::from(*byte));
    };
    let ends = u32::from(u16::from_le_bytes(*first)) << 16 | u32::from(u16::from_le_bytes(*last));
    let mixed = ends
        .wrapping_add(text.len() as u32)
        .wrapping_mul(0x9E37_79B1);
    (mixed >> 16) as usize
}

/// The words that `text` consists of, if it is an exception.
#[inline]
pub(super) fn find(text: &str) -> Option<&'static [&'static str]> {
    // A long text is never hashed: that would be quadratic where marks are peeled off one by one.
    if text.len() > LONGEST {
        return None;
    }
    let known = &*EXCEPTIONS;
    let shape = shape(text.as_bytes());
    if known.shapes[shape / 64] & 1 << (shape % 64) == 0 {
        return None;
    }
    find_hashed(known, text)
}

#[inline(never)]
fn find_hashed(known: &'static Exceptions, text: &str) -> Option<&'static [&'static str]> {
    let (exception, parts) = known.words.get(&xxh3_64(text.as_bytes()))?;
    (*exception == text).then_some(parts.as_slice())
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, find};

    #[test]
    fn no_exception_is_too_long_to_be_found() {
        let known = &*EXCEPTIONS;
        assert!(known.words.values().all(|(text, _)| find(text).is_some()));
    }

    #[test]
    fn knows_contractions_and_abbreviations() {
        assert_eq!(find("don't"), Some(&["do", "n't"][..]));
        assert_eq!(find("e.g."), Some(&["e.g."][..]));
        assert_eq!(find("donut"), None);
        assert_eq!(find(""), None);
    }
}
