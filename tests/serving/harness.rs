//! lm-evaluation-harness as a client, against the evaluator of the library.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;
use textmill_tokenize::Encoder;

use crate::answer::text;
use crate::model::{CONTEXT, changed};
use crate::process::Server;
use crate::support::{both, python, root, succeed};

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
