use crate::config::Config;
use crate::extractor::{Extracted, Extractor};
use proptest::prelude::*;

const STORY: &str = "The harbour was quiet in the morning, and the boats came back before noon. \
    Nobody had seen them leave, three people said, and nobody asked where they had been.";

fn extract(html: &str) -> Extracted {
    let extractor = Extractor::new(&Config::default()).unwrap();
    let found = extractor.extract(html, None);
    let parsed = crate::extractor::Parsed::of(html);
    assert_eq!(found, extractor.extract_parsed(&parsed, None));
    assert_eq!(found, extractor.explain(html, None).extracted);
    found
}

fn script(kind: &str, json: &str) -> String {
    format!("<title>Harbour</title><body><div id=root></div><script{kind}>{json}</script>")
}

fn json_ld(json: &str) -> String {
    script(" type=application/ld+json", json)
}

#[test]
fn the_body_that_json_ld_declares_is_the_text_of_an_empty_page() {
    let page = json_ld(&format!(
        r#"{{"@type":"NewsArticle","author":{{"name":"Ann Lee"}},"articleBody":"{STORY}\n\nThen it rained &amp; stopped, 1 < 2."}}"#
    ));
    let found = extract(&page);
    assert_eq!(found.embedded, Some("JSON-LD"));
    let expected = format!("Harbour\n\n{STORY}\n\nThen it rained & stopped, 1 < 2.");
    assert_eq!(found.text, expected);
    assert_eq!(found.author.as_deref(), Some("Ann Lee"));
}

#[test]
fn posts_of_json_ld_follow_the_names_of_their_authors() {
    let page = json_ld(&format!(
        r#"{{"@type":"DiscussionForumPosting","comment":[
            {{"@type":"Comment","text":"{STORY} Second.","author":{{"name":"Bo"}}}},
            {{"@type":"Comment","author":[{{"name":"Cy"}}],"text":"{STORY} Third."}}],
            "author":{{"@type":"Person","name":"ann_l"}},"text":"<p>{STORY} First.</p>"}}"#
    ));
    let found = extract(&page);
    let names: Vec<&str> = found
        .spans
        .authors
        .iter()
        .map(|span| &found.text[span.clone()])
        .collect();
    assert_eq!(names, ["ann_l", "Bo", "Cy"]);
    let places = [
        "ann_l\n\nThe harbour",
        "First.",
        "Bo\n\nThe",
        "Second.",
        "Cy\n\nThe",
        "Third.",
    ];
    let places = places.map(|part| found.text.find(part).unwrap());
    assert!(places.is_sorted(), "{}", found.text);
}

#[test]
fn data_of_the_pages_program_is_read() {
    let long = format!("{STORY} {STORY} {STORY} {STORY}");
    let json = format!(
        r#"{{"props":{{"page":{{"title":"x","content":{{"rendered":"<p>{long}</p>"}}}}}}}}"#
    );
    for page in [
        script(" id=__NEXT_DATA__ type=application/json", &json),
        script(
            "",
            &format!("window.__INITIAL_STATE__ = {json};(function(){{}})()"),
        ),
        format!("<div id=app data-page='{json}'></div>"),
    ] {
        let found = extract(&page);
        assert_eq!(found.embedded, Some("the data of the page's program"));
        assert!(found.text.ends_with(long.as_str()), "{}", found.text);
    }
    // A script that says something else, and data without a text.
    for json in [
        format!("let a = '{long}'"),
        r#"{"text":"Add to cart","html":"<svg></svg>"}"#.repeat(9),
    ] {
        assert_eq!(extract(&script("", &json)).text, "");
    }
}

#[test]
fn data_that_holds_more_than_json_ld_is_taken() {
    let found = extract(include_str!("../stage/pages/forum-by-script.html"));
    assert_eq!(found.embedded, Some("the data of the page's program"));
    assert_eq!(found.spans.authors.len(), 3);
}

#[test]
fn text_of_the_pages_elements_is_never_replaced() {
    let declared = json_ld(&format!(
        r#"{{"articleBody":"{}"}}"#,
        "Something else was said here. ".repeat(99)
    ));
    let long = format!("{declared}<article><h1>Harbour</h1><p>{STORY}</p><p>{STORY}</p></article>");
    let short = format!("{declared}<article><h1>Harbour</h1><p>{STORY}</p></article>");
    for page in [long, short] {
        let found = extract(&page);
        assert_eq!(found.embedded, None);
        assert!(found.text.contains(STORY) && !found.text.contains("Something else"));
    }
    let waiting = format!("{declared}<p>You need to enable JavaScript to run this app.</p>");
    let found = extract(&waiting);
    assert!(found.text.contains("Something else") && !found.text.contains("JavaScript"));
    // The start of a text that is declared in full.
    let full = json_ld(&format!(
        r#"{{"articleBody":"{STORY} {}"}}"#,
        "Then it rained. ".repeat(60)
    ));
    let found = extract(&format!("{full}<p>{STORY}</p>"));
    assert!(found.text.contains("Then it rained."));
}

#[test]
fn what_noscript_holds_is_read_as_elements() {
    let found = extract(&format!(
        "<div id=root></div><noscript><p>{STORY}</p><p>{STORY}</p></noscript>"
    ));
    assert!(found.text.contains(STORY) && found.embedded.is_none());
}

#[test]
fn embedded_pages_are_not_looked_into_again() {
    let inner =
        format!(r#"<script type=application/ld+json>{{\"articleBody\":\"{STORY}\"}}<\/script>"#);
    assert_eq!(
        extract(&json_ld(&format!(r#"{{"text":"{inner}"}}"#))).text,
        ""
    );
}

#[test]
fn the_explanation_says_where_the_text_is_from() {
    let page = json_ld(&format!(r#"{{"articleBody":"{STORY}"}}"#)) + "<p>Loading…</p>";
    let explanation = Extractor::new(&Config::default())
        .unwrap()
        .explain(&page, None);
    let kept: Vec<_> = explanation
        .blocks
        .iter()
        .filter(|b| b.decision == crate::Decision::Kept)
        .collect();
    assert!(kept.iter().any(|block| block.text == STORY));
    for block in kept {
        let mut top = block.element;
        while explanation.elements[top].parent != top {
            top = explanation.elements[top].parent;
        }
        assert_eq!(
            explanation.elements[top].label,
            "[not in the page's elements: from JSON-LD]"
        );
    }
    assert!(
        explanation
            .blocks
            .iter()
            .any(|block| block.text == "Loading…")
    );
}

proptest! {
    #[test]
    fn any_data_is_survived(parts in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"text\"", "\"author\"", "\"content\"", "\"name\"", "\"@type\"",
        "\"Question\"", "\"{\\\"text\\\":\\\"a\\\"}\"", "1", "null", "\"<p>a</p>\"", "\"&lt;p\"", " ", "=", "中",
        "\"The boats came back, and nobody had seen them leave before noon, three of the people said.\"",
    ]), 0..40)) {
        let json = parts.concat() + &" ".repeat(100);
        for page in [json_ld(&json), script(" type=text/json", &json), script("", &format!("a={json}"))] {
            let found = extract(&page);
            prop_assert!(found.text.chars().all(|c| !c.is_ascii_control() || matches!(c, '\n' | '\t')));
        }
    }
}
