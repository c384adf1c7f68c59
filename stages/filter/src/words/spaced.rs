//! Words of languages that write spaces, by spaCy's rules.
//!
//! datatrove counts the words of Gopher's and FineWeb's rules with spaCy's English tokenizer, and
//! the thresholds were set on such words: punctuation marks and clitics (`'s`, `n't`) are words of
//! their own, hyphenated words are three. This is a port of that tokenizer: split at white space,
//! peel prefixes and suffixes, split the rest at infixes, with a table of exceptions.

use super::classes::{
    chunk_len, is_currency, is_icon, is_letter, is_lower, is_punctuation, is_quote, is_space,
    is_upper,
};
use super::exceptions;
use super::letters::letters_len;
use super::web_address::is_web_address;

/// Calls `emit` for each word of `text`, in order.
pub fn words<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    words_and_gaps(text, &mut |piece| {
        if let Piece::Word(word) = piece {
            emit(word);
        }
    });
}

/// What text is made of.
pub(crate) enum Piece<'a> {
    /// A word.
    Word(&'a str),
    /// White space that is more, or something else, than one space.
    Gap,
}

/// Calls `emit` for each word of `text` and each gap between them, in order.
pub(crate) fn words_and_gaps<'a>(text: &'a str, emit: &mut impl FnMut(Piece<'a>)) {
    let mut scratch = Scratch::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let letters = letters_len(&bytes[at..]);
        let mut end = at + letters;
        // Most of English is words of letters between single spaces.
        if letters > 0 && matches!(bytes.get(end), None | Some(b' ')) {
            whole(&text[at..end], &mut |word| emit(Piece::Word(word)));
        } else {
            end += chunk_len(&text[end..]);
            let chunk = &text[at..end];
            chunk_words(chunk, letters, &mut scratch, &mut |word| {
                emit(Piece::Word(word))
            });
        }
        at = end + gap_len(&text[end..]);
        if !matches!(&bytes[end..at], b"" | b" ") {
            emit(Piece::Gap);
        }
    }
}

/// Bytes of white space at the start of `text`.
fn gap_len(text: &str) -> usize {
    if let [b' ', next, ..] = text.as_bytes()
        && next.is_ascii_graphic()
    {
        return 1;
    }
    text.find(|c| !is_space(c)).unwrap_or(text.len())
}

/// Space to work in, kept from chunk to chunk.
#[derive(Default)]
struct Scratch<'a> {
    words: Vec<&'a str>,
    suffixes: Vec<&'a str>,
}

/// Calls `emit` for each word of a string without white space that begins with `letters` ASCII
/// letters.
fn chunk_words<'a>(
    chunk: &'a str,
    letters: usize,
    scratch: &mut Scratch<'a>,
    emit: &mut impl FnMut(&'a str),
) {
    if chunk.is_empty() {
        return;
    }
    if letters == chunk.len() {
        return whole(chunk, emit);
    }
    if letters > 0 && is_word_and_mark(chunk, letters) {
        whole(&chunk[..letters], emit);
        return emit(&chunk[letters..]);
    }
    let Scratch { words, suffixes } = scratch;
    words.clear();
    let core = peel(chunk, suffixes, &mut |word| words.push(word));
    if exceptions::find(core).is_some() {
        whole(core, &mut |word| words.push(word));
    } else if !core.is_empty() {
        split_infixes(core, &mut |word| words.push(word));
    }
    words.extend(suffixes.drain(..).rev());
    emit_joined(chunk, words, emit);
}

/// Most words that [`emit_joined`] joins.
const MAX_JOINED: usize = 5;

/// Emits the words of `chunk`; neighbours that together are an exception, such as `)` and `:`
/// (an emoticon), become what the exception says.
fn emit_joined<'a>(chunk: &'a str, words: &[&'a str], emit: &mut impl FnMut(&'a str)) {
    let (mut next, mut start) = (0, 0);
    while let Some(word) = words.get(next) {
        let mut end = start;
        let joined = words[next..]
            .iter()
            .take(MAX_JOINED)
            .enumerate()
            .filter_map(|(more, word)| {
                end += word.len();
                (more > 0 && exceptions::find(&chunk[start..end]).is_some())
                    .then_some((more + 1, end))
            });
        let (count, end) = joined.last().unwrap_or((1, start + word.len()));
        if count > 1 {
            whole(&chunk[start..end], emit);
        } else {
            emit(word);
        }
        next += count;
        start = end;
    }
}

/// Whether a chunk of `letters` ASCII letters and something else is, as is most common, a word and
/// one mark to peel off.
fn is_word_and_mark(chunk: &str, letters: usize) -> bool {
    let mark = match &chunk.as_bytes()[letters - 1..] {
        [_, b',' | b';' | b':' | b'!' | b'?' | b')' | b'"'] => true,
        [before, b'.'] => before.is_ascii_lowercase(),
        _ => false,
    };
    mark && exceptions::find(chunk).is_none()
}

/// Emits a string that is not split further, unless it is an exception of several words.
fn whole<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    match exceptions::find(text) {
        Some(parts) => {
            let mut rest = text;
            for part in parts {
                let (word, after) = rest.split_at(part.len());
                emit(word);
                rest = after;
            }
        }
        None => emit(text),
    }
}

