//! Working off a step: a bounded number of batches is under way, whatever the number of tasks.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use textmill_schemas::{Cancelled, Progress};

use super::RayArgs;
use super::bridge::{Event, Link, Parcel};
use super::demand::{Demand, Node, batch, window};
use crate::runner::{Batch, Done, Ranks};

/// Times that a batch is tried. Lost nodes do not count: Ray sees to those.
const ATTEMPTS: u32 = 3;
/// How often it is looked whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(100);

/// The program that the workers keep.
pub struct Program {
    /// Its arguments.
    pub argv: Vec<String>,
    /// What it finds in its environment.
    pub env: std::collections::BTreeMap<String, String>,
    /// Where it runs.
    pub cwd: String,
}

/// The step to work off.
pub struct Job<'a> {
    /// Stage, step, number of tasks, fingerprint; the ranks are filled in.
    pub batch: Batch,
    /// The program that does it.
    pub program: &'a Program,
    /// What the stage promises to stay below.
    pub memory_limit: Option<u64>,
    /// GPUs of a batch.
    pub gpus: u32,
    /// What the user wants.
    pub args: &'a RayArgs,
    /// Tasks of a batch at most.
    pub most: usize,
}

/// What lasts from step to step.
#[derive(Default)]
pub struct Cluster {
    /// The nodes that are there.
    pub nodes: Vec<Node>,
    /// Parcels sent so far.
    pub sent: u64,
}

/// A batch under way.
struct Flight {
    ranks: Ranks,
    attempt: u32,
}

/// A step on its way.
pub struct Dispatch<'a, L: Link> {
    /// Takes the batches.
    pub link: &'a mut L,
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// The step.
    pub job: &'a Job<'a>,
    /// Where to say how far it is.
    pub progress: &'a dyn Progress,
    /// Set when the user wants to stop.
    pub cancel: &'a AtomicBool,
    /// Hears of every batch that is done.
    pub on_done: &'a mut dyn FnMut(&Done),
}

impl<L: Link> Dispatch<'_, L> {
    /// Works off so many tasks.
    pub fn run(&mut self, ranks: impl ExactSizeIterator<Item = usize>) -> Result<()> {
        let mut ranks = ranks;
        let mut again: VecDeque<Flight> = VecDeque::new();
        let mut under_way: HashMap<u64, Flight> = HashMap::new();
        let (mut done, mut seconds) = (0_usize, 0.0);
        loop {
            let left = ranks.len() + again.len() + under_way.len();
            if left == 0 {
                return Ok(());
            }
            let demand = self.demand(left + done);
            let places = demand.places(&self.cluster.nodes);
            while under_way.len() < window(places) {
                let pace = (done > 0).then(|| seconds / done as f64);
                let size = batch(ranks.len(), places, demand.cores, pace).min(self.job.most);
                let fresh = || Flight {
                    ranks: ranks.by_ref().take(size).collect(),
                    attempt: 1,
                };
                let flight = again.pop_front().unwrap_or_else(fresh);
                if flight.ranks.len() == 0 {
                    break;
                }
                let id = self.send(&flight, demand)?;
                under_way.insert(id, flight);
            }
            self.say(places, under_way.len(), ranks.len());
            let Some((id, answer)) = self.answer()? else {
                continue;
            };
            let Some(mut flight) = under_way.remove(&id) else {
                continue; // of a step that has failed
            };
            match &answer.error {
                None => {
                    done += flight.ranks.len();
                    seconds += answer.seconds;
                    (self.on_done)(&answer);
                }
                Some(error) => {
                    self.complain(&flight, error)?;
                    flight.attempt += 1;
                    again.push_back(flight);
                }
            }
        }
    }

    fn demand(&self, tasks: usize) -> Demand {
        let job = self.job;
        let demand = Demand::of(&self.cluster.nodes, tasks, job.memory_limit, job.args);
        Demand {
            gpus: job.gpus,
            ..demand
        }
    }

    fn send(&mut self, flight: &Flight, demand: Demand) -> Result<u64> {
        let Job { batch, program, .. } = self.job;
        self.cluster.sent += 1;
        let line = Batch {
            ranks: flight.ranks.clone(),
            threads: demand.cores as usize,
            ..batch.clone()
        };
        self.link.send(&Parcel {
            id: self.cluster.sent,
            name: format!("{} {}", batch.stage, batch.step),
            argv: &program.argv,
            env: &program.env,
            cwd: &program.cwd,
            line: Some(line),
            cores: demand.cores,
            memory: demand.memory,
            gpus: demand.gpus,
        })?;
        Ok(self.cluster.sent)
    }

    /// The next answer, if one comes soon.
    fn answer(&mut self) -> Result<Option<(u64, Done)>> {
        if self.cancel.load(Ordering::SeqCst) {
            bail!(Cancelled);
        }
        match self.link.next(LOOK)? {
            Some(Event::Answer { id, answer }) => return Ok(Some((id, answer))),
            Some(Event::Nodes { nodes }) => self.cluster.nodes = nodes,
            _ => {}
        }
        Ok(None)
    }

    fn say(&self, places: usize, under_way: usize, left: usize) {
        let nodes = self.cluster.nodes.len();
        let step = &self.job.batch.step;
        self.progress.message(&match (nodes, places) {
            (0, _) => format!("{step}: waits for nodes: the cluster has no cores"),
            (_, 0) => format!("{step}: waits for a node that is large enough"),
            _ => format!(
                "{step}: {under_way} batches under way on {nodes} nodes, {left} tasks to come"
            ),
        });
    }

    /// Says why a batch is tried again, or ends the run.
    fn complain(&self, flight: &Flight, error: &str) -> Result<()> {
        let Batch { step, world, .. } = &self.job.batch;
        let what = format!("{step}, rank {} of {world}", flight.ranks);
        if flight.attempt >= ATTEMPTS {
            bail!("{what}: failed {ATTEMPTS} times, at last with: {error}");
        }
        self.progress.note(&format!("{what}: tried again: {error}"));
        Ok(())
    }
}
