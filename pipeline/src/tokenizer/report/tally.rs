//! Counting: how much text there is, and how many tokens it takes.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;

use super::super::Vocabulary;
use super::super::texts::Text;

/// An amount of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// Documents.
    pub documents: u64,
    /// Words.
    pub words: u64,
    /// Unicode characters.
    pub characters: u64,
    /// UTF-8 bytes.
    pub bytes: u64,
}

/// Text that has something in common, and its tokens.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// How much it is.
    pub amount: Amount,
    /// Tokens of each vocabulary.
    pub tokens: Vec<u64>,
}

/// Counts over some texts.
pub struct Tally {
    /// All of them.
    pub all: Group,
    /// By language; of texts without one under `-`.
    pub languages: BTreeMap<String, Group>,
    /// By source.
    pub sources: BTreeMap<String, Group>,
    /// How often each token of each vocabulary was used, by id.
    pub used: Vec<Vec<u64>>,
    /// Tokens of one text.
    tokens: Vec<u32>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(vocabularies: &[Vocabulary]) -> Self {
        let size = |vocabulary: &Vocabulary| vec![0; vocabulary.encoder.vocab_size()];
        Self {
            all: Group::default(),
            languages: BTreeMap::new(),
            sources: BTreeMap::new(),
            used: vocabularies.iter().map(size).collect(),
            tokens: Vec::new(),
        }
    }

    /// Whether no text was counted.
    pub fn is_empty(&self) -> bool {
        self.all.amount.documents == 0
    }

    /// Counts a text.
    pub fn add(&mut self, vocabularies: &[Vocabulary], text: &Text) -> Result<()> {
        let words = text.words;
        let words = words.unwrap_or_else(|| textmill_normalize::segment(&text.text).words);
        let mut group = Group {
            amount: Amount {
                documents: 1,
                words: u64::from(words),
                characters: text.text.chars().count() as u64,
                bytes: text.text.len() as u64,
            },
            tokens: Vec::with_capacity(vocabularies.len()),
        };
        for (vocabulary, used) in vocabularies.iter().zip(&mut self.used) {
            self.tokens.clear();
            let done = vocabulary.encoder.encode(&text.text, &mut self.tokens);
            done.with_context(|| text.place.clone())?;
            group.tokens.push(self.tokens.len() as u64);
            for token in &self.tokens {
                if let Some(count) = used.get_mut(*token as usize) {
                    *count += 1;
                }
            }
        }
        self.all.merge(&group);
        let lang = text.lang.as_deref().unwrap_or("-");
        merge_into(&mut self.languages, lang, &group);
        merge_into(&mut self.sources, &text.source, &group);
        Ok(())
    }

    /// Adds what another tally counted.
    pub fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        for (lang, group) in &other.languages {
            merge_into(&mut self.languages, lang, group);
        }
        for (source, group) in &other.sources {
            merge_into(&mut self.sources, source, group);
        }
        for (ours, theirs) in self.used.iter_mut().zip(&other.used) {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours += theirs;
            }
        }
    }
}

impl Group {
    fn merge(&mut self, other: &Self) {
        self.amount.documents += other.amount.documents;
        self.amount.words += other.amount.words;
        self.amount.characters += other.amount.characters;
        self.amount.bytes += other.amount.bytes;
        self.tokens
            .resize(other.tokens.len().max(self.tokens.len()), 0);
        for (ours, theirs) in self.tokens.iter_mut().zip(&other.tokens) {
            *ours += theirs;
        }
    }
}

fn merge_into(groups: &mut BTreeMap<String, Group>, name: &str, group: &Group) {
    match groups.get_mut(name) {
        Some(known) => known.merge(group),
        None => {
            groups.insert(name.to_owned(), group.clone());
        }
    }
}
