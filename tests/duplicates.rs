//! A generated corpus of duplicates: what `textmill clusters` shows of it, and on which side of
//! the split it lands.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{both, manifest, rows, succeed, textmill};
use textmill_schemas::{Document, Dropped, Row, ShardReader, Side, Tokens};
use textmill_tokenize::Split;

/// Clusters of four: a text, a copy with further line ends, one with a word changed, one with two.
const CLUSTERS: usize = 40;
const ALONE: usize = 30;

/// Words that no other text has in this order.
fn text(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut word = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let sounds = ["ba", "ko", "ri", "mu", "ten", "los", "ga", "vi"];
        let sound = |shift: u32| sounds[(state >> shift) as usize % sounds.len()];
        [sound(33), sound(41), sound(49)].concat()
    };
    let words: Vec<String> = (0..400).map(|_| word()).collect();
    words.join(" ")
}

fn replaced(text: &str, places: &[usize]) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    places.iter().for_each(|place| words[*place] = "zebra");
    words.join(" ")
}

/// Writes corpus and configuration; returns the configuration's path.
fn corpus(dir: &Path) -> String {
    let mut lines = Vec::new();
    let mut add = |name: String, text: String| {
        let url = format!("https://www.example.org/{name}");
        lines.push(json!({"text": text, "url": url}).to_string());
    };
    for number in 0..CLUSTERS {
        let original = text(number);
        // The longest two, one of which is kept.
        add(format!("{number}/a"), format!("{original} indeed"));
        add(format!("{number}/b"), format!("\n{original} indeed\n"));
        add(format!("{number}/one"), replaced(&original, &[40]));
        add(format!("{number}/two"), replaced(&original, &[20, 60]));
    }
    (0..ALONE).for_each(|n| add(format!("alone/{n}"), text(1000 + n)));
    let hostile = format!("\u{1b}[31m{}", text(2000));
    add("hostile/kept".to_owned(), format!("{hostile} furthermore"));
    add(
        "hostile/near".to_owned(),
        hostile.replacen(' ', " \u{202e}evil ", 1),
    );
    let chinese = |day: char| -> String {
        let line = |n: u32| char::from_u32(0x4e00 + n * 37).unwrap();
        (0..120)
            .map(line)
            .chain([day])
            .chain((120..240).map(line))
            .collect()
    };
    add("zh/a".to_owned(), chinese('今'));
    add("zh/b".to_owned(), chinese('昨'));
    let corpus = dir.join("corpus.jsonl");
    fs::write(&corpus, lines.join("\n")).unwrap();
    let config = dir.join("duplicates.toml");
    let text = format!(
        "[[collect.source]]\nname = \"made\"\npath = {:?}\n[filter]\nfamilies = []\n\
         [tokenize]\nvocab_size = 400\nvalidation_fraction = 0.5\n",
        corpus.display().to_string()
    );
    fs::write(&config, text).unwrap();
    config.display().to_string()
}

/// What a run of the generated corpus up to `stage` leaves in `dir`.
fn run(dir: &Path, stage: &str, further: &[&str]) -> String {
    let config = corpus(dir);
    let arguments = ["run", "--quiet", "--until", stage, "--config", &config];
    succeed(&mut textmill(dir, &[&arguments[..], further].concat()));
    config
}

/// Which text a document was made from.
fn made_from(url: Option<&str>) -> String {
    let name = url
        .unwrap()
        .strip_prefix("https://www.example.org/")
        .unwrap();
    match name.split_once('/').unwrap() {
        ("alone", number) => format!("alone {number}"),
        (cluster, _) => cluster.to_owned(),
    }
}

