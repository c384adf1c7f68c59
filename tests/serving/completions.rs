//! Completions: prompts, log-probabilities, streams.

use serde_json::{Value, json};

use crate::answer::{assert_near, logs, text};
use crate::model::model;
use crate::process::{Server, server};

#[test]
fn prompts_are_taken_in_every_form_and_answered_in_order() {
    let server = server();
    let prompts = ["The ferry", "渡船在早上离开了。", "A"];
    let ids: Vec<_> = prompts.iter().map(|prompt| server.tokens(prompt)).collect();
    let ask = |prompt: Value| {
        server.complete(&json!({"prompt": prompt, "max_tokens": 6, "temperature": 0, "echo": true}))
    };
    let (texts, tokens) = (ask(json!(prompts)), ask(json!(ids)));
    assert_eq!(texts["choices"], tokens["choices"]);
    for (index, (prompt, ids)) in prompts.iter().zip(&ids).enumerate() {
        let choice = &texts["choices"][index];
        assert_eq!(choice["index"], index);
        assert!(choice["text"].as_str().unwrap().starts_with(prompt));
        assert!(["length", "stop"].contains(&choice["finish_reason"].as_str().unwrap()));
        for alone in [ask(json!(prompt)), ask(json!(ids))] {
            assert_eq!(text(&alone), choice["text"]);
            assert_eq!(alone["usage"]["prompt_tokens"], ids.len());
            assert_eq!(alone["object"], "text_completion");
        }
    }
    let none = server
        .complete(&json!({"prompt": "The ferry", "max_tokens": 0, "echo": true, "logprobs": 1}));
    assert_eq!(text(&none), "The ferry");
    assert_eq!(logs(&none["choices"][0]).len(), ids[0].len());
    assert_eq!(none["usage"]["completion_tokens"], 0);
}

#[test]
fn echoed_log_probabilities_are_those_of_generating() {
    let server = server();
    let said = "The ferry left the harbour. 渡船在早上离开了。";
    let ids = server.tokens(said);
    let scored = server.complete(&json!({
        "prompt": [said, "A", ""], "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": true
    }));
    let echoed = &scored["choices"][0];
    let lists = &echoed["logprobs"];
    let names: Vec<String> = serde_json::from_value(lists["tokens"].clone()).unwrap();
    assert_eq!(logs(echoed).len(), ids.len() + 1);
    assert_eq!(names.len(), ids.len() + 1);
    assert_eq!(lists["token_logprobs"][0], Value::Null);
    assert_eq!(lists["top_logprobs"][0], Value::Null);
    // Of an empty prompt only the generated token is there.
    assert_eq!(logs(&scored["choices"][2]).len(), 1);
    // Token by token: what is generated behind each prefix.
    for end in 1..=ids.len() {
        let top = &lists["top_logprobs"][end];
        assert_eq!(top[&names[end]], lists["token_logprobs"][end]);
        let next = server.complete(&json!({
            "prompt": ids[..end], "max_tokens": 1, "temperature": 0, "logprobs": 5
        }));
        let next = &next["choices"][0]["logprobs"];
        let likeliest = next["tokens"][0].as_str().unwrap();
        let log = |value: &Value| value.as_f64().unwrap();
        assert_near(&[log(&top[likeliest])], &[log(&next["token_logprobs"][0])]);
        if let Some(again) = next["top_logprobs"][0].get(&names[end]) {
            assert_near(&[log(&top[&names[end]])], &[log(again)]);
        }
    }
    // Each token begins where its offset says.
    let offsets = lists["text_offset"].as_array().unwrap();
    let whole: Vec<char> = echoed["text"].as_str().unwrap().chars().collect();
    for (name, offset) in names.iter().zip(offsets) {
        let here = &whole[offset.as_u64().unwrap() as usize..];
        let here: String = here.iter().take(name.chars().count()).collect();
        let elsewhere = name.starts_with("bytes:") || here.is_empty();
        assert!(elsewhere || here == *name, "{name:?} {here:?}");
    }
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let server = server();
    let mut body = json!({
        "prompt": ["渡船", "The"], "max_tokens": 24, "temperature": 1.5, "seed": 3, "n": 2, "logprobs": 1,
        "stop": ["e", "的", "zz", "\n", "q", "wx"],
    });
    let whole = server.complete(&body);
    body["stream_options"] = json!({"include_usage": true});
    let stream = server.stream("/v1/completions", &body);
    for (index, choice) in whole["choices"].as_array().unwrap().iter().enumerate() {
        let parts: Vec<&Value> = stream
            .iter()
            .flat_map(|event| event["choices"].as_array().unwrap())
            .filter(|part| part["index"] == index)
            .collect();
        let streamed: String = parts
            .iter()
            .map(|part| part["text"].as_str().unwrap())
            .collect();
        assert_eq!(streamed, choice["text"].as_str().unwrap());
        for stop in ["e", "的", "\n", "q"] {
            assert!(!streamed.contains(stop), "{streamed}");
        }
        let with_logs = parts.iter().filter(|part| !part["logprobs"].is_null());
        assert_near(
            &with_logs.flat_map(|part| logs(part)).collect::<Vec<_>>(),
            &logs(choice),
        );
        let reasons: Vec<_> = parts
            .iter()
            .filter(|part| !part["finish_reason"].is_null())
            .collect();
        assert_eq!(reasons.len(), 1);
        assert_eq!(reasons[0]["finish_reason"], choice["finish_reason"]);
    }
    assert_eq!(stream.last().unwrap()["usage"], whole["usage"]);
    // Choices are drawn apart, and the same seed draws the same.
    assert_ne!(whole["choices"][0]["text"], whole["choices"][1]["text"]);
    assert_eq!(server.complete(&body)["choices"], whole["choices"]);
}

#[test]
fn bf16_answers_too() {
    let server = Server::start(model(), &["--precision", "bf16", "--workers", "1"]);
    let body = json!({"prompt": "The ferry left", "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": true});
    let (rough, exact) = (server.complete(&body), self::server().complete(&body));
    let (rough, exact) = (logs(&rough["choices"][0]), logs(&exact["choices"][0]));
    assert_ne!(rough, exact);
    for (a, b) in rough.iter().zip(exact) {
        assert!((a - b).abs() < 0.2, "{a} {b}");
    }
}
