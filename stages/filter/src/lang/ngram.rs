//! Telling languages of one script apart by character trigrams and function words.
//!
//! Naive Bayes on the trigrams inside words (Cavnar and Trenkle 1994 and Dunning 1994 for the
//! idea), with a bonus for each function word. The trigrams' frequencies come from the models of
//! the lingua library (Apache License 2.0, Peter M. Stahl) and, for languages that it lacks, from
//! the word lists of Tesseract's models (Apache License 2.0, Google Inc. and others). The 3,000
//! commonest trigrams of a language and script are kept; `examples/train_language_model.rs` makes
//! the file from them.

use std::sync::LazyLock;

use super::Script;
use crate::hashing::HashedMap;
use crate::stop_words::StopWords;

/// What a function word adds to its language's score.
const WORD_BONUS: f32 = 8.0;
/// Units of the file's one-byte weights in one natural logarithm.
const WEIGHT_SCALE: f32 = 28.0;
/// Number of trigrams beyond which more of them add no confidence.
const FULL_EVIDENCE: f32 = 20.0;

/// Mean weight a trigram below which a text is hardly of any known language. Vowel signs make
/// Devanagari's trigrams many and each of them rare.
fn familiar(script: Script) -> f32 {
    if matches!(script, Script::Devanagari | Script::Bengali) {
        1.0
    } else {
        2.0
    }
}

static BUILT_IN: LazyLock<NgramModel> = LazyLock::new(|| {
    NgramModel::parse(include_bytes!("../../data/languages.bin")).unwrap_or_default()
});

/// A language of the model.
#[derive(Clone, Debug)]
struct Known {
    code: &'static str,
    prior: f32,
}

/// The model: trigrams with the languages that have them.
#[derive(Clone, Debug, Default)]
pub struct NgramModel {
    languages: Vec<Known>,
    /// Open-addressing table from trigram to its entries.
    slots: Vec<Slot>,
    /// Language and weight; before each trigram's the number of them.
    entries: Vec<(u8, u8)>,
    /// Function words by [`extend`]ed hash, with the languages that have them.
    words: HashedMap<Vec<u8>>,
}

/// Half of a trigram's hash (the other half is its place) and where its entries begin; eight
/// bytes, so that the table stays in the cache.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    check: u32,
    /// 0 in a free slot.
    first: u32,
}

impl NgramModel {
    /// The model that ships with the build.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the format that `examples/train_language_model.rs` writes: number of languages; for
    /// each the length of its code, the code and its prior in negative halves; then for each
    /// trigram, ascending, its distance from the one before as a variable-length integer, the
    /// number of languages and for each its number and weight.
    fn parse(bytes: &'static [u8]) -> Option<Self> {
        let mut reader = Reader { bytes };
        let mut model = Self::default();
        for _ in 0..reader.byte()? {
            let length = usize::from(reader.byte()?);
            let code = std::str::from_utf8(reader.take(length)?).ok()?;
            let prior = -f32::from(reader.byte()?) / 2.0;
            model.languages.push(Known { code, prior });
        }
        let mut trigrams = Vec::new();
        let mut key = 0;
        model.entries.push((0, 0));
        while !reader.bytes.is_empty() {
            key += reader.integer()?;
            let count = reader.byte()?;
            trigrams.push((key, u32::try_from(model.entries.len()).ok()?));
            model.entries.push((count, 0));
            for _ in 0..count {
                let lang = reader.byte()?;
                model.languages.get(usize::from(lang))?;
                model.entries.push((lang, reader.byte()?));
            }
        }
        model.index(&trigrams);
        model.index_words();
        Some(model)
    }

    fn index(&mut self, trigrams: &[(u64, u32)]) {
        self.slots = vec![Slot::default(); (trigrams.len() * 4 / 3).next_power_of_two().max(2)];
        for &(key, first) in trigrams {
            let (at, check) = self.place(key);
            self.slots[at] = Slot { check, first };
        }
    }

    fn index_words(&mut self) {
        for (number, language) in (0u8..).zip(&self.languages) {
            let lists = StopWords::list(language.code).chain(words(language.code));
            for hash in lists.map(|word| word.chars().fold(0, extend)) {
                let known = self.words.entry(hash).or_default();
                if !known.contains(&number) {
                    known.push(number);
                }
            }
        }
    }

    /// Where a trigram stands, or the free slot where it would, and what it is checked by.
    fn place(&self, key: u64) -> (usize, u32) {
        let mask = self.slots.len() - 1;
        let hash = extend(key, '\0');
        let (mut at, check) = (hash as usize & mask, (hash >> 32) as u32);
        while self.slots[at].first != 0 && self.slots[at].check != check {
            at = (at + 1) & mask;
        }
        (at, check)
    }

    /// The most likely language of the words of `text` in `script`, with a certainty from 0 to 1.
    #[must_use]
    pub fn identify(&self, text: &str, script: Script) -> (&'static str, f64) {
        self.decide(&self.read(text, script), script)
    }

    /// What the words of `text` in `script` say.
    pub(super) fn read(&self, text: &str, script: Script) -> Evidence {
        let mut words = Words::new(self);
        if self.slots.is_empty() {
            return words.evidence;
        }
        for c in text.chars() {
            if c.is_ascii() {
                if script == Script::Latin && c.is_ascii_alphabetic() {
                    words.letter(c.to_ascii_lowercase());
                } else {
                    words.end_word();
                }
            } else if Script::of(c) == Some(script) {
                c.to_lowercase().for_each(|c| words.letter(c));
            } else {
                words.end_word();
            }
        }
        words.end_word();
        words.evidence
    }

