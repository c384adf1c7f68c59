//! Crawl after crawl: a run leaves an index, a later one drops what it holds; `textmill index`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{both, manifest, rows, succeed, textmill};
use textmill_schemas::{Document, Dropped, IndexEntry, ShardReader};

/// Words in an order that no other page has them in.
fn text(page: usize) -> String {
    let mut state = page as u64 + 1;
    let words = (0..120).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("word{}", state >> 53)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A crawl of these pages; those of the first crawl that are odd have one word changed since.
fn crawl(dir: &Path, name: &str, pages: std::ops::Range<usize>, changed: bool) -> String {
    let lines = pages.map(|page| {
        let mut text = text(page);
        if changed && page % 2 == 1 {
            text = text.replacen("word", "ward", 1);
        }
        let url = format!("https://www.example.org/{name}/{page}");
        json!({"text": text, "url": url}).to_string()
    });
    let corpus = dir.join(format!("{name}.jsonl"));
    fs::write(&corpus, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let config = dir.join(format!("{name}.toml"));
    let text = format!(
        "[[collect.source]]\nname = \"{name}\"\npath = {corpus:?}\n[filter]\nlanguages = []\nfamilies = []\n"
    );
    fs::write(&config, text).unwrap();
    config.display().to_string()
}

fn dedupe(dir: &Path, config: &str, more: &[&str]) -> Command {
    let mut arguments = vec!["dedupe", "--quiet", "--config", config];
    more.iter().for_each(|set| arguments.extend(["--set", set]));
    textmill(dir, &arguments)
}

#[test]
fn a_later_crawl_is_deduplicated_against_an_earlier_one() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let monday = crawl(dir.path(), "monday", 0..20, false);
    let tuesday = crawl(dir.path(), "tuesday", 10..40, true);
    let small = ["dedupe.write_index=true", "dedupe.memory_limit=\"512MiB\""];
    succeed(&mut dedupe(&first, &monday, &small));
    let written = manifest(&first, "dedupe");
    assert_eq!(written.files.len(), 1);
    assert_eq!(written.memory_limit_bytes, Some(512 << 20));
    assert!(written.peak_memory_bytes <= written.memory_limit_bytes);
    let reference = format!("dedupe.reference=[{:?}]", first.join("dedupe/index"));
    succeed(&mut dedupe(
        &second,
        &tuesday,
        &[&reference, "dedupe.write_index=true"],
    ));
    let kept: Vec<Document> = rows(&second, "dedupe", false);
    let dropped: Vec<Dropped> = rows(&second, "dedupe", true);
    assert_eq!((kept.len(), dropped.len()), (20, 10));
    let earlier: Vec<Document> = rows(&first, "dedupe", false);
    for row in &dropped {
        assert_eq!(row.rule, "dedupe.reference");
        let page = row.url.as_ref().unwrap().rsplit('/').next().unwrap();
        let twin = earlier.iter().find(|d| Some(&d.id) == row.kept_id.as_ref());
        assert!(
            twin.unwrap()
                .url
                .as_ref()
                .unwrap()
                .ends_with(&format!("/{page}"))
        );
        assert!(row.value.unwrap() >= row.limit.unwrap());
    }

    // Nothing changed, so nothing runs; another index makes the stage run again.
    let written = || fs::metadata(second.join("dedupe/manifest.json")).unwrap();
    let before = written().modified().unwrap();
    let more = [reference.as_str(), "dedupe.write_index=true"];
    succeed(&mut dedupe(&second, &tuesday, &more));
    assert_eq!(written().modified().unwrap(), before);
    let longer = crawl(dir.path(), "monday", 0..25, false);
    succeed(&mut dedupe(&first, &longer, &["dedupe.write_index=true"]));
    succeed(&mut dedupe(&second, &tuesday, &more));
    assert_eq!(manifest(&second, "dedupe").kept_rows, 15);

    let merged = dir.path().join("merged");
    succeed(Command::new(env!("CARGO_BIN_EXE_textmill")).args([
        "index".as_ref(),
        "merge".as_ref(),
        first.as_os_str(),
        second.as_os_str(),
        "--out".as_ref(),
        merged.as_os_str(),
    ]));
    let shard = merged.join("part-00000.parquet");
    let entries = ShardReader::<IndexEntry>::open(&shard).unwrap();
    assert_eq!(entries.flat_map(Result::unwrap).count(), 40);

    let answers = query(&merged, &tuesday);
    assert_eq!(answers[0]["level"], "exact");
    assert_eq!(answers[1]["level"], "near");
    assert!(answers[1]["similarity"].as_f64().unwrap() > 0.7);
    assert_eq!(answers[2]["level"], Value::Null);
    assert_eq!(answers[3]["line"], 4);
}

/// Asks about page 3 as it is, page 5 changed, a text that nobody has, and a broken line.
fn query(index: &Path, config: &str) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_textmill"))
        .args(["index", "query", "--config", config])
        .arg(index)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ask = |id: &str, text: String| json!({"id": id, "text": text}).to_string();
    let lines = [
        ask("a", text(3).to_uppercase()),
        ask("b", text(5).replacen("word", "wird", 1)),
        ask("c", text(77)),
        "{".to_owned(),
    ];
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines.join("\n").as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_index_of_other_parameters_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let config = crawl(dir.path(), "monday", 0..3, false);
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    succeed(&mut dedupe(&first, &config, &["dedupe.write_index=true"]));
    let reference = format!("dedupe.reference=[{first:?}]");
    let output = dedupe(&second, &config, &[&reference, "dedupe.ngram=4"])
        .output()
        .unwrap();
    let said = both(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("ngram = 5") && said.contains("part-00000.parquet"),
        "{said}"
    );
    let missing = format!("dedupe.reference=[{:?}]", dir.path().join("nowhere"));
    let output = dedupe(&second, &config, &[&missing]).output().unwrap();
    assert!(both(&output).contains("nowhere"), "{}", both(&output));
}
