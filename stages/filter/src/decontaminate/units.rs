//! What is compared: words in lower case without punctuation and accents, and single characters of
//! scripts without spaces.

use crate::folding::{Class, EMPTY, Folding, extend};

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Ideograph,
    Unspaced,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Word, Self::Ideograph, Self::Unspaced];
}

/// A unit of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Of its folded characters.
    pub hash: u64,
    /// Where it stands, in bytes.
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
    /// Whether it is more than a number.
    pub letters: bool,
}

/// Calls `emit` for each unit. Apostrophes inside words are left out (`don't` is `dont`), all other
/// marks end a word.
#[inline]
pub(super) fn each(text: &str, mut emit: impl FnMut(Unit)) {
    let folding = Folding::new();
    let mut word = Word::default();
    let mut apostrophe = false;
    for (at, c) in text.char_indices() {
        let (class, folded) = folding.fold(c);
        match class {
            Class::Letter | Class::Digit => {
                if word.hash == EMPTY {
                    word.start = at;
                }
                word.hash = extend(word.hash, folded);
                word.end = at + c.len_utf8();
                word.letters |= class == Class::Letter;
                apostrophe = false;
            }
            Class::Ignored => {}
            Class::Mark if folded == '\'' && word.hash != EMPTY && !apostrophe => apostrophe = true,
            _ => {
                word.end(&mut emit);
                apostrophe = false;
                let kind = match class {
                    Class::Ideograph => Kind::Ideograph,
                    Class::Unspaced => Kind::Unspaced,
                    _ => continue,
                };
                let (start, end) = (at, at + c.len_utf8());
                emit(Unit {
                    hash: extend(EMPTY, folded),
                    start,
                    end,
                    kind,
                    letters: true,
                });
            }
        }
    }
    word.end(&mut emit);
}

/// A word that is being read.
struct Word {
    hash: u64,
    start: usize,
    end: usize,
    letters: bool,
}

impl Default for Word {
    fn default() -> Self {
        Self {
            hash: EMPTY,
            start: 0,
            end: 0,
            letters: false,
        }
    }
}

impl Word {
    #[inline]
    fn end(&mut self, emit: &mut impl FnMut(Unit)) {
        if self.hash == EMPTY {
            return;
        }
        let Self {
            hash,
            start,
            end,
            letters,
        } = *self;
        emit(Unit {
            hash,
            start,
            end,
            kind: Kind::Word,
            letters,
        });
        *self = Self::default();
    }
}

/// Appends a unit's folded characters.
pub(super) fn push_folded(text: &str, unit: &Unit, out: &mut String) {
    let folding = Folding::new();
    for c in text[unit.start..unit.end].chars() {
        if let (Class::Letter | Class::Digit | Class::Ideograph | Class::Unspaced, folded) =
            folding.fold(c)
        {
            out.push(folded);
        }
    }
}

/// The units of a text, folded, with a space between each two.
pub(super) fn fold_into(text: &str, out: &mut String) {
    out.clear();
    each(text, |unit| {
        if !out.is_empty() {
            out.push(' ');
        }
        push_folded(text, &unit, out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold_into(text, &mut out);
        out
    }

    #[test]
    fn case_punctuation_and_typography_do_not_count() {
        assert_eq!(
            folded("“Don’t Panic,” it said — 42\ttimes!"),
            "dont panic it said 42 times"
        );
        assert_eq!(
            folded("don't panic: 'IT' said (42) times"),
            "dont panic it said 42 times"
        );
        assert_eq!(folded("Cafe\u{301} caf\u{e9} ＡＢＣ１"), "cafe cafe abc1");
        assert_eq!(folded("a_b x=1.5 ''' ''"), "a b x 1 5");
        assert_eq!(folded("“我用Python3”，是。"), "我 用 python3 是");
    }

    proptest::proptest! {
        #[test]
        fn units_lie_in_order_and_stand_alone(text in "[a-c'’\u{301} .中ไ1]{0,30}|\\PC{0,30}") {
            let mut units = Vec::new();
            each(&text, |unit| units.push(unit));
            let mut before = 0;
            for unit in &units {
                proptest::prop_assert!(before <= unit.start && unit.start < unit.end);
                before = unit.end;
            }
            // A window of a document is compared by its own units.
            if let (Some(first), Some(last)) = (units.first(), units.last()) {
                proptest::prop_assert_eq!(folded(&text[first.start..last.end]), folded(&text));
                let inner = units.get(1).map_or(last.start, |unit| unit.start);
                let mut again = Vec::new();
                each(&text[inner..last.end], |unit| again.push(unit.hash));
                let rest: Vec<u64> = units.iter().filter(|u| u.start >= inner).map(|u| u.hash).collect();
                proptest::prop_assert_eq!(again, rest);
            }
        }
    }
}
