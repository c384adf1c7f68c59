//! A thread that reads and assembles the batches of the next steps while the present one computes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use textmill_packing::Piece;

use crate::Error;
use crate::corpus::TokenStream;
use crate::loader::{self, Batch, RowFormat};
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
    /// Which of them are read.
    pub share: Share,
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
        let micro_batches = self.share.of(rows.chunks(self.batch as usize));
        let batches = micro_batches
            .map(|(number, rows)| {
                let batch = Batch::read(&self.stream, rows, self.format)?;
                Ok((number * self.batch, batch))
            })
            .collect::<Result<_, Error>>()?;
        Ok(StepBatches {
            first_row,
            batches,
            tokens: loader::tokens(&rows),
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

    /// The batches of the next step, and how long they had to be waited for.
    pub fn next(&self) -> Result<(StepBatches, Duration), Error> {
        let start = Instant::now();
        let step = self.steps.recv().map_err(|_| Error::Worker)??;
        Ok((step, start.elapsed()))
    }
}