/// Emits prefixes, collects suffixes (last first) and returns what is left between them.
fn peel<'a>(
    mut text: &'a str,
    suffixes: &mut Vec<&'a str>,
    emit: &mut impl FnMut(&'a str),
) -> &'a str {
    while !text.is_empty() && exceptions::find(text).is_none() {
        let (prefix, after) = text.split_at(prefix_len(text));
        if !prefix.is_empty() && exceptions::find(after).is_some() {
            emit(prefix);
            return after;
        }
        let cut = text.len() - suffix_len(after);
        let (before, suffix) = text.split_at(cut);
        if !suffix.is_empty() && exceptions::find(before).is_some() {
            suffixes.push(suffix);
            return before;
        }
        if prefix.is_empty() && suffix.is_empty() {
            break;
        }
        if !prefix.is_empty() {
            emit(prefix);
        }
        if !suffix.is_empty() {
            suffixes.push(suffix);
        }
        text = &before[prefix.len()..];
    }
    text
}

/// Length in bytes of the prefix to peel off, or 0.
fn prefix_len(text: &str) -> usize {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return 0 };
    if first.is_ascii_alphanumeric() {
        let foreign = ["US$", "C$", "A$"]
            .iter()
            .find(|sign| text.starts_with(**sign));
        return foreign.map_or(0, |sign| sign.len());
    }
    let peels = match first {
        '.' => return dots_len(text.bytes()),
        '+' => !chars.next().is_some_and(|c| c.is_ascii_digit()),
        '§' | '%' | '=' | '—' | '–' => true,
        _ => is_punctuation(first) || is_quote(first) || is_currency(first) || is_icon(first),
    };
    if peels { first.len_utf8() } else { 0 }
}

/// Length of a run of at least two dots at the start of `bytes`, or 0.
fn dots_len(bytes: impl Iterator<Item = u8>) -> usize {
    let run = bytes.take_while(|&b| b == b'.').count();
    if run >= 2 { run } else { 0 }
}

/// Units of measurement, which are peeled off after a digit.
const UNITS: &[&str] = &[
    "km", "km²", "km³", "m", "m²", "m³", "dm", "dm²", "dm³", "cm", "cm²", "cm³", "mm", "mm²",
    "mm³", "ha", "µm", "nm", "yd", "in", "ft", "kg", "g", "mg", "µg", "t", "lb", "oz", "m/s",
    "km/h", "kmh", "mph", "hPa", "Pa", "mbar", "mb", "MB", "kb", "KB", "gb", "GB", "tb", "TB", "T",
    "G", "M", "K", "%", "км", "км²", "км³", "м", "м²", "м³", "дм", "дм²", "дм³", "см", "см²",
    "см³", "мм", "мм²", "мм³", "нм", "кг", "г", "мг", "м/с", "км/ч", "кПа", "Па", "мбар", "Кб",
    "КБ", "кб", "Мб", "МБ", "мб", "Гб", "ГБ", "гб", "Тб", "ТБ", "US$", "C$", "A$",
];

/// Length in bytes of the suffix to peel off, or 0.
fn suffix_len(text: &str) -> usize {
    let mut before = text.chars();
    let Some(last) = before.next_back() else {
        return 0;
    };
    let head = before.as_str();
    let previous = before.next_back();
    match last {
        '.' => return period_len(text, head),
        's' | 'S' if matches!(previous, Some('\'' | '’')) => {
            return text.len() - before.as_str().len();
        }
        '…' if previous == Some('…') => return 2 * last.len_utf8(),
        '—' | '–' => return last.len_utf8(),
        '+' if previous.is_some_and(|c| c.is_ascii_digit()) => return 1,
        _ => {}
    }
    if is_punctuation(last) || is_quote(last) || is_icon(last) {
        return last.len_utf8();
    }
    if is_currency(last) && previous.is_some_and(|c| c.is_ascii_digit()) {
        return last.len_utf8();
    }
    let digit = text.bytes().rev().take(9).position(|b| b.is_ascii_digit());
    match digit {
        Some(length) if length > 0 && UNITS.contains(&&text[text.len() - length..]) => length,
        _ => 0,
    }
}

/// Length of the final period of `text`, if it does not belong to the word; `head` is what
/// stands before it.
fn period_len(text: &str, head: &str) -> usize {
    let mut before = head.chars();
    let ends = match before.next_back() {
        None => false,
        Some('.') => return dots_len(text.bytes().rev()),
        Some(c) if c.is_ascii_digit() || matches!(c, '%' | '²' | '-' | '+' | '|') => true,
        Some(c) if is_lower(c) || is_punctuation(c) || is_quote(c) => true,
        Some(c) if is_upper(c) => match before.next_back() {
            Some('°') => matches!(c, 'F' | 'C' | 'K'),
            previous => previous.is_some_and(is_upper),
        },
        _ => false,
    };
    usize::from(ends)
}

