//! Work shared among threads, each with a handle of its own on the model.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tch::Tensor;
use textmill_model::Gpt;

use crate::Error;

/// What a thread computes with.
pub(crate) struct Handle {
    pub gpt: Gpt,
    /// The task's head, a leaf on the shared parameters.
    pub head: Option<Tensor>,
}

/// Handles on one network and its head.
pub(crate) struct Handles(Vec<Handle>);

impl Handles {
    /// Trainable handles for `threads` threads; one for a GPU.
    pub fn new(gpt: &Gpt, head: Option<&Tensor>, threads: usize) -> Result<Self, Error> {
        let threads = if gpt.device().is_cuda() {
            1
        } else {
            threads.max(1)
        };
        let leaf = |head: &Tensor| head.f_detach()?.f_set_requires_grad(true);
        let handle = |_| -> Result<Handle, Error> {
            Ok(Handle {
                gpt: gpt.trainable()?,
                head: head.map(leaf).transpose()?,
            })
        };
        Ok(Self((0..threads).map(handle).collect::<Result<_, _>>()?))
    }

    /// Does the jobs; the results are in their order, and each job runs on one thread, so that no
    /// result depends on how many there are. After an error no further job begins.
    pub fn each<J: Sync, R: Send>(
        &mut self,
        jobs: &[J],
        work: impl Fn(&Handle, usize, &J) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        let next = AtomicUsize::new(0);
        let serve = |handle: &Handle| -> Result<Vec<(usize, R)>, Error> {
            if !handle.gpt.device().is_cuda() {
                tch::set_num_threads(1);
            }
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(index) else {
                    return Ok(done);
                };
                match work(handle, index, job) {
                    Ok(result) => done.push((index, result)),
                    Err(error) => {
                        next.store(jobs.len(), Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
        };
        let serve = &serve;
        let mut done = thread::scope(|scope| -> Result<Vec<(usize, R)>, Error> {
            let threads: Vec<_> = self
                .0
                .iter_mut()
                .map(|handle| scope.spawn(move || serve(handle)))
                .collect();
            let mut done = Vec::with_capacity(jobs.len());
            for thread in threads {
                done.extend(thread.join().map_err(|_| Error::Thread)??);
            }
            Ok(done)
        })?;
        done.sort_by_key(|(index, _)| *index);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}
