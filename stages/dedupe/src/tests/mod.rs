//! The whole stage on generated corpora.

mod corpus;
mod levels;
mod popular;
pub(crate) mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use textmill_schemas::{
    Cancelled, CorpusStage, Document, Dropped, Manifest, NoProgress, ShardReader, ShardWriter,
    StageInput, TaskContext, TaskReport, shard_name,
};

use crate::shingles::make_set;
use crate::{Config, Dedupe, Keep, Shingler, Verify, jaccard};
use corpus::{Kind, corpus};

/// What the stage wrote, shards joined.
#[derive(Debug, PartialEq)]
struct Outcome {
    kept: Vec<Document>,
    dropped: Vec<Dropped>,
    report: TaskReport,
}

impl Outcome {
    fn kept_ids(&self) -> BTreeSet<&str> {
        self.kept
            .iter()
            .map(|document| document.id.as_str())
            .collect()
    }

    /// Cluster and rule of each dropped document.
    fn fates(&self) -> BTreeMap<&str, (&str, &str)> {
        assert!(self.dropped.iter().all(|row| row.cluster_id == row.kept_id));
        self.dropped
            .iter()
            .map(|row| {
                (
                    row.id.as_str(),
                    (row.kept_id.as_deref().unwrap(), row.rule.as_str()),
                )
            })
            .collect()
    }
}

fn write_input(dir: &Path, shards: &[Vec<Document>]) -> StageInput {
    let mut manifest = Manifest::default();
    for (rank, documents) in shards.iter().enumerate() {
        let mut writer = ShardWriter::create(dir, &shard_name(rank)).unwrap();
        documents
            .iter()
            .for_each(|document| writer.write(document.clone()).unwrap());
        manifest.kept.push(writer.finish().unwrap());
    }
    StageInput {
        dir: dir.to_path_buf(),
        manifest,
    }
}

/// Runs all steps; `backwards` runs the tasks of each in reverse, and each twice.
fn run(config: &Config, shards: &[Vec<Document>], backwards: bool) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    run_in(dir.path(), config, shards, backwards)
}

