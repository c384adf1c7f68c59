//! A run by many processes, each with one task, against the same run by one.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use support::{both, manifest, succeed, textmill};

fn lists(dir: &Path) -> Vec<Value> {
    let said = succeed(&mut textmill(
        dir,
        &["plan-tasks", "--until", "tokenize", "--json"],
    ));
    serde_json::from_str(&said).unwrap()
}

fn task(dir: &Path, stage: &str, step: &str, rank: u64, world: u64) -> Command {
    let mut command = textmill(dir, &["task", stage, "--quiet", "--step", step]);
    command.args(["--rank", &rank.to_string(), "--world", &world.to_string()]);
    command
}

/// The step that can run next, as stage, step, ranks left and number of tasks.
fn next(dir: &Path) -> Option<(String, String, Vec<u64>, u64)> {
    let lists = lists(dir);
    let ready = lists.iter().find(|list| list["state"] == "ready")?;
    let steps = ready["steps"].as_array().unwrap();
    let left = |step: &Value| step["left"].as_array().is_some_and(|left| !left.is_empty());
    let step = steps.iter().find(|step| left(step)).unwrap();
    let ranks = step["left"].as_array().unwrap().iter();
    Some((
        ready["stage"].as_str().unwrap().to_owned(),
        step["step"].as_str().unwrap().to_owned(),
        ranks.map(|rank| rank.as_u64().unwrap()).collect(),
        step["world"].as_u64().unwrap(),
    ))
}

/// Every shard and file of a stage, with its hash.
fn hashes(dir: &Path, stage: &str) -> BTreeMap<String, String> {
    let manifest = manifest(dir, stage);
    let files = manifest.outputs();
    files
        .map(|file| (file.path.clone(), file.hash.clone()))
        .collect()
}

#[test]
fn many_processes_write_what_one_writes() {
    let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    succeed(&mut textmill(
        one.path(),
        &["run", "--quiet", "--until", "tokenize"],
    ));
    let dir = many.path();
    let mut killed = 0;
    while let Some((stage, step, ranks, world)) = next(dir) {
        // One process of each step is killed as it works, one task is run twice at a time.
        if step != "begin" && step != "finish" {
            let mut victim = task(dir, &stage, &step, ranks[0], world).spawn().unwrap();
            sleep(Duration::from_millis(60));
            victim.kill().unwrap();
            killed += usize::from(!victim.wait().unwrap().success());
        }
        let twice = ranks.iter().chain(ranks.first());
        let children: Vec<Child> = twice
            .map(|rank| task(dir, &stage, &step, *rank, world).spawn().unwrap())
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{stage}/{step}: {}", both(&output));
        }
    }
    assert!(killed > 5, "{killed}");
    for stage in support::DATA_STAGES {
        assert_eq!(hashes(dir, stage), hashes(one.path(), stage), "{stage}");
    }
    // What the killed ones left is named and goes, and the run is whole without it.
    let said = succeed(&mut textmill(dir, &["gc", "--dry-run"]));
    assert!(said.contains("leftovers to remove"), "{said}");
    succeed(&mut textmill(dir, &["gc"]));
    let said = succeed(&mut textmill(dir, &["gc"]));
    assert!(said.contains("0 leftovers removed"), "{said}");
    let said = succeed(&mut textmill(dir, &["run", "--until", "tokenize"]));
    assert!(said.contains("up to date"), "{said}");
}

#[test]
fn tasks_out_of_turn_are_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |command: &mut Command, expected: &str| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        assert!(both(&output).contains(expected), "{}", both(&output));
    };
    let dir = dir.path();
    refused(
        &mut textmill(dir, &["task", "collect", "--step", "read"]),
        "`begin` first",
    );
    refused(
        &mut textmill(dir, &["task", "extract", "--step", "begin"]),
        "collect has not run yet",
    );
    succeed(&mut textmill(dir, &["task", "collect", "--step", "begin"]));
    refused(
        &mut textmill(dir, &["task", "collect", "--step", "reed"]),
        "its steps are begin, read, finish",
    );
    refused(
        &mut task(dir, "collect", "read", 0, 10_000),
        "there is no rank 0 of 10000",
    );
    refused(
        &mut textmill(dir, &["task", "collect", "--step", "finish"]),
        "task 0 of the step `read` is not done",
    );
    let said = succeed(&mut textmill(dir, &["plan-tasks"]));
    assert!(
        said.contains("waits for collect") && said.contains("read"),
        "{said}"
    );
}