    /// The most likely language after all evidence, with a certainty from 0 to 1.
    pub(super) fn decide(&self, evidence: &Evidence, script: Script) -> (&'static str, f64) {
        let seen = evidence
            .scores
            .iter()
            .zip(&self.languages)
            .filter(|(score, _)| **score > 0.0);
        let ranked: Vec<(f32, &Known)> = seen
            .map(|(score, known)| (score + known.prior, known))
            .collect();
        let Some(&(best, language)) = ranked.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return ("und", 0.0);
        };
        // Long texts would make every guess certain: evidence counts by its mean.
        let count = (evidence.trigrams as f32).max(1.0);
        let temper = (FULL_EVIDENCE / count).min(1.0);
        let rivals: f32 = ranked
            .iter()
            .map(|(score, _)| ((score - best) * temper).exp())
            .sum();
        let familiar = (best / count / familiar(script)).clamp(0.0, 1.0);
        (language.code, f64::from(familiar / rivals))
    }
}

/// How far a text points to each language.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    scores: Vec<f32>,
    trigrams: u32,
}

impl Evidence {
    /// Takes in what more text says.
    pub fn add(&mut self, more: &Self) {
        for (score, more) in self.scores.iter_mut().zip(&more.scores) {
            *score += more;
        }
        self.trigrams += more.trigrams;
    }
}

/// Reads a text letter by letter.
struct Words<'a> {
    model: &'a NgramModel,
    evidence: Evidence,
    /// Of the word so far: its last three letters, its hash, its length.
    last: u64,
    hash: u64,
    length: u32,
}

impl<'a> Words<'a> {
    fn new(model: &'a NgramModel) -> Self {
        let evidence = Evidence {
            scores: vec![0.0; model.languages.len()],
            trigrams: 0,
        };
        Self {
            model,
            evidence,
            last: 0,
            hash: 0,
            length: 0,
        }
    }

    fn letter(&mut self, c: char) {
        self.last = (self.last << 21 | u64::from(c)) & ((1 << 63) - 1);
        self.hash = extend(self.hash, c);
        self.length += 1;
        if self.length < 3 {
            return;
        }
        self.evidence.trigrams += 1;
        let first = self.model.slots[self.model.place(self.last).0].first as usize;
        let count = usize::from(self.model.entries[first].0);
        for &(language, weight) in &self.model.entries[first + 1..=first + count] {
            self.evidence.scores[usize::from(language)] += f32::from(weight) / WEIGHT_SCALE;
        }
    }

    fn end_word(&mut self) {
        if self.length == 0 {
            return;
        }
        if let Some(languages) = self.model.words.get(&self.hash) {
            for &language in languages {
                self.evidence.scores[usize::from(language)] += WORD_BONUS;
            }
        }
        (self.last, self.hash, self.length) = (0, 0, 0);
    }
}

/// Words that tell a language, besides its stop words.
fn words(code: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../../data/language_words.txt").lines();
    let mut lists = lines.filter_map(|line| line.split_once(' '));
    let found = lists.find(|(known, _)| *known == code);
    found.map_or("", |(_, words)| words).split(' ')
}

/// Takes one more character into a hash.
fn extend(hash: u64, c: char) -> u64 {
    let mixed = (hash ^ u64::from(c)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

/// Reads the model's file.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    /// A variable-length integer, seven bits a byte, lowest first.
    fn integer(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_model_is_whole() {
        let model = NgramModel::built_in();
        assert!(model.languages.len() > 50 && model.entries.len() > 100_000);
    }

    #[test]
    fn a_damaged_model_is_refused() {
        assert!(NgramModel::parse(&[2, 2, b'e']).is_none());
        assert!(NgramModel::parse(&[1, 2, b'e', b'n', 0, 5, 1, 9, 9]).is_none());
    }

    #[test]
    fn tells_languages_of_a_script_apart() {
        for (text, lang) in [
            (
                "The committee will meet again next week to discuss the budget.",
                "en",
            ),
            (
                "Der Ausschuss trifft sich nächste Woche wieder, um den Haushalt zu beraten.",
                "de",
            ),
            (
                "Le comité se réunira de nouveau la semaine prochaine pour discuter du budget.",
                "fr",
            ),
            (
                "El comité se reunirá de nuevo la próxima semana para discutir el presupuesto.",
                "es",
            ),
            (
                "O comitê se reunirá novamente na próxima semana para discutir o orçamento.",
                "pt",
            ),
        ] {
            let (found, certainty) = NgramModel::built_in().identify(text, Script::Latin);
            assert_eq!(found, lang);
            assert!(certainty > 0.8, "{lang} {certainty}");
        }
        let (found, _) = NgramModel::built_in().identify(
            "Комітет збереться знову наступного тижня, щоб обговорити бюджет.",
            Script::Cyrillic,
        );
        assert_eq!(found, "uk");
    }

    #[test]
    fn letters_at_random_are_uncertain() {
        let (_, certainty) = NgramModel::built_in()
            .identify("xqzj vkwp hgtrf zzxq bvnm qwrt plkj xcvb", Script::Latin);
        assert!(certainty < 0.5, "{certainty}");
    }
}
