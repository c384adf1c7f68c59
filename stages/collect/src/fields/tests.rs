use serde_json::json;

use super::*;

fn fill(record: Value, source: SourceConfig) -> Result<RawDocument, String> {
    let names = Names::of(&Config::default()).with(&source);
    let fields = Fields::new(&names);
    let object = fields.parse(record.to_string().as_bytes()).unwrap();
    let mut row = RawDocument::default();
    fields.fill(object, &mut row, &source).map(|()| row)
}

fn body(record: Value) -> String {
    let row = fill(record, SourceConfig::default()).unwrap();
    String::from_utf8(row.body).unwrap()
}

#[test]
fn lists_and_nested_objects_hold_text() {
    assert_eq!(body(json!({"text": ["a", "", "b"]})), "a\nb");
    let source = SourceConfig {
        text_fields: vec!["paragraphs.context".into()],
        title_fields: vec!["a.b".into()],
        ..SourceConfig::default()
    };
    let record = json!({
        "text": "not this", "title": "nor this", "a.b": "whole", "a": {"b": "split"},
        "license": "MIT", "lang": "en",
        "paragraphs": [{"context": "one", "qas": []}, {"context": "two"}],
    });
    let row = fill(record, source).unwrap();
    assert_eq!(row.body, b"one\n\ntwo");
    assert_eq!(row.title.as_deref(), Some("whole"));
    assert_eq!(row.license.as_deref(), Some("MIT"));
    assert_eq!(row.lang.as_deref(), Some("en"));
}

#[test]
fn conversations_become_one_text() {
    let turns = json!([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]},
        {"role": "assistant", "content": null, "tool_calls": []},
        {"role": "Ann", "content": "Hello\n"},
    ]);
    let expected = "System: Be kind.\n\nUser: Hi\n\nAnn: Hello";
    assert_eq!(body(json!({"messages": turns})), expected);
    let turns = json!([{"from": "human", "value": "1?"}, {"from": "gpt", "value": "2"}]);
    let expected = "User: 1?\n\nAssistant: 2";
    assert_eq!(body(json!({"conversations": turns})), expected);
    let none = fill(
        json!({"messages": [{"role": "user"}]}),
        SourceConfig::default(),
    );
    assert!(none.unwrap_err().ends_with("html, messages, conversations"));
}

#[test]
fn what_is_nested_too_deeply_holds_no_text() {
    let mut value = json!("a");
    for _ in 0..MAX_DEPTH {
        value = json!([value]);
    }
    assert!(fill(json!({"text": value}), SourceConfig::default()).is_err());
}
