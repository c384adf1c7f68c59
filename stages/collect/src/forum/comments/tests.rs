use proptest::prelude::*;

use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;
use crate::sniff::{self, Format};

fn read(text: &str) -> Memory {
    read_bytes(&source("comments"), "RC.jsonl", text.as_bytes().to_vec())
}

const THREAD: &str = r#"{"id":"c1","link_id":"t3_s","parent_id":"t3_s","author":"Ann","body":"First &gt; second\n\n    code","created_utc":"1400000010","score":1,"subreddit":"x"}
{"id":"c2","link_id":"t3_s","parent_id":"t1_c1","author":"Bob","body":"@Ann, /u/ann: no","created_utc":1400000020,"score":5,"subreddit":"x"}
{"id":"c3","link_id":"t3_s","parent_id":"t3_s","author":"[deleted]","body":"[removed]","created_utc":1400000030,"score":9,"subreddit":"x"}
{"id":"c4","link_id":"t3_s","parent_id":"t1_c3","author":"Ann","body":"Reply to what is gone","created_utc":1400000040.0,"score":1,"subreddit":"x"}
{"id":"s","author":"Bob","title":"Tea &amp; 茶","selftext":"Which?","subreddit":"x","created_utc":1400000000,"permalink":"/r/x/comments/s/tea/","score":3,"num_comments":3}
{"id":"c9","link_id":"t3_other","parent_id":"t1_gone","author":"AutoModerator","body":"Rules","created_utc":1,"subreddit":"x"}
{"id":"c8","link_id":"t3_other","parent_id":"t1_gone","author":"Cy","body":"Alone","created_utc":1,"subreddit":"x"}
"#;

#[test]
fn a_thread_reads_as_a_conversation() {
    let out = read(THREAD);
    assert_eq!(out.rules(), ["collect.deleted", "collect.bot"]);
    let [other, thread] = &out.kept[..] else {
        panic!("{:?}", out.kept)
    };
    assert!(
        std::str::from_utf8(&other.body)
            .unwrap()
            .ends_with(":\n\n  Alone\n\n")
    );
    assert_eq!(thread.title.as_deref(), Some("Tea & 茶"));
    assert_eq!(
        thread.url.as_deref(),
        Some("https://www.reddit.com/r/x/comments/s/tea/")
    );
    assert_eq!(thread.time.as_deref(), Some("2014-05-13T16:53:20Z"));
    let (ann, bob) = (
        crate::forum::pseudonym::Pseudonyms::new("s").of("Ann"),
        crate::forum::pseudonym::Pseudonyms::new("s").of("Bob"),
    );
    let expected = format!(
        "# Tea & 茶\n\n{bob}:\n\nWhich?\n\n- {ann}:\n\n  Reply to what is gone\n\n- {ann}:\n\n  First > second\n\n      code\n\n  - {bob}:\n\n    @{ann}, /u/{ann}: no\n\n"
    );
    assert_eq!(String::from_utf8_lossy(&thread.body), expected);
}

#[test]
fn only_such_lines_are_taken_for_comments() {
    let of = |line: &str| sniff::format(crate::config::Kind::Auto, line.as_bytes(), "a.jsonl");
    for line in THREAD.lines() {
        assert_eq!(of(line), Format::Comments, "{line}");
    }
    for line in [
        r#"{"text": "a", "subreddit": "x", "author": "b"}"#,
        r#"{"text": "\"subreddit\": \"author\": \"selftext\": \"permalink\":"}"#,
        r#"{"body": "a", "parent_id": "1", "author": "b"}"#,
    ] {
        assert_eq!(of(line), Format::JsonLines, "{line}");
    }
}

#[test]
fn circles_depth_and_wrong_types() {
    let comment = |id: usize, parent: usize| {
        format!(
            "{{\"id\":\"{id}\",\"link_id\":\"t3_s\",\"parent_id\":\"t1_{parent}\",\"author\":\"a\",\"body\":\"text{id}.\",\"subreddit\":\"x\"}}\n"
        )
    };
    let circle = read(&(comment(1, 2) + &comment(2, 3) + &comment(3, 1) + &comment(4, 4)));
    let body = circle.bodies()[0].to_owned();
    for id in 1..=4 {
        assert_eq!(body.matches(&format!("text{id}.")).count(), 1);
    }
    let deep: String = (1..100_000).map(|id| comment(id, id - 1)).collect();
    let out = read(&deep);
    assert_eq!(out.kept.len(), 1);
    assert_eq!(out.bodies()[0].matches("text").count(), 99_999);
    assert!(out.bodies()[0].len() < 10 << 20);
    let wrong = "{\"id\":1,\"link_id\":[],\"body\":\"x\"}\n{\"id\":{},\"title\":\"x\"}\n[1]\n{\"id\":7,\"title\":\"t\",\"selftext\":\"words\",\"created_utc\":\"soon\",\"score\":[]}\n";
    let out = read(wrong);
    assert_eq!(
        out.rules(),
        [
            "collect.invalid_row",
            "collect.invalid_row",
            "collect.invalid_json"
        ]
    );
    assert_eq!(out.kept.len(), 1);
}

#[test]
fn titles_alone_and_copies_are_dropped() {
    let line =
        r#"{"id":"s","author":"B","title":"T","selftext":"","subreddit":"x","permalink":"/r/x"}"#;
    assert_eq!(read(line).rules(), ["collect.no_text"]);
    let twice = format!("{THREAD}{THREAD}");
    let out = read(&twice);
    assert_eq!(out.kept.len(), 2);
    assert_eq!(
        out.rules()
            .iter()
            .filter(|rule| **rule == "collect.duplicate_row")
            .count(),
        5
    );
}

proptest! {
    #[test]
    fn every_comment_stands_once(parents in prop::collection::vec(0_usize..40, 0..40)) {
        let text: String = parents.iter().enumerate().map(|(id, parent)| {
            format!("{{\"id\":\"{id}\",\"link_id\":\"t3_s\",\"parent_id\":\"t1_{parent}\",\"body\":\"text{id}.\"}}\n")
        }).collect();
        let out = read(&text);
        let all = out.bodies().concat();
        for id in 0..parents.len() {
            prop_assert_eq!(all.matches(&format!("text{id}.")).count(), 1);
        }
    }

    #[test]
    fn any_line_ends_in_rows(text in "(\\{\"(id|body|link_id|title|selftext)\": ?(\"[a-z]*\"|[0-9]|null|\\[\\])(, ?\"(parent_id|id|score)\": ?(\"t1_x\"|9))?\\}?\n){0,5}") {
        let out = read(&text);
        let rows = text.lines().filter(|line| !line.trim().is_empty()).count();
        prop_assert!(out.kept.len() + out.dropped.len() <= rows.max(1) * 2);
    }
}
