//! Authors' names replaced by pseudonyms.

use std::collections::{BTreeSet, HashMap};

/// Longest name that is looked for in texts, in bytes.
const LONGEST: usize = 100;
/// Domain of the key that is derived from what the user configured.
const CONTEXT: &str = "textmill 2026 pseudonyms of forum authors";

/// Gives an author the same pseudonym everywhere: a keyed BLAKE3 hash of the name, so that only
/// who has the key can try names out.
pub(super) struct Pseudonyms {
    key: [u8; 32],
}

impl Pseudonyms {
    /// With the key of a source: what is configured, or else its name.
    pub fn new(secret: &str) -> Self {
        Self {
            key: blake3::derive_key(CONTEXT, secret.as_bytes()),
        }
    }

    /// The pseudonym of an author by name or number.
    pub fn of(&self, author: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, author.trim().as_bytes()).to_hex();
        format!("user-{}", hash.get(..8).unwrap_or_default())
    }
}

/// The names of a thread's authors, to be found where they are mentioned.
#[derive(Default)]
pub(super) struct Names {
    /// Pseudonyms by name in lower case.
    names: HashMap<String, String>,
    lengths: BTreeSet<usize>,
}

impl Names {
    /// Adds a name; the first pseudonym of a name stays.
    pub fn add(&mut self, name: &str, pseudonym: &str) {
        let name = name.trim().to_lowercase();
        let joined: String = name.split_whitespace().collect();
        // People are also addressed by the first of their names.
        let first = name
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        for name in [joined, first, name] {
            if name.chars().count() >= 2 && name.len() <= LONGEST {
                self.lengths.insert(name.len());
                self.names
                    .entry(name)
                    .or_insert_with(|| pseudonym.to_owned());
            }
        }
    }

    /// The text with `@name`, `u/name` and `/u/name` of the names replaced.
    pub fn replace(&self, text: &str) -> String {
        if self.names.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let (Some(before), Some(rest)) = (text.get(..at), text.get(at..)) {
            let Some(first) = rest.chars().next() else {
                break;
            };
            let found = begins_mention(before).then(|| self.longest(rest)).flatten();
            if let Some((length, pseudonym)) = found {
                out.push_str(pseudonym);
                at += length;
            } else {
                out.push(first);
                at += first.len_utf8();
            }
        }
        out
    }

    /// The longest name that a text begins with, and that ends there.
    fn longest(&self, text: &str) -> Option<(usize, &String)> {
        self.lengths.iter().rev().find_map(|length| {
            let (name, after) = text.split_at_checked(*length)?;
            let pseudonym = self.names.get(&name.to_lowercase())?;
            let ascii = name.ends_with(|c: char| c.is_ascii_alphanumeric());
            let ends = !(ascii && after.starts_with(|c: char| c.is_ascii_alphanumeric()));
            ends.then_some((*length, pseudonym))
        })
    }
}

/// Whether a mention may begin behind a text.
fn begins_mention(before: &str) -> bool {
    let path = before.strip_suffix("u/");
    before.ends_with('@') || path.is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_decides() {
        let (one, two) = (Pseudonyms::new("one"), Pseudonyms::new("two"));
        assert_eq!(one.of("Ann"), one.of(" Ann "));
        assert_ne!(one.of("Ann"), one.of("Bob"));
        assert_ne!(one.of("Ann"), two.of("Ann"));
        assert_eq!(one.of("Ann").len(), "user-".len() + 8);
    }

    #[test]
    fn mentions_of_known_names() {
        let mut names = Names::default();
        names.add("Ann", "user-1");
        names.add("Ann Lee", "user-2");
        names.add("张三", "user-3");
        for (text, expected) in [
            ("@Ann: yes", "@user-1: yes"),
            ("@annlee and @Ann Lee", "@user-2 and @user-2"),
            ("@Anna, Ann", "@Anna, Ann"),
            ("问@张三好", "问@user-3好"),
            ("/u/ann menu/ann", "/u/user-1 menu/ann"),
        ] {
            assert_eq!(names.replace(text), expected);
        }
    }

    proptest! {
        #[test]
        fn other_text_stays(text in "[a-m@ /u]{0,60}", name in "[n-z]{2,5}") {
            let mut names = Names::default();
            names.add(&name, "user-1");
            prop_assert_eq!(names.replace(&text), text.clone());
            let mention = format!("{text} @{name}.");
            prop_assert_eq!(names.replace(&mention), format!("{text} @user-1."));
        }
    }
}
