//! Training by several processes: each rank takes its share of a step's micro-batches.
//!
//! The configuration describes the whole step. Its micro-batches are dealt out in turn, their
//! gradients and losses are summed over all ranks, and every rank updates its own copy of the
//! parameters with the same sum. So the losses do not depend on the number of ranks, but for the
//! order of additions (the last bits); with the same number of ranks all bits repeat.
//!
//! Rank 0 alone writes: checkpoints, metrics, manifest. All ranks read the checkpoint that it goes
//! on from, so the run's folder must be on a file system that all hosts share.

use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};
use textmill_model::{Launch, ProcessGroup, best_device};
use textmill_schemas::TaskContext;

use crate::checkpoint::{Identity, STATE_FILE};
use crate::{Config, Error};

/// All processes of this training, as one of them sees them; a process alone is rank 0 of 1.
pub(crate) struct Ranks {
    group: Option<ProcessGroup>,
    /// What this process computes on.
    pub device: Device,
}

/// A rank's share of numbered pieces of work: they are dealt out in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub rank: usize,
    pub world: usize,
}

impl Share {
    /// Whether the piece of this number is this rank's.
    pub fn has(self, number: u64) -> bool {
        number % self.world as u64 == self.rank as u64
    }

    /// Those of some pieces that are this rank's, with their numbers.
    pub fn of<T>(self, pieces: impl IntoIterator<Item = T>) -> impl Iterator<Item = (u64, T)> {
        let numbered = (0..).zip(pieces).skip(self.rank);
        numbered.step_by(self.world)
    }
}

impl Ranks {
    /// Waits for the processes that torchrun's variables speak of, if there are any.
    pub fn join() -> Result<Self, Error> {
        let (launch, device) = match Launch::from_env()? {
            None => (None, best_device()),
            Some(launch) => {
                let device = launch.device()?;
                (Some(launch), device)
            }
        };
        let group = launch.map(|launch| ProcessGroup::join(launch, device));
        let group = group.transpose()?;
        Ok(Self { group, device })
    }

    fn rank(&self) -> usize {
        self.group.as_ref().map_or(0, ProcessGroup::rank)
    }

    /// Number of processes.
    pub fn world(&self) -> usize {
        self.group.as_ref().map_or(1, ProcessGroup::world)
    }

    /// Whether this is the rank that writes.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Which pieces of work this rank does.
    pub fn share(&self) -> Share {
        Share {
            rank: self.rank(),
            world: self.world(),
        }
    }

    /// This rank's part of the threads of its host.
    pub fn threads(&self, threads: usize) -> usize {
        let on_host = self.group.as_ref().map_or(1, ProcessGroup::local_world);
        (threads / on_host).max(1)
    }

    /// Where this rank writes down its figures: those of rank 0 are the run's, those of the others
    /// are gone when it ends.
    pub fn log(&self, ctx: &TaskContext) -> PathBuf {
        match self.rank() {
            0 => ctx.out.to_path_buf(),
            rank => ctx.work().join(format!("rank-{rank}")),
        }
    }

    /// Checks that each rank has something to do, and that all do the same.
    pub fn agree(&self, config: &Config, identity: &Identity) -> Result<(), Error> {
        let Some(group) = &self.group else {
            return Ok(());
        };
        if config.accumulate < self.world() as u64 {
            return Err(Error::Config(format!(
                "`accumulate` is {}, but {} processes share a step's micro-batches: raise it to at \
                 least that (and lower `batch`), or start fewer processes",
                config.accumulate,
                self.world()
            )));
        }
        let json = serde_json::to_vec(identity).map_err(Error::json(Path::new(STATE_FILE)))?;
        let hash = blake3::hash(&json);
        let first = Tensor::f_from_slice(hash.as_bytes())?;
        group.broadcast(&first, 0)?;
        let same = first.equal(&Tensor::f_from_slice(hash.as_bytes())?);
        let others = group.which(!same)?;
        if others.is_empty() {
            return Ok(());
        }
        Err(Error::Config(format!(
            "rank {} has other settings, another seed, other token shards or another textmill than \
             rank 0: give all of them the same configuration and the same run folder",
            others
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        )))
    }

    /// Rank 0's number, on all ranks.
    pub fn first_says(&self, number: u64) -> Result<u64, Error> {
        let Some(group) = &self.group else {
            return Ok(number);
        };
        let said = Tensor::f_full([1], number as i64, (Kind::Int64, Device::Cpu))?;
        group.broadcast(&said, 0)?;
        Ok(said.f_int64_value(&[0])? as u64)
    }

    /// Puts the sum over all ranks in place of a tensor.
    pub fn sum(&self, tensor: &Tensor) -> Result<(), Error> {
        match &self.group {
            None => Ok(()),
            Some(group) => Ok(group.all_reduce_sum(tensor)?),
        }
    }

    /// Whether a flag is set on any rank.
    pub fn any(&self, flag: bool) -> Result<bool, Error> {
        match &self.group {
            None => Ok(flag),
            Some(group) => Ok(group.any(flag)?),
        }
    }

    /// Lets rank 0 do something, while the others wait.
    pub fn first_does(&self, what: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        if self.is_first() {
            what()?;
        }
        self.wait()
    }

    /// Waits until all ranks are here.
    pub fn wait(&self) -> Result<(), Error> {
        match &self.group {
            None => Ok(()),
            Some(group) => Ok(group.barrier()?),
        }
    }

    /// Tells the other ranks why this one ends.
    pub fn fail(&self, error: &Error) {
        let heard = matches!(error, Error::Model(textmill_model::Error::Ranks { .. }));
        if let (Some(group), false) = (&self.group, heard) {
            group.fail(&error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_piece_of_work_is_one_ranks(count in 0usize..40, world in 1usize..9) {
            let mut taken: Vec<(u64, usize)> = (0..world)
                .flat_map(|rank| Share { rank, world }.of(0..count))
                .collect();
            taken.sort_unstable();
            for (number, _) in &taken {
                let owners = (0..world).filter(|&rank| Share { rank, world }.has(*number));
                prop_assert_eq!(owners.count(), 1);
            }
            let first = Share { rank: 0, world };
            prop_assert!(first.of(0..count).all(|(number, _)| first.has(number)));
            let expected: Vec<(u64, usize)> = (0..).zip(0..count).collect();
            prop_assert_eq!(taken, expected);
        }
    }
}
