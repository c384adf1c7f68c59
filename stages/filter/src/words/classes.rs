//! Character classes that the word rules speak of.

use super::ranges::{ICONS, TERMINAL, UNCASED, within};

/// White space as Python's `str.isspace` has it: Unicode's, and the four ASCII separators.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1C}'..='\u{1F}')
}

/// The pieces of `text` between white space, none of them empty.
pub(crate) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(is_space);
        let end = chunk_len(rest);
        let (chunk, after) = rest.split_at(end);
        rest = after;
        (end > 0).then_some(chunk)
    })
}

/// Bytes before the first white space.
pub(crate) fn chunk_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        // First bytes of the spaces beyond ASCII: U+0085 and U+00A0, U+1680, U+2000…, U+3000.
        if byte > b' ' && !matches!(byte, 0xC2 | 0xE1..=0xE3) {
            at += 1;
            continue;
        }
        // Of these the first two bytes tell most.
        let second = bytes.get(at + 1).copied().unwrap_or(0);
        let is_letter = match byte {
            0xC2 => !matches!(second, 0x85 | 0xA0),
            0xE1 => second != 0x9A,
            0xE2 => !matches!(second, 0x80 | 0x81),
            0xE3 => second != 0x80,
            _ => false,
        };
        if is_letter {
            at += 2;
            continue;
        }
        match text[at..].chars().next() {
            Some(c) if !is_space(c) => at += c.len_utf8(),
            _ => break,
        }
    }
    at
}

/// A letter of a script without case, with the marks and signs of its block.
fn is_uncased(c: char) -> bool {
    c >= '\u{591}' && within(UNCASED, c)
}

/// A lower-case letter, or a letter of a script without case.
pub(super) fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase()
        || (!c.is_ascii() && ((c.is_lowercase() && !matches!(c, 'ª' | 'º')) || is_uncased(c)))
}

/// An upper-case letter, or a letter of a script without case.
pub(super) fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || (!c.is_ascii() && (c.is_uppercase() || is_uncased(c)))
}

/// A letter of any script.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && (is_lower(c) || is_upper(c)))
}

/// Punctuation that always ends or begins a word.
pub(super) fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '…' | ','
            | ':'
            | ';'
            | '!'
            | '?'
            | '¿'
            | '؟'
            | '¡'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '_'
            | '#'
            | '*'
            | '&'
            | '。'
            | '？'
            | '！'
            | '，'
            | '、'
            | '；'
            | '：'
            | '～'
            | '·'
            | '।'
            | '،'
            | '۔'
            | '؛'
            | '٪'
    )
}

/// Quotation marks and brackets used as such.
pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '"'
            | '”'
            | '“'
            | '`'
            | '‘'
            | '´'
            | '’'
            | '‚'
            | ','
            | '„'
            | '»'
            | '«'
            | '「'
            | '」'
            | '『'
            | '』'
            | '（'
            | '）'
            | '〔'
            | '〕'
            | '【'
            | '】'
            | '《'
            | '》'
            | '〈'
            | '〉'
            | '\u{2329}'
            | '\u{232A}'
            | '⟦'
            | '⟧'
    )
}

/// Currency signs.
pub(super) fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '฿' | '﷼' | '\u{20A0}'..='\u{20BF}')
}

/// Pictures and other symbols (Unicode category So).
pub(super) fn is_icon(c: char) -> bool {
    c >= '\u{A6}' && within(ICONS, c)
}

/// A mark that ends a sentence, in any script.
#[must_use]
pub fn is_terminal(c: char) -> bool {
    match c {
        '.' | '!' | '?' => true,
        _ if c < '\u{589}' || is_east_asian_letter(c) => false,
        _ => within(TERMINAL, c),
    }
}

/// Kana, Han and Hangul: most letters of languages whose every character is looked at.
#[inline]
pub(crate) fn is_east_asian_letter(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// A character that makes no word by itself: punctuation, terminal marks, control characters.
/// The set is datatrove's; symbols such as `=` and `|` are in it.
#[must_use]
pub fn is_symbol(c: char) -> bool {
    match c {
        '\t' | '\n' | ' ' => false,
        _ if c.is_ascii() => !c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{9F}' | '«' | '´' | '»' => true,
        _ if c < '\u{589}' || is_east_asian_letter(c) => false,
        '–' | '—' | '’' | '“' | '”' | '„' | '…' | '∶' | '━' | '►' | '、' | '〈' | '〉' | '《'
        | '》' | '「' | '」' | '【' | '】' | '％' | '（' | '）' | '，' | '１' | '：' | '；'
        | '～' => true,
        _ => within(TERMINAL, c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn chunks_are_what_stands_between_spaces(text in "[a é中\u{A0}\u{1F}\u{2003}\u{3000}。\u{1680}\n]{0,30}") {
            let expected: Vec<&str> = text.split(is_space).filter(|chunk| !chunk.is_empty()).collect();
            proptest::prop_assert_eq!(chunks(&text).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn classes_hold_across_scripts() {
        assert!(is_terminal('。') && is_terminal('.') && is_terminal('؟') && !is_terminal('，'));
        assert!(is_symbol('=') && is_symbol('，') && !is_symbol('中') && !is_symbol('a'));
        assert!(is_lower('中') && is_upper('中') && is_lower('é') && !is_lower('É'));
        assert!(is_icon('★') && !is_icon('中') && is_space('\u{1F}') && is_space('\u{3000}'));
    }
}
