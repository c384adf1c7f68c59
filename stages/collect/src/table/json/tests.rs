use proptest::prelude::*;
use serde_json::json;

use crate::config::SourceConfig;
use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;

fn read(text: &str) -> Memory {
    read_bytes(&source("json"), "a.json", text.as_bytes().to_vec())
}

#[test]
fn arrays_objects_and_objects_in_a_row() {
    for text in [
        r#"[{"text": "a", "x": [{"y": 1}]}, {"text": "b"}]"#,
        "\u{feff} [\n  {\n    \"text\": \"a\"\n  },\n  {\n    \"text\": \"b\"\n  }\n]\n",
        "{\"text\": \"a\"}\n{\"text\": \"b\"}",
        "{\n\"text\": \"a\"\n}\n\n{\n\"text\": \"b\"\n}\n",
        r#"{"version": "1", "data": [{"text": "a"}, {"text": "b"}]}"#,
        r#"{"features": [{"name": "text"}], "rows": [{"row_idx": 0, "row": {"text": "a"}}, {"row": {"text": "b"}}]}"#,
        r#"{"took": 5, "hits": {"total": [1, [2]], "hits": [{"_source": {"text": "a"}}, {"_source": {"text": "b"}}]}}"#,
        r#"{"page": 1, "data": [{"text": "a"}]}{"page": 2, "data": [{"text": "b"}]}"#,
    ] {
        let out = read(text);
        assert_eq!(out.dropped, [], "{text}");
        assert_eq!(out.bodies(), ["a", "b"], "{text}");
    }
    let one = read(r#"{"comments": [{"text": "no"}], "text": "yes"}"#);
    assert_eq!((one.bodies(), one.dropped.len()), (vec!["yes"], 0));
    assert_eq!(read("[]").rules(), [""; 0]);
}

#[test]
fn offsets_and_places_are_told() {
    let text = "[\n {\"text\": \"a\"},\n {\"text\": \"b\",},\n {\"text\": \"c\"}]";
    let out = read(text);
    assert_eq!(out.bodies(), ["a", "c"]);
    assert_eq!(out.rules(), ["collect.invalid_json"]);
    let offset = out.dropped[0].offset as usize;
    assert!(text[offset..].starts_with("{\"text\": \"b\""));
    let detail = out.dropped[0].detail.as_deref().unwrap();
    assert!(
        detail.starts_with("line 3, column 15, byte 32: "),
        "{detail}"
    );
    let nan = read(r#"[{"text": "a", "score": NaN}]"#);
    assert!(nan.dropped[0].detail.as_deref().unwrap().contains("NaN"));
}

#[test]
fn reading_goes_on_behind_mistakes() {
    for (text, kept, rules) in [
        ("[{\"text\":\"a\",},{\"text\":\"b\"}]", "b", 1),
        ("[{\"text\":\"a\"},,{\"text\":\"b\"},]", "ab", 2),
        ("[{\"text\":\"a\"} {\"text\":\"b\"}]", "ab", 0),
        (
            "[{\"text\":\"a\"},\n{\"text\":\"b},\n{\"text\":\"c\"}]",
            "ac",
            1,
        ),
        (
            "[\n{\"text\":\"a\",\n{\"text\":\"b\"},\n{\"text\":\"c\"}\n]",
            "bc",
            1,
        ),
        (
            "[\n  {\n  \"text\": \"a\n  b\"\n  },\n  {\n  \"text\": \"c\"\n  }\n]",
            "c",
            1,
        ),
        ("[{\"text\":\"a\nb\"},{\"text\":\"c\"}]", "c", 1),
        ("[{\"text\":\"a\"},{\"text\":\"b\"", "a", 1),
        ("[{\"text\":\"a\"},", "a", 1),
        ("[{\"text\":\"a\"},{\"text\":\"b\"]", "a", 1),
        (
            "{\"text\":\"a\"}\n{\"text\":\"b\n{\"text\":\"c\"}\n}\n{\"text\":\"d\"}",
            "acd",
            2,
        ),
        (
            "{\"data\":[{\"text\":\"a\"},{bad},{\"text\":\"b\"}]}",
            "ab",
            1,
        ),
        ("{\"data\":[{\"text\":\"a\"},{\"text\":", "a", 1),
        ("[{\"text\":\"a\"}] x", "a", 1),
        ("[][]", "", 1),
        ("", "", 1),
        ("nope", "", 1),
    ] {
        let out = read(text);
        assert_eq!(out.bodies().concat(), kept, "{text} {:?}", out.dropped);
        assert_eq!(out.dropped.len(), rules, "{text} {:?}", out.dropped);
    }
}

#[test]
fn what_is_no_object_is_one_row() {
    let out = read(r#"[1, "a", [{"text": "b"}], null, {"text": "c"}]"#);
    assert_eq!(out.bodies(), ["c"]);
    assert_eq!(out.rules(), ["collect.no_text"]);
    assert_eq!(out.counts["values_that_are_no_objects"], 3);
    assert_eq!(read("5").rules(), ["collect.no_text"]);
    assert_eq!(read("{\"a\": [1, 2]}").rules(), ["collect.no_text"]);
}

#[test]
fn long_records_and_deep_ones_are_dropped() {
    let mut small = source("json");
    small.settings.max_record = 1000;
    let long = "x".repeat(200_000);
    let text = format!(r#"[{{"text": "{long}"}}, {{"text": "a"}}]"#);
    let out = read_bytes(&small, "a", text.into_bytes());
    assert_eq!(
        (out.rules(), out.bodies()),
        (vec!["collect.too_large"], vec!["a"])
    );
    assert_eq!(out.dropped[0].value, Some(200_012.0));
    // What is around records may be long.
    let text = format!(r#"{{"about": "{long}", "data": [{{"text": "a"}}]}}"#);
    let out = read_bytes(&small, "a", text.into_bytes());
    assert_eq!((out.rules(), out.bodies()), (vec![], vec!["a"]));
    let text = format!(r#"{{"text": "{long}"}}"#);
    assert_eq!(
        read_bytes(&small, "a", text.into_bytes()).rules(),
        ["collect.too_large"]
    );
    for open in ["[", "{\"a\":", "[{\"text\":"] {
        let out = read(&open.repeat(300_000));
        assert_eq!(out.rules(), ["collect.invalid_json"]);
    }
    let closed = format!(
        "[{{\"text\": {}1{}}}]",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    assert_eq!(read(&closed).rules(), ["collect.invalid_json"]);
}

#[test]
fn wide_charsets_and_lone_surrogates() {
    let text = "[{\"text\": \"中文\"}]";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let utf32: Vec<u8> = text
        .chars()
        .flat_map(|c| (c as u32).to_le_bytes())
        .collect();
    for bytes in [utf16.clone(), utf32] {
        assert_eq!(
            read_bytes(&source("json"), "a.json", bytes).bodies(),
            ["中文"]
        );
    }
    let auto = read_bytes(&source("auto"), "a.json", utf16);
    assert_eq!(
        (auto.bodies(), auto.kept[0].media_type.as_str()),
        (vec!["中文"], "text/plain")
    );
    let mut gbk = source("json");
    gbk.source = crate::listing::Source::new(&SourceConfig {
        charset: Some("gbk".into()),
        ..gbk.source.config.clone()
    })
    .unwrap();
    let bytes = encoding_rs::GBK.encode(text).0.into_owned();
    assert_eq!(read_bytes(&gbk, "a.json", bytes).bodies(), ["中文"]);
    let out = read(r#"[{"text": "a\ud800b\\ud800\ud83d\ude00\udc00"}]"#);
    assert_eq!(out.bodies(), ["a\u{fffd}b\\ud800\u{1f600}\u{fffd}"]);
}

fn records() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[^\\pC]{0,20}[a-z]", 0..8)
}

proptest! {
    #[test]
    fn any_text_round_trips_in_every_form(texts in records(), form in 0..5) {
        let rows: Vec<_> = texts.iter().map(|text| json!({"x": {"y": [text]}, "text": text})).collect();
        let file = match form {
            0 => serde_json::to_string(&rows).unwrap(),
            1 => serde_json::to_string_pretty(&rows).unwrap(),
            2 => json!({"a": [1], "data": rows}).to_string(),
            3 => rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            _ => rows.iter().map(|row| format!("{row:#}")).collect::<Vec<_>>().join("\n"),
        };
        let out = read(&file);
        prop_assert_eq!(out.bodies(), texts);
        for row in &out.kept {
            prop_assert_eq!(file.as_bytes()[row.offset as usize], b'{');
        }
    }

    #[test]
    fn a_mistake_costs_only_its_record(texts in records(), at in any::<prop::sample::Index>(), broken in "\\{\"text\": ?\"a[\"}]{0,3}") {
        let mut lines: Vec<String> = texts.iter().map(|text| json!({"text": text}).to_string()).collect();
        lines.insert(at.index(lines.len() + 1), broken.clone());
        if serde_json::from_str::<serde_json::Value>(&broken).is_err() {
            let out = read(&format!("[\n{}\n]", lines.join(",\n")));
            // The row behind may have to be given up, no other.
            prop_assert!(out.kept.len() + 1 >= texts.len(), "{:?}", out.dropped);
            prop_assert!(!out.dropped.is_empty());
        }
    }

    #[test]
    fn anything_ends_in_rows(pieces in prop::collection::vec(prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"", "\n", "\\", "1", "\"text\"", "\"a\"", "{\"text\":\"a\"}", " ", "x"]), 0..60)) {
        let out = read(&pieces.concat());
        let mut ids: Vec<_> = out.kept.iter().map(|row| &row.id).chain(out.dropped.iter().map(|row| &row.id)).collect();
        let rows = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), rows);
    }
}
