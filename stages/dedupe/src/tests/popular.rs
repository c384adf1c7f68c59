//! Band keys and hashes that a large part of the corpus shares.

use std::collections::BTreeMap;
use std::path::Path;

use bytesize::ByteSize;
use textmill_schemas::Document;

use super::{Outcome, document, run, run_in};
use crate::minhash::MinHash;
use crate::shuffle::Sorted;
use crate::{Config, Keep, Shingler, Verify};

/// Documents of a shard that a key brings to the shuffle at most, and the record that counts others.
const BUCKET: usize = 17;

/// One text of 200 words, of which each document has another one changed.
fn variants(numbers: std::ops::Range<usize>) -> Vec<Document> {
    let variant = |n: usize| {
        let word = |at| match at == n * 7 % 200 {
            true => format!("changed{n}"),
            false => format!("word{at}"),
        };
        let words: Vec<String> = (0..200).map(word).collect();
        document(&format!("v{n:04}"), &words.join(" "))
    };
    numbers.map(variant).collect()
}

/// Four shards, of which three hold 50 variants each, and as many documents of their own.
fn half_alike() -> Vec<Vec<Document>> {
    let other = |n: usize| {
        let words: Vec<String> = (0..60).map(|at| format!("of{n}at{at}")).collect();
        document(&format!("x{n:04}"), &words.join(" "))
    };
    let shard = |n: usize| {
        let pairs = variants(50 * n..50 * n + 50).into_iter().enumerate();
        let both = pairs.flat_map(|(at, variant)| [other(50 * n + at), variant]);
        both.collect()
    };
    vec![shard(0), vec![other(999)], shard(1), shard(2)]
}

/// Records of the largest bucket that a step reads for one key of the shuffle.
fn largest_bucket<const N: usize>(dir: &Path, folder: &str, shards: usize) -> usize {
    let work = dir.join("dedupe/work").join(folder);
    let file = |shard| work.join(format!("{shard:05}.bin"));
    let files: Vec<_> = (0..shards).map(file).collect();
    let mut records: BTreeMap<u64, usize> = BTreeMap::new();
    for partition in 0.. {
        let Ok(mut keys) = Sorted::<N>::open(&files, partition, 1 << 20, dir) else {
            assert!(partition > 0);
            break;
        };
        while let Some(record) = keys.next_record().unwrap() {
            *records.entry(record[0]).or_default() += 1;
        }
    }
    records.into_values().max().unwrap()
}

/// Documents of each band key.
fn group_sizes(config: &Config, shards: &[Vec<Document>]) -> Vec<u64> {
    let (mut shingler, minhash) = (Shingler::new(config), MinHash::new(config));
    let mut groups: BTreeMap<u64, u64> = BTreeMap::new();
    for document in shards.iter().flatten() {
        let mut signature = Vec::new();
        minhash.sign(shingler.shingle(&document.text).shingles, &mut signature);
        for key in minhash.band_keys(&signature) {
            *groups.entry(key).or_default() += 1;
        }
    }
    groups.into_values().collect()
}

fn stat(outcome: &Outcome, name: &str) -> u64 {
    outcome.report.stats[name].as_u64().unwrap()
}

#[test]
fn a_key_of_half_the_corpus_makes_no_large_bucket() {
    let shards = half_alike();
    for verify in [Verify::Exact, Verify::Estimate] {
        let config = |bytes| Config {
            verify,
            keep: Keep::First,
            memory_limit: ByteSize(bytes),
            ..Config::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let roomy = run_in(dir.path(), &config(1 << 30), &shards, false);
        assert_eq!(
            largest_bucket::<2>(dir.path(), "keys", shards.len()),
            3 * BUCKET
        );
        // The figures are those of whole groups all the same.
        let sizes = group_sizes(&config(1 << 30), &shards);
        let groups = sizes.iter().filter(|size| **size > 1).count() as u64;
        assert_eq!(stat(&roomy, "candidate_groups"), groups);
        let largest = sizes.into_iter().max().unwrap();
        assert_eq!(stat(&roomy, "largest_group"), largest);
        assert!(largest > 75, "{largest}");

        assert_eq!(roomy.kept_ids().len(), 152);
        let fates = roomy.fates();
        assert!(fates.values().all(|fate| *fate == ("v0000", "dedupe.near")));
        assert_eq!(fates.len(), 149);
        assert_eq!(stat(&roomy, "largest_component"), 150);
        for bytes in [1, 700 << 20] {
            let other = run(&config(bytes), &shards, true);
            assert_eq!(other, roomy, "{bytes} bytes");
        }
    }
}

/// Three shards of 60 documents each with the same text.
fn all_equal() -> Vec<Vec<Document>> {
    let text = "one and the same text of some more words than five";
    let shard = |shard: usize| {
        let documents = (0..60).map(|n| document(&format!("{shard}-{n:03}"), text));
        documents.collect()
    };
    (0..3).map(shard).collect()
}

#[test]
fn equal_documents_are_one_group_however_many_they_are() {
    let config = Config {
        exact: false,
        keep: Keep::First,
        ..Config::default()
    };
    let outcome = run(&config, &all_equal(), false);
    assert_eq!(outcome.kept_ids().len(), 1);
    assert!(outcome.kept_ids().contains("0-000"));
    assert_eq!(stat(&outcome, "largest_group"), 180);
}

#[test]
fn of_a_hash_that_all_share_each_shard_hands_on_one_document() {
    let mut shards = all_equal();
    for (n, document) in shards.iter_mut().flatten().enumerate() {
        // The address decides between equal ones; half of the documents share it.
        document.url = Some(format!("https://example.org/{}", n % 2 * n));
    }
    let config = |bytes| Config {
        url: true,
        memory_limit: ByteSize(bytes),
        ..Config::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let roomy = run_in(dir.path(), &config(1 << 30), &shards, false);
    assert_eq!(largest_bucket::<6>(dir.path(), "urls", 3), 3);
    assert_eq!(largest_bucket::<6>(dir.path(), "texts", 3), 3);
    assert_eq!(roomy.kept_ids().len(), 1);
    let (fates, kept) = (roomy.fates(), roomy.kept_ids());
    assert_eq!(fates.len(), 179);
    let rules = ["dedupe.url", "dedupe.exact"];
    assert!(
        fates
            .values()
            .all(|(id, rule)| kept.contains(id) && rules.contains(rule))
    );
    let by_url = fates.values().filter(|(_, rule)| *rule == "dedupe.url");
    assert_eq!(by_url.count(), 89);
    assert_eq!(run(&config(1), &shards, true), roomy);
}
