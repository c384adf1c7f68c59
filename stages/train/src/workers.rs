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
use textmill_model::{Apart, Dropout, Gpt};

use crate::Error;
use crate::loader::Batch;

/// What to do with a batch.
#[derive(Debug)]
pub(crate) enum Work {
    /// Loss, scaled, and its gradient, with dropout drawn for this row of the run, the batch's
    /// first.
    Gradients {
        scale: f64,
        dropout: f64,
        seed: u64,
        row: u64,
    },
    /// Sum of the losses of all targets.
    Score,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Scalar on the device.
    pub loss: Tensor,
    /// Targets that it is the sum of; for [`Work::Score`].
    pub targets: u64,
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

    /// Computes jobs, handing the outcomes to `take` in order. At most one more job than threads
    /// exists at a time. After an error no job is left running.
    pub fn run(
        &self,
        jobs: impl IntoIterator<Item = Result<(Batch, Work), Error>>,
        mut take: impl FnMut(Outcome) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut jobs = jobs.into_iter();
        let mut running = 0;
        let result = self.feed(&mut jobs, &mut running, &mut take);
        for _ in 0..running {
            let _ = self.done.recv().map_err(|_| Error::Worker)?;
        }
        result
    }

    fn feed(
        &self,
        jobs: &mut impl Iterator<Item = Result<(Batch, Work), Error>>,
        running: &mut usize,
        take: &mut impl FnMut(Outcome) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut sent, mut taken, mut more) = (0, 0, true);
        let mut early = BTreeMap::new();
        loop {
            while more && sent - taken < self.count + 1 {
                let Some(job) = jobs.next() else {
                    more = false;
                    break;
                };
                let (batch, work) = job?;
                let job = self.jobs.send((sent, batch, work));
                job.map_err(|_| Error::Worker)?;
                (sent, *running) = (sent + 1, *running + 1);
            }
            if taken == sent {
                return Ok(());
            }
            let (index, outcome) = self.done.recv().map_err(|_| Error::Worker)?;
            *running -= 1;
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
    let apart = match (&batch.positions, &batch.lengths) {
        (Some(positions), _) => Some(Apart::new(positions, gpt.device())?),
        (None, Some(lengths)) => Some(Apart::padded(lengths, tokens.size2()?.1, gpt.device())?),
        (None, None) => None,
    };
    match work {
        Work::Gradients {
            scale,
            dropout,
            seed,
            row,
        } => {
            let mut dropout = Dropout::new(dropout, seed, row)?;
            let found =
                gpt.gradients_apart(&tokens, &targets, apart.as_ref(), scale, &mut dropout)?;
            Ok(Outcome {
                loss: found.loss,
                targets: 0,
                gradient: Some(found.flat),
            })
        }
        Work::Score => no_grad(|| {
            let scores = gpt.score_targets(&tokens, &targets, apart.as_ref())?;
            Ok(Outcome {
                targets: scores.nll.numel() as u64,
                loss: scores.nll.f_sum(Kind::Double)?,
                gradient: None,
            })
        }),
    }
}

/// Adds to a sum that may be empty still.
pub(crate) fn add(sum: &mut Option<Tensor>, term: Option<Tensor>) -> Result<(), Error> {
    match (sum.as_mut(), term) {
        (Some(sum), Some(term)) => drop(sum.f_add_(&term)?),
        (None, Some(term)) => *sum = Some(term),
        (_, None) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::Config;

    fn batch(token: i64) -> Batch {
        let tokens = Tensor::full([1, 8], token, (Kind::Int64, Device::Cpu));
        Batch {
            targets: tokens.shallow_clone(),
            tokens,
            positions: None,
            lengths: None,
        }
    }

    #[test]
    fn outcomes_come_in_order_and_an_error_leaves_nothing_behind() {
        let model = Config::default().model(60, 59).unwrap();
        let gpt = Gpt::new(&model, 1, Device::Cpu).unwrap();
        let score = |token| Ok((batch(token), Work::Score));
        std::thread::scope(|scope| {
            let workers = Workers::start(scope, &gpt, 3).unwrap();
            let losses = |tokens: &[i64]| {
                let mut losses = Vec::new();
                let jobs = tokens.iter().map(|token| score(*token));
                let result = workers.run(jobs, |outcome| {
                    losses.push(f64::try_from(&outcome.loss)?);
                    Ok(())
                });
                result.map(|()| losses)
            };
            let alone: Vec<f64> = (0..9).flat_map(|t| losses(&[t]).unwrap()).collect();
            assert_eq!(losses(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap(), alone);
            // An id that the vocabulary does not have, with others under way.
            assert!(losses(&[0, 1, 1000, 3, 4, 5]).is_err());
            assert_eq!(losses(&[2, 5]).unwrap(), [alone[2], alone[5]]);
        });
    }
}
