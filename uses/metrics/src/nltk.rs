//! NLTK's `word_tokenize(text, preserve_line=True)`: the words of the Penn Treebank.

use std::borrow::Cow;
use std::sync::LazyLock;

use fancy_regex::Regex;

use crate::whitespace::words;

/// The rules of `NLTKWordTokenizer` in their order; between the two lists the text gets a space
/// on both sides.
const FIRST: [(&str, &str); 17] = [
    // opening quotes
    ("([«“‘„]|[`]+)", " ${1} "),
    ("^\"", "``"),
    ("(``)", " ${1} "),
    ("([ (\\[{<])(\"|'{2})", "${1} `` "),
    (r"(?i)(?<!\w)(')(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", "${1} "),
    // punctuation
    ("([^.])(\\.)([\\])}>\"'»”’ ]*+)\\s*$", "${1} ${2} ${3} "),
    (r"([:,])([^\d])", " ${1} ${2}"),
    (r"([:,])$", " ${1} "),
    (r"\.{2,}", " ${0} "),
    ("[;@#$%&]", " ${0} "),
    ("[\u{2012}-\u{2015}]", " ${0} "),
    ("([^.])(\\.)([\\])}>\"']*)\\s*$", "${1} ${2}${3} "),
    ("[?!]", " ${0} "),
    ("([^'])' ", "${1} ' "),
    ("[*]", " ${0} "),
    (r"[\]\[(){}<>]", " ${0} "),
    ("--", " -- "),
];
const SECOND: [(&str, &str); 16] = [
    // closing quotes
    ("([»”’])", " ${1} "),
    ("''", " '' "),
    ("\"", " '' "),
    (r"\s+", " "),
    ("([^' ])('[sS]|'[mM]|'[dD]|') ", "${1} ${2} "),
    ("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", "${1} ${2} "),
    // MacIntyre's contractions
    (r"(?i)\b(can)(not)\b", " ${1} ${2} "),
    (r"(?i)\b(d)('ye)\b", " ${1} ${2} "),
    (r"(?i)\b(gim)(me)\b", " ${1} ${2} "),
    (r"(?i)\b(gon)(na)\b", " ${1} ${2} "),
    (r"(?i)\b(got)(ta)\b", " ${1} ${2} "),
    (r"(?i)\b(lem)(me)\b", " ${1} ${2} "),
    (r"(?i)\b(more)('n)\b", " ${1} ${2} "),
    (r"(?i)\b(wan)(na)(?=\s)", " ${1} ${2} "),
    (r"(?i) ('t)(is)\b", " ${1} ${2} "),
    (r"(?i) ('t)(was)\b", " ${1} ${2} "),
];

type Rules = Vec<(Regex, &'static str)>;

/// A rule that did not compile would show in the tests.
fn compile(rules: &[(&str, &'static str)]) -> Rules {
    let compiled = |(rule, to): &(&str, &'static str)| Some((Regex::new(rule).ok()?, *to));
    rules.iter().filter_map(compiled).collect()
}

static RULES: LazyLock<[Rules; 2]> = LazyLock::new(|| [compile(&FIRST), compile(&SECOND)]);

pub(crate) fn word_tokenize(text: &str) -> Vec<String> {
    // White space in Python, but not to this engine: another one that is no plain space.
    let other = |c| {
        if matches!(c, '\u{1c}'..='\u{1f}') {
            '\u{2003}'
        } else {
            c
        }
    };
    let text: String = text.chars().map(other).collect();
    let [first, second] = &*RULES;
    let text = format!(" {} ", rewrite(first, text));
    words(&rewrite(second, text)).map(str::to_owned).collect()
}

/// A rule whose search runs out of steps leaves the text as it is.
fn rewrite(rules: &Rules, mut text: String) -> String {
    for (rule, to) in rules {
        if let Ok(Cow::Owned(new)) = rule.try_replacen(&text, 0, *to) {
            text = new;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_nltk() {
        for (text, expected) in [
            (
                "Good muffins cost $3.88 (roughly 3,36 euros), at 5:30.",
                "Good|muffins|cost|$|3.88|(|roughly|3,36|euros|)|,|at|5:30|.",
            ),
            (
                "I can't; they'll cannot gonna 'tis 'twas 'hello' o'clock",
                "I|ca|n't|;|they|'ll|can|not|gon|na|'|tis|'|twas|'|hello|'|o'clock",
            ),
            (
                "\"quoted 'inner' text\" -- end...",
                "``|quoted|'|inner|'|text|''|--|end|...",
            ),
            (
                "e.g. the U.S. and 50% a&b x*y.",
                "e.g.|the|U.S.|and|50|%|a|&|b|x|*|y|.",
            ),
            ("", ""),
            ("a\u{2003}\"b", "a|''|b"),
            (": ,", ":|,"),
            (
                "don't ‘x’ «y» “z” — w?!",
                "do|n't|‘|x|’|«|y|»|“|z|”|—|w|?|!",
            ),
            (
                "wanna go gimme it's John's.",
                "wan|na|go|gim|me|it|'s|John|'s|.",
            ),
        ] {
            assert_eq!(word_tokenize(text).join("|"), expected, "{text}");
        }
    }

    #[test]
    fn every_rule_compiles() {
        assert_eq!(
            (RULES[0].len(), RULES[1].len()),
            (FIRST.len(), SECOND.len())
        );
    }
}
