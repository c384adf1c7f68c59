//! Words that a hyphen broke across a line end.
//!
//! The rest of the word moves up to its beginning, so that the lines stay lines. A soft hyphen at a
//! line end proves the break. A plain one may belong to a compound: the rest of the text decides (it
//! holds `example`, or `well-known`); where it is silent, so do lists of the parts that compounds are
//! made of, and in doubt nothing is put together.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use crate::counts::count;

/// Parts that compounds are made of, from `data/compound_parts.txt`: the first ones and the last.
static PARTS: LazyLock<[HashSet<&str>; 2]> = LazyLock::new(|| {
    let mut parts = [HashSet::new(), HashSet::new()];
    let mut section = 0;
    for line in include_str!("../data/compound_parts.txt").lines() {
        match line {
            "[first]" => section = 0,
            "[last]" => section = 1,
            comment if comment.starts_with('#') => {}
            words => parts[section].extend(words.split(' ').filter(|word| !word.is_empty())),
        }
    }
    parts
});

/// Longest part of a word that is looked at, in bytes.
const MAX_PART: usize = 40;

/// Puts broken words together.
pub(crate) fn join(text: &str, counter: &mut u32) -> Option<String> {
    // The words of the text, when the first break asks for them.
    let mut known: Option<HashSet<Cow<str>>> = None;
    let mut out = String::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(end) = next_break(text, from) {
        from = end.newline + 1;
        let Some((first, last)) = parts(text, done, &end) else {
            continue;
        };
        let known = known.get_or_insert_with(|| words(text));
        let hyphen = match joint(first, last, end.soft, known) {
            Joint::Word => "",
            Joint::Compound => "-",
            Joint::Unknown => continue,
        };
        let tail = text.get(end.newline + 1..).unwrap_or_default();
        let moved = tail.find(char::is_whitespace).unwrap_or(tail.len());
        out.push_str(text.get(done..end.start).unwrap_or_default());
        out.push_str(hyphen);
        out.push_str(tail.get(..moved).unwrap_or_default());
        done = end.newline + 1 + moved;
        // The line goes on behind the word: its space becomes the line end.
        if tail.get(moved..).is_some_and(|rest| rest.starts_with(' ')) {
            out.push('\n');
            done += 1;
        }
        from = done;
        count(counter);
    }
    if done == 0 {
        return None;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Some(out)
}

/// A hyphen at a line end.
struct Break {
    start: usize,
    newline: usize,
    soft: bool,
}

fn next_break(text: &str, mut from: usize) -> Option<Break> {
    let bytes = text.as_bytes();
    loop {
        let newline = from + bytes.get(from..)?.iter().position(|b| *b == b'\n')?;
        let head = bytes.get(..newline)?;
        let found = |length, soft| {
            Some(Break {
                start: newline - length,
                newline,
                soft,
            })
        };
        match head {
            [.., b'-'] => return found(1, false),
            [.., 0xC2, 0xAD] => return found(2, true),
            [.., 0xE2, 0x80, 0x90] => return found(3, false),
            _ => from = newline + 1,
        }
    }
}

/// The letters on both sides of a break, if a word of prose can be broken there.
fn parts<'t>(text: &'t str, done: usize, end: &Break) -> Option<(&'t str, &'t str)> {
    let mut start = end.start.saturating_sub(MAX_PART).max(done);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let head = text.get(start..end.start)?;
    let first = head.rsplit(|c: char| !c.is_alphabetic()).next()?;
    let before = text.get(..end.start - first.len())?.chars().next_back();
    let begins =
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '"' | '“' | '‘' | '«' | '\''));
    let tail = text.get(end.newline + 1..)?;
    let mut limit = tail.len().min(MAX_PART);
    while !tail.is_char_boundary(limit) {
        limit -= 1;
    }
    let last = tail
        .get(..limit)?
        .split(|c: char| !c.is_alphabetic())
        .next()?;
    let after = tail.get(last.len()..)?.chars().next();
    let ends = after.is_none_or(|c| {
        c.is_whitespace()
            || matches!(
                c,
                '.' | ',' | ';' | ':' | '!' | '?' | ')' | '"' | '”' | '’' | '\''
            )
    });
    let small = |part: &str| part.chars().all(char::is_lowercase);
    let letters = |part: &str| part.chars().nth(1).is_some();
    let head_is_word = first.chars().skip(1).all(char::is_lowercase);
    (begins && ends && head_is_word && small(last) && letters(first) && letters(last))
        .then_some((first, last))
}

enum Joint {
    Word,
    Compound,
    Unknown,
}

fn joint(first: &str, last: &str, soft: bool, known: &HashSet<Cow<str>>) -> Joint {
    if soft {
        return Joint::Word;
    }
    let [firsts, lasts] = &*PARTS;
    let first = first.to_lowercase();
    let word = known.contains(format!("{first}{last}").as_str());
    let compound = known.contains(format!("{first}-{last}").as_str());
    let parted = firsts.contains(first.as_str()) || lasts.contains(last);
    match (word, compound, parted) {
        (true, false, _) => Joint::Word,
        (false, true, _) => Joint::Compound,
        (true, true, _) | (_, _, true) => Joint::Unknown,
        // Both parts are words of the text: perhaps a compound that it holds once.
        _ if known.contains(first.as_str()) && known.contains(last) => Joint::Unknown,
        _ => Joint::Word,
    }
}

/// The words of a text that stand whole within a line, lower case, compounds with their hyphens.
fn words(text: &str) -> HashSet<Cow<'_, str>> {
    let inner = |c: char| c.is_alphabetic() || is_hyphen(c);
    let mut broken = false;
    let mut found = HashSet::new();
    for line in text.split('\n') {
        // The rest of a broken word is none.
        let rest = if broken {
            line.trim_start_matches(inner)
        } else {
            line
        };
        broken = line.ends_with(is_hyphen);
        let words = rest
            .split(|c: char| !inner(c))
            .filter(|word| (2..=2 * MAX_PART).contains(&word.len()));
        found.extend(
            words
                .filter(|word| !word.ends_with(is_hyphen) && !word.starts_with('-'))
                .map(|word| match word.chars().any(char::is_uppercase) {
                    true => Cow::Owned(word.to_lowercase()),
                    false => Cow::Borrowed(word),
                }),
        );
    }
    found
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{AD}' | '\u{2010}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        join(text, &mut 0).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn puts_broken_words_together() {
        assert_eq!(
            joined("This is an exam-\nple of text."),
            "This is an example\nof text."
        );
        assert_eq!(joined("an exam-\nple."), "an example.");
        assert_eq!(
            joined("Die Zusam-\nmenarbeit der Länder"),
            "Die Zusammenarbeit\nder Länder"
        );
        assert_eq!(joined("inter\u{ad}\nnational law"), "international\nlaw");
        assert_eq!(joined("a conver‐\nsation"), "a conversation");
        assert_eq!(
            joined("We understand. To under-\nstand more"),
            "We understand. To understand\nmore"
        );
    }

    #[test]
    fn keeps_compounds_and_what_is_no_prose() {
        assert_eq!(
            joined("a well-known man, well-\nknown here"),
            "a well-known man, well-known\nhere"
        );
        for kept in [
            "a well-\nknown man",
            "pre-\nand post-war",
            "the state-of-the-\nart",
            "Jean-\nPierre",
            "a --long-opt-\nion",
            "pages 3-\nfour",
            "- item -\nnext",
            "est-\nil là",
            "word -\nmore",
            "the sea wall and a wall-\nsea",
            "x = a-\nb",
        ] {
            assert_eq!(joined(kept), kept);
        }
    }
}
