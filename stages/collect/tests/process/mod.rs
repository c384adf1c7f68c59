//! The stage in a process of its own: with an environment of its own, and a peak of memory that
//! is its alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use textmill_collect::{Collect, Config};
use textmill_schemas::{
    CorpusStage, Dropped, NoProgress, RawDocument, Row, ShardReader, StageResult, TaskContext,
    peak_memory,
};

/// What the process gave.
pub struct Done {
    /// Whether it ended well.
    pub ok: bool,
    /// Kept rows in order.
    #[allow(dead_code)]
    pub kept: Vec<RawDocument>,
    /// Dropped rows in order.
    pub dropped: Vec<Dropped>,
    /// What it said.
    pub stderr: String,
    /// Its peak of memory in bytes.
    pub peak: Option<u64>,
}

const CONFIG: &str = "TEXTMILL_TEST_CONFIG";
const OUT: &str = "TEXTMILL_TEST_OUT";

/// Runs the stage with a configuration as JSON.
pub fn collect(config: &str, environment: &[(&str, String)]) -> Done {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .args(["--ignored", "--exact", "process::the_stage", "--nocapture"])
        .env(CONFIG, config)
        .env(OUT, dir.path())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let peak = std::fs::read_to_string(dir.path().join("peak"));
    Done {
        ok: output.status.success(),
        kept: rows(dir.path()),
        dropped: rows(&dir.path().join("dropped")),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        peak: peak.ok().and_then(|peak| peak.parse().ok()),
    }
}

#[test]
#[ignore = "started by the tests beside it"]
fn the_stage() {
    let config: Config = serde_json::from_str(&std::env::var(CONFIG).unwrap()).unwrap();
    let out = std::env::var(OUT).unwrap();
    if let Err(error) = run(&config, Path::new(&out)) {
        panic!("{error}");
    }
    std::fs::write(
        Path::new(&out).join("peak"),
        peak_memory().unwrap().to_string(),
    )
    .unwrap();
}

fn run(config: &Config, out: &Path) -> StageResult<()> {
    let stage = Collect::new(config)?;
    let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(false));
    let ctx = TaskContext {
        out,
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    for step in stage.steps() {
        for rank in 0..stage.world(step, &ctx)? {
            let report = stage.task(step, rank, &ctx)?;
            assert_eq!(report.read, report.kept_rows + report.dropped_total());
        }
    }
    Ok(())
}

fn rows<R: Row>(folder: &Path) -> Vec<R> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut shards: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    shards.retain(|path| path.extension().is_some_and(|end| end == "parquet"));
    shards.sort();
    let readers = shards
        .iter()
        .map(|shard| ShardReader::<R>::open(shard).unwrap());
    readers.flatten().flat_map(Result::unwrap).collect()
}
