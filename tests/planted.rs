//! Every plant of the sample corpus meets the fate that sample_corpus/planted.json foretells.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::Value;
use support::{root, rows, succeed, textmill};
use textmill_schemas::{Document, Dropped, Row};

/// What became of a document: its final row, or the row that says why it ended.
enum Fate {
    Kept(Box<Document>),
    Dropped(Box<Dropped>),
}

struct Run {
    kept: Vec<Document>,
    dropped: Vec<Dropped>,
}

impl Run {
    fn of_sample_corpus() -> Self {
        let dir = tempfile::tempdir().unwrap();
        succeed(&mut textmill(
            dir.path(),
            &["run", "--quiet", "--until", "normalize"],
        ));
        let stages = ["collect", "extract", "filter", "dedupe", "normalize"];
        let dropped = stages
            .iter()
            .flat_map(|stage| rows(dir.path(), stage, true));
        Self {
            kept: rows(dir.path(), "normalize", false),
            dropped: dropped.collect(),
        }
    }

    /// The documents that a plant names by source, file, URL and offset.
    fn find(&self, plant: &Value) -> Vec<Fate> {
        let matches = |row: &dyn Fn() -> textmill_schemas::Origin| {
            let origin = row();
            let file = format!("{}/{}", origin.source, origin.file);
            plant["source"] == origin.source.as_str()
                && plant["file"] == file.as_str()
                && plant["url"]
                    .as_str()
                    .is_none_or(|url| origin.url.as_deref() == Some(url))
                && plant["offset"]
                    .as_u64()
                    .is_none_or(|offset| offset == origin.offset)
        };
        let kept = self.kept.iter().filter(|row| matches(&|| row.origin()));
        let dropped = self.dropped.iter().filter(|row| matches(&|| row.origin()));
        kept.map(|row| Fate::Kept(Box::new(row.clone())))
            .chain(dropped.map(|row| Fate::Dropped(Box::new(row.clone()))))
            .collect()
    }
}

/// A string, or a list of strings, or nothing.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// What is wrong with a plant's fate, if anything.
fn complaint(run: &Run, plant: &Value) -> Result<(), String> {
    let expect = &plant["expect"];
    if expect["outcome"] == "one_kept" {
        return one_kept(run, plant);
    }
    let fates = run.find(plant);
    let [fate] = fates.as_slice() else {
        return Err(format!("{} documents match", fates.len()));
    };
    let text = match (fate, expect["outcome"].as_str()) {
        (Fate::Kept(row), Some("kept")) => {
            if expect["lang"].is_string() && expect["lang"].as_str() != row.lang.as_deref() {
                return Err(format!("language {:?}", row.lang));
            }
            if expect["masked"]
                .as_u64()
                .is_some_and(|n| n != u64::from(row.masked))
            {
                return Err(format!("{} masked: {}", row.masked, row.text));
            }
            row.text.as_str()
        }
        (Fate::Dropped(row), Some("dropped")) => {
            let (stage, rule) = (
                expect["stage"].as_str().unwrap(),
                expect["rule"].as_str().unwrap(),
            );
            if !(stage.is_empty() || row.stage == stage) || !row.rule.starts_with(rule) {
                return Err(format!("dropped by {} {:?}", row.rule, row.value));
            }
            row.text.as_deref().unwrap_or("")
        }
        (Fate::Dropped(row), _) => {
            return Err(format!(
                "dropped by {} {:?} {:?}: {:?}",
                row.rule, row.value, row.limit, row.text
            ));
        }
        (Fate::Kept(_), _) => return Err("kept".to_owned()),
    };
    let missing = strings(&expect["contains"])
        .into_iter()
        .find(|part| !text.contains(part));
    let surplus = strings(&expect["absent"])
        .into_iter()
        .find(|part| text.contains(part));
    match (missing, surplus) {
        (Some(part), _) => Err(format!("lacks {part:?}: {text}")),
        (_, Some(part)) => Err(format!("still has {part:?}: {text}")),
        _ => Ok(()),
    }
}

/// Of a cluster, as many as foretold are kept, and the others name a kept one.
fn one_kept(run: &Run, plant: &Value) -> Result<(), String> {
    let documents = plant["documents"].as_array().unwrap();
    let fates: Vec<Fate> = documents
        .iter()
        .flat_map(|document| run.find(document))
        .collect();
    if fates.len() != documents.len() {
        return Err(format!(
            "{} of {} documents found",
            fates.len(),
            documents.len()
        ));
    }
    let kept: Vec<&str> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::Kept(row) => Some(row.id.as_str()),
            Fate::Dropped(_) => None,
        })
        .collect();
    if Some(kept.len() as u64) != plant["expect"]["survivors"].as_u64() {
        let rules: Vec<String> = fates
            .iter()
            .filter_map(|fate| match fate {
                Fate::Dropped(row) => Some(format!("{} {:?} {}", row.rule, row.value, row.file)),
                Fate::Kept(_) => None,
            })
            .collect();
        return Err(format!("{} kept, dropped: {rules:?}", kept.len()));
    }
    let prefix = plant["expect"]["rule"].as_str().unwrap_or("");
    for fate in &fates {
        if let Fate::Dropped(row) = fate
            && (!row.rule.starts_with(prefix) || row.kept_id.is_none())
        {
            return Err(format!("dropped by {} for {:?}", row.rule, row.kept_id));
        }
    }
    Ok(())
}

#[test]
fn every_plant_meets_its_fate() {
    let text = std::fs::read_to_string(root().join("sample_corpus/planted.json")).unwrap();
    let planted: Value = serde_json::from_str(&text).unwrap();
    let plants = planted["plants"].as_array().unwrap();
    assert!(plants.len() > 50);
    let run = Run::of_sample_corpus();
    let mut complaints = Vec::new();
    for plant in plants {
        if let Err(problem) = complaint(&run, plant) {
            let problem: String = problem.chars().take(700).collect();
            complaints.push(format!("{}: {problem}", plant["name"]));
        }
    }
    assert!(
        complaints.is_empty(),
        "{} plants:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn the_sample_corpus_is_as_large_as_it_says() {
    let run = Run::of_sample_corpus();
    assert!(run.kept.len() >= 150, "{} documents", run.kept.len());
    let bytes = |lang: &str| -> usize {
        let of_lang = run
            .kept
            .iter()
            .filter(|row| row.lang.as_deref() == Some(lang));
        of_lang.map(|row| row.text.len()).sum()
    };
    let (en, zh) = (bytes("en"), bytes("zh"));
    assert!(en + zh >= 250_000, "{en} + {zh} bytes");
    let share = en as f64 / (en + zh) as f64;
    assert!((0.5..0.7).contains(&share), "{share} English");
}
