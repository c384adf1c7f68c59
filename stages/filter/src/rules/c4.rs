//! C4's rules (Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2,
//! JMLR 21:140), as datatrove has them: they remove lines, and drop what is left with too few
//! sentences. The bad-word list is no rule of this family.

use std::borrow::Cow;

use super::{Bounds, Rule, Scores};
use crate::config::Limits;
use crate::measure::Words;
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

/// What stays of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The lines that stay, each without white space at its ends, joined by line feeds.
    pub text: String,
    /// Words of those lines, punctuation included.
    pub words: usize,
}

/// Removes lines as C4 does, and measures the rules that drop documents. `words` are those of
/// `text`.
pub fn rewrite(
    text: &str,
    words: &Words,
    segmenter: Segmenter,
    limits: &Limits,
    bounds: &Bounds,
    scores: &mut Scores,
) -> Rewritten {
    let mentions = Mentions::of(text, bounds);
    let mut kept = String::with_capacity(text.len());
    let (mut word_count, mut sentences) = (0, 0);
    for rule in [Rule::LoremIpsum, Rule::CurlyBracket] {
        scores.set(rule, 0.0);
    }
    let mut first = true;
    for counts in &words.lines {
        let line = counts.of(text);
        if has_long_word(line, limits, bounds) {
            scores.count(Rule::LongWord);
            continue;
        }
        let clean = without_citations(line, bounds);
        if let Some(rule) = removed_by(line, &clean, limits, bounds, mentions) {
            scores.count(rule);
            continue;
        }
        mentions.count_in(&clean, scores);
        if clean.len() != line.len() {
            scores.count(Rule::Citations);
            let line = clean.trim_matches(is_space);
            sentences += sentences::count(line, segmenter, |_| word_count += 1);
        } else {
            sentences += counts.sentences;
            word_count += counts.words as usize;
        }
        if !first {
            kept.push('\n');
        }
        first = false;
        kept.push_str(&clean);
    }
    scores.set(Rule::Sentences, f64::from(sentences));
    let trimmed = kept.trim_matches(is_space);
    if trimmed.len() < kept.len() {
        kept = trimmed.to_string();
    }
    Rewritten {
        text: kept,
        words: word_count,
    }
}

/// What a whole text mentions, so that most texts' lines need not be searched.
#[derive(Clone, Copy)]
struct Mentions {
    lorem_ipsum: bool,
    curly_bracket: bool,
    javascript: bool,
    policy: bool,
}

impl Mentions {
    fn of(text: &str, bounds: &Bounds) -> Self {
        Self {
            lorem_ipsum: bounds.on(Rule::LoremIpsum) && contains(text, b"lorem ipsum", 10),
            curly_bracket: bounds.on(Rule::CurlyBracket) && text.contains('{'),
            javascript: bounds.on(Rule::Javascript) && contains(text, b"javascript", 0),
            policy: bounds.on(Rule::Policy)
                && (contains(text, b"cookie", 3)
                    || contains(text, b"privacy policy", 3)
                    || contains(text, b"terms of use", 7)),
        }
    }

    /// Counts a line that stays, if it mentions what drops a document.
    fn count_in(self, line: &str, scores: &mut Scores) {
        if self.lorem_ipsum && contains(line, b"lorem ipsum", 0) {
            scores.count(Rule::LoremIpsum);
        }
        if self.curly_bracket && line.contains('{') {
            scores.count(Rule::CurlyBracket);
        }
    }
}

fn has_long_word(line: &str, limits: &Limits, bounds: &Bounds) -> bool {
    let most = limits.c4_max_word_chars;
    line.len() > most
        && bounds.on(Rule::LongWord)
        && chunks(line).any(|word| word.len() > most && word.chars().nth(most).is_some())
}

/// The rule that removes a line; `clean` is the line without citation marks.
fn removed_by(
    line: &str,
    clean: &str,
    limits: &Limits,
    bounds: &Bounds,
    mentions: Mentions,
) -> Option<Rule> {
    if bounds.on(Rule::TerminalPunctuation) && !ends_sentence(clean) {
        return Some(Rule::TerminalPunctuation);
    }
    let least = limits.c4_min_line_words;
    if bounds.on(Rule::ShortLine) && chunks(line).take(least).count() < least {
        return Some(Rule::ShortLine);
    }
    // A document with this text in it is dropped, whatever else the line says.
    if mentions.lorem_ipsum && contains(clean, b"lorem ipsum", 0) {
        return None;
    }
    if mentions.javascript && contains(clean, b"javascript", 0) {
        return Some(Rule::Javascript);
    }
    if mentions.curly_bracket && clean.contains('{') {
        return None;
    }
    (mentions.policy && mentions_policy(clean)).then_some(Rule::Policy)
}

fn ends_sentence(line: &str) -> bool {
    line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...")
}

fn mentions_policy(text: &str) -> bool {
    POLICY.iter().any(|phrase| {
        // A rare letter, which is looked for.
        let rare = phrase.find(['k', 'v']).or(phrase.find('f'));
        contains(text, phrase.as_bytes(), rare.unwrap_or(0))
    })
}

/// Whether `text` contains `phrase`, which is in lower-case ASCII, in any case; its byte `rare` is
/// the one to look for first.
fn contains(text: &str, phrase: &[u8], rare: usize) -> bool {
    let bytes = text.as_bytes();
    let byte = phrase[rare];
    memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), bytes).any(|at| {
        let start = at.checked_sub(rare);
        let found = start.and_then(|start| bytes.get(start..start + phrase.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(phrase))
    })
}

/// The line without `[12]`, `[]`, `[edit]` and `[citation needed]`.
fn without_citations<'a>(line: &'a str, bounds: &Bounds) -> Cow<'a, str> {
    if !bounds.on(Rule::Citations) || memchr::memchr(b'[', line.as_bytes()).is_none() {
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
    use crate::lines::lines;
    use crate::rules::tests::limits;
    use crate::rules::{RuleSet, Violation};
    use crate::stop_words::StopWords;

    const GOOD: &str = "This is one. This is two. This is three. This is four. This is five.";

    fn with(text: &str, off: &[&str]) -> Result<String, Violation> {
        let names: Vec<String> = off.iter().map(ToString::to_string).collect();
        let bounds = Bounds::new(&limits(), RuleSet::parse(&names, "filter.disable").unwrap());
        let words = Words::measure(text, Segmenter::Spaced, &StopWords::default());
        let mut scores = Scores::default();
        let kept = rewrite(
            text,
            &words,
            Segmenter::Spaced,
            &limits(),
            &bounds,
            &mut scores,
        );
        let again = Words::measure(&kept.text, Segmenter::Spaced, &StopWords::default());
        assert_eq!(kept.words, again.len(), "{text:?}");
        match bounds.first_miss(&scores) {
            Some(miss) => Err(miss),
            None => Ok(kept.text),
        }
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