#[test]
fn the_largest_clusters_are_shown_with_what_differs() {
    let dir = tempfile::tempdir().unwrap();
    let config = run(dir.path(), "dedupe", &[]);
    let clusters = |further: &[&str]| -> Command {
        let arguments = ["clusters", "--config", &config];
        textmill(dir.path(), &[&arguments[..], further].concat())
    };
    let said = succeed(&mut clusters(&["--top", "100"]));
    let (number, documents) = (CLUSTERS + 2, 4 * CLUSTERS + 4);
    assert!(
        said.contains(&format!(
            "{number} clusters of {documents} documents, and {ALONE} documents without"
        )),
        "{said}"
    );
    let sized = |size: &str, clusters: usize| {
        let row = [size, &clusters.to_string()].map(str::to_owned);
        said.lines()
            .any(|line| line.split_whitespace().take(2).eq(&row))
    };
    assert!(
        sized("1", ALONE) && sized("2", 2) && sized("4", CLUSTERS),
        "{said}"
    );
    assert_eq!(
        said.matches("4 documents: 1 kept, 1 exact, 2 near").count(),
        CLUSTERS
    );
    // One word of a near duplicate, and the word that the kept text has more.
    assert!(
        said.contains("{+zebra+}") && said.contains("[-indeed-]"),
        "{said}"
    );
    assert!(
        said.contains("[-今-]{+昨+}") || said.contains("[-昨-]{+今+}"),
        "{said}"
    );
    // What a text does to a terminal is written out.
    assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'));
    assert!(said.contains("\\u{202e}evil"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 170));

    let said = succeed(&mut clusters(&[
        "--rule",
        "near",
        "--top",
        "3",
        "--members",
        "9",
    ]));
    assert!(!said.contains("  exact  "), "{said}");
    assert_eq!(said.matches("  near  ").count(), 6, "{said}");

    let dropped: Vec<Dropped> = rows(dir.path(), "dedupe", true);
    let exact = dropped
        .iter()
        .find(|row| row.rule == "dedupe.exact")
        .unwrap();
    let said = succeed(&mut clusters(&["--id", &exact.id[..12], "--members", "1"]));
    assert_eq!(said.matches("1 kept").count(), 1);
    for part in [&exact.id, exact.kept_id.as_ref().unwrap(), "… 2 more"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn clusters_come_out_as_json() {
    let dir = tempfile::tempdir().unwrap();
    let config = run(dir.path(), "dedupe", &[]);
    let arguments = ["clusters", "--config", &config, "--json", "--top", "7"];
    let said = succeed(&mut textmill(dir.path(), &arguments));
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[0]["sizes"]["4"], CLUSTERS);
    let dropped: Vec<Dropped> = rows(dir.path(), "dedupe", true);
    let kept: Vec<Document> = rows(dir.path(), "dedupe", false);
    for cluster in &lines[1..] {
        let survivor = kept.iter().find(|row| cluster["id"] == *row.id).unwrap();
        assert_eq!(cluster["size"], survivor.cluster_size.unwrap());
        assert_eq!(cluster["kept"]["url"], *survivor.url.as_deref().unwrap());
        let mut members: Vec<&Dropped> = dropped
            .iter()
            .filter(|row| row.cluster_id.as_ref() == Some(&survivor.id))
            .collect();
        members.sort_by(|a, b| a.value.partial_cmp(&b.value).unwrap());
        let shown = cluster["members"].as_array().unwrap();
        assert_eq!(shown.len(), 3);
        for (shown, member) in shown.iter().zip(members) {
            assert_eq!(
                (&shown["value"], &shown["rule"]),
                (&json!(member.value), &json!(member.rule))
            );
            let differs = shown["difference"]["added"].as_u64();
            let zebras = member.text.as_ref().unwrap().matches("zebra").count() as u64;
            assert_eq!(differs.unwrap_or(0), zebras, "{shown}");
        }
    }
}

#[test]
fn clusters_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let complain = |further: &[&str]| {
        let config = dir.path().join("duplicates.toml").display().to_string();
        let arguments = [&["clusters", "--config", &config][..], further].concat();
        let output = textmill(dir.path(), &arguments).output().unwrap();
        assert!(!output.status.success());
        both(&output)
    };
    corpus(dir.path());
    assert!(complain(&[]).contains("run `textmill dedupe`"));
    run(dir.path(), "dedupe", &[]);
    let said = complain(&["--rule", "exakt"]);
    assert!(
        said.contains("`dedupe.exakt`") && said.contains("exact (40)"),
        "{said}"
    );
    assert!(complain(&["--id", "ab"]).contains("at least 4"));
    let kept: Vec<Document> = rows(dir.path(), "dedupe", false);
    let alone = kept.iter().find(|row| row.cluster_id.is_none()).unwrap();
    assert!(complain(&["--id", &alone.id]).contains("textmill trace"));
}

/// Texts by the sides that their documents are on.
fn sides(dir: &Path) -> BTreeMap<String, BTreeSet<&'static str>> {
    let collected: BTreeMap<String, String> = rows::<Document>(dir, "extract", false)
        .into_iter()
        .map(|row| (row.origin().id, made_from(row.url.as_deref())))
        .collect();
    let mut sides: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (id, side) in tokens(dir) {
        sides
            .entry(collected[&id].clone())
            .or_default()
            .insert(side);
    }
    sides
}

/// The side of each tokenized document.
fn tokens(dir: &Path) -> BTreeMap<String, &'static str> {
    let mut tokens = BTreeMap::new();
    for shard in manifest(dir, "tokenize").kept {
        let side = match shard.path.starts_with("train/") {
            true => "train",
            false => "validation",
        };
        let path = dir.join("tokenize").join(&shard.path);
        for group in ShardReader::<Tokens>::open(&path).unwrap() {
            for row in group.unwrap() {
                assert_eq!(
                    tokens.insert(row.id, side),
                    None,
                    "a document is tokenized once"
                );
            }
        }
    }
    tokens
}

#[test]
fn no_duplicate_of_a_validation_document_is_trained_on() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), "tokenize", &[]);
    let sides_of = sides(dir.path());
    assert_eq!(sides_of.len(), CLUSTERS + ALONE + 2, "every text is there");
    assert!(
        sides_of.values().all(|sides| sides.len() == 1),
        "{sides_of:?}"
    );
    let both_sides: BTreeSet<_> = sides_of.values().flatten().collect();
    assert_eq!(both_sides.len(), 2);

    let tokens = tokens(dir.path());
    for row in rows::<Dropped>(dir.path(), "dedupe", true) {
        assert!(!tokens.contains_key(&row.id));
        assert!(tokens.contains_key(&row.kept_id.unwrap()));
    }
    // The side follows from the cluster alone, so that the next run agrees.
    let split = Split::new(0.5, 0);
    for row in rows::<Document>(dir.path(), "dedupe", false) {
        assert_eq!(row.cluster_id.as_ref().unwrap_or(&row.id), &row.id);
        let side = match split.side(&row.id, row.cluster_id.as_deref()) {
            Side::Train => "train",
            Side::Validation => "validation",
        };
        assert_eq!(tokens[&row.id], side);
    }

    // Without dedupe the copies would be on both sides.
    let further = ["--set", "dedupe.near=false", "--set", "dedupe.exact=false"];
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), "tokenize", &further);
    let straddling = sides(dir.path());
    let straddling = straddling.values().filter(|sides| sides.len() == 2);
    assert!(straddling.count() > CLUSTERS / 2);
}
