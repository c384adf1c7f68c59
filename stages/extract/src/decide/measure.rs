//! What can be counted in a run of text, in any script: one pass over its characters.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::words;

/// Longest text, in bytes, that is looked through for the words of banners: a long text that
/// mentions one is no banner.
const LONGEST_BANNER: usize = 300;

/// Counts over one block's text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Words, and characters of scripts written without spaces.
    pub(crate) tokens: u32,
    /// Of these, characters of scripts written without spaces.
    pub(crate) unspaced: u32,
    /// Most frequent function words (and Chinese particles).
    pub(crate) function_words: u32,
    /// Words that begin with a capital.
    pub(crate) capitalised: u32,
    /// Words of digits alone.
    pub(crate) numbers: u32,
    /// Ends of sentences.
    pub(crate) ends: u32,
    /// Commas, semicolons, colons.
    pub(crate) commas: u32,
    /// Bars, arrows, bullets and other separators.
    pub(crate) separators: u32,
    /// Signs of code: braces, equals, semicolons, slashes.
    pub(crate) code_signs: u32,
    /// Currency signs.
    pub(crate) currency: u32,
    /// Tokens that the page's title holds too.
    pub(crate) in_title: u32,
    /// Pairs of neighbouring tokens that the page's declared body holds too.
    pub(crate) in_body: u32,
    /// Pairs of neighbouring tokens that the page's declared description holds too.
    pub(crate) in_description: u32,
    /// Length in characters.
    pub(crate) chars: u32,
    /// Never content: it only labels something else, or asks for consent.
    pub(crate) never: bool,
}

/// Hashes of what a page declares, to find again in its blocks.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// Tokens of the title.
    pub(crate) title: FxHashSet<u64>,
    /// Pairs of neighbouring tokens of the text declared as the page's body.
    pub(crate) body: FxHashSet<u64>,
    /// The same of the declared descriptions.
    pub(crate) description: FxHashSet<u64>,
}

impl Declared {
    /// Hashes a page's title, body and descriptions.
    pub(crate) fn of(title: &str, body: &str, description: &str) -> Self {
        let mut tokens = FxHashSet::default();
        for_each_token(title, |token| {
            tokens.insert(token);
        });
        Self {
            title: tokens,
            body: pairs(body),
            description: pairs(description),
        }
    }
}

/// Hashes of the pairs of neighbouring tokens.
fn pairs(text: &str) -> FxHashSet<u64> {
    let mut hashes = FxHashSet::default();
    let mut previous = 0;
    for_each_token(text, |token| {
        if previous != 0 {
            hashes.insert(pair(previous, token));
        }
        previous = token;
    });
    hashes
}

fn pair(first: u64, second: u64) -> u64 {
    first.rotate_left(17) ^ second
}

/// Whether a character is a token by itself.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c as u32,
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff
        | 0x20000..=0x3ffff)
}

/// Counts blocks' texts.
#[derive(Default)]
pub(crate) struct Counter {
    /// Tokens of a short text and their places.
    tokens: Vec<(u64, Range<usize>)>,
}

impl Counter {
    /// Counts one text, and adds to `cover` the bytes that each category of banners covers.
    pub(crate) fn count(&mut self, text: &str, declared: &Declared, cover: &mut [u16]) -> Counts {
        let mut counts = Counts::default();
        let mut previous = 0;
        let short = text.len() <= LONGEST_BANNER;
        self.tokens.clear();
        scan(text, &mut counts, |token, counts| {
            counts.tokens += 1;
            counts.unspaced += u32::from(token.unspaced);
            counts.capitalised += u32::from(!token.unspaced && token.first.is_uppercase());
            counts.numbers += u32::from(token.digits);
            counts.function_words += u32::from(words::is_function_word(token.hash));
            counts.in_title += u32::from(declared.title.contains(&token.hash));
            if previous != 0 {
                let pair = pair(previous, token.hash);
                counts.in_body += u32::from(declared.body.contains(&pair));
                counts.in_description += u32::from(declared.description.contains(&pair));
            }
            previous = token.hash;
            if short {
                self.tokens.push((token.hash, token.place));
            }
        });
        words::banner_table().add_cover(&self.tokens, cover);
        let hashes = self.tokens.iter().map(|(hash, _)| *hash);
        counts.never = short && words::is_label(hashes);
        counts
    }
}

/// A word, or a character of a script written without spaces.
#[derive(Clone)]
struct Token {
    /// FNV-1a of its characters in lower case.
    hash: u64,
    /// Its bytes in the text.
    place: Range<usize>,
    first: char,
    unspaced: bool,
    digits: bool,
}

/// Goes over a text once: counts its characters and signs, and calls `found` with every token: a
/// run of letters, digits and underscores, or one character of a script written without spaces.
fn scan(text: &str, counts: &mut Counts, mut found: impl FnMut(Token, &mut Counts)) {
    let letters = &*LETTERS;
    let mut open: Option<Token> = None;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        counts.chars += 1;
        if is_letter(c, letters) {
            let token = open.get_or_insert(Token {
                hash: FNV_SEED,
                place: at..at,
                first: c,
                unspaced: false,
                digits: true,
            });
            token.place.end = at + c.len_utf8();
            token.digits &= c.is_ascii_digit();
            token.hash = mix_lower(token.hash, c, letters);
        } else {
            if let Some(token) = open.take() {
                found(token, counts);
            }
            if !c.is_ascii() && is_unspaced(c) {
                let token = Token {
                    hash: mix(FNV_SEED, c as u32),
                    place: at..at + c.len_utf8(),
                    first: c,
                    unspaced: true,
                    digits: false,
                };
                found(token, counts);
            } else if c != ' ' {
                let rest = &text[at + c.len_utf8()..];
                count_sign(c, previous, rest, counts);
            }
        }
        counts.code_signs += u32::from(c == '_');
        previous = c;
    }
    if let Some(token) = open {
        found(token, counts);
    }
}

