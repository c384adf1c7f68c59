//! `textmill serve` over HTTP: every endpoint, and lm-evaluation-harness as a client.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use support::{both, python, root, succeed, textmill};
use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;
use textmill_tokenize::Encoder;

const CONTEXT: usize = 64;

/// A model that took seconds to train.
fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serving");
        let mut command = textmill(&dir, &["train", "--quiet"]);
        for setting in [
            "train.steps=30",
            "train.context=64",
            "train.batch=4",
            "train.eval_every=30",
            "train.checkpoint_every=30",
            "train.eval_windows=4",
        ] {
            command.args(["--set", setting]);
        }
        succeed(&mut command);
        dir.join("train/best")
    })
}

/// A running server; it ends with this.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(model: &Path, further: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        command.args(["serve", "--port", "0", "--threads", "2", "--model"]);
        command.arg(model).args(further);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let at = line
            .find("http://")
            .unwrap_or_else(|| panic!("no address in {line:?}"));
        let address = line[at..].trim().to_owned();
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    fn send(&self, path: &str, body: &Value) -> Response {
        let client = Client::builder()
            .timeout(Duration::from_secs(120))
            .build()
            .unwrap();
        let request = client.post(format!("{}{path}", self.address));
        request.body(body.to_string()).send().unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.send(path, body);
        let (status, text) = (response.status(), response.text().unwrap());
        assert!(status.is_success(), "{path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn get(&self, path: &str) -> Value {
        let text = reqwest::blocking::get(format!("{}{path}", self.address))
            .unwrap()
            .text();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    fn complete(&self, body: &Value) -> Value {
        self.post("/v1/completions", body)
    }

    /// The events of a stream, without the last line, which must be the customary one.
    fn stream(&self, path: &str, body: &Value) -> Vec<Value> {
        let mut body = body.clone();
        body["stream"] = json!(true);
        let response = self.send(path, &body);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        events(&response.text().unwrap())
    }

    fn tokens(&self, text: &str) -> Vec<u64> {
        let answer = self.post(
            "/tokenize",
            &json!({"prompt": text, "add_special_tokens": false}),
        );
        serde_json::from_value(answer["tokens"].clone()).unwrap()
    }

    fn interrupt(&self) {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of the model.
fn server() -> Server {
    Server::start(model(), &[])
}

fn events(text: &str) -> Vec<Value> {
    let lines = text
        .split_terminator("\n\n")
        .map(|event| event.strip_prefix("data: ").unwrap());
    let mut lines: Vec<&str> = lines.collect();
    assert_eq!(lines.pop(), Some("[DONE]"));
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(answer: &Value) -> &str {
    answer["choices"][0]["text"].as_str().unwrap()
}

/// Log-probabilities of a choice; 0 for none.
fn logs(choice: &Value) -> Vec<f64> {
    let logs = choice["logprobs"]["token_logprobs"].as_array().unwrap();
    logs.iter().map(|log| log.as_f64().unwrap_or(0.0)).collect()
}

fn assert_near(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

/// A copy of the model with some of its files changed.
fn changed(change: impl FnOnce(&Path)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
        fs::copy(model().join(file), dir.path().join(file)).unwrap();
    }
    change(dir.path());
    dir
}

/// A copy with a context so long that a text without end takes minutes.
fn patient() -> tempfile::TempDir {
    changed(|dir| {
        let path = dir.join("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        config["max_position_embeddings"] = json!(100_000);
        fs::write(path, config.to_string()).unwrap();
    })
}

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

#[test]
fn a_client_that_goes_away_ends_its_text() {
    let dir = patient();
    let server = Server::start(dir.path(), &[]);
    let body = json!({"prompt": "The", "max_tokens": 100_000, "temperature": 0, "stream": true});
    let mut response = BufReader::new(server.send("/v1/completions", &body));
    let mut line = String::new();
    response.read_line(&mut line).unwrap();
    assert!(line.starts_with("data: {"), "{line}");
    assert_eq!(server.get("/health")["running"], 1);
    drop(response);
    let start = Instant::now();
    while server.get("/health")["running"] != 0 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the text goes on"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_stops_the_server_behind_the_running_requests() {
    let dir = patient();
    let mut server = Server::start(dir.path(), &[]);
    let body = json!({"prompt": "The", "max_tokens": 400, "temperature": 0, "stream": true});
    let mut response = BufReader::new(server.send("/v1/completions", &body));
    let mut text = String::new();
    response.read_line(&mut text).unwrap();
    server.interrupt();
    std::io::Read::read_to_string(&mut response, &mut text).unwrap();
    let last = events(&text).pop().unwrap();
    assert!(last["choices"][0]["finish_reason"].is_string(), "{last}");
    assert!(server.child.wait().unwrap().success());
    assert!(reqwest::blocking::get(format!("{}/health", server.address)).is_err());
}

#[test]
fn folders_that_cannot_be_served_are_named() {
    let serve = |dir: &Path, further: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        let output = command
            .args(["serve", "--model"])
            .arg(dir)
            .args(further)
            .output()
            .unwrap();
        assert!(!output.status.success());
        both(&output)
    };
    assert!(serve(&root(), &[]).contains("config.json"));
    let bare = changed(|dir| fs::remove_file(dir.join("tokenizer.json")).unwrap());
    assert!(serve(bare.path(), &[]).contains("tokenizer.json"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(serve(model(), &["--port", &port]).contains("--port"));
}

/// Texts for the harness: choices, words to guess, a text longer than the context, and prompts.
const CHOICES: [(&str, &[&str]); 3] = [
    (
        "The ferry left the",
        &["harbour at noon.", "moon.", "cheese on a plate"],
    ),
    ("渡船在早上", &["离开了。", "吃了苹果。"]),
    (
        "Question: what is 7:15?\nAnswer:",
        &["a time", "a place", "7 < 15", "<|endoftext|>"],
    ),
];
const CLOZE: [&str; 2] = [
    "The ferry left the harbour at noon",
    "She put the letter on the table",
];
const PROMPTS: [&str; 3] = ["The ferry", "渡船", "A letter to the"];

fn write_tasks(dir: &Path) {
    let lines = |name: &str, lines: Vec<Value>| {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        fs::write(dir.join(format!("{name}.jsonl")), lines.join("\n")).unwrap();
    };
    let choices = CHOICES.iter();
    let choices =
        choices.map(|(query, choices)| json!({"query": query, "choices": choices, "gold": 0}));
    lines("choices", choices.collect());
    lines(
        "cloze",
        CLOZE.iter().map(|text| json!({"text": text})).collect(),
    );
    lines(
        "rolling",
        rolling().iter().map(|text| json!({"text": text})).collect(),
    );
    lines(
        "generate",
        PROMPTS
            .iter()
            .map(|prompt| json!({"prompt": prompt}))
            .collect(),
    );
}

fn rolling() -> [String; 2] {
    [
        "The ferry left the harbour at noon. 渡船在早上离开了。 ".repeat(8),
        "Short.".to_owned(),
    ]
}

/// A model read by the library, to score texts with as the harness does.
struct Library {
    gpt: Gpt,
    encoder: Encoder,
}

impl Library {
    fn load(dir: &Path) -> Self {
        Self {
            gpt: Gpt::load(dir, Device::Cpu).unwrap(),
            encoder: Encoder::load(&dir.join("tokenizer.json")).unwrap(),
        }
    }

    /// Log-probability of the last `count` tokens, each behind all before it.
    fn last(&self, tokens: &[i64], count: usize) -> f64 {
        let row = |tokens: &[i64]| Tensor::from_slice(tokens).unsqueeze(0);
        let (read, targets) = (&tokens[..tokens.len() - 1], &tokens[1..]);
        let nll = self.gpt.score(&row(read), &row(targets)).unwrap().nll;
        let first = (targets.len() - count) as i64;
        -nll.narrow(1, first, count as i64)
            .sum(Kind::Double)
            .double_value(&[])
    }

    /// The harness's rolling log-likelihood: each token once, in windows that begin with one token
    /// of context (`get_rolling_token_windows`, `make_disjoint_window`), the first with the
    /// document-end token. Its client for HTTP leaves two places of the context free.
    fn rolling(&self, text: &str) -> f64 {
        let mut ids = Vec::new();
        self.encoder.encode(text, &mut ids).unwrap();
        let mut tokens = vec![i64::from(self.gpt.config().eot_id.unwrap())];
        tokens.extend(ids.iter().map(|id| i64::from(*id)));
        let (window, mut done, mut sum) = (CONTEXT - 2, 1, 0.0);
        while done < tokens.len() {
            let count = window.min(tokens.len() - done);
            let end = done + count;
            let first = if done == 1 { 0 } else { end - window - 1 };
            sum += self.last(&tokens[first..end], count);
            done = end;
        }
        sum
    }
}

/// The harness in three client modes: the server's tokenizer; one of its own with token ids, in
/// batches, several requests at a time; and with strings.
#[test]
fn the_harness_finds_what_our_evaluator_finds() {
    let dir = changed(|dir| {
        let settings = json!({
            "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
            "bos_token": "<|endoftext|>", "clean_up_tokenization_spaces": false,
        });
        fs::write(dir.join("tokenizer_config.json"), settings.to_string()).unwrap();
    });
    let server = Server::start(dir.path(), &["--name", "served"]);
    let tasks = tempfile::tempdir().unwrap();
    write_tasks(tasks.path());
    let own = format!(
        "tokenizer_backend=huggingface,tokenizer={}",
        dir.path().display()
    );
    let mut command = python();
    command.arg(root().join("tests/lm_eval_client.py"));
    command.args([
        &server.address,
        tasks.path().to_str().unwrap(),
        &CONTEXT.to_string(),
    ]);
    command.arg("remote=tokenizer_backend=auto");
    command.arg(format!("ids={own},batch_size=4,num_concurrent=4"));
    command.arg(format!(
        "strings={own},tokenized_requests=False,batch_size=2"
    ));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();

    let library = Library::load(dir.path());
    let ours = evaluated(dir.path(), tasks.path());
    for mode in ["remote", "ids", "strings"] {
        for task in ["choices", "cloze"] {
            let theirs = items(&found[mode][task]);
            let ours = &ours[task];
            assert_eq!(theirs.len(), ours.len(), "{mode} {task}");
            for (their, our) in theirs.iter().zip(ours) {
                assert!(
                    (their.0 - our.0).abs() < 1e-4,
                    "{mode} {task}: {their:?} {our:?}"
                );
                assert_eq!(their.1, our.1, "{mode} {task}");
            }
        }
        for (item, text) in found[mode]["rolling"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .zip(rolling())
        {
            let (theirs, ours) = (item[0].as_f64().unwrap_or(f64::NAN), library.rolling(&text));
            assert!((theirs - ours).abs() < 1e-4, "{mode}: {theirs} {ours}");
        }
        assert_eq!(
            found[mode]["generate"]["items"],
            found["remote"]["generate"]["items"]
        );
    }
    for (item, prompt) in found["remote"]["generate"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .zip(PROMPTS)
    {
        let written = server.complete(&json!({
            "prompt": prompt, "max_tokens": 8, "temperature": 0, "stop": ["\n", "!", "?", ";", "q"]
        }));
        assert_eq!(item[0], text(&written));
    }
}

/// Log-likelihood, and whether it is what greedy decoding writes, of all choices in order.
fn items(task: &Value) -> Vec<(f64, bool)> {
    let documents = task["items"].as_array().unwrap().iter();
    let item = |item: &Value| (item[0].as_f64().unwrap(), item[1].as_bool().unwrap());
    documents
        .flat_map(|document| document.as_array().unwrap().iter().map(item))
        .collect()
}

/// The same by `textmill tasks`.
fn evaluated(model: &Path, tasks: &Path) -> BTreeMap<&'static str, Vec<(f64, bool)>> {
    let found = tasks.join("items.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.args(["tasks", "--quiet", "--model"]).arg(model);
    command.arg("--items").arg(&found);
    command
        .arg("--task")
        .arg(format!("choice={}", tasks.join("choices.jsonl").display()));
    command
        .arg("--task")
        .arg(format!("lambada={}", tasks.join("cloze.jsonl").display()));
    succeed(&mut command);
    let mut by_task: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in fs::read_to_string(found).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let task = if line["task"] == "choice" {
            "choices"
        } else {
            "cloze"
        };
        let item = (
            line["loglikelihood"].as_f64().unwrap(),
            line["is_greedy"].as_bool().unwrap(),
        );
        by_task.entry(task).or_default().push(item);
    }
    by_task
}
