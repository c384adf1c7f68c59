//! The documents of a shard that the levels before left, as those levels left them.

use textmill_schemas::{Document, Reason, ShardReader, StageResult, TaskContext};

use crate::corpus::{Corpus, Shard};
use crate::cut::Cut;
use crate::decision::{Decision, Decisions};
use crate::paths::Kind;
use crate::shuffle::Sorted;
use crate::{Error, lines, substrings};

/// A level that cuts texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cutting {
    /// Boilerplate lines and paragraphs.
    Lines,
    /// Repeated substrings.
    Substrings,
}

/// What the levels before left of a document.
pub(crate) enum Left {
    /// Another document stays in its place.
    Gone(Document, Decision),
    /// Too little of it was left.
    Short(Document, Reason),
    /// It stays.
    Stays(Document),
}

/// Applies what was decided about a shard, in ascending order of rows.
pub(crate) struct Leaver {
    fates: Decisions,
    lines: Option<lines::Cutter>,
    substrings: Option<substrings::Cutter>,
    /// Units taken out: lines or paragraphs, and words.
    pub cut: [u64; 2],
}

impl Leaver {
    /// Up to the level `before`; all levels without one.
    pub fn open(corpus: &Corpus, shard: &Shard, before: Option<Cutting>) -> Result<Self, Error> {
        let wanted = |level| before.is_none_or(|before| level < before);
        let (lines, substrings) = (&corpus.config.lines, &corpus.config.substrings);
        let seed = corpus.config.seed;
        let lines = match lines.enabled && wanted(Cutting::Lines) {
            true => {
                let removals =
                    removals(corpus, shard, Kind::LineRemovals, corpus.line_partitions())?;
                Some(lines::Cutter::new(lines, seed, removals)?)
            }
            false => None,
        };
        let substrings = match substrings.enabled && wanted(Cutting::Substrings) {
            true => {
                let tasks = corpus.window_partitions();
                let removals = removals(corpus, shard, Kind::WindowRemovals, tasks)?;
                Some(substrings::Cutter::new(substrings, removals)?)
            }
            false => None,
        };
        Ok(Self {
            fates: Decisions::open(corpus, Kind::Fates, shard.index)?,
            lines,
            substrings,
            cut: [0; 2],
        })
    }

    /// What is left of a document.
    pub fn leave(&mut self, row: u64, mut document: Document) -> Result<Left, Error> {
        if let Some(fate) = self.fates.about(row)? {
            return Ok(Left::Gone(document, fate));
        }
        if let Some(cutter) = &mut self.lines {
            let Cut { units, reason, .. } = cutter.cut(row, &mut document)?;
            self.cut[0] += units;
            if let Some(reason) = reason {
                return Ok(Left::Short(document, reason));
            }
        }
        if let Some(cutter) = &mut self.substrings {
            let Cut { units, reason, .. } = cutter.cut(row, &mut document)?;
            self.cut[1] += units;
            if let Some(reason) = reason {
                return Ok(Left::Short(document, reason));
            }
        }
        Ok(Left::Stays(document))
    }
}

/// What a cutter takes out of a shard; `tasks` looked for it.
pub(crate) fn removals(
    corpus: &Corpus,
    shard: &Shard,
    kind: Kind,
    tasks: usize,
) -> Result<Sorted<2>, Error> {
    let files = corpus.paths.files(kind, tasks);
    let (memory, scratch) = (corpus.budget.task() / 8, corpus.paths.scratch());
    Sorted::open(&files, shard.index, memory, &scratch)
}

/// Calls `f` with each document that the levels before `level` left, and its row.
pub(crate) fn for_each_left(
    corpus: &Corpus,
    shard: &Shard,
    level: Cutting,
    ctx: &TaskContext,
    mut f: impl FnMut(u64, &str) -> Result<(), Error>,
) -> StageResult<()> {
    let mut leaver = Leaver::open(corpus, shard, Some(level))?;
    let mut row = corpus.rows.first_of(shard.index);
    let shard = ShardReader::<Document>::open(&shard.path)?;
    // Lines of code are left alone.
    for group in shard.with_columns(&["code_spans", "text"]) {
        ctx.check_cancelled()?;
        for document in group? {
            if let Left::Stays(document) = leaver.leave(row, document)? {
                f(row, &document.text)?;
            }
            row += 1;
        }
    }
    Ok(())
}
