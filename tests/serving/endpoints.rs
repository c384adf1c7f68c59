//! The small endpoints, and errors.

use serde_json::{Value, json};

use crate::model::CONTEXT;
use crate::process::server;

#[test]
fn tokens_are_those_of_the_tokenizer() {
    let server = server();
    let info = server.get("/tokenizer_info");
    assert_eq!(info["eos_token"], "<|endoftext|>");
    assert_eq!(info["pad_token"], Value::Null);
    let end = server.tokens("<|endoftext|>");
    assert_eq!(end.len(), 1);
    let around = server.tokens("a<|endoftext|>b");
    assert!(around.contains(&end[0]) && around.len() == 3, "{around:?}");
    for said in [
        "The ferry left at 7:15.",
        "渡船离开了。 ",
        "a<|endoftext|>b",
        "",
    ] {
        let ids = server.tokens(said);
        let back = server.post("/detokenize", &json!({"tokens": ids}));
        assert_eq!(back["prompt"], said);
    }
}

#[test]
fn models_are_listed_and_the_server_is_well() {
    let server = server();
    let list = server.get("/v1/models");
    let id = list["data"][0]["id"].as_str().unwrap();
    assert!(id.ends_with("train/best"), "{id}");
    assert_eq!(list["data"][0]["max_model_len"], CONTEXT);
    assert_eq!(server.get("/v1/models/best")["id"], id);
    assert_eq!(
        server.get("/v1/models/x")["error"]["code"],
        "model_not_found"
    );
    assert_eq!(server.get("/health")["status"], "ok");
    let named = server.complete(&json!({"model": id, "prompt": "A", "max_tokens": 1}));
    assert_eq!(named["model"], id);
}

#[test]
fn errors_have_openai_s_form_and_say_what_to_mend() {
    let server = server();
    let long = "The ferry left the harbour at noon. ".repeat(40);
    let completions = "/v1/completions";
    for (path, body, status, param, says) in [
        (
            completions,
            json!({"prompt": long}),
            400,
            json!("prompt"),
            "context 64",
        ),
        (
            completions,
            json!({"prompt": {}}),
            400,
            json!("prompt"),
            "list of strings",
        ),
        (
            completions,
            json!({"prompt": [[1_000_000]]}),
            400,
            json!("prompt"),
            "1000000",
        ),
        (
            completions,
            json!({"logprobs": 9}),
            400,
            json!("logprobs"),
            "between 0 and 5",
        ),
        (
            completions,
            json!({"model": "gpt-5"}),
            404,
            json!("model"),
            "train/best",
        ),
        (completions, json!([]), 400, Value::Null, "object"),
        (
            "/v1/chat/completions",
            json!({}),
            400,
            json!("messages"),
            "role",
        ),
        ("/tokenize", json!({}), 400, json!("prompt"), "missing"),
        (
            "/v1/embeddings",
            json!({}),
            404,
            Value::Null,
            "/v1/completions",
        ),
        ("/health", json!({}), 405, Value::Null, "POST"),
    ] {
        let answer = server.send(path, &body);
        assert_eq!(answer.status().as_u16(), status, "{path} {body}");
        let error: Value = serde_json::from_str(&answer.text().unwrap()).unwrap();
        let error = &error["error"];
        assert_eq!(error["param"], param, "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert!(error["type"].is_string() && error["code"].is_null() || error["code"].is_string());
    }
    let huge = json!({"prompt": "a".repeat(33 << 20)});
    assert_eq!(server.send(completions, &huge).status().as_u16(), 413);
    let cut = json!({"prompt": long, "truncate_prompt_tokens": -1, "max_tokens": 4});
    assert_eq!(server.complete(&cut)["usage"]["prompt_tokens"], CONTEXT - 4);
}
