use super::*;

fn read(lang: &str, source: &str) -> String {
    let head = format!("<mediawiki xml:lang=\"{lang}\">");
    let site = Site::of(head.as_bytes());
    let options = Options::default();
    let page = Page {
        title: "Title",
        site: &site,
        options: &options,
    };
    to_text(source, &page)
}

#[track_caller]
fn check(lang: &str, cases: &[(&str, &str)]) {
    for (source, text) in cases {
        assert_eq!(read(lang, source), *text, "{source}");
    }
}
