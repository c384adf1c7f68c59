//! A thread that reads and assembles the batches of the next steps while the present one computes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use textmill_packing::Piece;

use crate::Error;
use crate::corpus::TokenStream;
use crate::loader::{self, Batch, RowFormat};
use crate::masking::{Masking, Purpose};
use crate::order::Order;
use crate::ranks::Share;

/// Where the batches of a run come from: a pure function of the seed and the step.
#[derive(Debug)]
pub(crate) struct Loader {
    pub order: Order,
    pub stream: Arc<TokenStream>,
    pub format: RowFormat,
    /// Rows a micro-batch.
    pub batch: u64,
    /// Micro-batches a step.
    pub accumulate: u64,
    /// Which of them are this rank's.
    pub share: Share,
    /// What is masked, if the model fills in masked tokens.
    pub masking: Option<Arc<Masking>>,
}

/// The batches of one step.
#[derive(Debug)]
pub(crate) struct StepBatches {
    /// Number of its first row in the run.
    pub first_row: u64,
    /// This rank's micro-batches, each with the number of its first row in the step.
    pub batches: Vec<(u64, Batch)>,
    /// What stands in the rows of the whole step.
    pub rows: Vec<Vec<Piece>>,
    /// Tokens of the whole step, without padding.
    pub tokens: u64,
    /// Of these, the ones that have targets.
    pub targets: u64,
    /// What it took to read and assemble them.
    pub assembled: Duration,
}

impl Loader {
    /// The batches of a step, counted from 0.
    pub fn step(&mut self, step: u64) -> Result<StepBatches, Error> {
        let start = Instant::now();
        let count = self.batch * self.accumulate;
        let first_row = step * count;
        let rows = self.order.rows(first_row, count);
        let (mut batches, mut targets) = (Vec::new(), 0);
        for (number, rows) in (0..).zip(rows.chunks(self.batch as usize)) {
            let (own, first) = (self.share.has(number), number * self.batch);
            // The mean is over what is masked in all ranks' rows, which only reading them tells.
            if !own && self.masking.is_none() {
                continue;
            }
            let mut batch = Batch::read(&self.stream, rows, self.format)?;
            if let Some(masking) = &self.masking {
                let numbers = (0..rows.len() as u64).map(|row| first_row + first + row);
                let numbers: Vec<u64> = numbers.collect();
                batch = masking.apply(batch, Purpose::Training, &numbers)?;
                targets += batch.count_targets()?;
            }
            if own {
                batches.push((first, batch));
            }
        }
        let tokens = loader::tokens(&rows);
        Ok(StepBatches {
            first_row,
            batches,
            tokens,
            targets: match self.masking {
                Some(_) => targets,
                None => tokens,
            },
            rows,
            assembled: start.elapsed(),
        })
    }
}

/// The thread's other end; the thread ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Prefetch {
    steps: Receiver<Result<StepBatches, Error>>,
}

impl Prefetch {
    /// Starts to assemble the steps `first..end`, two of them ahead at most: one that waits, and
    /// one in the making.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        mut loader: Loader,
        first: u64,
        end: u64,
    ) -> Self {
        let (sender, steps) = sync_channel(1);
        scope.spawn(move || {
            for step in first..end {
                if sender.send(loader.step(step)).is_err() {
                    return; // nobody waits for more
                }
            }
        });
        Self { steps }
    }

    /// The batches of the next step, and how long they had to be waited for: not at all if they
    /// were ready.
    pub fn next(&self) -> Result<(StepBatches, Duration), Error> {
        let start = Instant::now();
        match self.steps.try_recv() {
            Ok(step) => Ok((step?, Duration::ZERO)),
            Err(_) => {
                let step = self.steps.recv().map_err(|_| Error::Worker)??;
                Ok((step, start.elapsed()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Times;
    use crate::corpus::Vocabulary;
    use crate::test_support::{context, write_shard};

    #[test]
    fn steps_come_in_order_from_any_step_on_and_the_thread_ends() {
        let dir = tempfile::tempdir().unwrap();
        let documents: Vec<Vec<u32>> = (0..20).map(|n| (n..n + 9).collect()).collect();
        let shard = write_shard(dir.path(), "part-00000.parquet", &documents);
        let (path, ctx) = (dir.path().join("train.tokens"), context(dir.path()));
        let vocabulary = Vocabulary { size: 60, eot: 59 };
        let times = Times::Once;
        let stream = TokenStream::pack(&path, &[shard], times, vocabulary, None, &ctx.borrow());
        let stream = Arc::new(stream.unwrap());
        let loader = || Loader {
            order: Order::concatenate(Arc::clone(stream.documents()), 8, 1).unwrap(),
            stream: Arc::clone(&stream),
            format: RowFormat {
                context: 8,
                padding: 59,
                apart: false,
                both_ways: false,
            },
            batch: 2,
            accumulate: 3,
            share: Share { rank: 0, world: 1 },
            masking: None,
        };
        let mut expected = loader();
        std::thread::scope(|scope| {
            let prefetch = Prefetch::start(scope, loader(), 5, 9); // into the second epoch
            for step in 5..9 {
                let (found, _) = prefetch.next().unwrap();
                let wanted = expected.step(step).unwrap();
                assert_eq!((found.first_row, found.tokens), (6 * step, 48));
                assert_eq!(found.rows, wanted.rows);
                assert_eq!(found.batches.len(), 3);
                for ((row, found), (wanted_row, wanted)) in
                    found.batches.iter().zip(&wanted.batches)
                {
                    assert_eq!(row, wanted_row);
                    assert!(found.tokens.equal(&wanted.tokens));
                    assert!(found.targets.equal(&wanted.targets));
                }
            }
            assert!(matches!(prefetch.next(), Err(Error::Worker)));
            // One that nobody takes anything from ends too, or this would never return.
            drop(Prefetch::start(scope, loader(), 0, 1 << 40));
        });
    }
}
