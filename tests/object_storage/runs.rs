//! Whole runs whose folder is in a bucket, against the same runs on disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use textmill_schemas::{Manifest, ShardEntry};

use super::scenarios::environment;
use super::server::{BUCKET, Proxy, Server};
use super::support::{self, DATA_STAGES, both, succeed};

const TRAINING: [&str; 6] = [
    "train.steps=20",
    "train.context=64",
    "train.batch=4",
    "train.eval_every=10",
    "train.checkpoint_every=10",
    "train.eval_windows=4",
];

/// The binary, with its run at a place in a bucket.
fn textmill(address: impl std::fmt::Display, place: &str, arguments: &[&str]) -> Command {
    let mut command = with_store(address, arguments);
    command.args(["--root", &format!("s3://{place}")]);
    command
}

/// The binary, which knows how to reach the server.
fn with_store(address: impl std::fmt::Display, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.current_dir(support::root()).args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.envs(environment(address));
    command
}

fn manifest(server: &Server, place: &str, stage: &str) -> Manifest {
    let json = server
        .get(&format!("{place}/{stage}/manifest.json"))
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn outputs(manifest: &Manifest) -> BTreeMap<String, ShardEntry> {
    let all = manifest.outputs();
    all.map(|entry| (entry.path.clone(), entry.clone()))
        .collect()
}

/// The bucket holds what the disk holds, and nothing else.
fn assert_same(server: &Server, place: &str, disk: &Path) {
    for stage in DATA_STAGES {
        let there = outputs(&manifest(server, place, stage));
        assert_eq!(there, outputs(&support::manifest(disk, stage)), "{stage}");
        for entry in there.values() {
            let content = server.get(&format!("{place}/{stage}/{}", entry.path));
            let hash = blake3::hash(&content.unwrap()).to_hex();
            assert_eq!(hash.as_str(), entry.hash, "{stage}/{}", entry.path);
        }
        let found = server.list(&format!("{place}/{stage}"));
        assert_eq!(found.len(), there.len() + 1, "{stage}: {found:?}");
    }
}

/// The data stages of the sample on disk.
fn on_disk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let run = ["run", "--quiet", "--until", "tokenize"];
    succeed(&mut support::textmill(dir.path(), &run));
    dir
}

/// Shards are looked into where they lie: a stage's folder, one below, a shard.
fn looked_into(server: &Server, place: &str, disk: &Path) {
    let there = format!("s3://{BUCKET}/{place}");
    let look = |what: &str, query: &str| {
        let near = disk.join(what).display().to_string();
        let [far, near] = [format!("{there}/{what}"), near].map(|path| {
            let arguments = ["inspect", &path, "--sql", query, "--json"];
            succeed(&mut with_store(server.address(), &arguments))
        });
        assert_eq!(far, near, "{what}: {query}");
        assert!(far.lines().count() > 1, "{what}: {far}");
    };
    let rules = "SELECT rule, count(*) AS n FROM shards GROUP BY rule ORDER BY rule";
    look("filter/dropped", rules);
    look("filter", "SELECT id, text FROM shards ORDER BY id LIMIT 5");
    look("dedupe/part-00000.parquet", "SELECT id FROM shards");
    let stage = format!("{there}/filter");
    let said = succeed(&mut with_store(server.address(), &["inspect", &stage]));
    assert!(said.contains("rows of Document"), "{said}");
    let output = with_store(server.address(), &["inspect", &format!("{there}/nothing")]).output();
    assert!(both(&output.unwrap()).contains("no Parquet shards"));
}

