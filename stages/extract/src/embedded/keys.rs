//! What the keys of data mean (`data/embedded.txt`).

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Source;

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The text of an article or a post.
    Body,
    /// Who wrote it, as a name or an object.
    Author,
    /// A text that is the body of some types only.
    Description,
    /// Type of the object.
    Type,
    /// Name of the object, which for a question is its text.
    Name,
    /// Anything else, which may hold one of these.
    Other,
}

/// What a key means in a source.
pub(super) fn meaning(key: &str, source: Source) -> Meaning {
    let sections: &[_] = match source {
        Source::JsonLd => &[
            ("json-ld body", Meaning::Body),
            ("json-ld author", Meaning::Author),
            ("json-ld description", Meaning::Description),
            ("json-ld type", Meaning::Type),
            ("json-ld name", Meaning::Name),
        ],
        Source::Data => &[
            ("data body", Meaning::Body),
            ("data author", Meaning::Author),
        ],
    };
    let mut sections = sections.iter();
    let found = sections.find(|(section, _)| is_in(section, key));
    found.map_or(Meaning::Other, |(_, meaning)| *meaning)
}

/// Whether a key of an author is that of the name.
pub(super) fn is_name(key: &str) -> bool {
    is_in("name of an author", key)
}

/// Whether the description of a schema.org type is its body.
pub(super) fn is_described(kind: &str) -> bool {
    is_in("described types", kind)
}

fn is_in(section: &str, word: &str) -> bool {
    static SECTIONS: OnceLock<FxHashMap<&str, FxHashSet<&str>>> = OnceLock::new();
    let sections = SECTIONS.get_or_init(|| {
        let lines = include_str!("../data/embedded.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let lines = lines.filter_map(|line| line.split_once(':'));
        lines
            .map(|(name, words)| (name, words.split_whitespace().collect()))
            .collect()
    });
    let words = sections.get(section);
    debug_assert!(words.is_some(), "{section}");
    words.is_some_and(|words| words.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_file_says() {
        assert_eq!(meaning("articleBody", Source::JsonLd), Meaning::Body);
        assert_eq!(meaning("@type", Source::JsonLd), Meaning::Type);
        assert_eq!(meaning("cooked", Source::JsonLd), Meaning::Other);
        assert_eq!(meaning("cooked", Source::Data), Meaning::Body);
        assert_eq!(meaning("username", Source::Data), Meaning::Author);
        assert!(is_name("displayName") && is_described("JobPosting") && !is_described("Thing"));
    }
}
