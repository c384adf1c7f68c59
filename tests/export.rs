//! `textmill export`: what other trainers would read, from a real run.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use support::{both, manifest, succeed, textmill};
use textmill_schemas::{ShardReader, Tokens};

/// A run up to tokenize, in several shards, some of whose documents have several repetitions.
struct Run {
    dir: tempfile::TempDir,
    end: u32,
}

/// Words in an order that no other page has them in.
fn text(page: u64) -> String {
    let mut state = page + 1;
    let words = (0..60).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("word{}", state >> 53)
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Run {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pages = (0..120_u64).flat_map(|page| {
            let text = text(page);
            // Every tenth text is there three times.
            let copies = if page % 10 == 0 { 3 } else { 1 };
            (0..copies)
                .map(move |copy| json!({"id": format!("{page}-{copy}"), "text": text}).to_string())
        });
        let corpus = dir.path().join("corpus");
        fs::create_dir(&corpus).unwrap();
        let pages: Vec<String> = pages.collect();
        for (number, pages) in pages.chunks(30).enumerate() {
            fs::write(corpus.join(format!("{number}.jsonl")), pages.join("\n")).unwrap();
        }
        let config = format!(
            "[collect]\ntask_bytes = 10000\n[[collect.source]]\nname = \"pages\"\npath = {corpus:?}\n\
             [filter]\nlanguages = []\nfamilies = []\n\
             [dedupe]\nmemory_limit = \"512MiB\"\nrepetitions = [[1, 1], [3, 3]]\n\
             [tokenize]\nvocab_size = 400\nvalidation_fraction = 0.3\n"
        );
        fs::write(dir.path().join("config.toml"), config).unwrap();
        let run = Self { dir, end: 0 };
        succeed(&mut run.command(&["run", "--quiet", "--until", "tokenize"]));
        let end = manifest(&run.runs(), "tokenize").stats["eot_id"].as_u64();
        Self {
            end: u32::try_from(end.unwrap()).unwrap(),
            ..run
        }
    }

    fn runs(&self) -> PathBuf {
        self.dir.path().join("small")
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let config = self.dir.path().join("config.toml").display().to_string();
        textmill(&self.runs(), &[arguments, &["--config", &config]].concat())
    }

    fn export(&self, format: &str, out: &Path, further: &[&str]) -> std::process::Command {
        let out = out.display().to_string();
        self.command(
            &[
                &["export", "--quiet", "--format", format, "--out", &out],
                further,
            ]
            .concat(),
        )
    }

    /// Documents of a side in the order of the shards.
    fn documents(&self, side: &str) -> Vec<Tokens> {
        let dir = self.runs().join("tokenize");
        let kept = manifest(&self.runs(), "tokenize").kept;
        let shards = kept.iter().filter(|shard| shard.path.starts_with(side));
        shards
            .flat_map(|shard| ShardReader::<Tokens>::open(&dir.join(&shard.path)).unwrap())
            .flat_map(Result::unwrap)
            .collect()
    }
}

