//! Tokenizers of sacreBLEU, to the character.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::Error;
use crate::whitespace::{is_space, words};

/// How a segment becomes tokens, by sacreBLEU's names.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tokenize {
    /// `13a`: that of mteval-v13a, for languages with spaces between words.
    #[default]
    V13a,
    /// `zh`: Chinese characters each for itself, the rest as `13a`.
    ///
    /// As in sacreBLEU, characters outside the BMP are not taken for Chinese: its ranges for them
    /// are written with four hexadecimal digits, and stand for U+2001–U+2A6D and U+2F81–U+2FA1.
    Zh,
    /// `char`: each character.
    Char,
    /// `intl`: that of mteval-v14, by Unicode's classes of punctuation and symbols.
    Intl,
    /// `none`: text that is in tokens already.
    None,
}

impl Tokenize {
    /// Its name in signatures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::Zh => "zh",
            Self::Char => "char",
            Self::Intl => "intl",
            Self::None => "none",
        }
    }

    /// The tokens of a segment, with a single space between two of them.
    #[must_use]
    pub fn tokens(self, segment: &str) -> String {
        let segment = segment.trim_end_matches(is_space);
        let spaced: Cow<str> = match self {
            Self::V13a => mteval(&format!(" {} ", unescape(segment))).into(),
            Self::Zh => mteval(&chinese_apart(segment.trim_matches(is_space))).into(),
            Self::Char => segment.chars().flat_map(|c| [c, ' ']).collect(),
            Self::Intl => rewrite(&INTERNATIONAL, segment).into(),
            Self::None => segment.into(),
        };
        words(&spaced).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Tokenize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tokenize {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let all = [Self::V13a, Self::Zh, Self::Char, Self::Intl, Self::None];
        let found = all.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| Error::Unknown {
            what: "tokenizer",
            name: name.to_owned(),
            known: "13a, zh, char, intl, none",
        })
    }
}

type Rules = LazyLock<Vec<(Regex, &'static str)>>;

/// A rule that did not compile would show in the tests of each of them.
fn compile(rules: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    let compiled = |(rule, to): &(&str, &'static str)| Some((Regex::new(rule).ok()?, *to));
    rules.iter().filter_map(compiled).collect()
}

static MTEVAL: Rules = LazyLock::new(|| {
    compile(&[
        (r"([{-~\[-` -&(-+:-@/])", " $1 "),
        (r"([^0-9])([.,])", "$1 $2 "),
        (r"([.,])([^0-9])", " $1 $2"),
        (r"([0-9])(-)", "$1 $2 "),
    ])
});

static INTERNATIONAL: Rules = LazyLock::new(|| {
    compile(&[
        (r"(?s)(\P{N})(\p{P})", "$1 $2 "),
        (r"(?s)(\p{P})(\P{N})", " $1 $2"),
        (r"(\p{S})", " $1 "),
    ])
});

fn rewrite(rules: &Rules, text: &str) -> String {
    let mut text = text.to_owned();
    for (rule, to) in rules.iter() {
        if let Cow::Owned(new) = rule.replace_all(&text, *to) {
            text = new;
        }
    }
    text
}

/// What `13a` and `zh` share.
fn mteval(text: &str) -> String {
    rewrite(&MTEVAL, text)
}

fn unescape(segment: &str) -> String {
    let text = segment.replace("<skipped>", "");
    let text = text.replace("-\n", "").replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    text.replace("&lt;", "<").replace("&gt;", ">")
}

fn chinese_apart(text: &str) -> String {
    let mut apart = String::with_capacity(2 * text.len());
    for c in text.chars() {
        match is_chinese(c) {
            true => apart.extend([' ', c, ' ']),
            false => apart.push(c),
        }
    }
    apart
}

/// Whether `zh` takes a character for Chinese; see [`Tokenize::Zh`].
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2a6d}' | '\u{2e80}'..='\u{2eff}' | '\u{2f00}'..='\u{2fdf}'
        | '\u{2ff0}'..='\u{2fff}' | '\u{3000}'..='\u{303f}' | '\u{3100}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31c0}'..='\u{31ef}' | '\u{3200}'..='\u{33ff}'
        | '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fbb}' | '\u{f900}'..='\u{fa2d}'
        | '\u{fa30}'..='\u{fa6a}' | '\u{fa70}'..='\u{fad9}' | '\u{fe10}'..='\u{fe1f}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ffef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_sacrebleu() {
        for (tokenize, text, expected) in [
            (
                Tokenize::V13a,
                "1,234.5 (x-y), 5-6.",
                "1,234.5 ( x-y ) , 5 - 6 .",
            ),
            (
                Tokenize::V13a,
                "a.b,c &quot;q&amp;lt; <skipped>z ",
                "a . b , c \" q < z",
            ),
            (Tokenize::V13a, "don't café…", "don't café…"),
            (
                Tokenize::Zh,
                "我有2.5个GPU，对吗？",
                "我 有 2.5 个 GPU ， 对 吗 ？",
            ),
            (
                Tokenize::Zh,
                "\u{20000}\u{20001}a\u{2014}b",
                "\u{20000}\u{20001}a \u{2014} b",
            ),
            (Tokenize::Char, "a b\u{3000}水", "a b 水"),
            (Tokenize::Intl, "«1,5» end.", "«1,5 » end ."),
            (Tokenize::Intl, "in 1999. 5€!", "in 1999 . 5 € !"),
            (Tokenize::None, " a  b. ", "a b."),
        ] {
            assert_eq!(tokenize.tokens(text), expected, "{tokenize}: {text}");
        }
    }

    #[test]
    fn every_rule_compiles() {
        assert_eq!((MTEVAL.len(), INTERNATIONAL.len()), (4, 3));
    }

    #[test]
    fn names_are_read_back() {
        for name in ["13a", "zh", "char", "intl", "none"] {
            assert_eq!(name.parse::<Tokenize>().unwrap().name(), name);
        }
        assert!("spm".parse::<Tokenize>().is_err());
    }
}
