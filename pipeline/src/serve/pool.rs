//! Threads that compute, each with a handle of its own on the model's parameters.
//!
//! Prompts of one request that are to be scored run together, several of about the same length at
//! a time. Those of different requests never do, and the groups do not depend on the number of
//! threads: the same request always gets the same figures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};
use textmill_model::Gpt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::compute::Computer;
use super::error::ApiError;
use super::task::{Event, Events, Task};
use super::vocabulary::Vocabulary;

/// Prompts that are scored together: at most so many, and so many tokens with padding.
const GROUP: usize = 8;
const GROUP_TOKENS: usize = 4096;
/// Choices that may wait.
const MOST_WAITING: usize = 16_384;

/// A part of a task.
struct Job {
    task: Arc<Task>,
    work: Work,
    events: Events,
}

enum Work {
    /// Choices to score together.
    Score(Vec<usize>),
    /// A choice to generate.
    Generate(usize),
}

impl Work {
    fn choices(&self) -> &[usize] {
        match self {
            Self::Score(choices) => choices,
            Self::Generate(choice) => std::slice::from_ref(choice),
        }
    }
}

/// The threads; they end when this is dropped.
pub(crate) struct Pool {
    jobs: Sender<Job>,
    load: Arc<Load>,
}

/// How many choices wait and run.
#[derive(Default)]
pub(crate) struct Load {
    pub waiting: AtomicUsize,
    pub running: AtomicUsize,
}

/// How the machine is shared out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    /// Requests, or parts of them, computed at a time.
    pub workers: usize,
    /// Threads that compute one.
    pub each: usize,
}

impl Pool {
    pub fn start(gpt: &Gpt, vocabulary: &Arc<Vocabulary>, threads: Threads) -> Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let load = Arc::new(Load::default());
        for _ in 0..threads.workers {
            let (gpt, vocabulary) = (gpt.share()?, Arc::clone(vocabulary));
            let (queue, load) = (Arc::clone(&queue), Arc::clone(&load));
            let work = move || {
                tch::set_num_threads(i32::try_from(threads.each).unwrap_or(i32::MAX));
                let computer = Computer {
                    gpt: &gpt,
                    vocabulary: &vocabulary,
                };
                work(&computer, &queue, &load);
            };
            let thread = thread::Builder::new().name("model".to_owned());
            thread.spawn(work).context("cannot start a thread")?;
        }
        Ok(Self { jobs, load })
    }

    /// Starts a task; drop the receiver to end it early.
    pub fn submit(&self, task: Task) -> Result<UnboundedReceiver<(usize, Event)>, ApiError> {
        let waiting = self.load.waiting.load(Ordering::Relaxed);
        if waiting + task.choices() > MOST_WAITING {
            return Err(ApiError::busy(waiting));
        }
        let (events, receiver) = unbounded_channel();
        let task = Arc::new(task);
        for work in parts(&task) {
            let count = work.choices().len();
            self.load.waiting.fetch_add(count, Ordering::Relaxed);
            let job = Job {
                task: Arc::clone(&task),
                work,
                events: events.clone(),
            };
            let gone = |_| ApiError::internal("the threads that compute have ended");
            self.jobs.send(job).map_err(gone)?;
        }
        Ok(receiver)
    }

    /// How busy the threads are.
    pub fn load(&self) -> &Load {
        &self.load
    }
}

/// The parts of a task that are computed apart.
fn parts(task: &Task) -> Vec<Work> {
    if !task.is_scoring() {
        return (0..task.choices()).map(Work::Generate).collect();
    }
    let mut order: Vec<usize> = (0..task.choices()).collect();
    let length = |choice: usize| task.prompt(choice).len().max(1);
    order.sort_by_key(|&choice| (length(choice), choice));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for choice in order {
        match groups.last_mut() {
            Some(group) if fits(group, length(choice), length) => group.push(choice),
            _ => groups.push(vec![choice]),
        }
    }
    groups.into_iter().map(Work::Score).collect()
}

/// Whether a prompt of this length, not shorter than those of the group, may join it: little of
/// the work must be on padding.
fn fits(group: &[usize], longest: usize, length: impl Fn(usize) -> usize) -> bool {
    let shortest = group.first().map_or(longest, |&choice| length(choice));
    let padded = longest * (group.len() + 1);
    group.len() < GROUP && padded <= GROUP_TOKENS && longest <= shortest + shortest / 4 + 4
}

fn work(computer: &Computer, queue: &Mutex<Receiver<Job>>, load: &Load) {
    loop {
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok(job)) = next else { return };
        let count = job.work.choices().len();
        load.running.fetch_add(count, Ordering::Relaxed);
        load.waiting.fetch_sub(count, Ordering::Relaxed);
        if !job.events.is_closed() {
            run(computer, &job);
        }
        load.running.fetch_sub(count, Ordering::Relaxed);
    }
}

fn run(computer: &Computer, job: &Job) {
    let compute = || match &job.work {
        Work::Score(choices) => computer.score(&job.task, choices, &job.events),
        Work::Generate(choice) => computer.generate(&job.task, *choice, &job.events),
    };
    // A thread that ended by a panic would take all later requests with it.
    let done = catch_unwind(AssertUnwindSafe(compute));
    let done = done.unwrap_or_else(|_| Err(ApiError::internal("the computation panicked")));
    if let Err(error) = done {
        for &choice in job.work.choices() {
            let _ = job.events.send((choice, Event::Failed(error.clone())));
        }
    }
}