/// Ids as nanoGPT and llm.c have them: 16 bits, little-endian.
fn bytes(ids: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let ids = ids.into_iter().map(|id| u16::try_from(id).unwrap());
    ids.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_run_is_exported_in_every_format() {
    let run = Run::new();
    let (train, validation) = (run.documents("train/"), run.documents("validation/"));
    assert!(train.len() > 60 && validation.len() > 20);
    assert!(
        manifest(&run.runs(), "tokenize").kept.len() > 4,
        "several shards"
    );
    nano_gpt(&run, &train, &validation);
    llm_c(&run, &train, &validation);
    megatron(&run, &train);
    the_folder_is_safe(&run);
}

fn nano_gpt(run: &Run, train: &[Tokens], validation: &[Tokens]) {
    let out = run.dir.path().join("nanogpt");
    let said = succeed(&mut run.export("nanogpt", &out, &[]));
    assert!(
        said.contains("--dataset=NAME") && said.contains("document end"),
        "{said}"
    );
    for (name, documents) in [("train.bin", train), ("val.bin", validation)] {
        let ids = documents
            .iter()
            .flat_map(|row| row.tokens.iter().copied().chain([run.end]));
        assert!(fs::read(out.join(name)).unwrap() == bytes(ids), "{name}");
    }
    assert_eq!(
        fs::read(out.join("meta.pkl")).unwrap(),
        b"(dVvocab_size\nI400\ns."
    );
    let tokenizer = fs::read(run.runs().join("tokenize/tokenizer.json")).unwrap();
    assert!(fs::read(out.join("tokenizer.json")).unwrap() == tokenizer);

    // Copies stand apart: first all documents once.
    let out = run.dir.path().join("repeated");
    succeed(&mut run.export("nanogpt", &out, &["--repeat"]));
    let mut ids = Vec::new();
    for repetition in 1..=3 {
        for row in train.iter().filter(|row| row.repetitions >= repetition) {
            ids.extend(row.tokens.iter().copied().chain([run.end]));
        }
    }
    assert!(
        train.iter().any(|row| row.repetitions == 3),
        "some are repeated"
    );
    assert!(fs::read(out.join("train.bin")).unwrap() == bytes(ids));
}

fn llm_c(run: &Run, train: &[Tokens], validation: &[Tokens]) {
    let out = run.dir.path().join("llmc");
    succeed(&mut run.export("llmc", &out, &["--shard-tokens", "1000"]));
    for (side, first, documents) in [("train", 1, train), ("val", 0, validation)] {
        let ids = documents
            .iter()
            .flat_map(|row| [run.end].into_iter().chain(row.tokens.iter().copied()));
        let ids: Vec<u32> = ids.collect();
        for (number, ids) in (first..).zip(ids.chunks(1000)) {
            let file = fs::read(out.join(format!("small_{side}_{number:06}.bin"))).unwrap();
            let mut header = vec![0; 1024];
            header[..4].copy_from_slice(&20_240_520_u32.to_le_bytes());
            header[4] = 1;
            header[8..12].copy_from_slice(&u32::try_from(ids.len()).unwrap().to_le_bytes());
            assert!(
                file == [header, bytes(ids.iter().copied())].concat(),
                "{side} {number}"
            );
        }
    }
    // Fewer files replace all of those before.
    succeed(&mut run.export("llmc", &out, &["--force"]));
    let mut names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "small_train_000001.bin",
            "small_val_000000.bin",
            "tokenizer.json"
        ]
    );
}

fn megatron(run: &Run, train: &[Tokens]) {
    let out = run.dir.path().join("megatron");
    succeed(&mut run.export("megatron", &out, &[]));
    let ids = train
        .iter()
        .flat_map(|row| row.tokens.iter().copied().chain([run.end]));
    assert!(fs::read(out.join("train_text_document.bin")).unwrap() == bytes(ids));
    let mut index = b"MMIDIDX\0\0\x01\0\0\0\0\0\0\0\x08".to_vec();
    let count = train.len() as u64;
    index.extend([count, count + 1].into_iter().flat_map(u64::to_le_bytes));
    let lengths: Vec<u32> = train
        .iter()
        .map(|row| u32::try_from(row.tokens.len()).unwrap() + 1)
        .collect();
    index.extend(lengths.iter().flat_map(|length| length.to_le_bytes()));
    let mut pointer = 0_u64;
    for length in &lengths {
        index.extend(pointer.to_le_bytes());
        pointer += 2 * u64::from(*length);
    }
    index.extend((0..=count).flat_map(u64::to_le_bytes));
    assert!(fs::read(out.join("train_text_document.idx")).unwrap() == index);
    assert!(out.join("validation_text_document.idx").exists());
}

fn the_folder_is_safe(run: &Run) {
    let out = run.dir.path().join("nanogpt");
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let refused = run.export("nanogpt", &out, &[]).output().unwrap();
    assert!(!refused.status.success());
    assert!(both(&refused).contains("--force"), "{}", both(&refused));
    succeed(&mut run.export("nanogpt", &out, &["--force"]));
    assert_eq!(fs::read_to_string(out.join("notes.txt")).unwrap(), "mine");
    let wrong = run.export(
        "nanogpt",
        &run.dir.path().join("new"),
        &["--shard-tokens", "9"],
    );
    assert!(both(&{ wrong }.output().unwrap()).contains("--format llmc"));
    // A tokenizer.json that was exchanged is noticed, and nothing is left.
    let tokenizer = run.runs().join("tokenize/tokenizer.json");
    let mut json = fs::read(&tokenizer).unwrap();
    json.push(b'\n');
    fs::write(&tokenizer, json).unwrap();
    let out = run.dir.path().join("other");
    let refused = run.export("nanogpt", &out, &[]).output().unwrap();
    assert!(
        both(&refused).contains("another tokenizer"),
        "{}",
        both(&refused)
    );
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}
