//! The two kinds of stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::manifest::{Manifest, ShardEntry, TaskReport};
use crate::row::Row;
use crate::signals::Signals;

/// A stage that is a pure function of one document: extract, filter, normalize.
pub trait DocumentStage: Send + Sync {
    /// What the stage reads.
    type Input: Row;
    /// What it writes for a kept document.
    type Output: Row;

    /// Decides about one document. Never panics, never does I/O.
    fn process(&self, input: Self::Input) -> Verdict<Self::Output>;

    /// Whether [`DocumentStage::measure`] gives signals, of which a shard is written then.
    fn has_signals(&self) -> bool {
        false
    }

    /// Decides likewise, and says what was measured of the document, kept or dropped.
    fn measure(&self, input: Self::Input) -> (Verdict<Self::Output>, Option<Signals>) {
        (self.process(input), None)
    }

    /// Hash of the files that the stage was made with, such as models and lists; a change makes
    /// the stage run again.
    ///
    /// # Errors
    /// When one of them cannot be read.
    fn files_hash(&self) -> StageResult<String> {
        Ok(String::new())
    }
}

/// What a document stage decides about one document.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<T> {
    /// The document goes on.
    Keep(T),
    /// The document ends here, for this reason.
    Drop(Reason),
}

/// Why a document was dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// Name of the rule, as `family.rule`.
    pub rule: String,
    /// What the rule measured.
    pub value: Option<f64>,
    /// The limit that the value missed.
    pub limit: Option<f64>,
    /// What else there is to say, such as a parser's message.
    pub detail: Option<String>,
    /// The text as the stage saw it, moved here rather than copied.
    pub text: Option<String>,
}

impl Reason {
    /// A reason that names its rule, as `family.rule`.
    pub fn new(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            ..Self::default()
        }
    }

    /// Adds what was measured and the limit that it missed.
    #[must_use]
    pub fn measured(mut self, value: f64, limit: f64) -> Self {
        self.value = Some(value);
        self.limit = Some(limit);
        self
    }

    /// Adds a sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Hands over the document's text, so that the dropped set shows it.
    #[must_use]
    pub fn text(mut self, text: String) -> Self {
        self.text = Some(text);
        self
    }
}

/// Result of a corpus stage; each stage's typed error converts by `?`.
pub type StageResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A stage that sees the whole corpus, as a chain of task lists: collect, dedupe, tokenize,
/// train, evaluate.
///
/// Tasks of one list may run at the same time, in any order, and more than once: outputs are
/// named by step and rank alone. A list starts when the one before it is done.
pub trait CorpusStage: Send + Sync {
    /// Names of the task lists, in order.
    fn steps(&self) -> Vec<&'static str>;

    /// Number of tasks of a step; may read what earlier steps wrote.
    ///
    /// # Errors
    /// When an input cannot be read.
    fn world(&self, step: &str, ctx: &TaskContext) -> StageResult<usize>;

    /// Runs one task.
    ///
    /// # Errors
    /// When the whole stage cannot go on; a single bad document is a dropped row instead.
    fn task(&self, step: &str, rank: usize, ctx: &TaskContext) -> StageResult<TaskReport>;

    /// Memory in bytes that the stage promises to stay below, the whole program counted; noted in
    /// the manifest beside the peak, and compared with it.
    fn memory_limit(&self) -> Option<u64> {
        None
    }

    /// Hash of what the stage reads from outside the run, such as the files that `collect`
    /// finds; a change makes the stage run again. Empty for stages that only read other stages.
    ///
    /// # Errors
    /// When such an input is missing; the message names it and the mend.
    fn external_inputs(&self) -> StageResult<String> {
        Ok(String::new())
    }
}

/// What a task of a corpus stage may know of the run.
#[derive(Clone, Copy)]
pub struct TaskContext<'a> {
    /// The stage's folder.
    pub out: &'a Path,
    /// The stages that this one reads, by name.
    pub inputs: &'a BTreeMap<String, StageInput>,
    /// The run's seed.
    pub seed: u64,
    /// Threads that the run may use.
    pub threads: usize,
    /// Where to report progress.
    pub progress: &'a dyn Progress,
    /// Set when the user asked to stop.
    pub cancel: &'a AtomicBool,
}

impl TaskContext<'_> {
    /// What an upstream stage wrote.
    ///
    /// # Errors
    /// When the runner did not supply that stage (a mistake in the plan, not in the data).
    pub fn input(&self, stage: &str) -> StageResult<&StageInput> {
        let input = self.inputs.get(stage);
        input.ok_or_else(|| format!("no output of stage `{stage}` is at hand; run it first").into())
    }

    /// Folder for intermediates, which the runner removes when the stage is done.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.out.join("work")
    }

    /// Folder for what only one task reads and that may be gone when it ends: that of the
    /// intermediates, or one of this machine where they are in an object store.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        textmill_storage::scratch(&self.work())
    }

    /// Returns an error once the user asked to stop; call it now and then in long loops.
    ///
    /// # Errors
    /// [`Cancelled`], to be handed upwards.
    pub fn check_cancelled(&self) -> Result<(), Cancelled> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Cancelled);
        }
        Ok(())
    }
}

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Cancelled;

/// What an upstream stage wrote: its folder and its manifest.
#[derive(Clone, Debug)]
pub struct StageInput {
    /// The upstream stage's folder.
    pub dir: PathBuf,
    /// What that folder holds.
    pub manifest: Manifest,
}

impl StageInput {
    /// The kept shards in order, each with its place on disk.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = (PathBuf, &ShardEntry)> {
        self.manifest
            .kept
            .iter()
            .map(|shard| (self.dir.join(&shard.path), shard))
    }
}

/// Where a task reports how far it is.
pub trait Progress: Sync {
    /// Announces further units of work (documents, or steps of the trainer).
    fn add_total(&self, units: u64);
    /// Reports units done.
    fn advance(&self, units: u64);
    /// Says what goes on, in a few words.
    fn message(&self, text: &str);
    /// Says what is to stay readable, unlike a message, which the next one replaces.
    fn note(&self, text: &str) {
        self.message(text);
    }
}

/// Reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn add_total(&self, _units: u64) {}
    fn advance(&self, _units: u64) {}
    fn message(&self, _text: &str) {}
}