fn run_in(dir: &Path, config: &Config, shards: &[Vec<Document>], backwards: bool) -> Outcome {
    let out = dir.join("dedupe");
    let input = write_input(&dir.join("filter"), shards);
    let inputs = BTreeMap::from([("filter".to_owned(), input)]);
    let cancel = AtomicBool::new(false);
    let ctx = TaskContext {
        out: &out,
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let stage = Dedupe::unchecked(config.clone());
    let mut report = TaskReport::default();
    for step in stage.steps() {
        let mut ranks: Vec<usize> = (0..stage.world(step, &ctx).unwrap()).collect();
        let mut reports = BTreeMap::new();
        if backwards {
            ranks.reverse();
            ranks.extend(ranks.clone());
        }
        for rank in ranks {
            reports.insert(rank, stage.task(step, rank, &ctx).unwrap());
        }
        reports
            .into_values()
            .for_each(|of_task| report.merge(of_task));
    }
    // What the runner does last: a stage with a manifest is done.
    Manifest::default().write(&out).unwrap();
    let kept = report.kept.iter().flat_map(|shard| {
        ShardReader::<Document>::open(&out.join(&shard.path))
            .unwrap()
            .flat_map(Result::unwrap)
    });
    let dropped = report.dropped.iter().flat_map(|shard| {
        ShardReader::<Dropped>::open(&out.join(&shard.path))
            .unwrap()
            .flat_map(Result::unwrap)
    });
    let (kept, dropped) = (kept.collect(), dropped.collect());
    Outcome {
        kept,
        dropped,
        report,
    }
}

fn document(id: &str, text: &str) -> Document {
    Document {
        id: id.to_owned(),
        source: "test".into(),
        file: id.to_owned(),
        text: text.to_owned(),
        ..Document::default()
    }
}

fn documents(texts: &[&str]) -> Vec<Document> {
    let numbered = texts.iter().enumerate();
    numbered
        .map(|(i, text)| document(&format!("d{i}"), text))
        .collect()
}

#[test]
fn small_cases_end_as_they_should() {
    let article = "the quick brown fox jumps over the lazy dog while seventeen hungry cats look on \
                   from the old garden wall and wonder what all of this noise is about today";
    let edited = article.replace("today", "now");
    let (shouted, other) = (article.to_uppercase(), "read more");
    let shard = documents(&[
        article,
        &edited,
        &shouted,
        other,
        "read on",
        "read more",
        "",
        "...",
        "",
        "好",
    ]);
    for verify in [Verify::Exact, Verify::Estimate] {
        let outcome = run(
            &Config {
                verify,
                keep: Keep::First,
                ..Config::default()
            },
            std::slice::from_ref(&shard),
            false,
        );
        let fates = outcome.fates();
        let expected = BTreeMap::from([
            ("d1", ("d0", "dedupe.near")),
            ("d2", ("d0", "dedupe.exact")),
            ("d5", ("d3", "dedupe.exact")),
            ("d8", ("d6", "dedupe.exact")),
        ]);
        assert_eq!(fates, expected);
        let clusters: Vec<_> = outcome
            .kept
            .iter()
            .map(|d| (d.cluster_id.as_deref(), d.cluster_size))
            .collect();
        let none = (None, None);
        let two = |id| (Some(id), Some(2));
        assert_eq!(
            clusters,
            [
                (Some("d0"), Some(3)),
                two("d3"),
                none,
                two("d6"),
                none,
                none
            ]
        );
        let near = &outcome.dropped[0];
        assert!(near.value.unwrap() < 1.0 && near.value >= near.limit);
        assert_eq!(
            (near.stage.as_str(), near.text.as_deref()),
            ("dedupe", Some(edited.as_str()))
        );
        let exact = &outcome.dropped[1];
        assert_eq!((exact.value, exact.limit), (Some(1.0), Some(1.0)));
        assert_eq!(outcome.report.read, 10);
        assert_eq!(
            outcome.report.read,
            outcome.report.kept_rows + outcome.report.dropped_total()
        );
    }
}

#[test]
fn levels_can_be_switched_off() {
    let shard = documents(&[
        "a b c d e f g h i",
        "A b c d e f g h i",
        "a, b c d e f g h i",
    ]);
    let kept = |exact, near| {
        let config = Config {
            exact,
            near,
            ..Config::default()
        };
        let outcome = run(&config, std::slice::from_ref(&shard), false);
        (outcome.kept.len(), outcome.report.dropped_rows)
    };
    let count = |rule: &str, n| BTreeMap::from([(rule.to_owned(), n)]);
    assert_eq!(kept(false, false), (3, BTreeMap::new()));
    assert_eq!(kept(true, false), (2, count("dedupe.exact", 1)));
    assert_eq!(kept(false, true), (1, count("dedupe.near", 2)));
    // The third is the longest, so it stays; the first two equal each other, not the third.
    assert_eq!(kept(true, true), (1, count("dedupe.near", 2)));
}

#[test]
fn a_chain_does_not_swallow_its_far_end() {
    // Windows that slide over one long text: neighbours are alike, the ends share nothing.
    let words: Vec<String> = (0..400).map(|i| format!("w{i}")).collect();
    let texts: Vec<String> = (0..30)
        .map(|i| words[i * 10..i * 10 + 110].join(" "))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let config = Config {
        bands: 100,
        rows: 4,
        keep: Keep::First,
        ..Config::default()
    };
    let outcome = run(&config, &[documents(&texts)], false);
    assert_eq!(outcome.report.stats["largest_component"], 30);
    assert!(outcome.kept.len() > 5, "{}", outcome.kept.len());
    assert!(outcome.dropped.iter().all(|row| row.value.unwrap() >= 0.7));
    assert_eq!(
        outcome.report.stats["clusters"],
        outcome
            .kept
            .iter()
            .filter(|d| d.cluster_id.is_some())
            .count()
    );
}

#[test]
fn a_giant_group_takes_linear_time() {
    let copies = 3000;
    let mut shard: Vec<Document> = (0..copies)
        .map(|i| {
            document(
                &format!("{i:05}"),
                "one and the same text of some more words than five",
            )
        })
        .collect();
    shard.extend((0..copies).map(|i| document(&format!("x{i:05}"), &format!("page {i}"))));
    let config = Config {
        keep: Keep::First,
        ..Config::default()
    };
    let outcome = run(&config, &[shard], false);
    assert_eq!(outcome.dropped.len(), copies - 1);
    assert!(
        outcome
            .fates()
            .values()
            .all(|fate| *fate == ("00000", "dedupe.exact"))
    );
    assert!(outcome.report.stats["pairs_compared"].as_u64().unwrap() < 3 * copies as u64);
}

#[test]
fn cut_order_and_repetition_do_not_show() {
    let documents: Vec<Document> = corpus(Kind::Mixed, 120, 11)
        .into_iter()
        .map(|made| made.document)
        .collect();
    for config in [
        Config::default(),
        Config {
            verify: Verify::Estimate,
            keep: Keep::Earliest,
            max_cluster: 1,
            ..Config::default()
        },
    ] {
        let whole = run(&config, std::slice::from_ref(&documents), false);
        assert!(whole.dropped.len() > 40);
        assert_eq!(run(&config, std::slice::from_ref(&documents), true), whole);
        let thirds: Vec<Vec<Document>> = documents
            .chunks(documents.len().div_ceil(3))
            .map(<[_]>::to_vec)
            .collect();
        let cut = run(&config, &thirds, true);
        assert_eq!((&cut.kept, &cut.dropped), (&whole.kept, &whole.dropped));
        let mut turned = documents.clone();
        turned.reverse();
        let turned = run(&config, &[turned, Vec::new()], false);
        assert_eq!(turned.kept_ids(), whole.kept_ids());
        assert_eq!(turned.fates(), whole.fates());
    }
}

/// Documents that the stage judged to be one, by survivor.
fn survivors(outcome: &Outcome) -> HashMap<&str, &str> {
    let kept = outcome.kept.iter().map(|d| (d.id.as_str(), d.id.as_str()));
    kept.chain(outcome.fates().into_iter().map(|(id, fate)| (id, fate.0)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn injected_duplicates_are_found_and_nothing_else(seed in 0_u64..1000, chinese in any::<bool>()) {
        let kind = if chinese { Kind::Chinese } else { Kind::English };
        let made = corpus(kind, 80, seed);
        // More bands than by default, for a probability of a miss at 0.8 of 3e-9.
        let config = Config { bands: 40, rows: 4, ..Config::default() };
        let all: Vec<Document> = made.iter().map(|made| made.document.clone()).collect();
        let outcome = run(&config, &[all], false);
        let mut shingler = Shingler::new(&config);
        let sets: HashMap<&str, Vec<u64>> = made.iter().map(|made| {
            let shingles = shingler.shingle(&made.document.text).shingles;
            make_set(shingles);
            (made.document.id.as_str(), shingles.clone())
        }).collect();
        let survivor = survivors(&outcome);
        for made in &made {
            let id = made.document.id.as_str();
            if let Some(original) = &made.copy_of {
                let similarity = jaccard(&sets[id], &sets[original.as_str()]);
                let found = survivor[id] == survivor[original.as_str()];
                prop_assert!(found || similarity < 0.8, "{id} of {original}: {similarity}");
            }
        }
        for row in &outcome.dropped {
            let kept = row.kept_id.as_deref().unwrap();
            let similarity = jaccard(&sets[row.id.as_str()], &sets[kept]);
            prop_assert_eq!(row.value, Some(similarity));
            prop_assert!(similarity >= config.min_similarity);
        }
    }
}

#[test]
fn a_wrong_manifest_and_a_stop_end_the_stage() {
    let dir = tempfile::tempdir().unwrap();
    let mut input = write_input(&dir.path().join("filter"), &[documents(&["a", "b"])]);
    input.manifest.kept[0].rows = 3;
    let inputs = BTreeMap::from([("filter".to_owned(), input)]);
    let cancel = AtomicBool::new(false);
    let ctx = TaskContext {
        out: dir.path(),
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let stage = Dedupe::new(&Config::default()).unwrap();
    let error = stage.task("signatures", 0, &ctx).unwrap_err().to_string();
    assert!(
        error.contains("part-00000.parquet") && error.contains("2 rows"),
        "{error}"
    );
    cancel.store(true, Ordering::Relaxed);
    let error = stage.task("signatures", 0, &ctx).unwrap_err();
    assert!(error.downcast_ref::<Cancelled>().is_some());
}

#[test]
fn an_empty_corpus_is_no_error() {
    for shards in [Vec::new(), vec![Vec::new()]] {
        let outcome = run(&Config::default(), &shards, false);
        assert!(outcome.kept.is_empty() && outcome.dropped.is_empty());
    }
}
