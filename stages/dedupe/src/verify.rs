//! The step `verify`: which pairs of candidates are near duplicates indeed.

use textmill_schemas::{StageResult, TaskContext};

use crate::Verify;
use crate::candidates::pair_files;
use crate::compare::{By, Comparer};
use crate::corpus::Corpus;
use crate::facts::Column;
use crate::forest::Forest;
use crate::gather::gather_named;
use crate::paths::Kind;
use crate::shuffle::{ShuffleWriter, Sorted};

/// What a range of pairs held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PairCounts {
    pub compared: u64,
    pub verified: u64,
}

/// Compares the pairs of a range of rows, each once, and writes those that are similar enough and
/// connect what was not connected yet within the range: a spanning forest, so that the one task
/// that joins all ranges reads less than an edge for each document that has a near duplicate.
pub(crate) fn verify(
    corpus: &Corpus,
    partition: usize,
    ctx: &TaskContext,
) -> StageResult<PairCounts> {
    let files = pair_files(corpus);
    let (memory, scratch) = (corpus.budget.task(), corpus.paths.scratch());
    let referred = corpus.rows.total() > corpus.own_rows();
    let (by, columns): (By, &[Column]) = match corpus.config.verify {
        // Documents of a reference are compared by signature.
        Verify::Exact if referred => (By::Sets, &[Column::Set, Column::Signature]),
        Verify::Exact => (By::Sets, &[Column::Set]),
        Verify::Estimate => (By::Signatures, &[Column::Signature]),
    };
    let pairs = Sorted::<2>::open(&files, partition, memory / 4, &scratch)?;
    let (mut pairs, facts) = gather_named(corpus, pairs, columns, ctx)?;
    let path = corpus.paths.file(Kind::Edges, partition);
    let mut edges = ShuffleWriter::<2>::create(&path, 1, memory / 8)?;
    let mut comparer = Comparer::new(facts, memory / 4);
    let mut forest = Forest::new(memory / 8);
    let mut verified = 0;
    while let Some([a, b]) = pairs.next_record()? {
        if comparer.compared.is_multiple_of(4096) {
            ctx.check_cancelled()?;
        }
        if comparer.similarity(a, b, by)?.is_some() {
            verified += 1;
            if forest.join(a, b) {
                edges.push(0, [a, b])?;
            }
        }
    }
    edges.finish()?;
    Ok(PairCounts {
        compared: comparer.compared,
        verified,
    })
}
