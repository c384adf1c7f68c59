//! Toxicity: word lists by language.
//!
//! C4 dropped every page with a word of the "List of Dirty, Naughty, Obscene or Otherwise Bad
//! Words" (Raffel et al. 2020, JMLR 21:140, section 2.2). That also drops much of what is written
//! by and about minorities (Dodge et al. 2021, arXiv:2104.08758), so that a limit on the number of
//! words per thousand is the other choice.

use std::collections::BTreeMap;
use std::path::Path;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::error::Error;
use crate::lang::Script;
use crate::list_file;

/// The words of all languages.
#[derive(Debug)]
pub struct WordLists {
    languages: BTreeMap<String, Words>,
}

/// What was found in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits<'a> {
    /// Words found, repeats included, overlapping ones not.
    pub count: usize,
    /// The first one, as the list has it.
    pub first: Option<&'a str>,
}

impl Hits<'_> {
    /// Words found per thousand of the text's words.
    #[must_use]
    pub fn per_thousand(&self, words: usize) -> f64 {
        if words == 0 {
            return 0.0;
        }
        self.count as f64 * 1000.0 / words as f64
    }
}

impl WordLists {
    /// Loads a folder with a file for each language, named by its code (`en`, `zh`; `.txt` and
    /// `.gz` may follow), one word or phrase a line. `#` begins a comment.
    ///
    /// # Errors
    /// A folder or file that cannot be read; a line of punctuation alone.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let mut languages = BTreeMap::new();
        for path in list_file::folder(folder)? {
            if let Some(code) = code_of(&path) {
                languages.insert(code, Words::load(&path)?);
            }
        }
        if languages.is_empty() {
            let message = "no file named by a language code in it";
            return Err(list_file::unreadable(folder, &message));
        }
        Ok(Self { languages })
    }

    /// Counts the words of a language's list in a text; a language without a list has none.
    ///
    /// Case does not count. Words of scripts with spaces count as whole words. Words with Han,
    /// Kana or letters of South-East Asia count wherever they stand, as in C4, which took Latin
    /// words in the lists of these languages so as well; that found `sm` in `small`.
    #[must_use]
    pub fn count(&self, text: &str, lang: &str) -> Hits<'_> {
        self.languages
            .get(lang)
            .map_or_else(Hits::default, |words| words.count(text))
    }

    /// Codes of the languages that have a list, sorted.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }
}

/// The language code that a file is named by; none for other files (`README.md`, `LICENSE`).
fn code_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let name = name.strip_suffix(".txt").unwrap_or(name);
    let code = name.split(['-', '_']).next()?;
    let is_code = (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
    // `fr-CA-u-sd-caqc` is a region's list, not the language's.
    (is_code && path.is_file() && name == code).then(|| code.to_string())
}

/// The words of one language.
#[derive(Debug)]
struct Words {
    automaton: AhoCorasick,
    /// For each pattern of the automaton, the number of its entry.
    entry_of: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    /// Whether only whole words count, at the entry's start and at its end.
    borders: (bool, bool),
}

impl Words {
    fn load(path: &Path) -> Result<Self, Error> {
        let mut entries = Vec::new();
        list_file::entries(path, |text, line| {
            // Emoji are entries, rules of dashes are not.
            if text.chars().all(|c| c.is_ascii_punctuation()) {
                return Err(list_file::malformed(path, line, text, "word or phrase"));
            }
            let border =
                |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
            entries.push(Entry {
                borders: (
                    border(text.chars().next()),
                    border(text.chars().next_back()),
                ),
                text: text.to_string(),
            });
            Ok(())
        })?;
        Self::new(entries).map_err(|error| list_file::unreadable(path, &error))
    }

    fn new(entries: Vec<Entry>) -> Result<Self, aho_corasick::BuildError> {
        let (mut patterns, mut entry_of) = (Vec::new(), Vec::new());
        for (number, entry) in (0..).zip(&entries) {
            for form in forms(&entry.text) {
                patterns.push(form);
                entry_of.push(number);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns)?;
        Ok(Self {
            automaton,
            entry_of,
            entries,
        })
    }

    fn count(&self, text: &str) -> Hits<'_> {
        let (mut hits, mut last_end) = (Hits::default(), 0);
        for found in self.automaton.find_overlapping_iter(text) {
            let number = self.entry_of.get(found.pattern().as_usize());
            let Some(entry) = number.and_then(|&number| self.entries.get(number as usize)) else {
                continue;
            };
            if found.start() >= last_end && entry.stands(text, found.start(), found.end()) {
                last_end = found.end();
                hits.count += 1;
                hits.first = hits.first.or(Some(&entry.text));
            }
        }
        hits
    }
}

impl Entry {
    /// Whether the entry stands in the text at this place as its borders demand.
    fn stands(&self, text: &str, start: usize, end: usize) -> bool {
        let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
        let (at_start, at_end) = self.borders;
        let before = || {
            text.get(..start)
                .and_then(|before| before.chars().next_back())
        };
        let after = || text.get(end..).and_then(|after| after.chars().next());
        !(at_start && inner(before()) || at_end && inner(after()))
    }
}

/// The forms of an entry that the automaton, which folds ASCII letters only, does not find itself.
fn forms(entry: &str) -> Vec<String> {
    let lower = entry.to_lowercase();
    if lower.is_ascii() {
        return vec![lower];
    }
    let mut title: String = lower.chars().take(1).flat_map(char::to_uppercase).collect();
    title.extend(lower.chars().skip(1));
    let mut forms = vec![lower, title, entry.to_uppercase(), entry.to_string()];
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Whether a character is of a script that writes no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(
        Script::of(c),
        Some(
            Script::Han
                | Script::Kana
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
                | Script::Tibetan
        )
    )
}

#[cfg(test)]
mod tests;
