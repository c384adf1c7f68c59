//! Keys that half the corpus shares.

use std::collections::BTreeMap;
use std::path::Path;

use super::{document, run, run_in};
use crate::shuffle::Sorted;
use crate::{Config, Verify};
use textmill_schemas::Document;

const COPIES: u64 = 60;
const SHARDS: u64 = 3;

/// Each shard half copies of one text, half texts of their own.
fn shards() -> Vec<Vec<Document>> {
    let words = |from: u64| -> String {
        let words = (from..from + 80).map(|word| format!("word{word}"));
        words.collect::<Vec<_>>().join(" ")
    };
    let shard = |shard: u64| {
        let documents = (0..2 * COPIES).map(|at| {
            let number = shard * 2 * COPIES + at;
            let text = match at % 2 {
                0 => words(0),
                _ => words(1000 * (number + 1)),
            };
            document(&format!("d{number:04}"), &text)
        });
        documents.collect()
    };
    (0..SHARDS).map(shard).collect()
}

fn config(verify: Verify) -> Config {
    Config {
        // The copies shall come to the level "near".
        exact: false,
        verify,
        ..Config::default()
    }
}

/// Records of each band key in the shuffle's files.
fn records_by_key(work: &Path) -> BTreeMap<u64, u64> {
    let files: Vec<_> = (0..SHARDS)
        .map(|shard| work.join(format!("keys/{shard:05}.bin")))
        .collect();
    let mut records = BTreeMap::new();
    let mut partition = 0;
    while let Ok(mut sorted) = Sorted::<2>::open(&files, partition, 1 << 20, work) {
        while let Some([key, _]) = sorted.next_record().unwrap() {
            *records.entry(key).or_default() += 1;
        }
        partition += 1;
    }
    records
}

#[test]
fn a_key_of_half_the_corpus_is_split_by_shard() {
    for verify in [Verify::Exact, Verify::Estimate] {
        let dir = tempfile::tempdir().unwrap();
        let outcome = run_in(dir.path(), &config(verify), &shards(), false);
        let kept = outcome.kept_ids();
        assert_eq!(kept.len() as u64, SHARDS * COPIES + 1);
        assert!(kept.contains("d0000"), "the first of the copies stays");
        // The whole group is told, though no file holds more than a part of it.
        assert_eq!(outcome.report.stats["largest_group"], SHARDS * COPIES);
        let records = records_by_key(&dir.path().join("dedupe/work"));
        assert_eq!(records.values().max(), Some(&(SHARDS * 17)));
        assert_eq!(run(&config(verify), &shards(), true), outcome);
    }
}
