//! Where sentences end.
//!
//! A full stop ends one unless it belongs to an abbreviation, an initial or a number, or a small
//! letter follows. A line end does, unless the next line goes on with a small letter.

use super::class::{self, Class};

/// Titles and others that a name or more always follows.
const NEVER: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "rev", "gen", "sen", "rep", "lt", "col", "sgt", "capt",
    "cmdr", "gov", "hon", "messrs", "mme", "mlle", "st", "mt", "ft", "vs", "viz", "cf", "e.g",
    "i.e", "eg", "ie", "esp", "approx", "dept", "al", "bzw", "z.b", "d.h", "u.a", "sra", "srta",
    "dra",
];

/// Abbreviations that a number follows.
const BEFORE_NUMBER: &[&str] = &[
    "no", "nos", "nr", "vol", "vols", "p", "pp", "fig", "figs", "sec", "ch", "chap", "art", "eq",
    "pt", "ca", "c", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
    "dec", "tel", "ext",
];

/// Abbreviations that may end a sentence; they do when a word follows that often begins one.
const MAYBE: &[&str] = &[
    "inc", "ltd", "co", "corp", "jr", "sr", "etc", "ave", "blvd", "rd", "bros", "assn", "univ",
    "est", "ph.d", "vols", "ed", "eds",
];

const STARTERS: &[&str] = &[
    "the", "a", "an", "this", "that", "these", "those", "it", "he", "she", "they", "we", "i",
    "you", "there", "in", "on", "at", "for", "from", "with", "by", "as", "but", "and", "or", "so",
    "if", "when", "while", "after", "before", "since", "although", "though", "however", "his",
    "her", "their", "our", "my", "its", "what", "who", "why", "how", "where", "no", "not", "also",
    "then", "now", "some", "many", "most", "all", "one", "to", "is", "are", "please", "let", "do",
    "does", "can", "will", "im", "dont", "just", "very", "great", "good", "thanks",
];

/// Longest word looked at before a full stop, in bytes.
const MAX_WORD: usize = 12;

/// Marks that close a quotation or a parenthesis.
fn closes(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | ')'
            | ']'
            | '}'
            | '”'
            | '’'
            | '»'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '＂'
    )
}

/// Weighs the stop at `at` in a sentence that began at `start`: where to look on, and the end of the
/// sentence if it ends here.
pub(super) fn at_stop(text: &str, start: usize, at: usize) -> (usize, Option<usize>) {
    let tail = text.get(at..).unwrap_or_default();
    let Some(first) = tail.chars().next() else {
        return (at + 1, None);
    };
    if matches!(first, ',' | '\'') {
        return (at + 1, None);
    }
    let stop = |c: char| {
        matches!(c, '.' | '!' | '?')
            || class::of_character(tail, 0).0 == Class::WideStop && is_wide_stop(c)
    };
    let after = tail.trim_start_matches(stop);
    let stops = tail.get(..tail.len() - after.len()).unwrap_or_default();
    let rest = after.trim_start_matches(closes);
    let end = at + tail.len() - rest.len();
    let closed = rest.len() < after.len();
    let ends = if stops
        .chars()
        .all(|c| matches!(c, '。' | '！' | '？' | '｡' | '।' | '॥' | '۔' | '؟' | '።'))
    {
        true
    } else if stops.chars().all(|c| matches!(c, '!' | '?' | '.' | '…')) {
        ends_here(text, start, at, stops, rest, closed)
    } else {
        true
    };
    (end, (ends && has_content(text, start, end)).then_some(end))
}

fn is_wide_stop(c: char) -> bool {
    matches!(
        c,
        '。' | '！'
            | '？'
            | '｡'
            | '؟'
            | '۔'
            | '।'
            | '॥'
            | '።'
            | '…'
            | '‼'
            | '⁇'
            | '⁈'
            | '⁉'
    )
}