/// Counts a sign that is no part of a word.
fn count_sign(c: char, previous: char, rest: &str, counts: &mut Counts) {
    match c {
        '.' | '!' | '?' if previous.is_alphanumeric() || is_closing(previous) => {
            let next = rest.chars().next();
            let at_end = next.is_none_or(|n| n.is_whitespace() || is_closing(n));
            counts.ends += u32::from(at_end);
        }
        '。' | '！' | '？' | '…' | '｡' => counts.ends += 1,
        ',' | ';' | ':' | '，' | '、' | '；' | '：' => counts.commas += 1,
        '|' | '·' | '•' | '»' | '«' | '›' | '→' | '>' | '｜' | '▶' => {
            counts.separators += 1
        }
        '$' | '€' | '£' | '¥' | '￥' | '₽' | '₹' => counts.currency += 1,
        _ => {}
    }
    counts.code_signs += u32::from(matches!(c, '{' | '}' | '=' | ';' | '\\' | '<'));
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '」' | '』')
}

/// Characters whose properties are looked up in a table of ours: those of European scripts, for
/// which the search in Unicode's tables would cost more than all the rest.
const TABLE: usize = 0x530;
/// In [`LETTERS`]: no letter, and a letter with a lower case of several characters.
const NO_LETTER: u16 = 0;
const LONG_LOWER: u16 = 1;

/// The lower case of each letter and digit.
static LETTERS: LazyLock<[u16; TABLE]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let c = char::from_u32(code as u32).unwrap_or(' ');
        if !c.is_alphanumeric() && c != '_' {
            return NO_LETTER;
        }
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(lower), None) => u16::try_from(lower as u32).unwrap_or(LONG_LOWER),
            _ => LONG_LOWER,
        }
    })
});

/// Whether a character is a part of a word.
fn is_letter(c: char, letters: &[u16; TABLE]) -> bool {
    match letters.get(c as usize) {
        Some(lower) => *lower != NO_LETTER,
        None => !is_unspaced(c) && !is_common_sign(c) && c.is_alphanumeric(),
    }
}

/// General and Chinese punctuation.
fn is_common_sign(c: char) -> bool {
    matches!(c, '\u{2000}'..='\u{206f}' | '、'..='〄' | '！'..='／')
}

const FNV_SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(hash: u64, value: u32) -> u64 {
    (hash ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3)
}

/// Adds a character in lower case to a hash.
fn mix_lower(hash: u64, c: char, letters: &[u16; TABLE]) -> u64 {
    match letters.get(c as usize) {
        Some(lower) if *lower > LONG_LOWER => mix(hash, u32::from(*lower)),
        _ => c.to_lowercase().fold(hash, |hash, c| mix(hash, c as u32)),
    }
}

/// Hash of a single token, as [`Counter::count`] sees it.
pub(crate) fn token_hash(token: &str) -> u64 {
    let letters = &*LETTERS;
    token
        .chars()
        .fold(FNV_SEED, |hash, c| mix_lower(hash, c, letters))
}

/// Hashes of a text's tokens.
pub(crate) fn token_hashes(text: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    for_each_token(text, |token| hashes.push(token));
    hashes
}

/// Calls `found` with the hash of every token.
fn for_each_token(text: &str, mut found: impl FnMut(u64)) {
    scan(text, &mut Counts::default(), |token, _| found(token.hash));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str, declared: &Declared) -> Counts {
        Counter::default().count(text, declared, &mut [0; words::MAX_BANNERS])
    }

    #[test]
    fn counts_english_and_chinese() {
        let title = Declared::of("A cat", "", "");
        let english = count("The cat, it sat. Really?", &title);
        assert_eq!((english.tokens, english.ends, english.commas), (5, 2, 1));
        assert_eq!((english.in_title, english.capitalised), (1, 2));
        let chinese = count("他说，这是好的。", &Declared::default());
        assert_eq!((chinese.tokens, chinese.unspaced), (6, 6));
        assert_eq!((chinese.ends, chinese.commas), (1, 1));
        assert!(chinese.function_words >= 3);
    }

    #[test]
    fn declared_text_is_found_by_its_pairs_of_words() {
        let declared = Declared::of("", "The harbour opens today.", "Ships come");
        let counts = count("Today the HARBOUR opens", &declared);
        assert_eq!(
            (counts.tokens, counts.in_body, counts.in_description),
            (4, 2, 0)
        );
        assert_eq!(count("ships come in", &declared).in_description, 1);
    }

    #[test]
    fn the_table_says_what_unicode_says() {
        let letters = &*LETTERS;
        for c in (0..0x3100).chain(0xff00..0xffef).filter_map(char::from_u32) {
            let expected = (!is_unspaced(c) && c.is_alphanumeric()) || c == '_';
            assert_eq!(is_letter(c, letters), expected, "{c:?}");
            let lower = c.to_lowercase().fold(1, |hash, c| mix(hash, c as u32));
            assert_eq!(mix_lower(1, c, letters), lower, "{c:?}");
        }
    }

    #[test]
    fn a_dot_inside_a_number_ends_nothing() {
        let counts = count("version 1.95.0 is out", &Declared::default());
        assert_eq!(counts.ends, 0);
    }
}
