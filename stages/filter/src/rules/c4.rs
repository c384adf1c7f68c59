//! C4's rules (Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2,
//! JMLR 21:140), as datatrove has them: they remove lines, and drop what is left with too few
//! sentences. The bad-word list is no rule of this family.

use super::{Judge, Rule, Violation};
use crate::config::Limits;
use crate::lines::lines;
use crate::sentences;
use crate::words::{Segmenter, chunks, is_space};

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
        && chunks(line).any(|word| word.len() > most && word.chars().nth(most).is_some())
}

/// Decides about a line; `clean` is the line without citation marks.
fn judge_line(line: &str, clean: &str, limits: &Limits, judge: Judge) -> Line {
    if judge.on(Rule::TerminalPunctuation) && !ends_sentence(clean) {
        return Line::Remove;
    }
    let least = limits.c4_min_line_words;
    if judge.on(Rule::ShortLine) && chunks(line).take(least).count() < least {
        return Line::Remove;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;
    use crate::rules::tests::limits;

    const GOOD: &str = "This is one. This is two. This is three. This is four. This is five.";

    fn with(text: &str, off: &[&str]) -> Result<String, Violation> {
        let names: Vec<String> = off.iter().map(ToString::to_string).collect();
        let judge = Judge::new(RuleSet::parse(&names, "filter.disable").unwrap());
        rewrite(text, Segmenter::Spaced, &limits(), judge)
    }

    fn kept(text: &str) -> String {
        let text = format!("{GOOD}\n{text}");
        let kept = with(&text, &["c4.terminal_punctuation"]).unwrap();
        kept.strip_prefix(GOOD).unwrap().trim_start().to_string()
    }

    #[test]
    fn removes_lines_as_c4_does() {
        for (line, expected) in [
            ("  two  words here \t", "two  words here"),
            ("two words", ""),
            ("Please enable JavaScript to go on", ""),
            ("We use Cookies to improve our site", ""),
            ("Read our Privacy Policy for more", ""),
            (
                "A fact [12] is known [] and [edit] so [note]",
                "A fact  is known  and  so [note]",
            ),
            ("one\r\ntwo three four", "two three four"),
        ] {
            assert_eq!(kept(line), expected, "{line}");
        }
    }

    #[test]
    fn words_of_more_than_1000_characters_go() {
        assert_eq!(kept(&format!("a b {}", "é".repeat(1001))), "");
        let line = format!("a b {}", "é".repeat(1000));
        assert_eq!(kept(&line), line);
    }

    #[test]
    fn terminal_punctuation_by_choice() {
        let text = format!("{GOOD}\nno mark at the end\nwith dots at the end...\nShe said \"yes\"");
        assert_eq!(
            with(&text, &[]).unwrap(),
            format!("{GOOD}\nShe said \"yes\"")
        );
    }

    #[test]
    fn documents_are_dropped_by_their_lines() {
        let rule = |text: &str| with(text, &["c4.terminal_punctuation"]).unwrap_err().rule;
        assert_eq!(
            rule(&format!("{GOOD}\nLorem Ipsum dolor sit amet")),
            Rule::LoremIpsum
        );
        assert_eq!(
            rule(&format!("{GOOD}\nfn main() {{ }} is code")),
            Rule::CurlyBracket
        );
        assert_eq!(
            kept("{ code"),
            "",
            "short lines go before the bracket counts"
        );
    }

    #[test]
    fn five_sentences_must_stay() {
        let four = "This is one. This is two. This is three. This is four.";
        let found = with(four, &["c4.terminal_punctuation"]).unwrap_err();
        assert_eq!(
            found,
            Violation {
                rule: Rule::Sentences,
                value: 4.0,
                limit: 5.0
            }
        );
        assert_eq!(with(GOOD, &[]).unwrap(), GOOD);
    }

    proptest::proptest! {
        #[test]
        fn the_result_is_lines_of_the_text(text in "([a-z.\\[\\]0-9 \\r]{0,12}\n|one two three four\\.\n|\u{85}|\u{3000}中文。 a b){0,12}") {
            let off = ["c4.sentences", "c4.citations", "c4.terminal_punctuation"];
            let result = with(&text, &off).unwrap();
            let mut left = lines(&text).map(|line| line.trim_matches(is_space));
            for line in result.split('\n').filter(|line| !line.is_empty()) {
                proptest::prop_assert!(left.any(|original| original == line), "{line:?} of {text:?}");
            }
        }
    }
}
