//! Jobs shared among threads, each with a handle of its own on a model.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Error;
use crate::gpt::Gpt;

/// Threads that `asked` for jobs on a model: at least one, and one only for a GPU.
#[must_use]
pub fn crew(gpt: &Gpt, asked: usize) -> usize {
    match gpt.device().is_cuda() {
        true => 1,
        false => asked.max(1),
    }
}

/// Does the jobs, a thread for each handle; the results are in the order of the jobs.
///
/// Each job runs on one thread, libtorch's own threading off, so that no result depends on how
/// many there are. After an error no further job begins.
///
/// # Errors
/// What a job returns, the first in the order of the threads; [`Error::Thread`] when one panics.
pub fn in_order<H: Send, J: Sync, R: Send, E: From<Error> + Send>(
    handles: &mut [H],
    jobs: &[J],
    work: impl Fn(&mut H, usize, &J) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let serve = |handle: &mut H| -> Result<Vec<(usize, R)>, E> {
        tch::set_num_threads(1); // of this thread
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else {
                return Ok(done);
            };
            let result = work(handle, index, job);
            if result.is_err() {
                next.store(jobs.len(), Ordering::Relaxed);
            }
            done.push((index, result?));
        }
    };
    let serve = &serve;
    let mut done = thread::scope(|scope| -> Result<Vec<(usize, R)>, E> {
        let threads: Vec<_> = handles
            .iter_mut()
            .map(|handle| scope.spawn(move || serve(handle)))
            .collect();
        let mut done = Vec::with_capacity(jobs.len());
        for thread in threads {
            done.extend(thread.join().map_err(|_| Error::Thread)??);
        }
        Ok(done)
    })?;
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..100).collect();
        let squares = in_order(&mut [(), (), ()], &jobs, |(), index, job| {
            assert_eq!(index as u64, *job);
            Ok::<_, Error>(job * job)
        });
        assert_eq!(
            squares.unwrap(),
            jobs.iter().map(|j| j * j).collect::<Vec<_>>()
        );
        let empty = in_order(&mut [()], &[], |(), _, job: &u64| Ok::<_, Error>(*job));
        assert!(empty.unwrap().is_empty());
    }

    #[test]
    fn an_error_ends_the_work_and_a_panic_is_one() {
        let jobs: Vec<u64> = (0..100).collect();
        let result = in_order(&mut [(), ()], &jobs, |(), _, job| match job {
            7 => Err(Error::Input("seven".to_owned())),
            _ => Ok(()),
        });
        assert!(result.unwrap_err().to_string().contains("seven"));
        let result = in_order(&mut [()], &jobs, |(), _, job| -> Result<(), Error> {
            assert_ne!(*job, 3);
            Ok(())
        });
        assert!(matches!(result, Err(Error::Thread)));
    }
}
