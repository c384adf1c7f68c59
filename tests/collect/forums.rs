//! Forums: threads across tables, files and pages; cut, damaged and hostile ones.

use std::collections::BTreeSet;
use std::fs;

use super::{Collected, collect_bytes, collect_path, fixture};

/// No real name in what came out.
fn assert_no_names(collected: &Collected, names: &[&str]) {
    for row in &collected.kept {
        let text = String::from_utf8_lossy(&row.body);
        let shown = format!("{text} {:?} {:?}", row.author, row.title);
        for name in names {
            assert!(!shown.contains(name), "{name} in {shown}");
        }
    }
}

fn pseudonyms(collected: &Collected) -> BTreeSet<String> {
    let text = collected.bodies().concat();
    let all = text
        .match_indices("user-")
        .map(|(at, _)| text[at..at + 13].to_owned());
    all.collect()
}

#[test]
fn stack_exchange_tables_are_joined() {
    for kind in ["auto", "stackexchange"] {
        let out = collect_path(kind, &fixture("stackexchange"), "");
        assert!(out.ok, "{}", out.stderr);
        let mut rules = out.rules();
        rules.sort_unstable();
        assert_eq!(
            rules,
            ["collect.orphan", "collect.orphan", "collect.post_type"]
        );
        let [tea, longjing] = &out.kept[..] else {
            panic!("{}", out.stderr)
        };
        assert_eq!(
            tea.url.as_deref(),
            Some("https://tea.stackexchange.com/questions/1")
        );
        assert_eq!(tea.license.as_deref(), Some("CC-BY-SA-4.0"));
        assert_eq!(longjing.title.as_deref(), Some("龙井的水温"));
        let body = out.bodies()[0];
        let at = |words: &str| body.find(words).unwrap();
        assert!(
            at("Which water") < at("green-tea, water") && at("green-tea, water") < at("tap water")
        );
        assert!(at("tap water") < at("Filtered water") && at("Filtered water") < at("it works"));
        assert!(
            at("it works &amp; tastes") < at("Soft water") && body.contains("boil(@override);")
        );
        assert_no_names(&out, &["Brew", "Dora", "Carla", "阿明", "users/16"]);
        assert_eq!(pseudonyms(&out).len(), 4);
    }
}

#[test]
fn comments_join_across_files() {
    for kind in ["auto", "comments"] {
        let out = collect_path(kind, &fixture("comments"), "");
        assert!(out.ok, "{}", out.stderr);
        assert_eq!(
            out.rules(),
            ["collect.deleted", "collect.bot", "collect.no_text"]
        );
        assert_eq!(out.kept.len(), 2);
        let first = &out.kept[0];
        assert_eq!(first.media_type, "text/markdown");
        assert_eq!(
            first.url.as_deref(),
            Some("https://www.reddit.com/r/tea/comments/s1/how_warm/")
        );
        let body = out.bodies()[0];
        assert!(
            body.starts_with("# How warm is warm?\n\nuser-")
                && body.contains("*no* display & I guess.")
        );
        assert!(body.contains("\n\n  > how\n\n  With care.\n\n  - user-"));
        assert_no_names(&out, &["MossyKettle", "QuietLeaf", "青瓷"]);
    }
}

#[test]
fn pages_of_a_thread_become_one_document() {
    let out = collect_path("forum", &fixture("forum"), "");
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.rules(), ["collect.not_a_thread"]);
    let titles: BTreeSet<_> = out
        .kept
        .iter()
        .filter_map(|row| row.title.as_deref())
        .collect();
    assert_eq!(
        titles,
        BTreeSet::from(["Cold brew", "Storing tea", "冷泡茶怎么泡"])
    );
    assert_no_names(
        &out,
        &[
            "Steeper",
            "Wanderer",
            "larder",
            "tinman",
            "山间客",
            "竹影",
            "Drink more tea",
        ],
    );
    for (title, last) in [
        ("Cold brew", "<code>6h</code> it is"),
        ("冷泡茶怎么泡", "谢谢！"),
    ] {
        let at = out
            .kept
            .iter()
            .position(|row| row.title.as_deref() == Some(title))
            .unwrap();
        let body = out.bodies()[at];
        assert!(
            body.find(last).unwrap() > body.find("<blockquote>").unwrap(),
            "{body}"
        );
    }
    assert_eq!(pseudonyms(&out).len(), 6);
}

#[test]
fn the_key_decides_over_pseudonyms() {
    let run = |key: &str| {
        let path = fixture("comments");
        let path = path.display();
        super::collect(&format!(
            "[collect.forum]\npseudonym_key = \"{key}\"\n[[collect.source]]\nname = \"s\"\npath = \"{path}\"\n"
        ))
    };
    assert_eq!(pseudonyms(&run("one")), pseudonyms(&run("one")));
    assert!(pseudonyms(&run("one")).is_disjoint(&pseudonyms(&run("two"))));
}

#[test]
fn cut_and_hostile_dumps_end_in_rows() {
    let posts = fs::read(fixture("stackexchange/tea.stackexchange.com/Posts.xml")).unwrap();
    for cut in [posts.len() / 3, posts.len() - 12] {
        let out = collect_bytes("stackexchange", "Posts.xml", &posts[..cut]);
        assert!(out.ok && !out.kept.is_empty(), "{}", out.stderr);
    }
    let bomb = b"<!DOCTYPE posts [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<posts>\n<row Id=\"1\" PostTypeId=\"1\" Body=\"&b;&b;\" />\n</posts>";
    let out = collect_bytes("stackexchange", "Posts.xml", bomb);
    assert!(
        out.ok && out.rules() == ["collect.media_type"],
        "{}",
        out.stderr
    );
    let deep = format!(
        "<div class=post><b class=username>A</b><div class=content>{}x",
        "<div>".repeat(200_000)
    );
    let out = collect_bytes("forum", "a.html", deep.as_bytes());
    assert!(
        out.ok && out.kept.len() + out.dropped.len() == 1,
        "{}",
        out.stderr
    );
}
