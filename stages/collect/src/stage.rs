//! The stage: tasks over the listing, shards out.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use textmill_schemas::{
    CorpusStage, Dropped, RawDocument, ShardWriter, StageResult, TaskContext, TaskReport,
    shard_name,
};

use crate::config::Config;
use crate::error::Error;
use crate::forum::Threads;
use crate::listing::{Found, Listing, Source};
use crate::reader::read_file;
use crate::record::{FileRef, Output, Settings, Stop};

/// Files from this size on are named while they are read.
const NAMED_BYTES: u64 = 1 << 20;

/// The collect stage.
pub struct Collect {
    sources: Vec<Source>,
    settings: Settings,
    task_bytes: u64,
    /// Made once, so that every task of a run sees the same files.
    listing: OnceLock<Listing>,
}

impl Collect {
    /// Checks the configuration; the disk is looked at only when the stage runs.
    ///
    /// # Errors
    /// No source, a name twice, a bad glob, an environment variable that is not set, a limit of
    /// 0; the message names the source and the mend.
    pub fn new(config: &Config) -> Result<Self, Error> {
        for (key, value) in [
            ("task_bytes", config.task_bytes),
            ("max_record_bytes", config.max_record_bytes),
        ] {
            if value == 0 {
                let problem = "must be at least 1".to_owned();
                return Err(Error::Setting { key, problem });
            }
        }
        Ok(Self {
            sources: Source::all(config)?,
            settings: Settings::new(config),
            task_bytes: config.task_bytes,
            listing: OnceLock::new(),
        })
    }

    fn listing(&self) -> Result<&Listing, Error> {
        if let Some(listing) = self.listing.get() {
            return Ok(listing);
        }
        let listing = Listing::read(&self.sources, self.task_bytes)?;
        Ok(self.listing.get_or_init(|| listing))
    }

    fn read(&self, rank: usize, ctx: &TaskContext) -> Result<TaskReport, Error> {
        let listing = self.listing()?;
        let files = listing.tasks.get(rank).cloned().unwrap_or(0..0);
        let mut shards = Shards::create(rank, ctx)?;
        let files = listing.files.get(files).unwrap_or_default();
        for files in files.chunk_by(|one, next| one.source == next.source) {
            match self.read_source(files, &mut shards) {
                Ok(()) | Err(Stop::Full) => {}
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        shards.finish()
    }

    /// Reads files of one source, then gives out the threads that they make up.
    fn read_source(&self, files: &[Found], shards: &mut Shards) -> Result<(), Stop> {
        shards.threads = Threads::new(&shards.ctx.work());
        for found in files {
            shards.check()?;
            self.read_one(found, shards)?;
        }
        let source = files.first().and_then(|file| self.sources.get(file.source));
        let mut threads = std::mem::take(&mut shards.threads);
        source.map_or(Ok(()), |source| {
            threads.finish(source, &self.settings, shards)
        })
    }

    fn read_one(&self, found: &Found, shards: &mut Shards) -> Result<(), Stop> {
        let Some(source) = self.sources.get(found.source) else {
            return Ok(());
        };
        let key = found.relative.as_os_str().as_encoded_bytes();
        let name = found.relative.to_string_lossy();
        let file = FileRef {
            source,
            file: name.replace(std::path::MAIN_SEPARATOR, "/"),
            key,
            member: None,
        };
        if found.size >= NAMED_BYTES {
            shards.ctx.progress.message(&file.file);
        }
        shards.limit = source.config.limit;
        shards.count_by("files", 1);
        shards.report.outside_bytes += found.size;
        read_file(found, &file, &self.settings, shards)
    }
}

impl CorpusStage for Collect {
    fn steps(&self) -> Vec<&'static str> {
        vec!["read"]
    }

    fn world(&self, _step: &str, _ctx: &TaskContext) -> StageResult<usize> {
        Ok(self.listing()?.tasks.len())
    }

    fn task(&self, _step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        self.read(rank, ctx).map_err(|error| match error {
            // As it is, so that the runner knows it.
            Error::Cancelled(cancelled) => cancelled.into(),
            error => error.into(),
        })
    }

    fn external_inputs(&self) -> StageResult<String> {
        Ok(self.listing()?.hash(&self.sources))
    }
}

/// The shards of a task.
struct Shards<'a> {
    ctx: &'a TaskContext<'a>,
    rank: usize,
    kept: ShardWriter<RawDocument>,
    /// Made with the first row.
    dropped: Option<ShardWriter<Dropped>>,
    report: TaskReport,
    counts: BTreeMap<&'static str, u64>,
    /// Documents to keep of the source at hand. A source with a limit has its task for itself.
    limit: Option<u64>,
    /// Threads of the source at hand.
    threads: Threads,
}

