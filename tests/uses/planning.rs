//! `textmill plan`.

use std::process::Command;

use serde_json::Value;

use crate::model::model;
use crate::support::{both, succeed};

fn plan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.arg("plan").args(arguments);
    command
}

fn json(arguments: &[&str]) -> Value {
    let text = succeed(plan(arguments).arg("--json"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_budget_becomes_a_model_and_its_tokens() {
    let found = json(&["--budget", "1e21flops"]);
    let flops = found["flops"].as_f64().unwrap();
    assert!((flops / 1e21 - 1.0).abs() < 1e-6, "{flops}");
    let per = found["tokens"].as_f64().unwrap() / found["parameters"].as_f64().unwrap();
    assert!((10.0..40.0).contains(&per), "{per}");
    let twice = json(&["--budget", "200usd", "--on", "h100"])["flops"]
        .as_f64()
        .unwrap();
    let once = json(&["--budget", "100usd", "--on", "H100"])["flops"]
        .as_f64()
        .unwrap();
    assert!((twice / once - 2.0).abs() < 1e-6);
}

#[test]
fn gpt_2_is_known_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let svg = dir.path().join("plan.svg");
    let arguments = [
        "--size",
        "gpt2-124m",
        "--preset",
        "gpt2",
        "--vocabulary",
        "50257",
        "--tokens",
        "10e9",
        "--svg",
    ];
    let said = succeed(plan(&arguments).arg(&svg));
    assert!(
        said.contains("124.4 M parameters") && said.contains("10.0 B tokens"),
        "{said}"
    );
    assert!(std::fs::read_to_string(svg).unwrap().contains("<polyline"));
}

#[test]
fn a_run_is_a_corpus_and_is_checked_afterwards() {
    let run = model()
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let found = json(&[
        "--run",
        &run,
        "--size",
        "nano",
        "--epochs",
        "3",
        "--context",
        "64",
        "--batch",
        "4",
        "--fp32",
        "--probe",
        "0.5",
    ]);
    let unique = found["corpus"]["tokens"].as_f64().unwrap();
    assert!((found["tokens"].as_f64().unwrap() / unique - 3.0).abs() < 1e-9);
    assert!(found["useful_tokens"].as_f64().unwrap() < 3.0 * unique);
    assert!(found["probe"]["tokens"].as_f64().unwrap() > 0.0);
    assert_eq!(found["corpus"]["stages"].as_array().unwrap().len(), 6);

    let checked = json(&["--check", &run, "--probe", "0.5"]);
    let lines = checked["lines"].as_array().unwrap();
    let ratio = |name: &str| {
        let line = lines.iter().find(|line| line["name"] == name).unwrap();
        line["found"].as_f64().unwrap() / line["foretold"].as_f64().unwrap()
    };
    assert_eq!(ratio("parameters"), 1.0);
    assert_eq!(ratio("tokens"), 1.0);
    assert!(
        (0.95..1.1).contains(&ratio("weights on disk")),
        "{}",
        ratio("weights on disk")
    );
    assert!(ratio("speed") > 0.0);
}

#[test]
fn what_cannot_be_planned_is_said() {
    for (arguments, says) in [
        (&["--tokens", "1e9", "--on", "Abacus"][..], "there are B200"),
        (&[][..], "nothing to plan with"),
        (&["--budget", "12"][..], "1e21flops"),
        (&["--size", "huge", "--tokens", "1e9"][..], "nano"),
        (&["--run", "nowhere"][..], "textmill tokenize"),
        (
            &["--size", "nano", "--tokens", "1e9", "--mfu", "2"][..],
            "MFU",
        ),
        (&["--budget", "100usd", "--on", "L4"][..], "--price"),
    ] {
        let output = plan(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let said = both(&output);
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn bert_base_is_known() {
    let arguments = [
        "--size",
        "gpt2-124m",
        "--preset",
        "bert",
        "--vocabulary",
        "30522",
        "--context",
        "512",
        "--tokens",
        "137e9",
    ];
    let said = succeed(&mut plan(&arguments));
    assert!(said.contains("109.5 M parameters"), "{said}");
    assert!(said.contains("masked 15% of the tokens"), "{said}");
    let found = json(&arguments);
    let all = json(&[&arguments[..], &["--mask-share", "0.3"]].concat());
    let flops = |plan: &Value| plan["flops"].as_f64().unwrap();
    let head = (30_522.0 + 768.0) * 768.0;
    let more = 6.0 * 0.15 * head * 137e9;
    assert!(((flops(&all) - flops(&found)) / more - 1.0).abs() < 1e-6);
    assert!(found["laws"][0][1].is_null(), "{}", found["laws"]);
}
