use proptest::prelude::*;

use super::*;

fn html(body: &str) -> String {
    read(&format!(
        "<html><head><title>T</title><style>x</style></head><body>{body}</body></html>"
    ))
    .html
}

#[test]
fn only_text_is_left() {
    for (body, expected) in [
        ("<p class='a'>x<script>y</script></p>", "<p>x</p>"),
        (
            "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>",
            "<p>漢字</p>",
        ),
        (
            "<p>a<span epub:type='pagebreak'>12</span>b<a epub:type='noteref' href='#n'>1</a></p>",
            "<p>ab</p>",
        ),
        (
            "<p>a<sup><a href='n.xhtml#n'>2</a></sup> b<a href='#x'>[3]</a> see <a href='#c'>chapter 4</a></p>",
            "<p>a<sup></sup> b see chapter 4</p>",
        ),
        (
            "<aside epub:type='footnote'><p>note</p></aside><p>text</p>",
            "<p>text</p>\n<aside><p>note</p>\n</aside>",
        ),
        ("<p>one<p>two<br>three", "<p>one</p>\n<p>two<br>three</p>"),
        (
            "<p>a &nbsp;&amp; &lt;b&gt;</p><a id='x'/><p/>",
            "<p>a \u{a0}&amp; &lt;b&gt;</p>",
        ),
        (
            "<nav epub:type='toc'><ol><li>x</li></ol></nav><svg><title>t</title><text>words</text></svg>",
            "words",
        ),
        (
            "<p>a<img class='gaiji' alt='〓' src='g.png'/><img alt='a picture'/></p>",
            "<p>a〓</p>",
        ),
    ] {
        assert_eq!(html(body), expected, "{body}");
    }
    let chapter = read("<head><title> A T</title></head><body epub:type='titlepage'><h1>x</h1>");
    assert!(chapter.heading && chapter.is_apparatus);
    assert_eq!(chapter.title.as_deref(), Some(" A T"));
}

proptest! {
    #[test]
    fn tags_are_closed(text in "(</?(p|b|h1|li|ul|sup|script|aside epub:type='footnote'|a href='#')>|[a-z &<]{0,4}){0,40}") {
        let html = read(&text).html;
        let count = |tag: &str| html.matches(tag).count();
        for name in ["p", "b", "h1", "ul", "sup", "aside"] {
            prop_assert_eq!(count(&format!("<{name}>")), count(&format!("</{name}>")), "{}", html);
        }
    }
}
