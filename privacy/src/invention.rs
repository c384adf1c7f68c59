//! Draws names and secrets that nobody has written before.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::canaries::{Canary, Language};

/// Words of a secret.
const WORDS: usize = 4;
const ENGLISH: &str = include_str!("../data/words.en.txt");
const CHINESE: &str = include_str!("../data/words.zh.txt");
const SYLLABLES: [&str; 32] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va",
    "we", "xi", "yo", "zu", "bra", "cle", "dri", "flo", "gru", "pla", "ske", "sti", "tro", "vel",
    "mir", "tas",
];
const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜";
const GIVEN: &str = "安邦晨达恩方刚浩嘉康朗铭宁鹏启睿思涛文祥雅泽志博彩丹凡歌航佳凯岚";

/// A source of names and secrets, the same for the same seed.
pub(crate) struct Invention {
    rng: ChaCha8Rng,
    names: BTreeSet<String>,
}

impl Invention {
    /// That of a run's seed.
    pub fn new(seed: u64) -> Self {
        Self::of(seed, b"canaries")
    }

    /// Another one, for secrets to compare with.
    pub fn of_decoys(seed: u64) -> Self {
        Self::of(seed, b"decoys")
    }

    fn of(seed: u64, purpose: &[u8]) -> Self {
        let mut key = [0; 32];
        let (number, text) = key.split_at_mut(8);
        number.copy_from_slice(&seed.to_le_bytes());
        for (place, byte) in text.iter_mut().zip(purpose) {
            *place = *byte;
        }
        Self {
            rng: ChaCha8Rng::from_seed(key),
            names: BTreeSet::new(),
        }
    }

    /// A canary with a name of its own.
    pub fn canary(&mut self, id: String, lang: Language, repeats: u32) -> Canary {
        let name = loop {
            let name = self.name(lang);
            if self.names.insert(name.clone()) {
                break name;
            }
        };
        let (prefix, end) = match lang {
            Language::En => (format!("The pass phrase of {name} is"), "."),
            Language::Zh => (format!("{name}的口令是"), "。"),
        };
        Canary {
            id,
            lang,
            repeats,
            prefix,
            secret: self.secret(lang),
            end: end.to_owned(),
        }
    }

    /// A secret of a language: four words of 256, so there are 2³² of them.
    pub fn secret(&mut self, lang: Language) -> String {
        let (list, before) = match lang {
            Language::En => (ENGLISH, " "),
            Language::Zh => (CHINESE, ""),
        };
        let list: Vec<&str> = list.lines().collect();
        (0..WORDS)
            .map(|_| [before, self.one(&list)].concat())
            .collect()
    }

    fn name(&mut self, lang: Language) -> String {
        match lang {
            Language::En => {
                let mut word = || {
                    let word: String = (0..3).map(|_| self.one(&SYLLABLES)).collect();
                    let (first, rest) = word.split_at(1);
                    first.to_uppercase() + rest
                };
                format!("{} {}", word(), word())
            }
            Language::Zh => {
                let (surnames, given): (Vec<char>, Vec<char>) =
                    (SURNAMES.chars().collect(), GIVEN.chars().collect());
                let given: String = (0..3).map(|_| self.one(&given)).collect();
                format!("{}{given}", self.one(&surnames))
            }
        }
    }

    /// One of as many as a power of two, each as likely as the others.
    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.rng.next_u64() as usize % all.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_powers_of_two_without_repetition() {
        let words = |list: &'static str| list.lines().collect::<BTreeSet<_>>().len();
        assert_eq!((words(ENGLISH), words(CHINESE)), (256, 256));
        assert_eq!(ENGLISH.lines().count() + CHINESE.lines().count(), 512);
        let characters = |list: &'static str| list.chars().collect::<BTreeSet<_>>().len();
        assert_eq!((characters(SURNAMES), characters(GIVEN)), (32, 32));
        assert_eq!(SYLLABLES.iter().collect::<BTreeSet<_>>().len(), 32);
    }
}
