//! Against a real server on this machine.

mod server;

mod bounds;
mod feeds;
mod lists;
mod polite;
mod refused;
mod repeat;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use textmill_schemas::{
    CorpusStage, Dropped, NoProgress, RawDocument, Row, ShardReader, StageResult, TaskContext,
    TaskReport,
};

use crate::{Collect, Config, FetchConfig, Kind, SourceConfig};

/// A folder for what is fetched, and a source.
pub struct Site {
    pub dir: tempfile::TempDir,
    pub config: Config,
}

/// What a run gave.
#[derive(Debug, PartialEq)]
pub struct Got {
    pub kept: Vec<RawDocument>,
    pub dropped: Vec<Dropped>,
    /// Bytes of all shards.
    pub shards: Vec<Vec<u8>>,
    pub report: TaskReport,
}

impl Site {
    /// A source of this path, with settings for a server on this machine that is asked at once.
    pub fn new(path: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fetch = FetchConfig {
            folder: dir.path().join("fetched").display().to_string(),
            allow_private: true,
            delay_seconds: 0.0,
            backoff_seconds: 0.01,
            timeout_seconds: 20.0,
            retries: 1,
            ..FetchConfig::default()
        };
        let source = SourceConfig {
            name: "web".into(),
            path: path.into(),
            kind: Kind::Web,
            ..SourceConfig::default()
        };
        let config = Config {
            fetch,
            source: vec![source],
            ..Config::default()
        };
        Self { dir, config }
    }

    /// A source of a list with these addresses.
    pub fn list(addresses: &[String]) -> Self {
        let mut site = Self::new("");
        site.config.source[0].path = site.dir.path().join("urls.txt").display().to_string();
        site.put_list(addresses);
        site
    }

    pub fn put_list(&self, addresses: &[String]) {
        std::fs::write(&self.config.source[0].path, addresses.join("\n")).unwrap();
    }

    pub fn fetched(&self) -> std::path::PathBuf {
        self.dir.path().join("fetched/web")
    }

    pub fn run(&self) -> Got {
        self.run_until(&AtomicBool::new(false)).unwrap()
    }

    pub fn run_until(&self, cancel: &AtomicBool) -> StageResult<Got> {
        run(&Collect::new(&self.config).unwrap(), cancel)
    }

    /// The hash of the inputs.
    pub fn hash(&self) -> String {
        Collect::new(&self.config)
            .unwrap()
            .external_inputs()
            .unwrap()
    }
}

/// Runs a stage and reads what it wrote.
pub fn run(stage: &Collect, cancel: &AtomicBool) -> StageResult<Got> {
    let out = tempfile::tempdir().unwrap();
    let inputs = BTreeMap::new();
    let ctx = TaskContext {
        out: out.path(),
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel,
    };
    let mut report = TaskReport::default();
    for step in stage.steps() {
        for rank in 0..stage.world(step, &ctx)? {
            report.merge(stage.task(step, rank, &ctx)?);
        }
    }
    assert_eq!(report.read, report.kept_rows + report.dropped_total());
    let shards = report.kept.iter().chain(&report.dropped);
    let shards = shards.map(|shard| std::fs::read(out.path().join(&shard.path)).unwrap());
    Ok(Got {
        kept: rows(out.path(), report.kept.iter().map(|shard| &shard.path)),
        dropped: rows(out.path(), report.dropped.iter().map(|shard| &shard.path)),
        shards: shards.collect(),
        report,
    })
}

fn rows<'a, R: Row>(out: &Path, names: impl Iterator<Item = &'a String>) -> Vec<R> {
    names
        .flat_map(|name| ShardReader::open(&out.join(name)).unwrap())
        .flat_map(Result::unwrap)
        .collect()
}

impl Got {
    /// Addresses of the kept rows.
    pub fn urls(&self) -> Vec<&str> {
        self.kept
            .iter()
            .map(|row| row.url.as_deref().unwrap())
            .collect()
    }

    /// Rules of the dropped rows.
    pub fn rules(&self) -> Vec<&str> {
        self.dropped.iter().map(|row| row.rule.as_str()).collect()
    }

    /// The rule of an address.
    pub fn rule(&self, url: &str) -> &str {
        let row = self
            .dropped
            .iter()
            .find(|row| row.url.as_deref() == Some(url));
        row.map_or("", |row| row.rule.as_str())
    }

    /// What is said of the only dropped row.
    pub fn detail(&self) -> &str {
        assert_eq!(self.dropped.len(), 1, "{:?}", self.dropped);
        self.dropped[0].detail.as_deref().unwrap_or_default()
    }

    pub fn bodies(&self) -> Vec<&str> {
        self.kept
            .iter()
            .map(|row| std::str::from_utf8(&row.body).unwrap())
            .collect()
    }

    pub fn stat(&self, name: &str) -> u64 {
        self.report.stats[name].as_u64().unwrap()
    }
}
