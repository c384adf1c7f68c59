//! Strings that English word splitting treats as a whole: abbreviations, contractions, emoticons.

use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::hashing::HashedMap;

/// The exceptions by the hash of their text, each with it and the words that it consists of.
struct Exceptions {
    words: HashedMap<(&'static str, Vec<&'static str>)>,
    /// Lengths in bytes that exceptions ending in a given byte have, as a bit set: most words
    /// are ruled out without hashing.
    lengths: [u32; 256],
}

static EXCEPTIONS: LazyLock<Exceptions> = LazyLock::new(|| {
    let mut words = HashedMap::default();
    let mut lengths = [0u32; 256];
    let data = include_str!("../../data/english_exceptions.txt");
    for line in data.lines().filter(|line| !line.starts_with("# ")) {
        let (text, parts) = line.split_once('\t').unwrap_or((line, line));
        words.insert(xxh3_64(text.as_bytes()), (text, parts.split(' ').collect()));
        if let Some(&last) = text.as_bytes().last() {
            lengths[usize::from(last)] |= 1 << text.len().min(31);
        }
    }
    Exceptions { words, lengths }
});

/// The words that `text` consists of, if it is an exception.
pub(super) fn find(text: &str) -> Option<&'static [&'static str]> {
    let &last = text.as_bytes().last()?;
    let known = &*EXCEPTIONS;
    if text.len() > 31 || known.lengths[usize::from(last)] & (1 << text.len()) == 0 {
        return None;
    }
    let (exception, parts) = known.words.get(&xxh3_64(text.as_bytes()))?;
    (*exception == text).then_some(parts.as_slice())
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn knows_contractions_and_abbreviations() {
        assert_eq!(find("don't"), Some(&["do", "n't"][..]));
        assert_eq!(find("e.g."), Some(&["e.g."][..]));
        assert_eq!(find("donut"), None);
        assert_eq!(find(""), None);
    }
}
