//! Threads that share a model.
//!
//! On the CPU each job runs on one thread, libtorch's own threading off, so that no result
//! depends on the number of threads. A GPU is fed by one thread.

use textmill_model::{Gpt, crew, in_order};

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
        let threads = crew(&gpt, threads);
        let mut handles = Vec::with_capacity(threads);
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
        in_order(&mut self.handles, jobs, |gpt, _, job| work(gpt, job))
    }
}