/// Whether full stops, exclamation and question marks end a sentence, by what stands around them.
fn ends_here(text: &str, start: usize, at: usize, stops: &str, rest: &str, closed: bool) -> bool {
    let body = rest.trim_start_matches([' ', '\t', '\u{A0}']);
    let Some(next) = body.trim_start_matches(opens).chars().next() else {
        return true;
    };
    let spaced = body.len() < rest.len() || rest.starts_with('\n');
    if !spaced {
        // "the end.The next", "好!他"
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let glued = before.is_some_and(char::is_lowercase)
            && next.is_uppercase()
            && !rest.is_empty()
            && stops == ".";
        return (glued && follows_capitalised(rest))
            || (!next.is_ascii() && !next.is_lowercase() && !stops.contains('…'));
    }
    if stops != "." {
        return if stops.starts_with('.') || stops.contains('…') {
            !next.is_lowercase()
        } else {
            !(closed && next.is_lowercase())
        };
    }
    let head = text.get(start..at).unwrap_or_default();
    if next.is_lowercase() && !rest.starts_with('\n') {
        return is_informal(head, body);
    }
    if head.trim_start().bytes().all(|b| b.is_ascii_digit()) {
        return false; // The number of an item in a list.
    }
    !is_abbreviation(head, body, next)
}

/// Sentences of people who write no capitals: a whole word before the full stop, and one behind it
/// that often begins a sentence.
fn is_informal(head: &str, body: &str) -> bool {
    let word = head
        .rsplit(|c: char| !c.is_alphabetic() && c != '.')
        .next()
        .unwrap_or_default();
    let known = [NEVER, BEFORE_NUMBER, MAYBE]
        .iter()
        .any(|list| list.contains(&word));
    let whole = word.len() >= 3 && word.bytes().all(|b| b.is_ascii_lowercase()) && !known;
    let follower = body
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    whole && STARTERS.contains(&follower)
}

/// "The", not "COM" or "Js" at the end of a name.
fn follows_capitalised(rest: &str) -> bool {
    let word = rest.chars().take_while(|c| c.is_alphabetic()).count();
    let small = rest
        .chars()
        .skip(1)
        .take(word.saturating_sub(1))
        .all(char::is_lowercase);
    let spaced = rest.chars().nth(word).is_none_or(|c| c == ' ' || c == '\'');
    small && spaced && (word >= 2 || rest.starts_with('I') || rest.starts_with('A'))
}

fn opens(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '('
            | '['
            | '{'
            | '“'
            | '‘'
            | '«'
            | '「'
            | '『'
            | '（'
            | '¿'
            | '¡'
            | '*'
            | '-'
            | '–'
            | '—'
    )
}

/// Whether the full stop behind `head` belongs to an abbreviation or an initial.
fn is_abbreviation(head: &str, body: &str, next: char) -> bool {
    let inner = |c: char| c.is_alphabetic() || c == '.';
    let word = head.rsplit(|c: char| !inner(c)).next().unwrap_or_default();
    if word.is_empty() || word.len() > MAX_WORD {
        return false;
    }
    let small = word.to_lowercase();
    if NEVER.contains(&small.as_str()) {
        return true;
    }
    if BEFORE_NUMBER.contains(&small.as_str()) && next.is_ascii_digit() {
        return true;
    }
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
    if initial || dotted || MAYBE.contains(&small.as_str()) {
        let follower: String = body
            .trim_start_matches(opens)
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        return next.is_alphanumeric() && !STARTERS.contains(&follower.to_lowercase().as_str());
    }
    false
}

/// Weighs the line end at `at` in a sentence that began at `start`.
pub(super) fn at_newline(text: &str, start: usize, at: usize) -> Option<usize> {
    let head = text.get(start..at)?.trim_end();
    let end = start + head.len();
    if !has_content(text, start, end) {
        return None;
    }
    let tail = text.get(at + 1..)?.trim_start_matches([' ', '\t']);
    let next = tail.chars().next()?;
    let wrapped = next.is_lowercase() || head.ends_with([',', '，', '、']) && next != '\n';
    (!wrapped || next == '\n').then_some(end)
}

/// Whether there is anything to be a sentence.
pub(super) fn has_content(text: &str, start: usize, end: usize) -> bool {
    text.get(start..end)
        .is_some_and(|part| part.chars().any(|c| !c.is_whitespace()))
}