#[test]
fn a_run_in_a_bucket_writes_what_one_on_disk_writes() {
    let (server, disk) = (Server::start(&support::root()), on_disk());
    let at = |place, arguments: &[&str]| {
        textmill(server.address(), &format!("{BUCKET}/{place}"), arguments)
    };
    let until = ["run", "--quiet", "--until", "tokenize"];
    // What a run of another configuration left is replaced, and what of it is not is named.
    let other = ["collect", "--quiet", "--set", "collect.task_bytes=10000"];
    succeed(&mut at("runs/a", &other));
    succeed(&mut at("runs/a", &until));
    let said = succeed(&mut at("runs/a", &["gc"]));
    assert!(said.contains("collect/part-"), "{said}");
    assert_same(&server, "runs/a", disk.path());
    let said = succeed(&mut at("runs/a", &until));
    assert!(said.contains("up to date"), "{said}");
    // The resolved configuration is one to run with.
    let noted = format!("s3://{BUCKET}/runs/a/run.toml");
    let said = succeed(&mut at("runs/a", &["plan-tasks", "--config", &noted]));
    assert!(said.contains("done") && !said.contains("changed"), "{said}");

    looked_into(&server, "runs/a", disk.path());
    // Training works in a folder of the machine, and goes on from what is in the bucket.
    let settings = TRAINING.iter().flat_map(|set| ["--set", set]);
    let run: Vec<&str> = ["run", "--quiet"].into_iter().chain(settings).collect();
    let said = succeed(&mut at("runs/a", &run));
    assert!(said.contains("perplexity"), "{said}");
    let trained = manifest(&server, "runs/a", "train");
    let weights = "best/model.safetensors";
    let entry = trained.files.iter().find(|file| file.path == weights);
    let there = server.get(&format!("runs/a/train/{weights}")).unwrap();
    assert_eq!(blake3::hash(&there).to_hex().as_str(), entry.unwrap().hash);
    assert!(server.get("runs/a/evaluate/metrics.json").is_some());
    assert!(server.get("runs/a/report.html").is_some());
    assert!(server.get("runs/a/train/work/fingerprint").is_none());
}

#[test]
fn single_tasks_in_a_bucket_survive_broken_connections() {
    let (server, disk) = (Server::start(&support::root()), on_disk());
    let proxy = Proxy::start(server.address(), 3 << 20, Duration::ZERO);
    let at = |arguments: &[&str]| textmill(proxy.address, &format!("{BUCKET}/runs/b"), arguments);
    let mut killed = 0;
    loop {
        let plan = ["plan-tasks", "--until", "tokenize", "--json"];
        let lists: Vec<serde_json::Value> = serde_json::from_str(&succeed(&mut at(&plan))).unwrap();
        let Some(ready) = lists.iter().find(|list| list["state"] == "ready") else {
            break;
        };
        let left =
            |step: &serde_json::Value| step["left"].as_array().is_some_and(|l| !l.is_empty());
        let mut steps = ready["steps"].as_array().unwrap().iter();
        let step = steps.find(|step| left(step)).unwrap();
        let (stage, name) = (
            ready["stage"].as_str().unwrap(),
            step["step"].as_str().unwrap(),
        );
        let ranks = step["left"].as_array().unwrap();
        let task = |rank: &serde_json::Value| {
            at(&[
                "task",
                stage,
                "--quiet",
                "--step",
                name,
                "--rank",
                &rank.to_string(),
            ])
        };
        if name == "survivors" || name == "documents" {
            let mut victim = task(&ranks[0]).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(150));
            victim.kill().unwrap();
            killed += usize::from(!victim.wait().unwrap().success());
        }
        // The first one twice at the same time.
        let all = ranks.iter().chain(ranks.first());
        let children: Vec<_> = all.map(|rank| task(rank).spawn().unwrap()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{stage}/{name}: {}", both(&output));
        }
    }
    assert!(killed > 0);
    succeed(&mut at(&["gc"]));
    assert_same(&server, "runs/b", disk.path());
}

#[test]
fn a_bucket_that_is_not_there_is_told_at_once() {
    let server = Server::start(&support::root());
    let mut command = textmill(server.address(), "nowhere/run", &["plan-tasks"]);
    let start = std::time::Instant::now();
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let said = both(&output);
    assert!(
        said.contains("nowhere") && said.contains("AWS_ENDPOINT_URL"),
        "{said}"
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}
