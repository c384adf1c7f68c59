//! C4's rules (Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2,
//! JMLR 21:140), as datatrove has them: they remove lines, and drop what is left with too few
//! sentences. The bad-word list is no rule of this family.

use super::{Judge, Rule, Violation};
use crate::config::Limits;
use crate::lines::lines;
use crate::sentences;
use crate::words::{Segmenter, is_space};

/// Phrases of cookie, privacy and terms-of-use notices, in lower case.
const POLICY: [&str; 6] = [
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
];

/// What becomes of one line.
enum Line {
    Keep,
    Remove,
    Drop(Rule),
}

/// Returns the text with the lines that stay, each without white space at its ends, joined by
/// line feeds.
///
/// # Errors
/// The first rule that drops the document.
pub fn rewrite(
    text: &str,
    segmenter: Segmenter,
    limits: &Limits,
    judge: Judge,
) -> Result<String, Violation> {
    let mut kept = String::with_capacity(text.len());
    let mut sentences = 0;
    let mut first = true;
    for line in lines(text) {
        let line = line.trim_matches(is_space);
        if has_long_word(line, limits, judge) {
            continue;
        }
        let clean = without_citations(line, judge);
        match judge_line(line, &clean, limits, judge) {
            Line::Keep => {}
            Line::Remove => continue,
            Line::Drop(rule) => {
                return Err(Violation {
                    rule,
                    value: 1.0,
                    limit: 0.0,
                });
            }
        }
        if sentences < limits.c4_min_sentences {
            sentences += sentences::count(&clean, segmenter);
        }
        if !first {
            kept.push('\n');
        }
        first = false;
        kept.push_str(&clean);
    }
    judge.at_least(
        Rule::Sentences,
        sentences as f64,
        limits.c4_min_sentences as f64,
    )?;
    let trimmed = kept.trim_matches(is_space);
    Ok(if trimmed.len() == kept.len() {
        kept
    } else {
        trimmed.to_string()
    })
}

fn has_long_word(line: &str, limits: &Limits, judge: Judge) -> bool {
    let most = limits.c4_max_word_chars;
    line.len() > most
        && judge.on(Rule::LongWord)
        && line
            .split(is_space)
            .any(|word| word.len() > most && word.chars().nth(most).is_some())
}

/// Decides about a line; `clean` is the line without citation marks.
fn judge_line(line: &str, clean: &str, limits: &Limits, judge: Judge) -> Line {
    if judge.on(Rule::TerminalPunctuation) && !ends_sentence(clean) {
        return Line::Remove;
    }
    if judge.on(Rule::ShortLine) {
        let words = line.split(is_space).filter(|word| !word.is_empty());
        if words.take(limits.c4_min_line_words).count() < limits.c4_min_line_words {
            return Line::Remove;
        }
    }
    if judge.on(Rule::LoremIpsum) && contains(clean, b"lorem ipsum") {
        return Line::Drop(Rule::LoremIpsum);
    }
    if judge.on(Rule::Javascript) && contains(clean, b"javascript") {
        return Line::Remove;
    }
    if judge.on(Rule::CurlyBracket) && clean.contains('{') {
        return Line::Drop(Rule::CurlyBracket);
    }
    if judge.on(Rule::Policy)
        && POLICY
            .iter()
            .any(|phrase| contains(clean, phrase.as_bytes()))
    {
        return Line::Remove;
    }
    Line::Keep
}

fn ends_sentence(line: &str) -> bool {
    line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...")
}

/// Whether `line` contains `phrase`, which is in lower-case ASCII, in any case.
fn contains(line: &str, phrase: &[u8]) -> bool {
    let Some(&first) = phrase.first() else {
        return true;
    };
    let bytes = line.as_bytes();
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), bytes).any(|at| {
        bytes
            .get(at..at + phrase.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(phrase))
    })
}

/// The line without `[12]`, `[]`, `[edit]` and `[citation needed]`.
fn without_citations(line: &str, judge: Judge) -> std::borrow::Cow<'_, str> {
    if !judge.on(Rule::Citations) || memchr::memchr(b'[', line.as_bytes()).is_none() {
        return line.into();
    }
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'[', rest.as_bytes()) {
        let (before, mark) = rest.split_at(at);
        clean.push_str(before);
        let length = citation_len(mark);
        if length == 0 {
            clean.push('[');
        }
        rest = &mark[length.max(1)..];
    }
    clean.push_str(rest);
    clean.into()
}

/// Length of the citation mark at the start of `text`, or 0.
fn citation_len(text: &str) -> usize {
    for mark in ["[edit]", "[citation needed]"] {
        if text.starts_with(mark) {
            return mark.len();
        }
    }
    let digits = text[1..].bytes().take_while(u8::is_ascii_digit).count();
    if text[1 + digits..].starts_with(']') {
        digits + 2
    } else {
        0
    }
}
