//! Runs of the whole pipeline: same bytes however it ran, and only what must run runs.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use support::{manifest, succeed, textmill};
use textmill_schemas::{Document, Dropped, Row};

/// Hash of every output of every data stage.
fn hashes(dir: &Path) -> BTreeMap<String, String> {
    let entries = support::DATA_STAGES.iter().flat_map(|stage| {
        let manifest = manifest(dir, stage);
        let all = [manifest.kept, manifest.dropped, manifest.files].concat();
        all.into_iter()
            .map(move |entry| (format!("{stage}/{}", entry.path), entry.hash))
    });
    entries.collect()
}

fn run_data(dir: &Path, further: &[&str]) {
    // Many small tasks, so that threads and interruptions have something to disturb.
    let mut arguments = vec![
        "run",
        "--quiet",
        "--until",
        "tokenize",
        "--set",
        "collect.task_bytes=60000",
    ];
    arguments.extend(further);
    succeed(&mut textmill(dir, &arguments));
}

#[test]
fn threads_do_not_show_in_the_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run_data(one.path(), &["--set", "run.threads=1"]);
    run_data(two.path(), &["--set", "run.threads=2"]);
    assert!(
        manifest(one.path(), "extract").kept.len() > 4,
        "several shards"
    );
    assert_eq!(hashes(one.path()), hashes(two.path()));
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run_data(whole.path(), &[]);
    for moment in [30, 60, 120, 200, 350, 500, 800] {
        let arguments = [
            "run",
            "--quiet",
            "--until",
            "tokenize",
            "--set",
            "collect.task_bytes=60000",
        ];
        let mut child = textmill(killed.path(), &arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run_data(killed.path(), &[]);
    assert_eq!(hashes(whole.path()), hashes(killed.path()));
    for stage in support::DATA_STAGES {
        assert!(
            !killed.path().join(stage).join("work").exists(),
            "{stage} left its intermediates"
        );
    }
}

#[test]
fn in_equals_kept_plus_dropped_and_no_id_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    run_data(dir.path(), &[]);
    for pair in support::DATA_STAGES.windows(2) {
        assert_eq!(
            manifest(dir.path(), pair[0]).kept_rows,
            manifest(dir.path(), pair[1]).read
        );
    }
    let ids = |stage, dropped| -> Vec<String> {
        match dropped {
            true => support::rows::<Dropped>(dir.path(), stage, true)
                .iter()
                .map(|r| r.origin().id)
                .collect(),
            false => support::rows::<Document>(dir.path(), stage, false)
                .iter()
                .map(|r| r.origin().id)
                .collect(),
        }
    };
    for pair in ["extract", "filter", "dedupe", "normalize"].windows(2) {
        let mut before = ids(pair[0], false);
        let mut after = [ids(pair[1], false), ids(pair[1], true)].concat();
        before.sort();
        after.sort();
        assert_eq!(before, after, "{} to {}", pair[0], pair[1]);
    }
}

#[test]
fn an_edit_reruns_what_it_touches_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    run_data(dir.path(), &[]);
    let stamp = |stage: &str| {
        fs::metadata(dir.path().join(stage).join("manifest.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before: Vec<_> = support::DATA_STAGES
        .iter()
        .map(|stage| stamp(stage))
        .collect();
    let arguments = [
        "run",
        "--until",
        "tokenize",
        "--set",
        "collect.task_bytes=60000",
    ];
    let said = succeed(&mut textmill(dir.path(), &arguments));
    assert!(said.contains("Nothing to do"), "{said}");
    run_data(dir.path(), &["--set", "filter.min_words=200"]);
    let after: Vec<_> = support::DATA_STAGES
        .iter()
        .map(|stage| stamp(stage))
        .collect();
    let ran: Vec<&str> = support::DATA_STAGES
        .iter()
        .zip(before.iter().zip(&after))
        .filter(|(_, (b, a))| a > b)
        .map(|(s, _)| *s)
        .collect();
    assert_eq!(ran, ["filter", "dedupe", "normalize", "tokenize"]);
}

#[test]
fn a_rerun_that_gives_the_same_bytes_stops_there() {
    let dir = tempfile::tempdir().unwrap();
    run_data(dir.path(), &[]);
    let stamp = |stage: &str| {
        let manifest = dir.path().join(stage).join("manifest.json");
        fs::metadata(manifest).unwrap().modified().unwrap()
    };
    let before = ["extract", "filter", "dedupe"].map(stamp);
    let arguments = ["filter", "--force", "--set", "collect.task_bytes=60000"];
    succeed(&mut textmill(dir.path(), &arguments));
    let said = {
        let arguments = [
            "run",
            "--until",
            "tokenize",
            "--set",
            "collect.task_bytes=60000",
        ];
        succeed(&mut textmill(dir.path(), &arguments))
    };
    assert!(said.contains("Nothing to do"), "{said}");
    let after = ["extract", "filter", "dedupe"].map(stamp);
    assert_eq!(before[0], after[0]);
    assert!(before[1] < after[1]);
    assert_eq!(before[2], after[2]);
}
