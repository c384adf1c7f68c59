//! Speed of the stage as a whole, Parquet in and Parquet out, beside that of the encoder alone.
//!
//!     cargo bench -p textmill -p textmill-tokenize --bench stage -- TOKENIZER TEXTS
//!
//! TEXTS is JSON lines with a `text`; they become one shard of documents. One thread; seconds are
//! CPU time.

#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use textmill_schemas::{
    CorpusStage, Document, Manifest, NoProgress, ShardWriter, StageInput, TaskContext,
};
use textmill_tokenize::{Config, Encoder, Tokenize};

use support::{cpu_seconds, texts};

const AT_LEAST: Duration = Duration::from_secs(3);

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [tokenizer, file] = arguments.as_slice() else {
        panic!("a tokenizer and a file of texts");
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let texts = texts(file);
    pool.expect("a thread").install(|| {
        report("textmill", &texts, encode(tokenizer, &texts));
        report("stage", &texts, stage(tokenizer, &texts));
    });
}

fn report(who: &str, texts: &[String], seconds: f64) {
    let bytes: usize = texts.iter().map(String::len).sum();
    let line = serde_json::json!({
        "stage": "tokenize",
        "who": who,
        "documents": texts.len(),
        "bytes": bytes,
        "seconds": seconds,
    });
    println!("{line}");
}

fn encode(tokenizer: &str, texts: &[String]) -> f64 {
    let encoder = Encoder::load(Path::new(tokenizer)).expect("a tokenizer");
    let mut ids = Vec::new();
    mean(|| {
        for text in texts {
            ids.clear();
            encoder.encode(text, &mut ids).expect("ids");
        }
    })
}

fn stage(tokenizer: &str, texts: &[String]) -> f64 {
    let dir = tempfile::tempdir().expect("a folder");
    let (upstream, out) = (dir.path().join("normalize"), dir.path().join("tokenize"));
    let mut writer = ShardWriter::create(&upstream, "part-00000.parquet").expect("a shard");
    for (number, text) in texts.iter().enumerate() {
        let document = Document {
            id: format!("{number:032x}"),
            source: "bench".to_owned(),
            text: text.clone(),
            ..Document::default()
        };
        writer.write(document).expect("a row");
    }
    let manifest = Manifest {
        kept: vec![writer.finish().expect("a shard")],
        ..Manifest::default()
    };
    let input = StageInput {
        dir: upstream,
        manifest,
    };
    let inputs = BTreeMap::from([("normalize".to_owned(), input)]);
    let ctx = TaskContext {
        out: &out,
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &AtomicBool::new(false),
    };
    let config = Config {
        tokenizer: Some(tokenizer.into()),
        ..Config::default()
    };
    let stage = Tokenize::new(&config).expect("a configuration");
    stage.task("vocabulary", 0, &ctx).expect("a vocabulary");
    mean(|| {
        stage.task("encode", 0, &ctx).expect("shards");
    })
}

/// Mean CPU time of a round in seconds.
fn mean(mut round: impl FnMut()) -> f64 {
    round();
    let (started, cpu, mut rounds) = (Instant::now(), cpu_seconds(), 0);
    while started.elapsed() < AT_LEAST {
        round();
        rounds += 1;
    }
    (cpu_seconds() - cpu) / f64::from(rounds)
}
