//! Threads that share a model.
//!
//! On the CPU each job runs on one thread, libtorch's own threading off, so that no result
//! depends on the number of threads. A GPU is fed by one thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use textmill_model::Gpt;

use crate::Error;

/// A model with a handle for each thread.
pub struct Workers {
    handles: Vec<Gpt>,
}

impl Workers {
    /// Handles for `threads` threads; one for a GPU.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(gpt: Gpt, threads: usize) -> Result<Self, Error> {
        let threads = if gpt.device().is_cuda() { 1 } else { threads };
        let mut handles = Vec::with_capacity(threads.max(1));
        for _ in 1..threads {
            handles.push(gpt.share()?);
        }
        handles.push(gpt);
        Ok(Self { handles })
    }

    /// The most tokens that the model reads.
    #[must_use]
    pub fn context(&self) -> usize {
        let config = self.handles.first().map(Gpt::config);
        config.map_or(1, |config| {
            usize::try_from(config.context).unwrap_or(1).max(1)
        })
    }

    /// Tokens of the vocabulary.
    #[must_use]
    pub fn vocab_size(&self) -> i64 {
        let config = self.handles.first().map(Gpt::config);
        config.map_or(0, |config| config.vocab_size)
    }

    /// Does the jobs; the results are in their order. After an error no further job begins.
    pub(crate) fn run<J: Sync, R: Send>(
        &mut self,
        jobs: &[J],
        work: impl Fn(&Gpt, &J) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        let next = AtomicUsize::new(0);
        let serve = |gpt: &Gpt| -> Result<Vec<(usize, R)>, Error> {
            if !gpt.device().is_cuda() {
                tch::set_num_threads(1);
            }
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(index) else {
                    return Ok(done);
                };
                let result = work(gpt, job);
                if result.is_err() {
                    next.store(jobs.len(), Ordering::Relaxed);
                }
                done.push((index, result?));
            }
        };
        let mut done = Vec::with_capacity(jobs.len());
        thread::scope(|scope| {
            let serve = &serve;
            let handles = self.handles.iter_mut();
            let threads: Vec<_> = handles.map(|gpt| scope.spawn(move || serve(gpt))).collect();
            for thread in threads {
                done.extend(thread.join().map_err(|_| Error::Worker)??);
            }
            Ok::<(), Error>(())
        })?;
        done.sort_unstable_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::model;

    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        let mut workers = Workers::new(model(20, 4), 3).unwrap();
        let jobs: Vec<u64> = (0..100).collect();
        let squares = workers.run(&jobs, |_, job| Ok(job * job)).unwrap();
        assert_eq!(squares, jobs.iter().map(|j| j * j).collect::<Vec<_>>());
        let empty: Vec<u64> = workers.run(&[], |_, job: &u64| Ok(*job)).unwrap();
        assert!(empty.is_empty());
    }

    #[test]
    fn an_error_ends_the_work() {
        let mut workers = Workers::new(model(20, 4), 2).unwrap();
        let jobs: Vec<u64> = (0..100).collect();
        let result = workers.run(&jobs, |_, job| match job {
            7 => Err(Error::NoDocuments),
            _ => Ok(()),
        });
        assert!(matches!(result, Err(Error::NoDocuments)));
    }
}
