//! The stage: tasks over the listing, shards out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use textmill_schemas::{
    CorpusStage, Dropped, RawDocument, ShardWriter, StageResult, TaskContext, TaskReport,
    shard_name,
};

use crate::config::Config;
use crate::error::Error;
use crate::fetch::{Reading, Web};
use crate::forum::Threads;
use crate::listing::{Found, Listing, Source};
use crate::reader::read_file;
use crate::record::{Output, Settings, Stop};

/// Files from this size on are named while they are read.
const NAMED_BYTES: u64 = 1 << 20;

/// Gets pages from the web, where a source names some.
const FETCH: &str = "fetch";
/// Reads all that is there.
const READ: &str = "read";

/// The collect stage.
pub struct Collect {
    sources: Vec<Source>,
    settings: Settings,
    task_bytes: u64,
    /// The sources that are fetched.
    web: Option<Web>,
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
            ("max_ratio", config.max_ratio),
            ("max_spool_bytes", config.max_spool_bytes),
        ] {
            if value == 0 {
                let problem = "must be at least 1".to_owned();
                return Err(Error::Setting { key, problem });
            }
        }
        let sources = Source::all(config)?;
        Ok(Self {
            web: Web::new(config, &sources)?,
            sources,
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

    /// The tasks behind those of the listing read what was fetched.
    fn reading(&self, rank: usize) -> Result<Option<Reading<'_>>, Error> {
        let listed = self.listing()?.tasks.len();
        match (&self.web, rank.checked_sub(listed)) {
            (Some(web), Some(rank)) => web.task(&self.sources, self.task_bytes, rank),
            _ => Ok(None),
        }
    }

    fn fetch(&self, ctx: &TaskContext) -> Result<TaskReport, Error> {
        match &self.web {
            Some(web) => web.fetch(&self.sources, &self.settings, ctx),
            None => Ok(TaskReport::default()),
        }
    }

    fn read(&self, rank: usize, ctx: &TaskContext) -> Result<TaskReport, Error> {
        let listing = self.listing()?;
        if let Some(reading) = self.reading(rank)? {
            let mut shards = Shards::create(rank, ctx)?;
            shards.limit = reading.source.config.limit;
            return match reading.read(&self.settings, &mut shards) {
                Ok(()) | Err(Stop::Full) => shards.finish(),
                Err(Stop::Failed(error)) => Err(error),
            };
        }
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
        shards.threads = Threads::new(&shards.ctx.scratch());
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
        let file = found.file(source);
        if found.size >= NAMED_BYTES {
            shards.ctx.progress.message(&file.file);
        }
        shards.limit = source.config.limit;
        shards.count_by("files", u64::from(found.is_first()));
        shards.report.outside_bytes += found.bytes();
        read_file(found, &file, &self.settings, shards)
    }
}

impl CorpusStage for Collect {
    fn steps(&self) -> Vec<&'static str> {
        match self.web {
            Some(_) => vec![FETCH, READ],
            None => vec![READ],
        }
    }

    fn world(&self, step: &str, _ctx: &TaskContext) -> StageResult<usize> {
        if step == FETCH {
            return Ok(1);
        }
        let fetched = match &self.web {
            Some(web) => web.tasks(&self.sources, self.task_bytes)?,
            None => 0,
        };
        Ok(self.listing()?.tasks.len() + fetched)
    }

    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport> {
        let report = match step {
            FETCH => self.fetch(ctx),
            _ => self.read(rank, ctx),
        };
        report.map_err(|error| match error {
            // As it is, so that the runner knows it.
            Error::Cancelled(cancelled) => cancelled.into(),
            error => error.into(),
        })
    }

    fn external_inputs(&self) -> StageResult<String> {
        let files = self.listing()?.hash(&self.sources);
        Ok(match &self.web {
            Some(web) => files + &web.hash(&self.sources)?,
            None => files,
        })
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
    /// Where what does not fit into memory goes for a while.
    scratch: PathBuf,
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
            scratch: textmill_storage::scratch(ctx.out),
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

    fn folder(&self) -> Option<&std::path::Path> {
        Some(&self.scratch)
    }
}

#[cfg(test)]
mod tests;
