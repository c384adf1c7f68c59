//! Cuts a normal form into the units that shingles count: words, or characters of scripts that
//! are written without spaces.

use unicode_segmentation::UnicodeSegmentation;

/// What a shingle counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// A word by UAX #29, in a script with spaces.
    Word(&'a str),
    /// A character of a script without spaces.
    Character(char),
}

/// Calls `f` with each unit of a text in normal form, in order.
///
/// Words are those of Unicode UAX #29 inside the stretches that white space, characters of
/// scripts without spaces and CJK punctuation leave; in these scripts UAX #29 itself cuts after
/// each character (Han, Hiragana, Thai, Lao, Khmer, Myanmar) or hardly ever (Katakana), so a
/// character is a unit. Runs of plain letters and digits are found without its tables.
pub(crate) fn for_each_unit<'a>(text: &'a str, mut f: impl FnMut(Unit<'a>)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == ' ' {
            1
        } else if is_unspaced(c) {
            f(Unit::Character(c));
            c.len_utf8()
        } else if is_plain(c) || c == '_' {
            match ascii_word(rest).or_else(|| plain_word(rest)) {
                Some(length) => {
                    let word = head(rest, length);
                    if word.bytes().any(|b| b != b'_') {
                        f(Unit::Word(word));
                    }
                    length
                }
                None => stretch_of_words(rest, &mut f),
            }
        } else if is_separator(c) || (c.is_ascii() && stands_alone(rest)) {
            c.len_utf8()
        } else {
            stretch_of_words(rest, &mut f)
        };
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn head(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text)
}

/// Length of the word that `text` starts with, when it and what follows are plain ASCII.
fn ascii_word(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let end = bytes
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')?;
    let next = bytes.get(end)?;
    let ends = match next {
        b'\'' | b'.' | b':' | b',' | b';' => bytes
            .get(end + 1)
            .is_some_and(|after| after.is_ascii() && !after.is_ascii_alphanumeric()),
        _ => next.is_ascii(),
    };
    (ends && end > 0).then_some(end)
}

/// Length of the word of plain characters that `text` starts with, or `None` when what follows
/// may belong to the word.
fn plain_word(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let Some((end, next)) = chars.find(|&(_, c)| !is_plain(c) && c != '_') else {
        return Some(text.len());
    };
    let after = chars.next().map_or(' ', |(_, c)| c);
    let ends = match next {
        '\'' | '.' | ':' | ',' | ';' => after.is_ascii() && !after.is_ascii_alphanumeric(),
        _ => next.is_ascii() || is_unspaced(next) || is_separator(next),
    };
    ends.then_some(end)
}

/// Whether nothing that follows the first character, an ASCII sign, can belong to it; a combining
/// mark does.
fn stands_alone(text: &str) -> bool {
    let next = text.chars().nth(1);
    next.is_none_or(|c| c.is_ascii() || is_plain(c) || is_unspaced(c) || is_separator(c))
}

/// Hands the words up to the next separator to UAX #29; returns the length of that stretch.
fn stretch_of_words<'a>(text: &'a str, f: &mut impl FnMut(Unit<'a>)) -> usize {
    let length = text
        .char_indices()
        .find(|&(_, c)| c == ' ' || is_unspaced(c) || is_separator(c))
        .map_or(text.len(), |(at, _)| at);
    head(text, length)
        .unicode_words()
        .for_each(|word| f(Unit::Word(word)));
    length
}

/// Letters and digits that join their like into words, whatever the neighbours (UAX #29 classes
/// ALetter and Numeric): ASCII, Latin, Cyrillic letters, Hangul syllables.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}'
            | '\u{400}'..='\u{481}' | '\u{ac00}'..='\u{d7a3}')
}

/// Characters of scripts that are written without spaces between words.
fn is_unspaced(c: char) -> bool {
    !c.is_ascii()
        && matches!(c,
            '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{3ffff}' // Han
            | '\u{f900}'..='\u{faff}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' // Hiragana
            | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Katakana
            | '\u{ff66}'..='\u{ff9d}'
            | '\u{e01}'..='\u{e30}' | '\u{e32}' | '\u{e33}' | '\u{e40}'..='\u{e46}' // Thai
            | '\u{e81}'..='\u{eb0}' | '\u{eb2}' | '\u{eb3}' | '\u{ebd}'..='\u{ec6}' | '\u{edc}'..='\u{edf}' // Lao
            | '\u{1000}'..='\u{102a}' | '\u{103f}' | '\u{1050}'..='\u{1055}' // Myanmar
            | '\u{1780}'..='\u{17b3}') // Khmer
}

/// Punctuation of East Asian texts, which never belongs to a word.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str) -> Vec<String> {
        let mut units = Vec::new();
        for_each_unit(text, |unit| {
            units.push(match unit {
                Unit::Word(word) => word.to_owned(),
                Unit::Character(c) => format!("[{c}]"),
            });
        });
        units
    }

    #[test]
    fn words_and_characters() {
        assert_eq!(
            units("don't stop: v1.2 costs $3,000.50 (e.g. at foo_bar)."),
            [
                "don't", "stop", "v1.2", "costs", "3,000.50", "e.g", "at", "foo_bar"
            ]
        );
        assert_eq!(
            units("使用rust 1.95编写。データ处理ok"),
            [
                "[使]", "[用]", "rust", "1.95", "[编]", "[写]", "[デ]", "[ー]", "[タ]", "[处]",
                "[理]", "ok"
            ]
        );
        assert_eq!(
            units("été naïve привет мир 한국어 문장"),
            ["été", "naïve", "привет", "мир", "한국어", "문장"]
        );
        assert_eq!(units("___ -- … !!"), Vec::<String>::new());
        assert_eq!(units("हिन्दी में"), ["हिन्दी", "में"]);
        assert_eq!(units("ภาษา").len(), 4);
    }

    #[test]
    fn a_long_text_without_separators_takes_linear_time() {
        let text = "a.b,c:é".repeat(200_000);
        let started = std::time::Instant::now();
        assert!(!units(&text).is_empty());
        assert!(started.elapsed().as_secs() < 5);
    }

    proptest! {
        #[test]
        fn fast_paths_agree_with_uax29(
            text in "([a-c0-9_.,:;'\"!/ -]|[éßжשא\u{301}가字あアก，。…²½٣\u{200d}]|\\PC){0,40}"
        ) {
            let mut expected = Vec::new();
            for stretch in text.split(is_separator) {
                let mut words = stretch;
                while !words.is_empty() {
                    let at = words.find(is_unspaced).unwrap_or(words.len());
                    let (before, after) = words.split_at(at);
                    expected.extend(before.unicode_words().map(str::to_owned));
                    let length = after.chars().next().map_or(0, char::len_utf8);
                    if length > 0 {
                        expected.push(format!("[{}]", &after[..length]));
                    }
                    words = &after[length..];
                }
            }
            prop_assert_eq!(units(&text), expected);
        }
    }
}
