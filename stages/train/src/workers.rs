//! Threads that compute gradients and scores of micro-batches.
//!
//! On the CPU each micro-batch runs on one thread, libtorch's own threading off, and results are
//! summed in the order of the micro-batches. So the sums, and with them the trained weights, do
//! not depend on the number of threads, and small layers waste no time on synchronisation. A GPU
//! is fed by one such thread.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use tch::{Kind, Tensor, no_grad};
use textmill_model::{Dropout, Gpt};

use crate::Error;
use crate::loader::Batch;

/// What to do with a batch.
#[derive(Debug)]
pub(crate) enum Work {
    /// Loss, scaled, and its gradient, with dropout drawn for this micro-batch of the run.
    Gradients {
        scale: f64,
        dropout: f64,
        seed: u64,
        number: u64,
    },
    /// Sum of the losses of all tokens.
    Score,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Scalar on the device.
    pub loss: Tensor,
    /// By the flat parameters; for [`Work::Gradients`].
    pub gradient: Option<Tensor>,
}

type Job = (usize, Batch, Work);
type Done = (usize, Result<Outcome, Error>);

/// The threads; they end when this is dropped.
pub(crate) struct Workers {
    jobs: Sender<Job>,
    done: Receiver<Done>,
    count: usize,
}

impl Workers {
    /// Starts `count` threads on trainable handles of a network.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        gpt: &Gpt,
        count: usize,
    ) -> Result<Self, Error> {
        let (jobs, queue) = channel::<Job>();
        let (results, done) = channel::<Done>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let (gpt, queue, results) = (gpt.trainable()?, Arc::clone(&queue), results.clone());
            scope.spawn(move || serve(&gpt, &queue, &results));
        }
        Ok(Self { jobs, done, count })
    }

    /// Computes all jobs that `next` gives, handing the outcomes to `take` in order. At most a
    /// few more jobs than threads exist at a time.
    pub fn run(
        &self,
        mut next: impl FnMut() -> Result<Option<(Batch, Work)>, Error>,
        mut take: impl FnMut(Outcome) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut sent, mut taken) = (0, 0);
        let mut early = BTreeMap::new();
        let mut more = true;
        loop {
            while more && sent - taken < self.count + 1 {
                match next()? {
                    None => more = false,
                    Some((batch, work)) => {
                        self.jobs
                            .send((sent, batch, work))
                            .map_err(|_| Error::Worker)?;
                        sent += 1;
                    }
                }
            }
            if taken == sent {
                return Ok(());
            }
            let (index, outcome) = self.done.recv().map_err(|_| Error::Worker)?;
            early.insert(index, outcome?);
            while let Some(outcome) = early.remove(&taken) {
                take(outcome)?;
                taken += 1;
            }
        }
    }
}

fn serve(gpt: &Gpt, queue: &Mutex<Receiver<Job>>, results: &Sender<Done>) {
    if !gpt.device().is_cuda() {
        tch::set_num_threads(1);
    }
    loop {
        let Ok(job) = queue.lock().map(|queue| queue.recv()) else {
            return;
        };
        let Ok((index, batch, work)) = job else {
            return; // no more jobs: the trainer is done
        };
        if results.send((index, compute(gpt, &batch, work))).is_err() {
            return;
        }
    }
}

fn compute(gpt: &Gpt, batch: &Batch, work: Work) -> Result<Outcome, Error> {
    let tokens = batch.tokens.f_to_device(gpt.device())?;
    let targets = batch.targets.f_to_device(gpt.device())?;
    match work {
        Work::Gradients {
            scale,
            dropout,
            seed,
            number,
        } => {
            let mut dropout = Dropout::new(dropout, seed, number)?;
            let found = gpt.gradients(&tokens, &targets, scale, &mut dropout)?;
            Ok(Outcome {
                loss: found.loss,
                gradient: Some(found.flat),
            })
        }
        Work::Score => no_grad(|| {
            let scores = gpt.score(&tokens, &targets)?;
            Ok(Outcome {
                loss: scores.nll.f_sum(Kind::Double)?,
                gradient: None,
            })
        }),
    }
}
