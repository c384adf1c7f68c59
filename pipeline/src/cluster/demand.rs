//! What a batch of tasks takes, and how large it is.

use serde::Deserialize;

use super::RayArgs;

/// Memory that a task is taken to need for each of its cores, where the stage does not say.
const MEMORY_PER_CORE: u64 = 1 << 30;
/// Seconds that a batch shall take: a hundred times of what handing it over does, yet little to do
/// again when its node is lost.
const BATCH_SECONDS: f64 = 2.0;
/// Tasks of a batch at most.
pub const BATCH: usize = 256;
/// Batches in flight for each that can run, so that no worker waits for its next one.
const IN_FLIGHT: usize = 4;

/// A node of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Node {
    /// Its cores, as Ray counts them.
    pub cores: f64,
    /// Its memory in bytes, likewise.
    pub memory: f64,
    /// Its GPUs.
    pub gpus: f64,
}

/// What a batch asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Cores.
    pub cores: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// GPUs.
    pub gpus: u32,
}

impl Demand {
    /// What a batch of a step with so many tasks left asks for. No more than the largest node has,
    /// or it would wait for ever.
    pub fn of(nodes: &[Node], left: usize, memory_limit: Option<u64>, args: &RayArgs) -> Self {
        let greatest = |of: fn(&Node) -> f64| nodes.iter().map(of).fold(0.0, f64::max);
        let all = cores(nodes);
        let largest = (greatest(|node| node.cores) as u32).max(1);
        let share = (all / left.max(1)) as u32;
        let cores = args.cores.unwrap_or(share.max(1)).min(largest);
        let memory = args.memory.map(|size| size.as_u64()).or(memory_limit);
        let memory = memory.unwrap_or(MEMORY_PER_CORE * u64::from(cores));
        let there = greatest(|node| node.memory) as u64;
        Self {
            cores,
            memory: if there > 0 { memory.min(there) } else { memory },
            gpus: 0,
        }
    }

    /// Batches of this kind that the nodes can run at a time, were they idle.
    pub fn places(&self, nodes: &[Node]) -> usize {
        let by = |has: f64, wants: f64| {
            if wants > 0.0 {
                (has / wants) as usize
            } else {
                usize::MAX
            }
        };
        let places = |node: &Node| {
            by(node.cores, self.cores.into())
                .min(by(node.memory, self.memory as f64))
                .min(by(node.gpus, self.gpus.into()))
        };
        nodes.iter().map(places).sum()
    }
}

/// Cores of the cluster.
pub fn cores(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| node.cores as usize).sum()
}

/// Batches to have in flight.
pub fn window(places: usize) -> usize {
    places.max(1) * IN_FLIGHT
}

/// Tasks of the next batch, given what one took so far. Small enough that all places have several
/// batches to come.
pub fn batch(left: usize, places: usize, cores: u32, seconds_per_task: Option<f64>) -> usize {
    let fair = left / window(places);
    let long_enough = match seconds_per_task {
        Some(seconds) => (BATCH_SECONDS * f64::from(cores) / seconds.max(1e-6)) as usize,
        None => 1, // nothing is known yet
    };
    fair.min(long_enough).min(BATCH).max(cores as usize)
}

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;

    use super::*;

    const NODE: Node = Node {
        cores: 8.0,
        memory: 32e9,
        gpus: 0.0,
    };

    #[test]
    fn a_task_has_a_core_and_the_cores_that_would_idle() {
        let nodes = [NODE; 4];
        let cores = |left| Demand::of(&nodes, left, None, &RayArgs::default()).cores;
        assert_eq!((cores(1000), cores(32), cores(16), cores(1)), (1, 1, 2, 8));
        let given = RayArgs {
            cores: Some(4),
            memory: Some(ByteSize::gib(3)),
            ..RayArgs::default()
        };
        let demand = Demand::of(&nodes, 1000, Some(1 << 31), &given);
        assert_eq!((demand.cores, demand.memory), (4, 3 << 30));
        assert_eq!(demand.places(&nodes), 8);
    }

    #[test]
    fn nothing_is_asked_that_no_node_has() {
        let small = Node {
            cores: 2.0,
            memory: 1e9,
            gpus: 0.0,
        };
        let args = RayArgs {
            cores: Some(64),
            ..RayArgs::default()
        };
        let demand = Demand::of(&[small], 5, Some(1 << 40), &args);
        assert_eq!((demand.cores, demand.memory), (2, 1_000_000_000));
        // A cluster that starts its nodes when there is work.
        let demand = Demand::of(&[], 5, Some(1 << 40), &RayArgs::default());
        assert_eq!((demand.cores, demand.memory), (1, 1 << 40));
    }

    #[test]
    fn batches_grow_with_many_short_tasks_and_stay_fair() {
        assert_eq!(batch(1_000_000, 100, 1, None), 1);
        assert_eq!(batch(1_000_000, 100, 1, Some(0.01)), 200);
        assert_eq!(batch(1_000_000, 100, 1, Some(1e-9)), BATCH);
        assert_eq!(batch(1_000_000, 100, 1, Some(60.0)), 1);
        assert_eq!(batch(1_000_000, 100, 8, Some(60.0)), 8);
        assert_eq!(batch(300, 100, 1, Some(0.01)), 1);
    }
}
