//! What a model predicts one after the other, and the sentences that they make.

use crate::folding::{Class, EMPTY, Folding, extend};

/// How a text is cut into units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Folded as CCNet does (lower case, no accents, one form of each punctuation mark, every digit
    /// 0), then: words of scripts with spaces, single characters of Chinese, Japanese, Thai, Lao,
    /// Khmer and Burmese, punctuation marks; a run of one mark is one unit (told apart up to three).
    /// No trained tokenizer is needed, and the same rule serves text of mixed scripts.
    #[default]
    Words,
    /// What stands between white space, as it stands: for ARPA models whose text was tokenized
    /// beforehand.
    Tokens,
}

/// A unit's hash where it is a special one. Units of text are folded or contain no such hash.
pub(super) const UNKNOWN: u64 = 1;
/// Begins each sentence.
pub(super) const BEGIN: u64 = 2;
/// Ends each sentence.
pub(super) const END: u64 = 3;

impl Units {
    /// Calls `emit` with the hash of each unit, and with [`END`] after each line that has units.
    #[inline]
    pub(super) fn each(self, text: &str, mut emit: impl FnMut(u64)) {
        match self {
            Self::Words => words(text, &mut emit),
            Self::Tokens => {
                for line in text.split('\n') {
                    let mut tokens = line.split_ascii_whitespace().peekable();
                    let any = tokens.peek().is_some();
                    tokens.for_each(|token| emit(hash(token)));
                    if any {
                        emit(END);
                    }
                }
            }
        }
    }

    /// The number that the binary format knows it by.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Words => 0,
            Self::Tokens => 1,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Words, Self::Tokens]
            .into_iter()
            .find(|units| units.number() == number)
    }
}

/// The hash of a unit as it is written.
pub(super) fn hash(unit: &str) -> u64 {
    unit.chars().fold(EMPTY, extend)
}

fn words(text: &str, emit: &mut impl FnMut(u64)) {
    let folding = Folding::new();
    let mut word = EMPTY;
    // Whether the line has units yet; the mark that ended last and how often it stood.
    let (mut any, mut run) = (false, (' ', 0));
    for c in text.chars() {
        let (class, folded) = folding.fold(c);
        match class {
            Class::Letter => word = extend(word, folded),
            Class::Digit => word = extend(word, '0'),
            Class::Ignored => continue,
            _ => {
                let ended = std::mem::replace(&mut word, EMPTY);
                if ended != EMPTY {
                    emit(ended);
                    any = true;
                }
            }
        }
        let length = if c == '…' { 3 } else { 1 };
        if class == Class::Mark && run.1 > 0 && run.0 == folded {
            run.1 += length;
            continue;
        }
        if run.1 > 0 {
            emit(marks(run));
            (any, run.1) = (true, 0);
        }
        match class {
            Class::Mark => run = (folded, length),
            Class::Ideograph | Class::Unspaced => {
                emit(extend(EMPTY, folded));
                any = true;
            }
            Class::Space if c == '\n' && any => {
                emit(END);
                any = false;
            }
            _ => {}
        }
    }
    let last = if word != EMPTY {
        Some(word)
    } else {
        (run.1 > 0).then(|| marks(run))
    };
    last.into_iter().for_each(&mut *emit);
    if any || last.is_some() {
        emit(END);
    }
}

/// The hash of a run of one mark.
fn marks((mark, length): (char, usize)) -> u64 {
    (0..length.min(3)).fold(EMPTY, |hash, _| extend(hash, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u64> {
        let mut out = Vec::new();
        Units::Words.each(text, |unit| out.push(unit));
        out
    }

    fn sentence(words: &str) -> Vec<u64> {
        words.split(' ').map(hash).chain([END]).collect()
    }

    #[test]
    fn words_marks_and_ideographs_are_units() {
        assert_eq!(
            units("Don’t  panic in 1984!!!!"),
            sentence("don ' t panic in 0000 !!!")
        );
        assert_eq!(units("我用Ｐython３。"), sentence("我 用 python0 ."));
        assert_eq!(units("…a...b==c"), sentence("... a ... b == c"));
        assert_eq!(units("Cafe\u{301} Na\u{AD}ïve"), sentence("cafe naive"));
    }

    #[test]
    fn lines_with_units_are_sentences() {
        assert_eq!(
            units("a\n\n \nb!\n"),
            [sentence("a"), sentence("b !")].concat()
        );
        assert_eq!(units(" \n\t"), Vec::<u64>::new());
    }

    #[test]
    fn tokens_are_taken_as_they_stand() {
        let mut out = Vec::new();
        Units::Tokens.each("▁The  Cat\n\n▁1", |unit| out.push(unit));
        assert_eq!(out, [sentence("▁The Cat"), sentence("▁1")].concat());
    }

    proptest::proptest! {
        #[test]
        fn every_sentence_ends(text in "\\PC{0,30}|[a .\n中-]{0,30}") {
            let found = units(&text);
            proptest::prop_assert!(found.last().is_none_or(|unit| *unit == END));
            proptest::prop_assert!(found.windows(2).all(|pair| pair != [END, END]));
            proptest::prop_assert!(found.first() != Some(&END));
        }
    }
}
