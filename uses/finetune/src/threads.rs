//! What each thread computes with.

use tch::Tensor;
use textmill_model::{Gpt, crew, in_order};

use crate::Error;
use crate::lora::Lora;

/// A handle on a network and its head.
pub(crate) struct Handle {
    pub gpt: Gpt,
    /// The task's head, a leaf on the shared parameters.
    pub head: Option<Tensor>,
    /// The adapters, which share their values with the learner's.
    pub lora: Option<Lora>,
}

/// A handle for each thread.
pub(crate) struct Handles(Vec<Handle>);

impl Handles {
    /// Trainable handles for `threads` threads; one for a GPU.
    pub fn new(
        gpt: &Gpt,
        head: Option<&Tensor>,
        lora: Option<&Lora>,
        threads: usize,
    ) -> Result<Self, Error> {
        let leaf = |head: &Tensor| head.f_detach()?.f_set_requires_grad(true);
        let handle = |_| -> Result<Handle, Error> {
            Ok(Handle {
                gpt: gpt.trainable()?,
                head: head.map(leaf).transpose()?,
                lora: lora.map(Lora::share),
            })
        };
        let handles = (0..crew(gpt, threads)).map(handle);
        Ok(Self(handles.collect::<Result<_, _>>()?))
    }

    /// Does the jobs; the results are in their order.
    pub fn each<J: Sync, R: Send>(
        &mut self,
        jobs: &[J],
        work: impl Fn(&Handle, usize, &J) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        in_order(&mut self.0, jobs, |handle, index, job| {
            work(handle, index, job)
        })
    }
}
