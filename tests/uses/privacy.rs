//! `textmill privacy`, and what evaluate says of planted secrets and of sources held out.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{both, succeed, textmill};

fn privacy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.arg("privacy").args(arguments);
    command
}

fn json(arguments: &[&str]) -> Value {
    let text = succeed(privacy(arguments).arg("--json").arg("--quiet"));
    serde_json::from_str(&text).unwrap()
}

/// A run of the sample that plants secrets and leaves a source out.
fn run(dir: &Path) -> String {
    let mut command = textmill(dir, &["run", "--quiet"]);
    for setting in [
        "train.canaries={repeats=[1,60],each=2}",
        "train.mixture.sources={forum=0}",
        "train.steps=130",
        "train.context=64",
        "train.batch=8",
        "train.dropout=0",
        "train.eval_every=130",
        "train.checkpoint_every=130",
        "train.eval_windows=4",
        "evaluate.canary_candidates=64",
        "evaluate.samples=0",
        "run.seed=1",
    ] {
        command.args(["--set", setting]);
    }
    succeed(&mut command)
}

#[test]
fn planted_secrets_and_sources_held_out_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path());
    assert!(said.contains("Exposure of planted secrets"), "{said}");
    assert!(
        said.contains("forum (held out)") && said.contains("trained on"),
        "{said}"
    );
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("Exposure of planted secrets") && page.contains("<circle"));

    let metrics = fs::read(dir.path().join("evaluate/metrics.json")).unwrap();
    let metrics: Value = serde_json::from_slice(&metrics).unwrap();
    assert_eq!(metrics["held_out"]["sources"][0], "forum");
    assert_eq!(
        metrics["by_training"]["held_out"]["model"],
        metrics["by_source"]["forum"]["model"]
    );
    let exposure =
        |found: &Value, group: usize| found["groups"][group]["exposure"].as_f64().unwrap();
    let measured = &metrics["exposure"];
    assert_eq!(measured["candidates"], 64);
    assert_eq!(measured["canaries"].as_array().unwrap().len(), 12);
    // What was seen sixty times in a pass is known, what was never planted is not.
    assert!(
        exposure(measured, 2) > exposure(measured, 0) + 2.0,
        "{measured}"
    );

    // The command finds the same of the same candidates, on any number of threads.
    let at = dir.path().to_str().unwrap();
    let svg = dir.path().join("exposure.svg");
    let again = json(&[
        "exposure",
        at,
        "--candidates",
        "64",
        "--threads",
        "1",
        "--batch",
        "16",
        "--svg",
        svg.to_str().unwrap(),
    ]);
    assert_eq!(&again, measured);
    assert!(fs::read_to_string(svg).unwrap().contains("60 ×"));

    let found = json(&[
        "recite",
        at,
        "--prompt-tokens",
        "20",
        "--continuation-tokens",
        "4",
        "--prompts",
        "50",
    ]);
    for side in ["training_documents", "validation_documents"] {
        assert!(found[side]["passages"].as_u64().unwrap() > 5, "{found}");
    }
    let best = dir.path().join("train/best");
    let found = json(&[
        "recite",
        best.to_str().unwrap(),
        "--text",
        &dir.path().join("normalize").display().to_string(),
        "--prompt-tokens",
        "20",
        "--continuation-tokens",
        "4",
        "--prompts",
        "30",
    ]);
    assert_eq!(found["documents"]["passages"], 30);
    let refused = privacy(&["recite", at, "--prompt-tokens", "60"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(
        both(&refused).contains("context of 64 tokens"),
        "{}",
        both(&refused)
    );
}

#[test]
fn canaries_for_others_are_documents_and_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("planted");
    let out = out.to_str().unwrap();
    succeed(&mut privacy(&[
        "plant",
        "--repeats",
        "1,3",
        "--each",
        "2",
        "--out",
        out,
    ]));
    let documents = fs::read_to_string(dir.path().join("planted/documents.jsonl")).unwrap();
    let list = fs::read(dir.path().join("planted/canaries.json")).unwrap();
    let list: Vec<Value> = serde_json::from_slice(&list).unwrap();
    assert_eq!((documents.lines().count(), list.len()), (4 + 12, 12));
    for canary in list {
        let secret = canary["secret"].as_str().unwrap();
        let copies = documents
            .lines()
            .filter(|line| line.contains(secret))
            .count();
        assert_eq!(copies as u64, canary["repeats"].as_u64().unwrap());
    }
    let refused = privacy(&["plant", "--repeats", "0", "--out", out])
        .output()
        .unwrap();
    assert!(!refused.status.success() && both(&refused).contains("`canaries.repeats`"));
    // A checkpoint of a training without any says what to do.
    let none = privacy(&["exposure", crate::model::model().to_str().unwrap()])
        .output()
        .unwrap();
    assert!(
        !none.status.success() && both(&none).contains("[train.canaries]"),
        "{}",
        both(&none)
    );
}