/// Splits what prefixes and suffixes left, unless it is a web address.
fn split_infixes<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    let mut start = 0;
    let mut at = 0;
    let mut checked = false;
    while let Some((infix, length)) = next_infix(text, at) {
        at = infix + length;
        // spaCy leaves an infix at the very beginning where it is.
        if infix == 0 {
            continue;
        }
        if !checked && is_web_address(text) {
            break;
        }
        checked = true;
        if infix > start {
            emit(&text[start..infix]);
        }
        emit(&text[infix..at]);
        start = at;
    }
    if start < text.len() {
        emit(&text[start..]);
    }
}

/// Place and length of the first infix at or after byte `from`.
fn next_infix(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut previous = text[..from].chars().next_back();
    for (offset, c) in text[from..].char_indices() {
        if c.is_ascii_alphanumeric() {
            previous = Some(c);
            continue;
        }
        let at = from + offset;
        let length = infix_len(previous, c, &text[at..]);
        if length > 0 {
            return Some((at, length));
        }
        previous = Some(c);
    }
    None
}

/// Length of the infix at the start of `rest`, whose first character is `c`, or 0.
fn infix_len(previous: Option<char>, c: char, rest: &str) -> usize {
    let after = &rest[c.len_utf8()..];
    let next = after.chars().next();
    let next_letter = next.is_some_and(is_letter);
    let digit = previous.is_some_and(|p| p.is_ascii_digit());
    let letter = previous.is_some_and(is_letter);
    let single = match c {
        '.' if after.starts_with('.') => return dots_len(rest.bytes()),
        '.' => {
            previous.is_some_and(|p| is_lower(p) || is_quote(p))
                && next.is_some_and(|n| is_upper(n) || is_quote(n))
        }
        '+' | '*' | '^' => digit && next.is_some_and(|n| n.is_ascii_digit() || n == '-'),
        '-' if digit && next.is_some_and(|n| n.is_ascii_digit() || n == '-') => true,
        ',' => letter && next_letter,
        ':' | '<' | '>' | '=' | '/' => (letter || digit) && next_letter,
        '-' | '–' | '—' | '~' if letter || digit => return hyphen_len(rest, next_letter, c),
        '…' => true,
        _ => is_icon(c),
    };
    if single { c.len_utf8() } else { 0 }
}

/// Length of the hyphen or dash at the start of `rest`, if a letter follows it.
fn hyphen_len(rest: &str, next_letter: bool, c: char) -> usize {
    if next_letter {
        return c.len_utf8();
    }
    let longer = ["--", "---", "——"].into_iter().find(|dash| {
        rest.strip_prefix(dash)
            .is_some_and(|after| after.chars().next().is_some_and(is_letter))
    });
    longer.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::words;

    fn split(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        words(text, &mut |word| out.push(word));
        out
    }

    #[test]
    fn punctuation_and_clitics_are_words() {
        assert_eq!(
            split("\"It's (e.g.) Tom's cat, isn't it?\" he said..."),
            [
                "\"", "It", "'s", "(", "e.g.", ")", "Tom", "'s", "cat", ",", "is", "n't", "it",
                "?", "\"", "he", "said", "..."
            ]
        );
    }

    #[test]
    fn emoticons_that_were_split_are_joined() {
        assert_eq!(
            split("f(self): g(''):"),
            ["f(self", "):", "g", "(", "''", "):"]
        );
    }

    #[test]
    fn infixes_split_between_letters_only() {
        assert_eq!(
            split("well-known and/or and/but 3-4 a,b 1,000 x=y"),
            [
                "well", "-", "known", "and/or", "and", "/", "but", "3", "-", "4", "a", ",", "b",
                "1,000", "x", "=", "y"
            ]
        );
        assert_eq!(
            split("end.Begin foo.bar U.S. it--that"),
            ["end", ".", "Begin", "foo.bar", "U.S.", "it", "--", "that"]
        );
    }

    #[test]
    fn web_addresses_stay_whole() {
        assert_eq!(
            split("(see https://example.org/a-b/c?d=e)."),
            ["(", "see", "https://example.org/a-b/c?d=e", ")", "."]
        );
        assert_eq!(
            split("https://localhost/a-b"),
            ["https://localhost", "/", "a", "-", "b"]
        );
    }

    #[test]
    fn units_and_currency_leave_their_numbers() {
        assert_eq!(
            split("5km US$20 10€ 20% 3m/s 5kmx"),
            [
                "5", "km", "US$", "20", "10", "€", "20", "%", "3", "m/s", "5kmx"
            ]
        );
    }

    #[test]
    fn hostile_runs_are_linear() {
        let text = "(".repeat(300_000)
            + &".".repeat(300_000)
            + &"a@".repeat(300_000)
            + &"-".repeat(300_000);
        assert!(split(&text).len() > 300_000);
    }

    proptest::proptest! {
        #[test]
        fn words_are_the_text_without_white_space(text in "[a-z.'’:/,@ \\-(){}0-9…中U$]{0,40}|\\PC{0,40}") {
            let joined = split(&text).concat();
            let expected: String = text.split(crate::words::is_space).collect();
            proptest::prop_assert_eq!(joined, expected);
        }
    }
}
