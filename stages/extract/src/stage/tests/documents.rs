//! Documents as they come: of any kind, damaged and hostile.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

pub(super) fn raw(media_type: &str, body: impl Into<Vec<u8>>) -> RawDocument {
    RawDocument {
        media_type: media_type.into(),
        body: body.into(),
        ..RawDocument::default()
    }
}

pub(super) fn process(input: RawDocument) -> Verdict<Document> {
    Extract::new(&Config::default()).unwrap().process(input)
}

fn rule(verdict: Verdict<Document>) -> String {
    match verdict {
        Verdict::Keep(document) => format!("kept: {}", document.text),
        Verdict::Drop(reason) => reason.rule,
    }
}

#[test]
fn what_cannot_be_read_is_dropped_with_its_reason() {
    assert_eq!(
        rule(process(raw("application/pdf", "%PDF"))),
        "extract.media_type"
    );
    assert_eq!(
        rule(process(raw("text/html", "<script>x</script>"))),
        "extract.no_content"
    );
    assert_eq!(
        rule(process(raw("text/plain", " \n "))),
        "extract.no_content"
    );
    let stage = Extract::new(&Config {
        max_bytes: 3,
        ..Config::default()
    })
    .unwrap();
    assert_eq!(
        rule(stage.process(raw("text/html", "<p>long"))),
        "extract.too_large"
    );
    assert!(
        Extract::new(&Config {
            max_bytes: 0,
            ..Config::default()
        })
        .is_err()
    );
}

#[test]
fn provenance_and_declared_values_are_carried() {
    let mut input = raw("Text/HTML; charset=x", include_str!("../pages/news.html"));
    input.id = "7".into();
    input.title = Some("Given".into());
    let Verdict::Keep(document) = process(input) else {
        panic!("dropped")
    };
    assert_eq!(
        (document.id.as_str(), document.title.as_deref()),
        ("7", Some("Given"))
    );
    assert_eq!(document.date.as_deref(), Some("2024-05-17"));
    assert_eq!(document.charset.as_deref(), Some("utf-8"));
    assert_eq!(document.lang_hint.as_deref(), Some("en-GB"));
}

#[test]
fn plain_text_passes_through() {
    let text = "A hard-wrapped\nparagraph.\n\n> quoted, *as written*";
    let Verdict::Keep(document) = process(raw("text/markdown", text)) else {
        panic!("dropped")
    };
    assert_eq!(document.text, text);
}

#[test]
fn xhtml_is_read() {
    let body = r#"<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">
        <body><p>A paragraph of some length, which is all that this page has to say.</p></body></html>"#;
    assert!(rule(process(raw("application/xhtml+xml", body))).contains("all that this page"));
}

#[test]
fn evidence_of_a_wrong_charset_reaches_normalize() {
    let damaged = "ä»–ä¸€è·¯æ‰“å\u{90}¬ï¼Œèµ°äº†ä¸‰å¤©æ‰\u{8d}æ‰¾åˆ°è¿™é‡Œã€‚";
    let html = format!("<article><p>去年秋天，门口来了一个年轻人。{damaged}</p></article>");
    assert!(page(&html).text.contains(damaged));
}

#[test]
fn hidden_text_stays_only_where_a_script_uncovers_it() {
    let story = "<p>The pilots say that the table tells you what the sea intends, and no more.</p>";
    let hidden = format!("<div style='display:none'>{story}{story}</div>");
    assert_eq!(page(&format!("<body>{hidden}")).text, "");
    let data = r#"<script type="application/ld+json">{}</script>"#;
    assert_eq!(page(&format!("<body>{data}{hidden}")).text, "");
    let script = "<script>reveal()</script>";
    assert!(
        page(&format!("<body>{script}{hidden}"))
            .text
            .contains("pilots")
    );
    let head = format!("<head>{script}</head><body>{hidden}");
    assert!(page(&head).text.contains("pilots"));
    let streamed = format!("<body><div hidden id='S:0'>{story}{story}</div>");
    assert!(page(&streamed).text.contains("pilots"));
    let beside = format!("<head>{script}</head><body><article>{story}{story}{story}</article>");
    let note = "<p hidden>Nobody has ever read what is written here.</p>";
    assert!(!page(&(beside + note)).text.contains("Nobody"));
}

