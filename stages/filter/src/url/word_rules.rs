//! Words in addresses.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use xxhash_rust::xxh3::xxh3_64;

use super::address::Address;
use super::{UrlHit, UrlOptions, UrlRule};
use crate::error::Error;
use crate::hashing::HashedMap;
use crate::lang::Script;
use crate::list_file;

/// Our own words of adult addresses, in sections.
const BUILT_IN: &str = include_str!("../../data/adult_url_words.txt");

/// The words of all lists.
#[derive(Debug)]
pub(super) struct WordRules {
    /// Names of the lists; the first is the built-in one.
    lists: Vec<String>,
    /// Words by hash, with the number of their list.
    words: HashedMap<u16>,
    soft: HashedMap<u16>,
    soft_limit: usize,
    substrings: AhoCorasick,
    /// The automaton's patterns, with the number of their list.
    patterns: Vec<(String, u16)>,
    /// Names with a pattern in them.
    exceptions: Vec<String>,
}

impl WordRules {
    pub fn load(options: &UrlOptions) -> Result<Self, Error> {
        let mut builder = Builder {
            lists: vec!["built-in".into()],
            ..Builder::default()
        };
        if options.adult_words {
            builder.built_in();
        }
        for (paths, kind) in [
            (&options.words, Kind::Word),
            (&options.soft_words, Kind::Soft),
            (&options.substrings, Kind::Substring),
        ] {
            for path in paths {
                builder.file(path, kind)?;
            }
        }
        builder.finish(options)
    }

    pub fn find(&self, address: &Address) -> Option<UrlHit<'_>> {
        let (host, path) = address.readable();
        let text = [host.as_ref(), "/", path.as_ref()].concat();
        let hit = |rule, entry: String, list: u16, count| UrlHit {
            rule,
            entry,
            list: self.lists.get(usize::from(list)).map_or("", String::as_str),
            count,
        };
        let mut soft: Vec<&str> = Vec::new();
        let mut soft_list = 0;
        for word in text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            let hash = xxh3_64(word.as_bytes());
            if let Some(&list) = self.words.get(&hash) {
                return Some(hit(UrlRule::Word, word.to_string(), list, 1));
            }
            if let Some(&list) = self.soft.get(&hash)
                && soft.len() < self.soft_limit
                && !soft.contains(&word)
            {
                soft.push(word);
                soft_list = list;
            }
        }
        if self.soft_limit > 0 && soft.len() >= self.soft_limit {
            return Some(hit(
                UrlRule::SoftWords,
                soft.join(" "),
                soft_list,
                soft.len(),
            ));
        }
        let mut squeezed = squeeze(&text);
        // Most addresses have no match, and need no second look.
        self.substrings.find(&squeezed)?;
        for name in &self.exceptions {
            squeezed = squeezed.replace(name, "\n");
        }
        let found = self.substrings.find(&squeezed)?;
        let (entry, list) = self.patterns.get(found.pattern().as_usize())?;
        Some(hit(UrlRule::Substring, entry.clone(), *list, 1))
    }
}

/// The text's letters and digits, with a line feed where a part of the address ends: `-`, `_` and
/// the like do not part words, `/` and `.` do.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() {
            squeezed.push(c);
        } else if matches!(c, '/' | '.' | '?' | '&' | '=') && !squeezed.ends_with('\n') {
            squeezed.push('\n');
        }
    }
    squeezed
}

#[derive(Clone, Copy)]
enum Kind {
    Word,
    Soft,
    Substring,
    Exception,
}

#[derive(Default)]
struct Builder {
    lists: Vec<String>,
    words: HashedMap<u16>,
    soft: HashedMap<u16>,
    patterns: Vec<(String, u16)>,
    exceptions: Vec<String>,
}

impl Builder {
    fn built_in(&mut self) {
        let mut kind = Kind::Word;
        for line in BUILT_IN.lines().filter(|line| !line.starts_with('#')) {
            match line {
                "[words]" => kind = Kind::Word,
                "[soft]" => kind = Kind::Soft,
                "[substrings]" => kind = Kind::Substring,
                "[except]" => kind = Kind::Exception,
                _ => line.split(' ').for_each(|entry| {
                    self.add(entry, 0, kind);
                }),
            }
        }
    }

    fn file(&mut self, path: &Path, kind: Kind) -> Result<(), Error> {
        self.lists.push(name_of(path));
        let list = u16::try_from(self.lists.len() - 1)
            .map_err(|_| list_file::unreadable(path, &"more than 65,535 lists"))?;
        list_file::entries(path, |entry, line| {
            if self.add(entry, list, kind) {
                Ok(())
            } else {
                Err(list_file::malformed(path, line, entry, "word"))
            }
        })
    }

    /// Adds an entry; false if there is neither letter nor digit in it.
    fn add(&mut self, entry: &str, list: u16, kind: Kind) -> bool {
        let entry: String = entry
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        if entry.is_empty() {
            return false;
        }
        // Scripts without spaces have no whole words in addresses.
        let unspaced = entry.chars().any(|c| {
            matches!(
                Script::of(c),
                Some(Script::Han | Script::Kana | Script::Thai | Script::Hangul)
            )
        });
        let hash = xxh3_64(entry.as_bytes());
        match kind {
            Kind::Soft => drop(self.soft.entry(hash).or_insert(list)),
            Kind::Word if !unspaced => drop(self.words.entry(hash).or_insert(list)),
            Kind::Exception => self.exceptions.push(entry),
            Kind::Word | Kind::Substring => self.patterns.push((entry, list)),
        }
        true
    }

    fn finish(self, options: &UrlOptions) -> Result<WordRules, Error> {
        let substrings = AhoCorasick::new(self.patterns.iter().map(|(entry, _)| entry));
        let path = options
            .substrings
            .first()
            .map_or(Path::new("substrings"), PathBuf::as_path);
        Ok(WordRules {
            substrings: substrings.map_err(|error| list_file::unreadable(path, &error))?,
            lists: self.lists,
            words: self.words,
            soft: self.soft,
            soft_limit: options.soft_words_limit,
            patterns: self.patterns,
            exceptions: self.exceptions,
        })
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or("words".into(), |name| name.to_string_lossy().into_owned())
}
