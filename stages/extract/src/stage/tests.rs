use super::*;

mod documents;

use documents::{process, raw};

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
