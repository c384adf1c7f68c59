//! Language variants: `-{…}-`, as MediaWiki's `LanguageConverter` reads it.
//!
//! <https://www.mediawiki.org/wiki/Writing_systems/Syntax>

use aho_corasick::{AhoCorasick, MatchKind};

use super::expand::{Expander, HOLE, Range};

/// Conversions of one page at most.
const MAX_RULES: usize = 2_000;
/// Longest word of one, in bytes.
const MAX_WORD: usize = 240;

/// Languages with variants.
const LANGUAGES: &[&str] = &[
    "ban", "crh", "gan", "iu", "kk", "ks", "ku", "mni", "sh", "shi", "sr", "tg", "tly", "uz",
    "wuu", "zgh", "zh",
];

/// Whether pages in a language have variants.
pub(super) fn has_variants(lang: Option<&str>) -> bool {
    lang.is_none_or(|lang| {
        let base = lang.split('-').next().unwrap_or(lang);
        LANGUAGES.contains(&base)
    })
}

/// The variants to look for in turn, after `variant` itself: those of `LanguageZh`.
fn fallbacks(variant: &str) -> &'static [&'static str] {
    match variant {
        "zh" => &[
            "zh-hans", "zh-hant", "zh-cn", "zh-tw", "zh-hk", "zh-sg", "zh-mo", "zh-my",
        ],
        "zh-hans" => &["zh-cn", "zh-sg", "zh-my", "zh"],
        "zh-hant" => &["zh-tw", "zh-hk", "zh-mo", "zh"],
        "zh-cn" => &["zh-hans", "zh-sg", "zh-my", "zh"],
        "zh-sg" => &["zh-my", "zh-hans", "zh-cn", "zh"],
        "zh-my" => &["zh-sg", "zh-hans", "zh-cn", "zh"],
        "zh-tw" => &["zh-hant", "zh-hk", "zh-mo", "zh"],
        "zh-hk" => &["zh-mo", "zh-hant", "zh-tw", "zh"],
        "zh-mo" => &["zh-hk", "zh-hant", "zh-tw", "zh"],
        _ => &[],
    }
}

/// Conversions that hold on a whole page.
#[derive(Default)]
pub(super) struct Rules {
    pairs: Vec<(String, String)>,
}

impl Rules {
    /// Takes in what a rule says: its other words become that of the variant.
    pub fn add(&mut self, rule: &str, variant: &str) {
        let words = alternatives(rule);
        let target = words.iter().position(|word| word.from.is_none());
        let target = target
            .and_then(|_| choose(&words, variant))
            .map(str::to_owned);
        for word in words {
            let pair = match (word.from, &target) {
                (Some(from), _) if word.code == variant => (from.to_owned(), word.text.to_owned()),
                (None, Some(target)) => (word.text.to_owned(), target.clone()),
                _ => continue,
            };
            let fits = (1..=MAX_WORD).contains(&pair.0.len()) && pair.1.len() <= MAX_WORD;
            if fits && pair.0 != pair.1 && self.pairs.len() < MAX_RULES {
                self.pairs.push(pair);
            }
        }
    }

    /// Applies them to a text.
    pub fn apply(&self, text: String) -> String {
        if self.pairs.is_empty() {
            return text;
        }
        // The last rule about a word counts.
        let pairs: Vec<&(String, String)> = self.pairs.iter().rev().collect();
        let words = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(pairs.iter().map(|(from, _)| from));
        let Ok(words) = words else {
            return text;
        };
        let most = text.len() * 2 + MAX_WORD;
        let mut out = String::with_capacity(text.len());
        words.replace_all_with(&text, &mut out, |found, word, out| {
            let to = pairs.get(found.pattern().as_usize());
            let to = to.filter(|_| out.len() < most);
            out.push_str(to.map_or(word, |(_, to)| to));
            true
        });
        out
    }
}

/// One alternative of a rule.
struct Word<'a> {
    /// What it replaces, in a rule of one direction.
    from: Option<&'a str>,
    code: &'a str,
    text: &'a str,
}

