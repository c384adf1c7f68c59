//! Chats.

use std::fs;

use serde_json::json;

use crate::answer::text;
use crate::model::changed;
use crate::process::{Server, server};

#[test]
fn chats_are_answered_by_the_default_template_or_the_model_s_own() {
    let body = json!({
        "messages": [{"role": "user", "content": "Where is the ferry?"}],
        "max_tokens": 8, "temperature": 0, "logprobs": true, "top_logprobs": 2,
    });
    let server = server();
    let answer = server.post("/v1/chat/completions", &body);
    let message = &answer["choices"][0]["message"];
    assert_eq!(
        (&answer["object"], &message["role"]),
        (&json!("chat.completion"), &json!("assistant"))
    );
    let content = answer["choices"][0]["logprobs"]["content"]
        .as_array()
        .unwrap();
    assert_eq!(answer["usage"]["completion_tokens"], content.len());
    assert_eq!(content[0]["top_logprobs"].as_array().unwrap().len(), 2);
    assert_eq!(
        content[0]["top_logprobs"][0]["logprob"],
        content[0]["logprob"]
    );
    let stream = server.stream("/v1/chat/completions", &body);
    assert_eq!(stream[0]["object"], "chat.completion.chunk");
    assert_eq!(stream[0]["choices"][0]["delta"]["role"], "assistant");
    let parts = stream
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    assert_eq!(
        parts.collect::<String>(),
        message["content"].as_str().unwrap()
    );
    let plain = server.complete(&json!({
        "prompt": "User: Where is the ferry?\n\nAssistant:", "max_tokens": 8, "temperature": 0,
        "stop": ["\nUser:", "\nAssistant:", "\nSystem:"],
    }));
    assert_eq!(text(&plain), message["content"].as_str().unwrap());

    let template =
        "{% for m in messages %}<{{ m.role }}> {{ m.content }}{{ eos_token }}{% endfor %}";
    let dir = changed(|dir| {
        let settings = json!({"eos_token": "<|endoftext|>", "chat_template": template});
        fs::write(dir.join("tokenizer_config.json"), settings.to_string()).unwrap();
    });
    let own = Server::start(dir.path(), &["--name", "own"]);
    assert_eq!(own.get("/tokenizer_info")["chat_template"], template);
    let answer = own.post("/v1/chat/completions", &body);
    let prompt = "<user> Where is the ferry?<|endoftext|>";
    assert_eq!(answer["usage"]["prompt_tokens"], own.tokens(prompt).len());
    assert_eq!(answer["model"], "own");
}
