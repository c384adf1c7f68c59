use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// A difference as it is printed without colours.
fn marked(from: &str, to: &str) -> Vec<String> {
    let line = |parts: &Vec<Part>| -> String {
        let part = |part: &Part| match part {
            Part::Same(text) => text.clone(),
            Part::Removed(text) => format!("[-{text}-]"),
            Part::Added(text) => format!("{{+{text}+}}"),
        };
        parts.iter().map(part).collect()
    };
    difference(from, to, 160).lines.iter().map(line).collect()
}

#[test]
fn words_are_marked_in_their_surroundings() {
    let text = "The ferry left early this morning, and nobody on the quay had heard that it would.";
    assert_eq!(
        marked(text, &text.replace("early", "very late")),
        ["The ferry left [-early-]{+very late+} this morning, and nobody on …"]
    );
    assert_eq!(
        marked(text, &text.replace("nobody", "hardly anybody")),
        [
            "… left early this morning, and [-nobody-]{+hardly anybody+} on the quay had heard that it …"
        ]
    );
    assert_eq!(
        marked(text, &text.replace(" this morning", "")),
        ["The ferry left early [-this morning-], and nobody on the quay had …"]
    );
    assert_eq!(marked("the end", "the bitter end"), ["the {+bitter+} end"]);
    assert_eq!(marked("the end", "the end again"), ["the end {+again+}"]);
}

#[test]
fn of_long_changes_the_middle_is_left_out_between_words() {
    let text = "one two three four five six seven eight nine ten";
    assert_eq!(spaced(text, 30), "one two three … nine ten");
    assert_eq!(spaced(text, 100), text);
    assert_eq!(spaced("河水又涨了磨坊的轮子", 12), "河水 … 轮子");
}

#[test]
fn near_places_share_a_line_and_far_ones_do_not() {
    let filler = "and so the long day went by as the days before it had gone by ".repeat(3);
    let text = |a: &str, b: &str, c: &str| format!("It was {a} and {b}. {filler} It was {c}.");
    let lines = marked(&text("hot", "dry", "good"), &text("cold", "wet", "bad"));
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("It was [-hot-]{+cold+} and [-dry-]{+wet+}. and so"));
    assert!(
        lines[1].ends_with("gone by It was [-good-]{+bad+}."),
        "{lines:?}"
    );
}

#[test]
fn scripts_without_spaces_are_compared_by_character() {
    assert_eq!(
        marked(
            "河水今天又涨了，磨坊的轮子转得更快。",
            "河水昨天又涨了，磨坊的轮子转得更快。"
        ),
        ["河水[-今-]{+昨+}天又涨了，磨坊的轮子转得更快。"]
    );
    assert_eq!(marked("ภาษาไทย", "ภาษาไท"), ["ภาษาไท[-ย-]"]);
}

#[test]
fn white_space_makes_no_difference() {
    let none = difference("one two\n\nthree", " one  two three\n", 160);
    assert_eq!(none, Difference::default());
    assert_eq!(difference("", "", 160), Difference::default());
}

#[test]
fn what_is_printed_is_bounded() {
    let numbers = |range: std::ops::Range<u32>| -> String {
        range
            .map(|n| format!("a{n} and some words that stay as they are "))
            .collect()
    };
    let found = difference(&numbers(0..1000), &numbers(5000..6000), 100);
    assert_eq!((found.removed, found.added), (1000, 1000));
    assert_eq!((found.places, found.lines.len()), (1000, LINES));
    assert!(found.shown >= LINES && found.shown < 30);
    let long = "\u{200b}x".repeat(100_000);
    let line: usize = difference("a", &long, 100).lines[0]
        .iter()
        .map(Part::columns)
        .sum();
    assert!(line <= 100, "{line}");
}

#[test]
fn of_long_texts_the_beginnings_are_compared() {
    let text = |words: Range<usize>| -> String { words.map(|n| format!("w{n} ")).collect() };
    let (from, to) = (text(0..2 * COMPARED), text(0..2 * COMPARED));
    let found = difference(&from, &format!("new {to}"), 160);
    assert_eq!((found.removed, found.added, found.places), (0, 1, 1));
    assert!(found.cut && !difference("a", "b", 160).cut);
}

#[test]
fn long_texts_without_anything_in_common_take_little_time() {
    let words = |seed: u64, kinds: u64| -> String {
        let mut state = seed;
        let word = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            format!("w{} ", (state >> 33) % kinds)
        };
        (0..2 * COMPARED).map(word).collect()
    };
    for kinds in [2, 20, 1_000_000] {
        let started = Instant::now();
        difference(&words(1, kinds), &words(2, kinds), 160);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{kinds}: {took:?}");
    }
}

proptest! {
    #[test]
    fn a_short_difference_tells_both_texts(
        from in "[a-d]( [a-d]){0,12}", to in "[a-d]( [a-d]){0,12}",
    ) {
        let found = difference(&from, &to, 1000);
        let text = |left_out: fn(&Part) -> bool| -> Vec<char> {
            let parts = found.lines.iter().flatten().filter(|part| !left_out(part));
            let text = |part: &Part| {
                let (Part::Same(text) | Part::Removed(text) | Part::Added(text)) = part;
                text.clone()
            };
            parts.map(text).collect::<String>().chars().filter(|c| *c != ' ').collect()
        };
        let plain = |text: &str| -> Vec<char> { text.chars().filter(|c| *c != ' ').collect() };
        if from != to {
            prop_assert_eq!(text(|part| matches!(part, Part::Added(_))), plain(&from));
            prop_assert_eq!(text(|part| matches!(part, Part::Removed(_))), plain(&to));
        }
        prop_assert_eq!(found.shown, found.places);
    }

    #[test]
    fn any_texts_are_compared_in_bounded_lines(from in any::<String>(), to in any::<String>(), width in 0..300usize) {
        let found = difference(&from, &to, width);
        for line in found.lines {
            let columns: usize = line.iter().map(Part::columns).sum();
            prop_assert!(columns <= width.max(NARROWEST) + 8, "{}", columns);
        }
    }
}
