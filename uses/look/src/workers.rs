//! Threads that share a model, libtorch's own threading off: no number depends on how many.

use std::sync::Mutex;
use std::thread;

use textmill_model::Gpt;

use crate::Error;

/// Does the jobs, on one thread for a GPU; the results are in their order.
pub(crate) fn run<J: Send, R: Send>(
    gpt: &Gpt,
    threads: usize,
    jobs: Vec<J>,
    work: impl Fn(&Gpt, J) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let on_gpu = gpt.device().is_cuda();
    let threads = if on_gpu {
        1
    } else {
        threads.clamp(1, jobs.len().max(1))
    };
    let handles: Vec<Gpt> = (0..threads)
        .map(|_| gpt.share())
        .collect::<Result<_, _>>()?;
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let next = || {
        queue
            .lock()
            .map_err(|_| Error::Worker)
            .map(|mut jobs| jobs.next())
    };
    let serve = |gpt: Gpt| -> Result<Vec<(usize, R)>, Error> {
        if !on_gpu {
            tch::set_num_threads(1);
        }
        let mut done = Vec::new();
        while let Some((index, job)) = next()? {
            done.push((index, work(&gpt, job)?));
        }
        Ok(done)
    };
    let mut done = Vec::new();
    thread::scope(|scope| {
        let serve = &serve;
        let handles = handles.into_iter();
        let threads: Vec<_> = handles.map(|gpt| scope.spawn(move || serve(gpt))).collect();
        for thread in threads {
            done.extend(thread.join().map_err(|_| Error::Worker)??);
        }
        Ok::<(), Error>(())
    })?;
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
