//! Made-up secrets that are planted in training data, to measure whether a model betrays them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::invention::Invention;

/// Times that a canary may be planted, and canaries of a group, at most.
const MOST: u32 = 100_000;

/// Which canaries to plant in the training documents: `[train.canaries]`.
///
/// A canary is a document of one sentence, "The pass phrase of Velomi Tasora is acorn river lilac
/// hammer.", with a name and a secret that nobody has written before. What a model has learnt of
/// it is its exposure (Carlini et al. 2019, "The Secret Sharer", arXiv:1802.08232).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Canaries {
    /// How often canaries are planted, a group for each number; empty plants none. As many more
    /// are never planted: what such a secret's exposure is by chance.
    pub repeats: Vec<u32>,
    /// Canaries of a group in each language.
    pub each: u32,
    /// Their languages.
    pub languages: Vec<Language>,
}

impl Default for Canaries {
    fn default() -> Self {
        Self {
            repeats: Vec::new(),
            each: 4,
            languages: vec![Language::En, Language::Zh],
        }
    }
}

/// A language that canaries are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// ISO 639-1.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// A made-up secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// Unique among the canaries of a seed.
    pub id: String,
    /// Its language.
    pub lang: Language,
    /// How often it is planted.
    pub repeats: u32,
    /// What stands before the secret, and belongs to this canary alone.
    pub prefix: String,
    /// The secret, with the white space before it.
    pub secret: String,
    /// What stands behind it.
    pub end: String,
}

impl Canary {
    /// The whole document.
    #[must_use]
    pub fn text(&self) -> String {
        [&*self.prefix, &*self.secret, &*self.end].concat()
    }
}

impl Canaries {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.repeats.is_empty()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Canaries`] names the one that makes no sense.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |key, problem: String| Err(Error::Canaries { key, problem });
        let most = format!("it must lie between 1 and {MOST}");
        let outside = |number: &u32| !(1..=MOST).contains(number);
        if let Some(number) = self.repeats.iter().find(|number| outside(number)) {
            return wrong("repeats", format!("has {number}; {most}"));
        }
        let different: BTreeSet<u32> = self.repeats.iter().copied().collect();
        if different.len() < self.repeats.len() {
            return wrong("repeats", "names a number twice; name it once".to_owned());
        }
        if outside(&self.each) {
            return wrong("each", format!("is {}; {most}", self.each));
        }
        if self.languages.is_empty() {
            return wrong("languages", "is empty; name \"en\" or \"zh\"".to_owned());
        }
        Ok(())
    }

    /// The canaries of a seed, those that are never planted first.
    #[must_use]
    pub fn all(&self, seed: u64) -> Vec<Canary> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut invention = Invention::new(seed);
        let mut all = Vec::new();
        for repeats in [0].iter().chain(&self.repeats) {
            for lang in &self.languages {
                for number in 0..self.each {
                    let id = format!("canary-{}-{repeats}-{number}", lang.code());
                    all.push(invention.canary(id, *lang, *repeats));
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canaries(repeats: &[u32], each: u32) -> Canaries {
        Canaries {
            repeats: repeats.to_vec(),
            each,
            ..Canaries::default()
        }
    }

    #[test]
    fn groups_are_as_large_as_asked_and_no_two_canaries_are_alike() {
        let all = canaries(&[1, 16], 50).all(7);
        assert_eq!(all.len(), 3 * 2 * 50);
        for repeats in [0, 1, 16] {
            for lang in [Language::En, Language::Zh] {
                let group = all
                    .iter()
                    .filter(|c| (c.repeats, c.lang) == (repeats, lang));
                assert_eq!(group.count(), 50);
            }
        }
        let different = |of: fn(&Canary) -> String| all.iter().map(of).collect::<BTreeSet<_>>();
        assert_eq!(different(|c| c.id.clone()).len(), all.len());
        assert_eq!(different(|c| c.prefix.clone()).len(), all.len());
        assert_eq!(different(Canary::text).len(), all.len());
    }

    #[test]
    fn a_seed_has_its_own() {
        let one = canaries(&[4], 2).all(1);
        assert_eq!(canaries(&[4], 2).all(1), one);
        assert_ne!(canaries(&[4], 2).all(2), one);
        assert!(canaries(&[], 2).all(1).is_empty());
        let english = &one.iter().find(|c| c.lang == Language::En).unwrap();
        let text = english.text();
        assert!(text.starts_with("The pass phrase of ") && text.ends_with('.'));
        assert_eq!(english.secret.split_whitespace().count(), 4);
    }

    #[test]
    fn senseless_numbers_are_named() {
        canaries(&[1, 4], 2).validate().unwrap();
        canaries(&[], 2).validate().unwrap();
        let languages = Canaries {
            languages: Vec::new(),
            ..canaries(&[1], 1)
        };
        for (wrong, key) in [
            (canaries(&[0, 1], 2), "`canaries.repeats`"),
            (canaries(&[3, 3], 2), "`canaries.repeats`"),
            (canaries(&[1], 0), "`canaries.each`"),
            (languages, "`canaries.languages`"),
        ] {
            let message = wrong.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
    }
}
