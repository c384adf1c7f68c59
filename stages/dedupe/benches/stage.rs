//! The whole stage beside merely reading and writing the same shards, on one core.
//!
//!     cargo bench -p textmill-dedupe --bench stage -- TEXTS.jsonl
//!
//! Prints one JSON object a row, as the other benchmarks do.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot go on may stop so"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use textmill_dedupe::{Config, Dedupe};
use textmill_schemas::{
    CorpusStage, Document, Manifest, NoProgress, ShardReader, ShardWriter, StageInput, TaskContext,
    shard_name,
};

/// Text of the corpus, about.
const BYTES: usize = 96 << 20;
const SHARDS: usize = 4;
const ROUNDS: usize = 3;

fn main() {
    let file = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let file = file.expect("TEXTS.jsonl: one object with a `text` a line");
    let texts = read_texts(Path::new(&file));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let input = write_corpus(dir.path(), &texts);
    let documents: u64 = input.manifest.kept.iter().map(|shard| shard.rows).sum();
    let bytes = BYTES as u64;
    let (mut copy, mut stage) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // In turn: the machine's speed drifts.
        copy = copy.min(seconds(|| read_and_write(dir.path(), &input)));
        stage = stage.min(seconds(|| dedupe(dir.path(), &input)));
    }
    for (who, seconds) in [("read, write", copy), ("textmill", stage)] {
        println!(
            "{}",
            serde_json::json!({"who": who, "stage": "dedupe", "documents": documents, "bytes": bytes, "seconds": seconds})
        );
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

fn read_texts(path: &Path) -> Vec<String> {
    let file = std::fs::read_to_string(path).expect("the file of texts");
    let rows = file.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        row["text"].as_str().expect("a `text`").to_owned()
    });
    rows.filter(|text| text.len() > 200).collect()
}

/// The texts again and again, until there are enough. In each copy but one in ten every fourth
/// word is another, so that it is a document of its own.
fn write_corpus(dir: &Path, texts: &[String]) -> StageInput {
    let mut manifest = Manifest::default();
    let mut documents = (0_u64..).flat_map(|copy| {
        let copies = texts.iter().enumerate();
        copies.map(move |(place, text)| document(copy, place, text))
    });
    for shard in 0..SHARDS {
        let mut writer = ShardWriter::<Document>::create(dir, &format!("in/{}", shard_name(shard)))
            .expect("a shard");
        let mut written = 0;
        while written < BYTES / SHARDS {
            let document = documents.next().expect("there is no end");
            written += document.text.len();
            writer.write(document).expect("a row");
        }
        manifest.kept.push(writer.finish().expect("a shard"));
    }
    StageInput {
        dir: dir.to_path_buf(),
        manifest,
    }
}

fn document(copy: u64, place: usize, text: &str) -> Document {
    let text = if copy % 10 == 9 {
        text.to_owned()
    } else {
        let words = text.split_inclusive(' ').enumerate();
        let changed = words.map(|(at, word)| match at % 4 {
            3 if copy > 0 => format!("{:x} ", (at as u64 + 1).wrapping_mul(copy)),
            _ => word.to_owned(),
        });
        changed.collect()
    };
    Document {
        id: format!("{copy:08x}{place:08x}"),
        source: "bench".into(),
        url: Some(format!("https://www.bench.example/{copy}/{place}.html")),
        text,
        ..Document::default()
    }
}

fn read_and_write(dir: &Path, input: &StageInput) {
    for (rank, (path, _)) in input.shards().enumerate() {
        let name = format!("copy/{}", shard_name(rank));
        let mut writer = ShardWriter::<Document>::create(dir, &name).expect("a shard");
        for group in ShardReader::<Document>::open(&path).expect("a shard") {
            for document in group.expect("a row group") {
                writer.write(document).expect("a row");
            }
        }
        writer.finish().expect("a shard");
    }
}

fn dedupe(dir: &Path, input: &StageInput) {
    let out = dir.join("dedupe");
    let _ = std::fs::remove_dir_all(&out);
    let inputs = BTreeMap::from([("filter".to_owned(), input.clone())]);
    let cancel = AtomicBool::new(false);
    let ctx = TaskContext {
        out: &out,
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let stage = Dedupe::new(&Config::default()).expect("the defaults");
    for step in stage.steps() {
        let started = Instant::now();
        for rank in 0..stage.world(step, &ctx).expect("the tasks") {
            stage.task(step, rank, &ctx).expect("the task");
        }
        eprintln!("{step:12} {:.3} s", started.elapsed().as_secs_f64());
    }
}
