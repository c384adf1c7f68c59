//! Levels beside "exact" and "near", and the memory limit.

use std::collections::BTreeMap;

use bytesize::ByteSize;
use textmill_schemas::Document;

use super::corpus::{self, Kind, corpus};
use super::{document, run, run_in};
use crate::{Config, Verify, lines, substrings};

#[test]
fn memory_does_not_show() {
    let documents: Vec<Document> = corpus(Kind::Mixed, 700, 5)
        .into_iter()
        .map(|made| made.document)
        .collect();
    let mut shards: Vec<Vec<Document>> = documents.chunks(200).map(<[_]>::to_vec).collect();
    for (at, document) in shards.iter_mut().flatten().enumerate() {
        if at % 3 == 0 {
            document.text += "\nThis line stands below every third of all pages";
        }
    }
    for verify in [Verify::Exact, Verify::Estimate] {
        let config = |bytes| Config {
            verify,
            max_cluster: 1,
            memory_limit: ByteSize(bytes),
            lines: lines::Config {
                enabled: true,
                ..lines::Config::default()
            },
            substrings: substrings::Config {
                enabled: true,
                min_tokens: 20,
                ..substrings::Config::default()
            },
            ..Config::default()
        };
        let roomy = run(&config(1 << 30), &shards, false);
        // Less than 16 bytes a document for everything: sorted and connected on disk.
        assert_eq!(run(&config(1), &shards, true), roomy);
        assert!(roomy.dropped.len() > 200, "{}", roomy.dropped.len());
        let cut = |what: &str| roomy.report.stats[what].as_u64().unwrap();
        let (over, clusters) = (cut("clusters_over_limit"), cut("clusters"));
        assert!(over == clusters && clusters > 100, "{over} of {clusters}");
        assert!(cut("lines_cut") > 100 && cut("words_cut") > 100);
        let with_line = roomy.kept.iter().filter(|d| d.text.contains("every third"));
        assert_eq!(with_line.count(), 1);
    }
}

#[test]
fn survivors_are_repeated_by_the_size_of_their_cluster() {
    let text = |copy: &str| document(copy, "this text has more copies than one");
    let mut shard: Vec<Document> = ["a", "b", "c", "d"].map(text).to_vec();
    shard.push(document("alone", "and this one has none at all"));
    let repetitions = |section: &str| {
        let config: Config = toml::from_str(section).unwrap();
        let kept = run(&config, std::slice::from_ref(&shard), false).kept;
        let of = |size: Option<u32>| kept.iter().find(|d| d.cluster_size == size);
        [None, Some(4)].map(|size| of(size).unwrap().repetitions)
    };
    assert_eq!(repetitions(""), [1, 1]);
    assert_eq!(
        repetitions("repetitions = [[1, 1], [2, 2], [3, 3], [5, 5]]"),
        [1, 3]
    );
}

#[test]
fn one_document_of_an_address_stays() {
    let at = |id: &str, url: &str, text: &str| Document {
        url: Some(url.into()),
        ..document(id, text)
    };
    let shard = vec![
        at(
            "a",
            "http://www.example.org/x/?utm_source=feed",
            "an older form of a page",
        ),
        at(
            "b",
            "https://example.org/x",
            "a newer and longer form of that page",
        ),
        at(
            "c",
            "https://example.org/y",
            "a newer and longer form of that page",
        ),
        at("d", "", "two without an address"),
        at("e", "", "are two pages"),
    ];
    let config = Config {
        prefer: vec!["other".into()],
        ..Config::default()
    };
    let outcome = run(&config, std::slice::from_ref(&shard), false);
    let rules: BTreeMap<_, _> = outcome
        .fates()
        .into_iter()
        .map(|(id, f)| (id, f.1))
        .collect();
    // b is the longest of its address; then b and c are equal, whichever of them stays; and a
    // is led to that one.
    assert_eq!(rules.get("a"), Some(&"dedupe.url"));
    assert_eq!(
        rules
            .values()
            .filter(|rule| **rule == "dedupe.exact")
            .count(),
        1
    );
    assert_eq!(rules.len(), 2);
    let survivor = outcome
        .kept
        .iter()
        .find(|d| d.cluster_size.is_some())
        .unwrap();
    assert_eq!(survivor.cluster_size, Some(3));
    assert!(
        outcome
            .dropped
            .iter()
            .all(|row| row.kept_id.as_ref() == Some(&survivor.id))
    );
    let preferred = shard.iter().cloned().map(|document| Document {
        source: if document.id == "a" {
            "other".into()
        } else {
            document.source
        },
        ..document
    });
    let outcome = run(&config, &[preferred.collect()], false);
    assert_eq!(
        outcome.fates(),
        BTreeMap::from([("b", ("a", "dedupe.url"))])
    );
}

#[test]
fn what_an_index_holds_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let made = corpus(Kind::Mixed, 200, 3);
    let (copies, originals): (Vec<_>, Vec<_>) =
        made.into_iter().partition(|made| made.copy_of.is_some());
    let documents = |made: Vec<corpus::Made>| -> Vec<Document> {
        made.into_iter().map(|made| made.document).collect()
    };
    let (copies, mut originals) = (documents(copies), documents(originals));
    originals[150].url = Some("https://www.example.org/page?utm_source=x".into());
    let mut again = document("again", "the page has been written anew");
    again.url = Some("http://example.org/page".into());
    for verify in [Verify::Exact, Verify::Estimate] {
        let config = Config {
            verify,
            write_index: true,
            ..Config::default()
        };
        let first = run_in(
            dir.path(),
            &config,
            &[originals[..90].to_vec(), originals[90..].to_vec()],
            false,
        );
        assert_eq!(first.report.files.len(), 2);
        let later = Config {
            reference: vec![dir.path().join("dedupe/index")],
            write_index: false,
            ..config.clone()
        };
        let mut new = copies.clone();
        new.push(again.clone());
        new.push(document("new", "nobody has seen this text so far"));
        let outcome = run(&later, &[new.clone()], true);
        let kept = outcome.kept_ids();
        assert!(kept.contains("new") && !kept.contains("again"));
        let fates = outcome.fates();
        assert_eq!(
            fates["again"],
            (originals[150].id.as_str(), "dedupe.reference")
        );
        for (id, (original, rule)) in fates.iter().filter(|(id, _)| **id != "again") {
            assert_eq!(*rule, "dedupe.reference");
            assert_eq!(
                original[1..],
                id[1..],
                "copies are numbered as their originals"
            );
        }
        // Signatures alone say how similar an entry of an index is.
        assert!(fates.len() > 60, "{}", fates.len());
        // The index of what was kept is of use to the next run.
        let third = Config {
            reference: vec![dir.path().join("dedupe/index"), dir.path().join("later")],
            ..later.clone()
        };
        let written = run_in(
            &dir.path().join("later"),
            &Config {
                write_index: true,
                ..later
            },
            &[new.clone()],
            false,
        );
        assert_eq!(written.kept_ids(), kept);
        assert!(run(&third, &[new], false).kept.is_empty());
        std::fs::remove_dir_all(dir.path().join("dedupe")).unwrap();
        std::fs::remove_dir_all(dir.path().join("later")).unwrap();
    }
}
