//! Token shards and tokenizers of the real binary.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{both, manifest, python, root, succeed, textmill};

fn tokenize(dir: &Path, further: &[&str]) {
    let mut arguments = vec!["run", "--quiet", "--until", "tokenize"];
    arguments.extend(further);
    succeed(&mut textmill(dir, &arguments));
}

/// What Python makes of the shards of one side.
fn read_by_python(dir: &Path, side: &str) -> Value {
    let shards = manifest(dir, "tokenize").kept;
    let shards = shards.iter().filter(|shard| shard.path.starts_with(side));
    let mut command = python();
    command.arg(root().join("tests/token_shards.py"));
    command.args(shards.map(|shard| dir.join("tokenize").join(&shard.path)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn shards_open_in_python() {
    let dir = tempfile::tempdir().unwrap();
    tokenize(dir.path(), &["--set", "collect.task_bytes=60000"]);
    let manifest = manifest(dir.path(), "tokenize");
    let tokenizer = manifest
        .files
        .iter()
        .find(|file| file.path == "tokenizer.json");
    for side in ["train", "validation"] {
        let found = read_by_python(dir.path(), side);
        for figure in ["documents", "tokens", "bytes"] {
            assert_eq!(
                found[figure],
                manifest.stats[&format!("{side}_{figure}")],
                "{figure}"
            );
        }
        assert_eq!(found["counts"], found["tokens"]);
        assert_eq!(found["type"], serde_json::json!(["uint16"]));
        assert_eq!(found["tokenizer"], tokenizer.unwrap().hash);
        assert_eq!(found["vocab_size"], manifest.stats["vocab_size"]);
        assert_eq!(found["document_end"], manifest.stats["eot_id"]);
        assert!(found["greatest"].as_u64() < manifest.stats["vocab_size"].as_u64());
    }
}

#[test]
fn the_run_s_seed_does_not_move_validation() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tokenize(one.path(), &[]);
    tokenize(other.path(), &["--set", "run.seed=99"]);
    let hash = |dir: &Path| manifest(dir, "tokenize").stats["validation_hash"].clone();
    assert!(hash(one.path()).is_string());
    assert_eq!(hash(one.path()), hash(other.path()));
}

#[test]
fn vocabularies_of_every_kind_are_trained() {
    for further in [
        ["--set", "tokenize.model=\"unigram\""],
        ["--set", "tokenize.pre_tokenizer=\"o200k\""],
        ["--set", "tokenize.digits=\"one\""],
        ["--set", "tokenize.chat=[\"<|user|>\", \"<|assistant|>\"]"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut arguments = further.to_vec();
        arguments.extend(["--set", "tokenize.vocab_size=600"]);
        tokenize(dir.path(), &arguments);
        let stats = manifest(dir.path(), "tokenize").stats;
        assert_eq!(stats["vocab_size"], 600, "{further:?}");
    }
}
