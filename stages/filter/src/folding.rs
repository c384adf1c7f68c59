//! Folds characters, so that texts that differ in case, accents, width or typography compare equal.
//!
//! As CCNet's normalizer does before its language models (Wenzek et al. 2020, `text_normalizer.py`):
//! lower case, no accents, one form of each punctuation mark. Decimal digits of every script become
//! ASCII digits. Unlike CCNet, vowel signs of Indic and other scripts stay: they are no accents.

use std::sync::LazyLock;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use crate::words::is_space;

/// What a character does in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Ends a word and is nothing else: white space, control characters.
    Space,
    /// Is as if it were not there: accents, zero-width characters, soft hyphens.
    Ignored,
    /// Part of a word.
    Letter,
    /// A decimal digit, part of a word.
    Digit,
    /// A character of Chinese or Japanese, which writes no spaces: a unit of its own.
    Ideograph,
    /// A character of Thai, Lao, Khmer or Burmese, which write no spaces: a unit of its own.
    Unspaced,
    /// Punctuation or a symbol.
    Mark,
}

/// Characters below this are looked up.
const TABLE_LEN: u32 = 0x2100;

static TABLE: LazyLock<Vec<(Class, char)>> = LazyLock::new(|| {
    (0..TABLE_LEN)
        .map(|code| char::from_u32(code).map_or((Class::Space, ' '), look))
        .collect()
});

/// The table of folded characters, taken once for a text: the lock costs at every character.
#[derive(Clone, Copy)]
pub(crate) struct Folding(&'static [(Class, char)]);

impl Folding {
    pub(crate) fn new() -> Self {
        Self(&TABLE)
    }

    /// Class and folded form of a character.
    #[inline]
    pub(crate) fn fold(self, c: char) -> (Class, char) {
        match self.0.get(c as usize) {
            Some(folded) => *folded,
            None if matches!(c, '\u{4E00}'..='\u{9FFF}') => (Class::Ideograph, c),
            None => look(c),
        }
    }
}

/// Zeros of the scripts whose ten digits follow each other and are in common use.
const ZEROS: &str = "0٠۰߀०০੦૦୦௦౦೦൦๐໐༠၀០᠐０";

fn look(c: char) -> (Class, char) {
    if is_space(c) || c == '\u{2028}' {
        return (Class::Space, ' ');
    }
    if c.is_control() {
        return (Class::Space, c);
    }
    if matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{300}'..='\u{36F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
    {
        return (Class::Ignored, c);
    }
    if let Some(digit) = digit(c) {
        return (Class::Digit, digit);
    }
    match c {
        '\u{2E80}'..='\u{2FDF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30FA}'
        | '\u{30FC}'..='\u{31BF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}'
        | '\u{1B000}'..='\u{1B16F}'
        | '\u{20000}'..='\u{3FFFF}' => (Class::Ideograph, c),
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
            if c.is_alphanumeric() || is_combining_mark(c) =>
        {
            (Class::Unspaced, c)
        }
        _ if c.is_alphanumeric() || is_combining_mark(c) => (Class::Letter, letter(c)),
        _ => (Class::Mark, mark(c)),
    }
}

fn digit(c: char) -> Option<char> {
    let value = ZEROS.chars().find_map(|zero| {
        let offset = (c as u32).checked_sub(zero as u32)?;
        (offset < 10).then_some(offset)
    })?;
    char::from_digit(value, 10)
}

/// A letter in lower case, ASCII width, without accents.
fn letter(c: char) -> char {
    if matches!(c, '\u{AC00}'..='\u{D7A3}') {
        return c;
    }
    let narrow = narrow(c);
    let lower = narrow.to_lowercase().next().unwrap_or(narrow);
    let mut base = None;
    decompose_canonical(lower, |part| base = base.or(Some(part)));
    base.unwrap_or(lower)
}

/// The ASCII form of a full-width character.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// One form of each punctuation mark; CCNet's table, without its slip that makes `１` a quote.
fn mark(c: char) -> char {
    match c {
        '。' | '｡' | '…' => '.',
        '、' | '､' => ',',
        '„' | '“' | '”' | '‟' | '«' | '»' | '「' | '」' | '『' | '』' | '《' | '》' => {
            '"'
        }
        '´' | '‘' | '’' | '‛' | '`' | '‹' | '›' => '\'',
        '∶' => ':',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '━' | '►' => '-',
        '〈' => '<',
        '〉' => '>',
        '【' => '[',
        '】' => ']',
        '〜' => '~',
        _ => narrow(c),
    }
}

/// Hash of nothing, to [`extend`].
pub(crate) const EMPTY: u64 = 0x51_7C_C1_B7_27_22_0A_95;

/// Takes one more character into a hash.
#[inline]
pub(crate) fn extend(hash: u64, c: char) -> u64 {
    let mixed = (hash ^ u64::from(c)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(c: char) -> (Class, char) {
        Folding::new().fold(c)
    }

    #[test]
    fn letters_lose_case_accents_and_width() {
        for (c, folded) in [
            ('É', 'e'),
            ('ß', 'ß'),
            ('Ａ', 'a'),
            ('Й', 'и'),
            ('İ', 'i'),
            ('한', '한'),
        ] {
            assert_eq!(fold(c), (Class::Letter, folded), "{c}");
        }
        assert_eq!(fold('\u{301}').0, Class::Ignored);
        // A vowel sign is no accent.
        assert_eq!(fold('\u{93F}'), (Class::Letter, '\u{93F}'));
    }

    #[test]
    fn digits_of_all_scripts_are_ascii() {
        for c in ['7', '７', '٧', '७', '๗'] {
            assert_eq!(fold(c), (Class::Digit, '7'), "{c}");
        }
    }

    #[test]
    fn marks_have_one_form() {
        for (c, folded) in [
            ('。', '.'),
            ('，', ','),
            ('”', '"'),
            ('’', '\''),
            ('—', '-'),
            ('！', '!'),
        ] {
            assert_eq!(fold(c), (Class::Mark, folded), "{c}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_units_by_character() {
        for c in ['中', 'の', 'カ', '々', '𠀀', 'ｶ', 'ー'] {
            assert_eq!(fold(c), (Class::Ideograph, c), "{c}");
        }
        assert_eq!(fold('ไ').0, Class::Unspaced);
        assert_eq!(fold('\u{E35}').0, Class::Unspaced);
        assert_eq!(fold('・').0, Class::Mark);
    }

    #[test]
    fn the_table_says_what_the_rules_say() {
        for code in 0..0x3_0000 {
            if let Some(c) = char::from_u32(code) {
                assert_eq!(fold(c), look(c), "{code:x}");
            }
        }
    }
}
