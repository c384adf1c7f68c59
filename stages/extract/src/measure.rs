//! What can be counted in a run of text, in any script.

use crate::words;

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
    /// Length in characters.
    pub(crate) chars: u32,
}

/// Whether a character is a token by itself.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c as u32,
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff
        | 0x20000..=0x3ffff)
}

/// Hashes of the tokens of a title, sorted.
pub(crate) fn title_tokens(title: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    for_each_token(title, |token| hashes.push(token_hash(token)));
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Hashes of the pairs of neighbouring tokens, sorted.
pub(crate) fn pairs(text: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    for_each_pair(text, |pair| hashes.push(pair));
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Share of a text's pairs of tokens that are among `known`; -1 when nothing is known.
pub(crate) fn share_of_pairs(text: &str, known: &[u64]) -> f32 {
    if known.is_empty() {
        return -1.0;
    }
    let (mut all, mut found) = (0u32, 0u32);
    for_each_pair(text, |pair| {
        all += 1;
        found += u32::from(known.binary_search(&pair).is_ok());
    });
    found as f32 / all.max(1) as f32
}

fn for_each_pair(text: &str, mut found: impl FnMut(u64)) {
    let mut previous = 0u64;
    for_each_token(text, |token| {
        let hash = token_hash(token);
        if previous != 0 {
            found(previous.rotate_left(17) ^ hash);
        }
        previous = hash;
    });
}

/// Counts one block's text.
pub(crate) fn count(text: &str, title: &[u64]) -> Counts {
    let mut counts = Counts::default();
    for_each_token(text, |token| count_token(token, title, &mut counts));
    let mut previous = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        counts.chars += 1;
        match c {
            '.' | '!' | '?' if previous.is_alphanumeric() || is_closing(previous) => {
                counts.ends += u32::from(
                    chars
                        .peek()
                        .is_none_or(|n| n.is_whitespace() || is_closing(*n)),
                );
            }
            '。' | '！' | '？' | '…' | '｡' => counts.ends += 1,
            ',' | ';' | ':' | '，' | '、' | '；' | '：' => counts.commas += 1,
            '|' | '·' | '•' | '»' | '«' | '›' | '→' | '>' | '｜' | '▶' => {
                counts.separators += 1
            }
            '$' | '€' | '£' | '¥' | '￥' | '₽' | '₹' => counts.currency += 1,
            _ => {}
        }
        counts.code_signs += u32::from(matches!(c, '{' | '}' | '=' | ';' | '\\' | '<' | '_'));
        previous = c;
    }
    counts
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '」' | '』')
}

fn count_token(token: &str, title: &[u64], counts: &mut Counts) {
    counts.tokens += 1;
    let Some(first) = token.chars().next() else {
        return;
    };
    if is_unspaced(first) {
        counts.unspaced += 1;
        counts.function_words += u32::from("的了是在和有不我他这就也为与对之及".contains(first));
    } else {
        counts.capitalised += u32::from(first.is_uppercase());
        counts.numbers += u32::from(token.bytes().all(|byte| byte.is_ascii_digit()));
        if token.len() <= 14 {
            counts.function_words += u32::from(is_function_word(token));
        }
    }
    if !title.is_empty() {
        counts.in_title += u32::from(title.binary_search(&token_hash(token)).is_ok());
    }
}

fn is_function_word(token: &str) -> bool {
    if token.bytes().all(|b| b.is_ascii_lowercase()) {
        return words::is_function_word(token);
    }
    words::is_function_word(&token.to_lowercase())
}

fn token_hash(token: &str) -> u64 {
    let seed = 0xcbf2_9ce4_8422_2325;
    let mix = |hash: u64, value: u32| (hash ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3);
    if token.is_ascii() {
        return token
            .bytes()
            .fold(seed, |hash, b| mix(hash, u32::from(b.to_ascii_lowercase())));
    }
    token
        .chars()
        .flat_map(char::to_lowercase)
        .fold(seed, |hash, c| mix(hash, c as u32))
}

/// Calls `found` with every token: a run of letters, digits and underscores, or one character
/// of a script written without spaces.
fn for_each_token<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    let mut start = None;
    for (at, c) in text.char_indices() {
        let unspaced = !c.is_ascii() && is_unspaced(c);
        if !unspaced && (c.is_alphanumeric() || c == '_') {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            found(&text[start..at]);
        }
        if unspaced {
            found(&text[at..at + c.len_utf8()]);
        }
    }
    if let Some(start) = start {
        found(&text[start..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_english_and_chinese() {
        let english = count("The cat, it sat. Really?", &title_tokens("A cat"));
        assert_eq!((english.tokens, english.ends, english.commas), (5, 2, 1));
        assert_eq!((english.in_title, english.capitalised), (1, 2));
        let chinese = count("他说，这是好的。", &[]);
        assert_eq!(
            (
                chinese.tokens,
                chinese.unspaced,
                chinese.ends,
                chinese.commas
            ),
            (6, 6, 1, 1)
        );
        assert!(chinese.function_words >= 3);
    }

    #[test]
    fn a_dot_inside_a_number_ends_nothing() {
        assert_eq!(count("version 1.95.0 is out", &[]).ends, 0);
    }
}
