//! News and blogs.

use textmill_schemas::CONTENT_HTML;

use super::{Collected, collect_bytes, collect_path, fixture};

#[test]
fn each_format_is_found_by_its_content() {
    let out = collect_path("auto", &fixture("feed"), "");
    assert!(out.ok, "{}", out.stderr);
    let titles: Vec<_> = out.kept.iter().map(|row| row.title.as_deref()).collect();
    assert_eq!(
        titles,
        [
            Some("Die ersten Bohnen"),
            Some("One"),
            None,
            Some("Beans & peas again")
        ]
    );
    let beans = &out.kept[3];
    assert_eq!(
        beans.url.as_deref(),
        Some("https://garden.example/2024/beans")
    );
    assert_eq!(beans.author.as_deref(), Some("Nora Field"));
    assert_eq!(beans.time.as_deref(), Some("2024-05-07T07:30:00Z"));
    assert_eq!(beans.lang.as_deref(), Some("en"));
    assert_eq!(beans.media_type, CONTENT_HTML);
    assert_eq!(
        out.kept[0].url.as_deref(),
        Some("https://garden.example/bohnen")
    );
    assert_eq!(out.kept[0].author.as_deref(), Some("Nora Feld"));
    assert_eq!(out.rules(), ["collect.no_content"]);
    assert_eq!(
        out.dropped[0].url.as_deref(),
        Some("https://garden.example/2024/teaser")
    );
}

#[test]
fn summaries_are_kept_when_asked_for() {
    let out = collect_path("feed", &fixture("feed/rss.xml"), "summaries = true");
    assert!(out.ok, "{}", out.stderr);
    assert_eq!((out.kept.len(), out.dropped.len()), (2, 0));
}

fn damaged(bytes: &[u8]) -> Collected {
    let out = collect_bytes("feed", "feed.xml", bytes);
    assert!(out.ok, "{}", out.stderr);
    out
}

#[test]
fn damage_ends_in_dropped_rows() {
    let whole = std::fs::read(fixture("feed/rss.xml")).unwrap();
    let cut = damaged(&whole[..whole.len() - 150]);
    assert_eq!(
        (cut.kept.len(), cut.rules()),
        (1, vec!["collect.truncated"])
    );
    let laughs = "<!DOCTYPE rss [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><rss><item><description>&c;</description></item></rss>";
    assert_eq!(damaged(laughs.as_bytes()).bodies(), ["&c;"]);
    let deep = format!(
        "<rss><item><description>x</description>{}</item></rss>",
        "<a>".repeat(100_000)
    );
    assert_eq!(damaged(deep.as_bytes()).bodies(), ["x"]);
    assert_eq!(damaged(b"no feed at all").rules(), ["collect.no_entries"]);
}