#[test]
fn paragraphs_below_the_depth_limit_stay_apart_and_scripts_stay_out() {
    let story = "<h1>The well</h1><p>It was dug by two <b>brothers</b>, long before the road.</p>\
        <script>var x = 'not prose';</script><p>Seven of them drank<br>from it every day.</p>";
    for (open, close) in [
        ("<div>", ""),
        ("<div>", "</div>"),
        ("<section>", ""),
        ("<div><span>", ""),
        ("<div></p></x>", ""),
    ] {
        let html = open.repeat(100_000) + story + &close.repeat(100_000);
        let text = page(&html).text;
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let expected = [
            "The well",
            "It was dug by two brothers, long before the road.",
            "Seven of them drank",
            "from it every day.",
        ];
        let heading = usize::from(lines.len() < expected.len());
        assert_eq!(lines, expected[heading..], "{open}");
    }
}

/// Bombs: each must be done well within a second a megabyte (ten, on a busy machine).
#[test]
fn hostile_pages_take_linear_time() {
    let text = "<p>There is some text here, as on any page, and it should be found again.</p>";
    let bombs = [
        (
            "depth",
            "<div>".repeat(100_000) + text + &"</div>".repeat(100_000),
        ),
        ("inline depth", "<b><i>".repeat(50_000) + text),
        (
            "blocks below the limit",
            "<div><p>x</q>".repeat(60_000) + text,
        ),
        ("formatting", "<p><font color=1><b id=2>x".repeat(20_000)),
        ("tables", "<table><tr><td>".repeat(40_000) + text),
        ("foster", "<table><b>x".repeat(40_000) + text),
        ("lists", "<ul><li>a".repeat(60_000) + text),
        ("siblings", "<i>a</i><p>b".repeat(60_000) + text),
        (
            "attributes",
            format!(
                "<p {}>{text}",
                (0..80_000).fold(String::new(), |s, i| s + &format!("a{i}=1 "))
            ),
        ),
        (
            "long attribute",
            format!("<p title=\"{}\">{text}", "x ".repeat(500_000)),
        ),
        (
            "classes",
            format!("<p class=\"{}\">{text}", "nav ad ".repeat(150_000)),
        ),
        (
            "entities",
            "&amp;&copy;&#x4e2d;&nosuch;".repeat(40_000) + text,
        ),
        ("comments", "<!--".repeat(250_000) + text),
        ("open tags", "<a".repeat(500_000)),
        (
            "rows",
            "<table>".to_owned() + &"<tr><td>a<td>b".repeat(70_000),
        ),
        ("breaks", "x<br>".repeat(200_000)),
        ("select", "<select><option>a".repeat(50_000) + text),
    ];
    for (name, html) in bombs {
        let start = Instant::now();
        let found = page(&html);
        let limit = Duration::from_secs_f64(10.0 * (html.len() as f64 / 1e6).max(1.0));
        assert!(start.elapsed() < limit, "{name}: {:?}", start.elapsed());
        assert!(found.text.len() < 4 * html.len(), "{name} grew");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..600)) {
        for kind in ["text/html", "text/plain", ""] {
            if let Verdict::Keep(document) = process(raw(kind, body.clone())) {
                prop_assert!(document.text.chars().all(|c| !c.is_ascii_control() || matches!(c, '\n' | '\t')));
            }
        }
    }

    #[test]
    fn any_markup_is_survived(parts in prop::collection::vec(
        prop::sample::select(vec![
            "<p>", "</p>", "<div class=content>", "</div>", "<table>", "<tr>", "<td>", "</table>", "<pre>",
            "</pre>", "<ul>", "<ol>", "<li>", "</ul>", "<b>", "</b>", "<a href=x>", "</a>", "<br>", "<h1>",
            "</h1>", "<math>", "</math>", "<svg>", "<template>", "</template>", "<script>", "</script>",
            "<ruby>a<rt>b", "<select>", "text and more. ", "中文，", "\u{1}\u{7f}\u{9b}", "<!--", "-->", "<",
            "<p hidden>", "<button>", "<title>", "<frameset>", "&#0;", "<plaintext>",
        ]), 0..60)) {
        let html = parts.concat();
        let once = page(&html);
        prop_assert_eq!(&once, &page(&html));
        prop_assert!(once.text.chars().all(|c| !c.is_ascii_control() || matches!(c, '\n' | '\t')));
    }
}
