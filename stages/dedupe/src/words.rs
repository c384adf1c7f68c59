//! Cuts a normal form into the units that shingles count: words, or characters of scripts that
//! are written without spaces.

use unicode_segmentation::UnicodeSegmentation;

use crate::lanes::{HIGH, gather, in_range, splat};

/// Bytes of ASCII text that are looked at together: their classes are the bits of a word.
const WINDOW: usize = 64;

/// What a shingle counts as one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit<'a> {
    /// A word by UAX #29, in a script with spaces.
    Word(Word<'a>),
    /// A character of a script without spaces.
    Character(char),
}

/// A word where it stands: a hash that reads over its end saves branches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    /// The text from the word on.
    pub rest: &'a [u8],
    /// Bytes of the word, at least 1.
    pub length: usize,
}

impl<'a> Word<'a> {
    /// The word alone.
    pub(crate) fn as_bytes(&self) -> &'a [u8] {
        self.rest.get(..self.length).unwrap_or(self.rest)
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.rest[..self.length]).unwrap()
    }
}

/// Calls `f` with each unit of a text in normal form, in order.
///
/// Words are those of Unicode UAX #29 inside the stretches that white space, characters of
/// scripts without spaces and CJK punctuation leave; in these scripts UAX #29 itself cuts after
/// each character (Han, Hiragana, Thai, Lao, Khmer, Myanmar) or hardly ever (Katakana), so a
/// character is a unit. Runs of plain letters and digits are found without its tables.
pub(crate) fn for_each_unit<'a>(text: &'a str, mut f: impl FnMut(Unit<'a>)) {
    let mut rest = text;
    while let Some(&first) = rest.as_bytes().first() {
        let length = match first {
            b' ' => 1,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                match ascii_words(rest.as_bytes(), &mut f) {
                    0 => plain_word(rest, &mut f),
                    length => length,
                }
            }
            0xe4..=0xe9 => match ideographs(rest.as_bytes(), &mut f) {
                0 => one_or_more(rest, &mut f),
                length => length,
            },
            _ => one_or_more(rest, &mut f),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// Hands over the units that `text` starts with, by its first character. Returns their length.
fn one_or_more<'a>(text: &'a str, f: &mut impl FnMut(Unit<'a>)) -> usize {
    let c = text.chars().next().unwrap_or_default();
    if is_unspaced(c) {
        f(Unit::Character(c));
        c.len_utf8()
    } else if is_plain(c) {
        plain_word(text, f)
    } else if is_separator(c) || (c.is_ascii() && stands_alone(text)) {
        c.len_utf8()
    } else {
        stretch_of_words(text, f)
    }
}

/// Hands over the characters from U+4E00 to U+9FFF that `bytes` of UTF-8 start with, which is
/// nearly all of Chinese. Returns their length.
fn ideographs<'a>(bytes: &'a [u8], f: &mut impl FnMut(Unit<'a>)) -> usize {
    let (characters, _) = bytes.as_chunks::<3>();
    let mut length = 0;
    for &[a, b, c] in characters {
        let bits = |byte: u8| u32::from(byte & 0x3f);
        let code = u32::from(a & 0x0f) << 12 | bits(b) << 6 | bits(c);
        match char::from_u32(code) {
            Some(character) if (0xe4..=0xe9).contains(&a) && code >= 0x4e00 => {
                f(Unit::Character(character));
            }
            _ => break,
        }
        length += 3;
    }
    length
}

fn head(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text)
}

/// Hands over the words of the ASCII text that `bytes` start with, as many as a window shows with
/// the two bytes behind them. Returns how far that is: to a word, or to the last ASCII character.
fn ascii_words<'a>(bytes: &'a [u8], f: &mut impl FnMut(Unit<'a>)) -> usize {
    let mut padded = [0; WINDOW];
    let window = bytes.first_chunk().unwrap_or_else(|| {
        padded
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        &padded
    });
    let at = |place: usize| window.get(place).copied().unwrap_or_default();
    let ascii = ascii_length(window);
    let mut words = word_bytes(window) & low_bits(ascii);
    while words != 0 {
        let start = words.trailing_zeros() as usize;
        let mut end = run_end(words, start);
        while end + 1 < ascii && joins(at(end - 1), at(end), at(end + 1)) {
            end = run_end(words, end + 1);
        }
        if end + 1 >= ascii {
            return start;
        }
        let rest = bytes.get(start..).unwrap_or_default();
        // A word has a letter or digit; underlines alone are none.
        if at(start) != b'_' || rest.iter().take(end - start).any(|b| *b != b'_') {
            f(Unit::Word(Word {
                rest,
                length: end - start,
            }));
        }
        words &= !low_bits(end);
    }
    bytes.len().min(ascii - 1)
}

/// Whether UAX #29 takes two ASCII characters and what stands between them for one word.
fn joins(before: u8, between: u8, after: u8) -> bool {
    match between {
        b'\'' | b'.' => {
            before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
                || before.is_ascii_digit() && after.is_ascii_digit()
        }
        b':' => before.is_ascii_alphabetic() && after.is_ascii_alphabetic(),
        b',' | b';' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

/// Which bytes are letters, digits or underlines, if all are ASCII: bit i is byte i.
fn word_bytes(window: &[u8; WINDOW]) -> u64 {
    let (lanes, _) = window.as_chunks::<8>();
    lanes.iter().rev().fold(0, |bits, lane| {
        let lane = u64::from_le_bytes(*lane) & !HIGH;
        let letters = in_range(lane | splat(0x20), b'a', b'z');
        let others = in_range(lane, b'0', b'9') | in_range(lane, b'_', b'_');
        bits << 8 | gather(letters | others)
    })
}

/// Place of the first byte that is not ASCII, or the end.
fn ascii_length(window: &[u8; WINDOW]) -> usize {
    if window.is_ascii() {
        return WINDOW;
    }
    window.iter().take_while(|byte| byte.is_ascii()).count()
}

/// The lowest bits set, up to all.
fn low_bits(count: usize) -> u64 {
    1_u64.unbounded_shl(count as u32).wrapping_sub(1)
}

/// Where a run of set bits that starts at a place ends.
fn run_end(bits: u64, start: usize) -> usize {
    start + bits.unbounded_shr(start as u32).trailing_ones() as usize
}

/// Hands over the word of plain characters that `text` starts with or, when what follows may
/// belong to it, what UAX #29 makes of that. Returns its length.
fn plain_word<'a>(text: &'a str, f: &mut impl FnMut(Unit<'a>)) -> usize {
    let Some(length) = plain_length(text) else {
        return stretch_of_words(text, f);
    };
    if head(text, length).bytes().any(|b| b != b'_') {
        f(Unit::Word(Word {
            rest: text.as_bytes(),
            length,
        }));
    }
    length
}

/// Length of the word of plain characters that `text` starts with, or `None` when what follows
/// may belong to the word.
fn plain_length(text: &str) -> Option<usize> {
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
    for (at, word) in head(text, length).unicode_word_indices() {
        f(Unit::Word(Word {
            rest: text.get(at..).unwrap_or_default().as_bytes(),
            length: word.len(),
        }));
    }
    length
}

/// Letters and digits that join their like into words, whatever the neighbours (UAX #29 classes
/// ALetter and Numeric): ASCII, Latin, Greek, Cyrillic letters, Hangul syllables.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}'
            | '\u{390}'..='\u{3a1}' | '\u{3a3}'..='\u{3e1}' | '\u{400}'..='\u{481}'
            | '\u{1e00}'..='\u{1eff}' | '\u{ac00}'..='\u{d7a3}')
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
                Unit::Word(word) => word.as_str().to_owned(),
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
    fn plain_characters_join_their_like() {
        let plain = ('\0'..=char::MAX).filter(|c| is_plain(*c));
        for c in plain {
            for text in [format!("{c}{c}"), format!("a{c}1"), format!("1{c}가é")] {
                let words: Vec<&str> = text.unicode_words().collect();
                assert_eq!(words, [text.as_str()]);
            }
        }
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
            text in "([a-cA-C0-9_.,:;'\"!/ -]|[a-b0_.:,']{50,70}|[éßжשא\u{301}가字あアก，。…²½٣\u{200d}]|\\PC){0,40}"
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
