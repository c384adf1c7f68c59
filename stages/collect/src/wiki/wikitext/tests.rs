use proptest::prelude::*;

use super::*;

mod chinese;

/// The text of a page on a wiki in this language.
fn text_in(lang: &str, variant: &str, source: &str) -> String {
    let site = Site::of(format!("<mediawiki xml:lang=\"{lang}\">").as_bytes());
    let options = Options {
        variant: variant.to_owned(),
        ..Options::default()
    };
    let page = Page {
        title: "Title",
        site: &site,
        options: &options,
    };
    to_text(source, &page)
}

fn english(source: &str) -> String {
    text_in("en", "zh-cn", source)
}

#[test]
fn markup_of_words() {
    for (source, text) in [
        (
            "'''Bold''', ''italic'', '''''both'''''.",
            "Bold, italic, both.",
        ),
        ("[[Cat]]s and [[Dog (animal)|dogs]]", "Cats and dogs"),
        ("a [https://x.example b c] d", "a b c d"),
        ("a<ref>note</ref> b<ref name=\"n\" />.", "a b."),
        ("a<!-- never -->b &amp; &nbsp;c", "ab & c"),
        ("&alpha;&Ouml;&#946;&ndash;&unknown;", "αÖβ–&unknown;"),
        ("<nowiki>[[a]] {{b}}</nowiki>", "[[a]] {{b}}"),
        ("<math>x^2</math>", "$x^2$"),
        ("a{{citation needed}} (b; {{unknown thing|x}})", "a (b)"),
        ("[[File:a.png|thumb|a [[caption]]]]after", "after"),
        ("{{lang|fr|mot}}, a, {{unknown thing}}, b", "mot, a, b"),
    ] {
        assert_eq!(english(source), text, "{source}");
    }
}

#[test]
fn cells_without_attributes() {
    let table = "{| class=\"wikitable\"\n! Actor !! colspan=2 | Season\n|-\n| A || colspan=\"5\" {{unknown cell}}\n|-\n| B || bgcolor=white colspan=\"3\" {{n/a}}\n|}";
    assert_eq!(english(table), "Actor | Season\nA\nB | n/a");
}

#[test]
fn functions_that_read_an_argument_twice_end() {
    let nested = |open: &str, close: &str| {
        let depth = 39;
        format!("{}x{}", open.repeat(depth), close.repeat(depth))
    };
    // Without a bound each would take 2^39 steps.
    for source in [
        nested("{{convert|5|ft|", "|in}}"),
        nested("{{NoteTA|a|1=", "}}"),
        nested("[[a\n", "b]]"),
    ] {
        let text = english(&source);
        assert!(text.len() < 70_000, "{}", text.len());
    }
}

/// Markup whose brackets match, also in the cells of tables.
fn balanced() -> impl Strategy<Value = String> {
    let word = "[a-c 甲乙，。、（）:=*#\n]{0,6}";
    let words = word.prop_recursive(5, 60, 4, |inner| {
        let parts = proptest::collection::vec(inner, 1..4);
        (parts, 0..7).prop_map(|(parts, kind)| {
            let all = parts.concat();
            match kind {
                0 => format!("{{{{x|{}}}}}", parts.join("|")),
                1 => format!("{{{{lang|en|{all}}}}}"),
                2 => format!("[[{}]]", parts.join("|")),
                3 => format!("-{{zh-cn:{all};zh-tw:乙}}-"),
                4 => format!("-{{{all}}}-"),
                // One in another ends it, as in MediaWiki.
                5 => format!("{all}<ref>{{{{x|[[a|b]]}}}}</ref>"),
                _ => parts.join(" "),
            }
        })
    });
    let row = proptest::collection::vec(words, 1..4);
    (row, any::<bool>()).prop_map(|(cells, is_table)| match is_table {
        true => format!("\n{{|\n| {}\n|}}\n", cells.join(" || ")),
        false => cells.concat(),
    })
}

/// Pieces of markup in any order.
fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "{{",
            "}}",
            "[[",
            "]]",
            "{{{",
            "}}}",
            "-{",
            "}-",
            "|",
            "||",
            "!",
            "=",
            "==",
            "\n",
            "\n{|",
            "\n|-",
            "\n|}",
            "\n|",
            "\n* ",
            "\n:;",
            "'''",
            "''",
            "<ref>",
            "</ref>",
            "<ref",
            "/>",
            "<!--",
            "-->",
            "<nowiki>",
            "</nowiki>",
            "<br>",
            "&nbsp;",
            "&#x4e2d;",
            "[http://a",
            "]",
            "__TOC__",
            "convert|5|ft",
            "#switch:",
            "#if:",
            "lang|en|",
            "zh-cn:",
            "zh-tw:",
            "=>",
            ";",
            "H|",
            "A|",
            "NoteTA|1=",
            "File:",
            "colspan=",
            "\"",
            "甲",
            "，",
            "（",
            "）",
            "\u{1}",
            "\u{2}",
            "\u{3}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn never_panics_and_stays_small(source in anything()) {
        for lang in ["en", "zh", "de"] {
            let text = text_in(lang, "zh-cn", &source);
            prop_assert!(text.len() <= 64 * source.len() + (64 << 10));
            prop_assert!(!text.contains(['\u{1}', '\u{2}', '\u{3}']), "{:?}", text);
        }
    }

    #[test]
    fn nothing_is_left_of_brackets_that_match(source in balanced()) {
        let text = text_in("zh", "zh-cn", &source);
        for bracket in ["{{", "}}", "[[", "]]", "-{", "}-", "<ref"] {
            prop_assert!(!text.contains(bracket), "{bracket} in {text:?} of {source:?}");
        }
    }
}