impl<'a> Shards<'a> {
    fn create(rank: usize, ctx: &'a TaskContext<'a>) -> Result<Self, Error> {
        Ok(Self {
            ctx,
            rank,
            kept: ShardWriter::create(ctx.out, &shard_name(rank))?,
            dropped: None,
            report: TaskReport::default(),
            counts: BTreeMap::new(),
            limit: None,
            threads: Threads::default(),
        })
    }

    fn count_by(&mut self, what: &'static str, by: u64) {
        *self.counts.entry(what).or_default() += by;
    }

    fn count_record(&mut self) {
        self.report.read += 1;
        self.ctx.progress.add_total(1);
        self.ctx.progress.advance(1);
    }

    fn finish(mut self) -> Result<TaskReport, Error> {
        self.report.kept = vec![self.kept.finish()?];
        if let Some(dropped) = self.dropped {
            self.report.dropped = vec![dropped.finish()?];
        }
        let counts = self.counts.into_iter();
        self.report.stats = counts
            .map(|(what, count)| (what.to_owned(), count.into()))
            .collect();
        Ok(self.report)
    }
}

impl Output for Shards<'_> {
    fn keep(&mut self, document: RawDocument) -> Result<(), Stop> {
        self.count_by("body_bytes", document.body.len() as u64);
        self.kept.write(document)?;
        self.report.kept_rows += 1;
        self.count_record();
        if self
            .limit
            .is_some_and(|limit| self.report.kept_rows >= limit)
        {
            return Err(Stop::Full);
        }
        Ok(())
    }

    fn reject(&mut self, dropped: Dropped) -> Result<(), Stop> {
        self.report.count_drop(&dropped.rule);
        let writer = match &mut self.dropped {
            Some(writer) => writer,
            None => {
                let name = format!("dropped/{}", shard_name(self.rank));
                self.dropped
                    .insert(ShardWriter::create(self.ctx.out, &name)?)
            }
        };
        writer.write(dropped)?;
        self.count_record();
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        self.count_by(what, 1);
    }

    fn threads(&mut self) -> Option<&mut Threads> {
        Some(&mut self.threads)
    }

    fn check(&self) -> Result<(), Stop> {
        self.ctx.check_cancelled().map_err(Stop::from)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use textmill_schemas::{Cancelled, NoProgress, ShardReader};

    use super::*;
    use crate::config::SourceConfig;

    fn config(path: &Path) -> Config {
        let source = SourceConfig {
            name: "mixed".into(),
            path: path.display().to_string(),
            license: Some("CC0-1.0".into()),
            ..SourceConfig::default()
        };
        Config {
            source: vec![source],
            ..Config::default()
        }
    }

    fn run(stage: &Collect, out: &Path) -> StageResult<TaskReport> {
        let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(false));
        let ctx = TaskContext {
            out,
            inputs: &inputs,
            seed: 0,
            threads: 1,
            progress: &NoProgress,
            cancel: &cancel,
        };
        let mut sum = TaskReport::default();
        for rank in (0..stage.world("read", &ctx)?).rev() {
            sum.merge(stage.task("read", rank, &ctx)?);
        }
        Ok(sum)
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("a.html", "<html><p>页"),
            ("b/notes.md", "# Notes"),
            (
                "b/rows.jsonl",
                "{\"text\": \"one\"}\n{oops}\n{\"text\": \"two\"}\n",
            ),
            ("empty.txt", ""),
            ("style.css", "p {}"),
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        dir
    }

    fn rows<R: textmill_schemas::Row>(out: &Path, name: &str) -> Vec<R> {
        let reader = ShardReader::open(&out.join(name)).unwrap();
        reader.flat_map(|group| group.unwrap()).collect()
    }

    #[test]
    fn a_mixed_folder_becomes_shards() {
        let (dir, out) = (folder(), tempfile::tempdir().unwrap());
        let stage = Collect::new(&config(dir.path())).unwrap();
        let report = run(&stage, out.path()).unwrap();
        assert_eq!((report.read, report.kept_rows), (7, 4));
        assert_eq!(report.read, report.kept_rows + report.dropped_total());
        let kept: Vec<RawDocument> = rows(out.path(), "part-00000.parquet");
        let files: Vec<_> = kept
            .iter()
            .map(|row| (row.file.as_str(), row.offset))
            .collect();
        assert_eq!(
            files,
            [
                ("a.html", 0),
                ("b/notes.md", 0),
                ("b/rows.jsonl", 0),
                ("b/rows.jsonl", 23)
            ]
        );
        assert_eq!(kept[0].license.as_deref(), Some("CC0-1.0"));
        let dropped: Vec<Dropped> = rows(out.path(), "dropped/part-00000.parquet");
        let rules: Vec<_> = dropped.iter().map(|row| row.rule.as_str()).collect();
        assert_eq!(
            rules,
            [
                "collect.invalid_json",
                "collect.empty",
                "collect.media_type"
            ]
        );
        assert_eq!(report.stats["files"], 5);
    }

    #[test]
    fn cutting_into_tasks_changes_only_the_cut() {
        let (dir, one, many) = (
            folder(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let whole = run(&Collect::new(&config(dir.path())).unwrap(), one.path()).unwrap();
        let mut fine = config(dir.path());
        fine.task_bytes = 1;
        let stage = Collect::new(&fine).unwrap();
        let parts = run(&stage, many.path()).unwrap();
        assert_eq!(parts.kept.len(), 5);
        assert_eq!(parts.dropped_rows, whole.dropped_rows);
        let all: Vec<RawDocument> = (0..5)
            .flat_map(|rank| rows(many.path(), &shard_name(rank)))
            .collect();
        assert_eq!(all, rows::<RawDocument>(one.path(), "part-00000.parquet"));
        let again = tempfile::tempdir().unwrap();
        assert_eq!(run(&stage, again.path()).unwrap(), parts);
    }

    #[test]
    fn a_limit_counts_documents() {
        let (dir, out) = (folder(), tempfile::tempdir().unwrap());
        let mut config = config(dir.path());
        config.source[0].limit = Some(3);
        config.source[0].name = "few".into();
        let all = SourceConfig {
            name: "all".into(),
            limit: None,
            ..config.source[0].clone()
        };
        config.source.push(all);
        let report = run(&Collect::new(&config).unwrap(), out.path()).unwrap();
        assert_eq!(
            report.kept.iter().map(|shard| shard.rows).sum::<u64>(),
            3 + 4
        );
        assert_eq!(report.kept.len(), 2);
        assert_eq!(report.read, report.kept_rows + report.dropped_total());
    }

    #[test]
    fn bad_settings_are_named() {
        let message = |change: fn(&mut Config)| {
            let mut config = config(Path::new("x"));
            change(&mut config);
            Collect::new(&config).err().unwrap().to_string()
        };
        assert!(message(|config| config.source.clear()).contains("[[collect.source]]"));
        assert!(
            message(|config| config.source.push(config.source[0].clone())).contains("same name")
        );
        assert!(
            message(|config| config.source[0].path = "${TEXTMILL_UNSET}/a".into())
                .contains("export")
        );
        assert!(message(|config| config.source[0].include = vec!["[".into()]).contains("mixed"));
        assert!(message(|config| config.task_bytes = 0).contains("task_bytes"));
    }

    #[test]
    fn stops_on_request() {
        let (dir, out) = (folder(), tempfile::tempdir().unwrap());
        let stage = Collect::new(&config(dir.path())).unwrap();
        let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(true));
        let ctx = TaskContext {
            out: out.path(),
            inputs: &inputs,
            seed: 0,
            threads: 1,
            progress: &NoProgress,
            cancel: &cancel,
        };
        let error = stage.task("read", 0, &ctx).unwrap_err();
        assert!(error.downcast_ref::<Cancelled>().is_some());
        assert!(!out.path().join("part-00000.parquet").exists());
    }
}
