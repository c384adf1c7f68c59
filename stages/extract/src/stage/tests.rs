use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn show(found: &Extracted) -> String {
    let field = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    format!(
        "title: {}\nauthor: {}\ndate: {}\nlang: {}\n\n{}",
        field(&found.title),
        field(&found.author),
        field(&found.date),
        field(&found.lang),
        found.text
    )
}

fn extract_html(html: &str, url: Option<&str>, config: &Config) -> Extracted {
    Extractor::new(config).unwrap().extract(html, url)
}

fn page(html: &str) -> Extracted {
    extract_html(html, None, &Config::default())
}

#[test]
fn news() {
    insta::assert_snapshot!(show(&page(include_str!("pages/news.html"))));
}

#[test]
fn chinese_news() {
    insta::assert_snapshot!(show(&page(include_str!("pages/news-zh.html"))));
}

#[test]
fn forum_thread() {
    insta::assert_snapshot!(show(&page(include_str!("pages/forum.html"))));
}

#[test]
fn forum_thread_shown_by_a_script() {
    insta::assert_snapshot!(show(&page(include_str!("pages/forum-by-script.html"))));
}

#[test]
fn documentation_with_code_table_and_formula() {
    insta::assert_snapshot!(show(&page(include_str!("pages/docs.html"))));
}

#[test]
fn old_table_layout() {
    insta::assert_snapshot!(show(&page(include_str!("pages/tables.html"))));
}

#[test]
fn recipe() {
    insta::assert_snapshot!(show(&page(include_str!("pages/recipe.html"))));
}

#[test]
fn comments_and_tables_are_a_choice() {
    let html = include_str!("pages/news.html");
    let comment = "I have been waiting for years";
    assert!(!page(html).text.contains(comment));
    let config = Config {
        include_comments: true,
        ..Config::default()
    };
    assert!(extract_html(html, None, &config).text.contains(comment));
    let html = include_str!("pages/docs.html");
    assert!(page(html).text.contains("r | read from the start | no"));
    let config = Config {
        include_tables: false,
        ..Config::default()
    };
    assert!(
        !extract_html(html, None, &config)
            .text
            .contains("read from the start")
    );
}

fn raw(media_type: &str, body: impl Into<Vec<u8>>) -> RawDocument {
    RawDocument {
        media_type: media_type.into(),
        body: body.into(),
        ..RawDocument::default()
    }
}

fn process(input: RawDocument) -> Verdict<Document> {
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
    let mut input = raw("Text/HTML; charset=x", include_str!("pages/news.html"));
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

/// The parts of a text that spans name.
fn parts<'a>(text: &'a str, spans: &[Range<usize>]) -> Vec<&'a str> {
    spans.iter().map(|span| &text[span.clone()]).collect()
}

#[test]
fn title_code_comments_and_authors_can_be_told() {
    let found = page(include_str!("pages/docs.html"));
    assert_eq!(parts(&found.text, &found.spans.title), ["Reading files¶"]);
    let code = parts(&found.text, &found.spans.code);
    assert!(code.len() == 1 && code[0].starts_with("with open_file") && code[0].contains("\n    "));
    let config = Config {
        include_comments: true,
        ..Config::default()
    };
    let found = extract_html(include_str!("pages/news.html"), None, &config);
    let comments = parts(&found.text, &found.spans.comments);
    assert!(comments.len() == 1 && comments[0].contains("I have been waiting for years"));
    assert!(found.text.ends_with(comments[0]));
    let content = &found.text[..found.spans.comments[0].start];
    assert_eq!(
        content.trim_end(),
        page(include_str!("pages/news.html")).text
    );
}

#[test]
fn names_stand_before_their_posts_as_lines_that_can_be_told() {
    let found = page(include_str!("pages/forum.html"));
    let names = parts(&found.text, &found.spans.authors);
    let expected = [
        "by lena_k on 3 June 2021, 18:22",
        "by oldspanner on 3 June 2021, 19:05",
        "by lena_k on 6 June 2021, 08:40",
    ];
    assert_eq!(names, expected);
    let Verdict::Keep(document) = process(raw("text/html", include_str!("pages/forum.html")))
    else {
        panic!("dropped")
    };
    assert_eq!(document.author_spans.len(), 6);
}