/// The alternatives of `zh-hans:A;zh-hant:B` or `X=>zh-cn:A`; none in a text without.
fn alternatives(rule: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = 0;
    let ends = memchr::memchr_iter(b';', rule.as_bytes()).chain([rule.len()]);
    let mut next_words: Vec<(usize, usize)> = Vec::new();
    for end in ends {
        let rest = rule.get(end + 1..).unwrap_or_default();
        // A semicolon inside a text, such as that of an entity, ends nothing.
        if end == rule.len()
            || rest.trim_start().is_empty()
            || word(until_semicolon(rest)).is_some()
        {
            next_words.push((start, end));
            start = end + 1;
        }
        if rest.trim_start().is_empty() {
            break;
        }
    }
    for (start, end) in next_words {
        words.extend(rule.get(start..end).and_then(word));
    }
    words
}

fn until_semicolon(rest: &str) -> &str {
    let end = memchr::memchr(b';', rest.as_bytes()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

fn word(part: &str) -> Option<Word<'_>> {
    let (from, part) = match part.split_once("=>") {
        Some((from, rest)) => (Some(from.trim()), rest),
        None => (None, part),
    };
    let (code, text) = part.split_once(':')?;
    let code = code.trim();
    is_code(code).then_some(Word {
        from,
        code,
        text: text.trim(),
    })
}

fn is_code(code: &str) -> bool {
    let mut parts = code.split('-');
    let language = parts.next().unwrap_or_default();
    matches!(language.len(), 2 | 3)
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && LANGUAGES.contains(&language)
        && parts.all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The text for a variant: its own, that of a fallback, or the first.
fn choose<'a>(words: &[Word<'a>], variant: &str) -> Option<&'a str> {
    let of = |code: &str| {
        let found = words
            .iter()
            .find(|word| word.code.eq_ignore_ascii_case(code));
        found.map(|word| word.text)
    };
    let fallback = || fallbacks(variant).iter().find_map(|code| of(code));
    let first = || words.first().map(|word| word.text);
    of(variant).or_else(fallback).or_else(first)
}

/// Appends what a span shows, and takes in its rule if it holds on the whole page.
pub(super) fn write(expander: &mut Expander, range: Range, out: &mut String) {
    let mut content = range;
    let mut flags = "";
    if let Some(bar) = expander.find(range, b'|') {
        let before = expander.slice((range.0, bar)).trim();
        if before.split(';').all(|flag| is_flag(flag.trim())) {
            flags = before;
            content.0 = bar + 1;
        }
    }
    let text = expander.text(content);
    let has = |wanted: &str| flags.split(';').any(|flag| flag.trim() == wanted);
    if has("R") {
        return out.push_str(&text);
    }
    let variant = &expander.page.options.variant;
    if has("A") || has("H") || has("+") {
        expander.rules.add(&text, variant);
    }
    if has("H") || has("T") || has("-") || has("N") {
        return out.push(HOLE);
    }
    let words = alternatives(&text);
    match choose(&words, variant) {
        Some(chosen) => out.push_str(chosen),
        None => out.push_str(&text),
    }
}

fn is_flag(flag: &str) -> bool {
    matches!(
        flag,
        "" | "A" | "D" | "H" | "N" | "R" | "S" | "T" | "+" | "-"
    ) || is_code(flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fallbacks_are_those_of_mediawiki() {
        let rule = "zh-hans:软件; zh-tw:軟體; zh-hk:軟件;";
        let words = alternatives(rule);
        for (variant, text) in [
            ("zh-cn", "软件"),
            ("zh-hans", "软件"),
            ("zh-sg", "软件"),
            ("zh-hant", "軟體"),
            ("zh-mo", "軟件"),
            ("sr", "软件"),
        ] {
            assert_eq!(choose(&words, variant), Some(text), "{variant}");
        }
    }

    #[test]
    fn a_semicolon_in_a_text_ends_nothing() {
        let words = alternatives("zh-cn:a&nbsp;b;zh-tw:c;d");
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        assert_eq!(texts, ["a&nbsp;b", "c;d"]);
    }

    #[test]
    fn rules_hold_both_ways_or_one() {
        let mut rules = Rules::default();
        rules.add("zh-cn:博客; zh-hk:網誌; zh-tw:部落格", "zh-cn");
        rules.add("巨集=>zh-cn:宏", "zh-cn");
        assert_eq!(rules.apply("部落格與網誌的巨集".into()), "博客與博客的宏");
    }
}
