//! The scheduler's side alone: a step of very many tasks, which nobody does (`make bench-cluster`).

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Result;
use textmill_schemas::{NoProgress, peak_memory};

use super::RayArgs;
use super::bridge::{Bridge, Event, Link, Parcel};
use super::demand::{BATCH, Node};
use super::dispatch::{Cluster, Dispatch, Job, Program};
use crate::runner::{Batch, Done};

/// Acknowledges each line that it reads, as a driver whose cluster is infinitely fast.
const ECHO: &str = "import json, sys\n\
    print(json.dumps({'nodes': [{'cores': 64, 'memory': 2.56e11, 'gpus': 0}] * 100}), flush=True)\n\
    for line in sys.stdin:\n    \
        print(json.dumps({'id': json.loads(line)['id'], 'answer': {'seconds': 60.0}}), flush=True)\n";

/// Who answers.
#[derive(Clone, Debug)]
pub enum Answers {
    /// This process, at once: what the scheduler itself takes.
    Itself,
    /// A Python process, at once: with the lines written, read and parsed.
    Python(OsString),
    /// A Ray cluster at that address, whose tasks do nothing.
    Ray(OsString, String),
}

/// What a step took.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Wall time.
    pub seconds: f64,
    /// Batches sent.
    pub batches: u64,
    /// Peak memory of this process.
    pub peak_memory_bytes: Option<u64>,
}

/// Works off a step of so many tasks, by batches of one task or of as many as are used for short ones.
///
/// # Errors
/// When Python or Ray cannot be reached.
pub fn simulate(answers: Answers, tasks: usize, batched: bool) -> Result<Figures> {
    match answers {
        Answers::Itself => run(&mut Itself::default(), tasks, batched),
        Answers::Python(python) => {
            run(&mut Bridge::with_program(python, ECHO, "")?, tasks, batched)
        }
        Answers::Ray(python, address) => {
            let args = RayArgs {
                python: Some(python),
                ..RayArgs::default()
            };
            run(&mut Bridge::start(&args, &address)?, tasks, batched)
        }
    }
}

fn run(link: &mut impl Link, tasks: usize, batched: bool) -> Result<Figures> {
    let program = Program {
        argv: Vec::new(),
        env: BTreeMap::new(),
        cwd: String::new(),
    };
    let job = Job {
        batch: Batch {
            stage: "filter".to_owned(),
            step: "documents".to_owned(),
            ranks: Default::default(),
            world: tasks,
            fingerprint: "0".repeat(64),
            threads: 1,
        },
        program: &program,
        memory_limit: None,
        gpus: 0,
        args: &RayArgs::default(),
        most: if batched { BATCH } else { 1 },
    };
    let mut cluster = Cluster::default();
    while cluster.nodes.is_empty() {
        if let Some(Event::Nodes { nodes }) = link.next(Duration::from_secs(1))? {
            cluster.nodes = nodes;
        }
    }
    let start = Instant::now();
    let mut dispatch = Dispatch {
        link,
        cluster: &mut cluster,
        job: &job,
        progress: &NoProgress,
        cancel: &AtomicBool::new(false),
        on_done: &mut |_| (),
    };
    dispatch.run(0..tasks)?;
    Ok(Figures {
        seconds: start.elapsed().as_secs_f64(),
        batches: cluster.sent,
        peak_memory_bytes: peak_memory(),
    })
}

/// A hundred nodes of 64 cores, at once.
#[derive(Default)]
struct Itself {
    told: bool,
    answers: VecDeque<u64>,
}

impl Link for Itself {
    fn send(&mut self, parcel: &Parcel) -> Result<()> {
        self.answers.push_back(parcel.id);
        Ok(())
    }

    fn next(&mut self, _wait: Duration) -> Result<Option<Event>> {
        let node = Node {
            cores: 64.0,
            memory: 2.56e11,
            gpus: 0.0,
        };
        if !std::mem::replace(&mut self.told, true) {
            let nodes = vec![node; 100];
            return Ok(Some(Event::Nodes { nodes }));
        }
        let answer = Done::default();
        Ok(self
            .answers
            .pop_front()
            .map(|id| Event::Answer { id, answer }))
    }
}
