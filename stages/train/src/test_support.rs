//! Shards and contexts for the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use textmill_schemas::{
    Manifest, Progress, ShardEntry, StageInput, TaskContext, TokenizerStamp, Tokens,
};

/// Owns what a [`TaskContext`] borrows; sets the cancel flag after some units of progress.
pub(crate) struct Context {
    pub out: PathBuf,
    pub inputs: BTreeMap<String, StageInput>,
    pub seed: u64,
    pub threads: usize,
    pub cancel: AtomicBool,
    pub cancel_at: Option<u64>,
    pub messages: Mutex<Vec<String>>,
    pub done: Mutex<u64>,
}

pub(crate) fn context(out: &Path) -> Context {
    Context {
        out: out.to_path_buf(),
        inputs: BTreeMap::new(),
        seed: 1,
        threads: 2,
        cancel: AtomicBool::new(false),
        cancel_at: None,
        messages: Mutex::new(Vec::new()),
        done: Mutex::new(0),
    }
}

impl Context {
    pub fn borrow(&self) -> TaskContext<'_> {
        TaskContext {
            out: &self.out,
            inputs: &self.inputs,
            seed: self.seed,
            threads: self.threads,
            progress: self,
            cancel: &self.cancel,
        }
    }
}

impl Progress for Context {
    fn add_total(&self, _units: u64) {}

    fn advance(&self, units: u64) {
        let mut done = self.done.lock().unwrap();
        *done += units;
        if self.cancel_at == Some(*done) {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn message(&self, text: &str) {
        self.messages.lock().unwrap().push(text.to_owned());
    }
}

/// What stands in the tokenizer.json that [`tokenized`] writes: a token a letter, one for others.
const TOKENIZER: &str = r#"{
    "version": "1.0",
    "added_tokens": [
        {"id": 59, "content": "<|endoftext|>", "single_word": false, "lstrip": false,
         "rstrip": false, "normalized": false, "special": true},
        {"id": 60, "content": "<|mask|>", "single_word": false, "lstrip": false,
         "rstrip": false, "normalized": false, "special": true}
    ],
    "normalizer": {"type": "Lowercase"},
    "model": {
        "type": "BPE", "merges": [], "unk_token": "?",
        "vocab": {
            "a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6, "h": 7, "i": 8, "j": 9,
            "k": 10, "l": 11, "m": 12, "n": 13, "o": 14, "p": 15, "q": 16, "r": 17, "s": 18,
            "t": 19, "u": 20, "v": 21, "w": 22, "x": 23, "y": 24, "z": 25, " ": 26, ".": 27,
            "?": 28
        }
    }
}"#;

/// Writes it.
pub(crate) fn tokenizer(dir: &Path) -> PathBuf {
    let path = dir.join("tokenizer.json");
    std::fs::write(&path, TOKENIZER).unwrap();
    path
}

/// Writes documents as a shard; their ids are their numbers.
pub(crate) fn write_shard(dir: &Path, relative: &str, documents: &[Vec<u32>]) -> PathBuf {
    entry(dir, relative, documents);
    dir.join(relative)
}

fn entry(dir: &Path, relative: &str, documents: &[Vec<u32>]) -> ShardEntry {
    let rows = documents.iter().enumerate().map(|(number, tokens)| Tokens {
        id: number.to_string(),
        tokens: tokens.clone(),
        ..Tokens::default()
    });
    write_rows(dir, relative, rows)
}

pub(crate) fn write_rows(
    dir: &Path,
    relative: &str,
    rows: impl Iterator<Item = Tokens>,
) -> ShardEntry {
    // The hash of the tokenizer.json that `tokenized` writes.
    let stamp = TokenizerStamp {
        hash: blake3::hash(TOKENIZER.as_bytes()).to_hex().to_string(),
        vocab_size: 60,
        document_end: 59,
    };
    let mut writer = stamp.create_shard(dir, relative).unwrap();
    rows.for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap()
}

/// The output of a tokenize stage with a vocabulary of 60: documents that count upwards by 1, 2
/// or 3, which a small model learns quickly.
pub(crate) fn tokenized(dir: &Path) -> BTreeMap<String, StageInput> {
    let document =
        |n: u32| -> Vec<u32> { (0..40).map(|i| (n * 7 + i * (1 + n % 3)) % 59).collect() };
    let train: Vec<Vec<u32>> = (0..20).map(document).collect();
    let validation: Vec<Vec<u32>> = (20..24).map(document).collect();
    std::fs::create_dir_all(dir).unwrap();
    tokenizer(dir);
    let manifest = Manifest {
        kept: vec![
            entry(dir, "train/part-00000.parquet", &train[..10]),
            entry(dir, "train/part-00001.parquet", &train[10..]),
            entry(dir, "validation/part-00000.parquet", &validation),
        ],
        files: vec![ShardEntry::of_file(dir, "tokenizer.json").unwrap()],
        stats: [("vocab_size", json!(60)), ("eot_id", json!(59))]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        ..Manifest::default()
    };
    let input = StageInput {
        dir: dir.to_path_buf(),
        manifest,
    };
    BTreeMap::from([("tokenize".to_owned(), input)])
}
