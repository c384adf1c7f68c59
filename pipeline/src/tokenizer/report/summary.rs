//! What the counts mean: rates, shares and ratios. Printed as it is with `--json`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use textmill_tokenize::Encoder;

use super::super::Vocabulary;
use super::super::spell::spell;
use super::Options;
use super::tally::{Amount, Group, Tally};

/// The report.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// All text.
    pub text: Amount,
    /// Lines that had none.
    pub lines_without_text: u64,
    /// Text by language.
    pub languages: BTreeMap<String, Amount>,
    /// Text by source.
    pub sources: BTreeMap<String, Amount>,
    /// What it costs.
    pub vocabularies: Vec<Costs>,
}

/// What a vocabulary makes of the text.
#[derive(Debug, Serialize)]
pub struct Costs {
    /// As it was named.
    pub name: String,
    /// Tokens that it has, special ones included.
    pub tokens: usize,
    /// Special tokens, which no text gives.
    pub special: usize,
    /// Why it is encoded slowly; null for the fast path.
    pub slow_because: Option<String>,
    /// Tokens, but for special ones, that were never used.
    pub unused: Share,
    /// Tokens that were used, but less often than asked for.
    pub rare: Share,
    /// The longest tokens, used or not.
    pub longest: Vec<Longest>,
    /// For all text.
    pub all: Cost,
    /// By language.
    pub languages: BTreeMap<String, Cost>,
    /// By source.
    pub sources: BTreeMap<String, Cost>,
    /// What Chinese costs against English; null without text in both.
    pub chinese_against_english: Option<Ratios>,
}

/// Some of the tokens that are not special.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: usize,
    /// Of all that are not special.
    pub share: f64,
}

/// A long token.
#[derive(Debug, Serialize)]
pub struct Longest {
    /// Its id.
    pub id: u32,
    /// Its bytes.
    pub bytes: usize,
    /// How often it was used.
    pub used: u64,
    /// What it stands for, made visible.
    pub token: String,
}

/// What some text costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Tokens.
    pub tokens: u64,
    /// Fertility.
    pub tokens_per_word: f64,
    /// Tokens for a Unicode character.
    pub tokens_per_character: f64,
    /// UTF-8 bytes in a token.
    pub bytes_per_token: f64,
}

/// Chinese divided by English.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratios {
    /// Of tokens per word.
    pub per_word: f64,
    /// Of tokens per character.
    pub per_character: f64,
    /// Of tokens per byte.
    pub per_byte: f64,
}

impl Summary {
    /// The report of what was counted.
    pub fn new(vocabularies: &[Vocabulary], tally: &Tally, lines: u64, options: &Options) -> Self {
        let amounts = |groups: &BTreeMap<String, Group>| {
            let amounts = groups.iter();
            amounts
                .map(|(name, group)| (name.clone(), group.amount))
                .collect()
        };
        let used = vocabularies.iter().zip(&tally.used).enumerate();
        Self {
            text: tally.all.amount,
            lines_without_text: lines,
            languages: amounts(&tally.languages),
            sources: amounts(&tally.sources),
            vocabularies: used
                .map(|(place, (vocabulary, used))| {
                    Costs::new(vocabulary, place, used, tally, options)
                })
                .collect(),
        }
    }
}

impl Costs {
    fn new(
        vocabulary: &Vocabulary,
        place: usize,
        used: &[u64],
        tally: &Tally,
        options: &Options,
    ) -> Self {
        let encoder = &vocabulary.encoder;
        let added = encoder.tokenizer().get_added_tokens_decoder();
        let special = added.iter().filter(|(_, token)| token.special);
        let special: BTreeSet<u32> = special.map(|(id, _)| *id).collect();
        let ids = (0..)
            .zip(used)
            .filter(|(id, _)| encoder.token_bytes(*id).is_some());
        let plain: Vec<(u32, u64)> = ids
            .filter(|(id, _)| !special.contains(id))
            .map(|(id, count)| (id, *count))
            .collect();
        let share = |is: &dyn Fn(u64) -> bool| {
            let count = plain.iter().filter(|(_, count)| is(*count)).count();
            Share {
                count,
                share: count as f64 / plain.len().max(1) as f64,
            }
        };
        let costs = |groups: &BTreeMap<String, Group>| -> BTreeMap<String, Cost> {
            let costs = groups.iter();
            costs
                .map(|(name, group)| (name.clone(), Cost::new(group, place)))
                .collect()
        };
        let languages = costs(&tally.languages);
        Self {
            name: vocabulary.name.clone(),
            tokens: plain.len() + special.len(),
            special: special.len(),
            slow_because: encoder.slow_because().map(str::to_owned),
            unused: share(&|count| count == 0),
            rare: share(&|count| count > 0 && count < options.rare),
            longest: longest(encoder, &plain, options.top),
            all: Cost::new(&tally.all, place),
            chinese_against_english: Ratios::of(&languages),
            languages,
            sources: costs(&tally.sources),
        }
    }
}

fn longest(encoder: &Encoder, tokens: &[(u32, u64)], top: usize) -> Vec<Longest> {
    let bytes = |id: u32| encoder.token_bytes(id).unwrap_or_default();
    let mut sorted = tokens.to_vec();
    sorted.sort_by_key(|(id, _)| (Reverse(bytes(*id).len()), *id));
    let longest = sorted.into_iter().take(top);
    let longest = longest.map(|(id, used)| Longest {
        id,
        bytes: bytes(id).len(),
        used,
        token: spell(bytes(id)),
    });
    longest.collect()
}

impl Cost {
    fn new(group: &Group, place: usize) -> Self {
        let tokens = group.tokens.get(place).copied().unwrap_or(0);
        let rate = |count: u64, of: u64| count as f64 / of.max(1) as f64;
        Self {
            tokens,
            tokens_per_word: rate(tokens, group.amount.words),
            tokens_per_character: rate(tokens, group.amount.characters),
            bytes_per_token: rate(group.amount.bytes, tokens),
        }
    }
}

impl Ratios {
    fn of(languages: &BTreeMap<String, Cost>) -> Option<Self> {
        let (chinese, english) = (languages.get("zh")?, languages.get("en")?);
        let there = chinese.tokens > 0 && english.tokens > 0;
        there.then(|| Self {
            per_word: chinese.tokens_per_word / english.tokens_per_word,
            per_character: chinese.tokens_per_character / english.tokens_per_character,
            per_byte: english.bytes_per_token / chinese.bytes_per_token,
        })
    }
}