#[test]
fn spans_are_columns_of_the_document() {
    let Verdict::Keep(document) = process(raw("text/html", include_str!("pages/docs.html"))) else {
        panic!("dropped")
    };
    let [start, end] = document.code_spans[..] else {
        panic!("{:?}", document.code_spans)
    };
    assert!(document.text[start as usize..end as usize].starts_with("with open_file"));
    assert_eq!(document.title_span.len(), 2);
}

const PROSE: &str =
    "The harbour was quiet in the morning, and the boats came back before noon, as they do.";

/// Text of a page with something between paragraphs.
fn between(part: &str, config: &Config) -> String {
    let prose = format!("<p>{PROSE} {PROSE}</p>").repeat(3);
    let html = format!("<article><h1>Harbour</h1>{prose}{part}{prose}</article>");
    extract_html(&html, None, config).text
}

#[test]
fn verse_and_ruby_keep_their_form() {
    let config = Config::default();
    let text = between(
        "<p>The sea is grey,<br>the gulls are white,<br>the boats come home.</p>",
        &config,
    );
    assert!(
        text.contains("The sea is grey,\nthe gulls are white,\nthe boats come home."),
        "{text}"
    );
    let poem = "<pre class=poem>The sea is grey,\n  the gulls are white,\nthe boats come home at night.</pre>";
    let text = between(poem, &config);
    assert!(
        text.contains("The sea is grey,\nthe gulls are white,\nthe boats come"),
        "{text}"
    );
    let lines = "<p style='white-space: pre-line'>床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。</p>";
    let text = between(lines, &config);
    assert!(text.contains("床前明月光，\n疑是地上霜。"), "{text}");
    let ruby = "<p>これは<ruby>港<rp>(</rp><rt>みなと</rt><rp>)</rp></ruby>の朝です。船は昼前に戻ります。</p>";
    assert!(between(ruby, &config).contains("港(みなと)の朝"));
}

#[test]
fn consent_managers_are_left_out_wherever_they_stand() {
    let banner = "<div id=onetrust-banner-sdk><p>The harbour uses boats that come back before noon, and this \
                  long sentence reads like all the others on the page.</p></div>";
    let text = between(banner, &Config::default());
    assert!(!text.contains("reads like all the others"), "{text}");
}

#[test]
fn pictures_and_selectors_are_a_choice() {
    let part = "<p class=promo>Another long sentence about boats that come home before the night, and nets.</p>\
                <p>Here is <img src=a.png alt='a grey gull'> on the quay, and it looks at all the boats.</p>";
    let text = between(part, &Config::default());
    assert!(
        text.contains("about boats") && !text.contains("grey gull"),
        "{text}"
    );
    let config = Config {
        include_images: true,
        remove: vec!["article > p.promo".into()],
        ..Config::default()
    };
    let text = between(part, &config);
    assert!(
        !text.contains("about boats") && text.contains("Here is a grey gull on the quay"),
        "{text}"
    );
    let config = Config {
        remove: vec!["p[".into()],
        ..Config::default()
    };
    let error = Extractor::new(&config).unwrap_err().to_string();
    assert!(
        error.contains("extract.remove: `p[` is no CSS selector"),
        "{error}"
    );
}

#[test]
fn a_declared_shadow_root_is_shown_and_a_template_is_not() {
    let part = "<div><template shadowrootmode=open><p>The old pier is where the boats come home.</p></template></div>\
                <template><p>Never shown, this sentence about boats.</p></template>";
    let text = between(part, &Config::default());
    assert!(
        text.contains("The old pier") && !text.contains("Never shown"),
        "{text}"
    );
}

#[test]
fn what_is_content_from_beginning_to_end_is_kept_whole() {
    let html = "<h1>Kapitel 1</h1><p>Short.</p><ul><li><a href=x>Only a link</a></li></ul>\
                <blockquote><p>Quoted.</p></blockquote><pre>let x = 1;\nx</pre>\
                <table><tr><td>a</td><td>b</td></tr></table><footer>Copyright</footer>";
    let stage = Extract::new(&Config::default()).unwrap();
    let verdict = stage.process(raw(CONTENT_HTML, html));
    let Verdict::Keep(document) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(
        document.text,
        "Kapitel 1\n\nShort.\n\n- Only a link\n\nQuoted.\n\nlet x = 1;\nx\n\na | b\n\nCopyright"
    );
}
