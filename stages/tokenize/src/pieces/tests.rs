use std::sync::LazyLock;

use fancy_regex::Regex;
use proptest::prelude::*;

use super::classes::{Classes, DEFINITIONS};
use super::{Digits, Family, Pattern, for_each_piece, pieces};

fn patterns() -> impl Iterator<Item = Pattern> {
    let with = |family| move |digits| Pattern { family, digits };
    Family::ALL
        .into_iter()
        .flat_map(move |family| Digits::ALL.into_iter().map(with(family)))
}

/// The patterns, for the engine that the `tokenizers` crate uses.
static ENGINES: LazyLock<Vec<(Pattern, Regex)>> = LazyLock::new(|| {
    let engine = |pattern: Pattern| (pattern, Regex::new(&pattern.regex()).unwrap());
    patterns().map(engine).collect()
});

fn check(text: &str) {
    for (pattern, engine) in ENGINES.iter() {
        let pattern = *pattern;
        let found: Vec<&str> = pieces(pattern, text).collect();
        let expected: Vec<&str> = engine
            .find_iter(text)
            .map(|m| m.unwrap().as_str())
            .collect();
        assert_eq!(found, expected, "{pattern:?}: {text:?}");
        let mut ends = Vec::new();
        for_each_piece(pattern, text, |start, end| ends.push(&text[start..end]));
        assert_eq!(found, ends);
    }
}

/// Text in which the alternatives of the patterns meet: what stands beside what is all that matters.
fn tricky() -> impl Strategy<Value = String> {
    const PARTS: [&str; 58] = [
        " ",
        "  ",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\u{a0}",
        "\u{3000}",
        "\u{2028}",
        "a",
        "B",
        "ab",
        "Ab",
        "aB",
        "'",
        "'s",
        "'S",
        "'ll",
        "'RE",
        "'ve",
        "'\u{17f}",
        "\u{17f}",
        "'d",
        "'m",
        "'T",
        "1",
        "23",
        "4567",
        "\u{660}",
        "\u{216b}",
        "\u{bd}",
        ".",
        "!!",
        "/",
        "//",
        "-",
        "\u{4e2d}",
        "\u{6587}",
        "\u{3002}",
        "\u{ff0c}",
        "\u{301}",
        "\u{e9}",
        "\u{c9}",
        "\u{1c5}",
        "\u{2b0}",
        "\u{5d0}",
        "\u{1f600}",
        "\u{200d}",
        "\u{0}",
        "\u{10ffff}",
        "\u{1e9e}",
        "\u{df}",
        "\u{20000}",
        "\u{93e}",
        "\u{85}",
        "abcdefgh",
        "abcdefghi ",
        "\u{212a}",
    ];
    prop::collection::vec(prop::sample::select(&PARTS[..]), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn pieces_are_those_of_the_regular_expression(text in tricky()) {
        check(&text);
    }

    #[test]
    fn also_in_any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn also_in_random_bytes(bytes: Vec<u8>) {
        check(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn kinds_are_those_of_the_engine() {
    let classes = Classes::get();
    for (kind, class) in DEFINITIONS {
        let regex = Regex::new(class).unwrap();
        let mut buffer = [0; 4];
        for character in '\0'..=char::MAX {
            let expected = regex.is_match(character.encode_utf8(&mut buffer)).unwrap();
            let found = classes.of(character.into()) & kind != 0;
            assert_eq!(found, expected, "{class}: {character:?}");
        }
    }
}

#[test]
fn known_patterns_are_recognised() {
    for pattern in patterns() {
        assert_eq!(Pattern::from_regex(&pattern.regex()), Some(pattern));
    }
    assert_eq!(Pattern::from_regex(r"\w+"), None);
    let llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    assert_eq!(Pattern::from_regex(llama3), Some(Family::Cl100k.pattern()));
    let qwen2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let found = Pattern::from_regex(qwen2).unwrap();
    assert_eq!((found.family, found.digits), (Family::Cl100k, Digits::One));
}

#[test]
fn words_of_o200k_end_before_capitals() {
    let found: Vec<&str> = pieces(Family::O200k.pattern(), "theHTTPServer's id").collect();
    assert_eq!(found, ["the", "HTTPServer's", " id"]);
}
