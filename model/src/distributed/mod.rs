//! Several processes that train one network: sums and copies of tensors between them.
//!
//! The processes are started by torchrun, Slurm or Kubernetes and find each other by the
//! environment variables that torchrun sets ([`Launch::from_env`]). They meet at a store, a small
//! TCP server in rank 0 (or in torchrun's agent), and exchange tensors over libtorch's c10d: those
//! on the CPU over Gloo, those on a GPU over NCCL.
//!
//! A rank that ends or hangs must not leave the others waiting. Each rank counts up a number at
//! the store once a second; when an exchange fails, the others see whose number stands still, and
//! name that rank in their error. A rank that ends with an error of its own says so before.

mod c10d;
mod heartbeat;
mod launch;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use tch::{Device, Kind, Tensor};

use crate::Error;
use c10d::{Backend, Store};
use heartbeat::Heartbeat;

pub use launch::Launch;

/// Pause between two looks at the store.
const POLL: Duration = Duration::from_millis(20);
/// How long a rank that waits for others goes without looking whether they live.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long rank 0 stays in the end, so that the others find its store while they need it.
const FAREWELL: Duration = Duration::from_secs(10);

/// The processes that train together, as one of them sees them.
///
/// Each operation must be called by all ranks, in the same order. After an error the group is of
/// no use any more.
pub struct ProcessGroup {
    launch: Launch,
    /// Connections to the other ranks; none after a failure, so that it reaches the others.
    backends: RefCell<Option<Backends>>,
    store: Store,
    /// Says that this rank lives, as long as the group does.
    _heartbeat: Heartbeat,
    /// Hosts by rank.
    hosts: Vec<String>,
    /// Barriers passed.
    barriers: Cell<u64>,
    /// Ranks that are gone.
    lost: RefCell<Vec<usize>>,
    /// Whether this rank has told the others that it leaves.
    parted: Cell<bool>,
}

struct Backends {
    gloo: Backend,
    /// For tensors on a GPU.
    nccl: Option<Backend>,
}

impl ProcessGroup {
    /// Waits for all ranks and connects them; for a `device` that is a GPU over NCCL, too.
    ///
    /// # Errors
    /// [`Error::Ranks`] with the ranks that did not come within the launch's timeout.
    pub fn join(launch: Launch, device: Device) -> Result<Self, Error> {
        let store = Store::connect(&launch).map_err(|reason| launch.no_store(&reason))?;
        let beats = store.share().map_err(|reason| launch.no_store(&reason))?;
        let heartbeat = Heartbeat::start(beats, launch.rank);
        let mut group = Self {
            hosts: vec![String::new(); launch.world],
            launch,
            backends: RefCell::new(None),
            store,
            _heartbeat: heartbeat,
            barriers: Cell::new(0),
            lost: RefCell::default(),
            parted: Cell::new(false),
        };
        group.hosts = group.meet()?;
        let connect = |nccl| Backend::connect(&group.store, &group.launch, nccl);
        let backends = connect(false).and_then(|gloo| {
            let nccl = device.is_cuda().then(|| connect(true)).transpose()?;
            Ok(Backends { gloo, nccl })
        });
        match backends {
            Ok(backends) => *group.backends.borrow_mut() = Some(backends),
            Err(reason) => return Err(group.diagnose(&reason)),
        }
        Ok(group)
    }

    /// This process's number, from 0.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.launch.rank
    }

    /// Number of processes.
    #[must_use]
    pub fn world(&self) -> usize {
        self.launch.world
    }

    /// Number of processes on this host, where the launcher says so.
    #[must_use]
    pub fn local_world(&self) -> usize {
        self.launch.local_world
    }

    /// Puts the sum over all ranks in place of a dense tensor. With the same number of ranks, the
    /// same tensors give the same bits.
    ///
    /// # Errors
    /// [`Error::Ranks`] with the rank that is gone, or that did not come within the timeout.
    pub fn all_reduce_sum(&self, tensor: &Tensor) -> Result<(), Error> {
        self.exchange(tensor, |backend| backend.all_reduce_sum(tensor))
    }

    /// Puts the dense tensor of the rank `root` in place of those of the others.
    ///
    /// # Errors
    /// As [`ProcessGroup::all_reduce_sum`].
    pub fn broadcast(&self, tensor: &Tensor, root: usize) -> Result<(), Error> {
        self.exchange(tensor, |backend| backend.broadcast(tensor, root))
    }

    /// Whether a flag is set on any rank.
    ///
    /// # Errors
    /// As [`ProcessGroup::all_reduce_sum`].
    pub fn any(&self, flag: bool) -> Result<bool, Error> {
        let count = Tensor::f_full([1], i64::from(flag), (Kind::Int64, Device::Cpu))?;
        self.all_reduce_sum(&count)?;
        Ok(count.f_int64_value(&[0])? > 0)
    }

    /// Ranks on which a flag is set.
    ///
    /// # Errors
    /// As [`ProcessGroup::all_reduce_sum`].
    pub fn which(&self, flag: bool) -> Result<Vec<usize>, Error> {
        let flags = Tensor::f_zeros([self.world() as i64], (Kind::Int64, Device::Cpu))?;
        let mut own = flags.f_narrow(0, self.rank() as i64, 1)?;
        let _ = own.f_fill_(i64::from(flag))?;
        self.all_reduce_sum(&flags)?;
        let flags = Vec::<i64>::try_from(&flags)?;
        let set = (0..).zip(flags).filter(|(_, flag)| *flag > 0);
        Ok(set.map(|(rank, _)| rank).collect())
    }

    /// Waits until all ranks are here, however long that takes as long as they live.
    ///
    /// # Errors
    /// [`Error::Ranks`] with the rank that is gone.
    pub fn barrier(&self) -> Result<(), Error> {
        self.barriers.set(self.barriers.get() + 1);
        let key = format!("barrier/{}", self.barriers.get());
        let (world, mut looked) = (self.world() as i64, Instant::now());
        let mut here = self.ask(self.store.add(&key, 1))?;
        while here < world {
            std::thread::sleep(POLL);
            let mut lost = self.ask(self.store.get(FAILURE))?.is_some();
            if looked.elapsed() > LOOK_EVERY {
                lost |= !self
                    .ask(heartbeat::silent(&self.store, self.world()))?
                    .is_empty();
                looked = Instant::now();
            }
            // Asked last: a rank may have been here and have ended since.
            here = self.ask(self.store.add(&key, 0))?;
            if lost && here < world {
                return Err(self.diagnose("a rank did not come"));
            }
        }
        Ok(())
    }

    /// Tells the other ranks why this one ends, so that they end with the same reason.
    pub fn fail(&self, reason: &str) {
        let reason = format!("{} ended: {reason}", self.name(self.rank()));
        self.blame(&reason);
        self.part();
    }

    /// Waits for all ranks at the store; gives their hosts.
    fn meet(&self) -> Result<Vec<String>, Error> {
        let launch = &self.launch;
        let host_key = |rank: usize| format!("host/{rank}");
        let own = self.store.set(&host_key(launch.rank), &launch::host());
        own.map_err(|reason| launch.no_store(&reason))?;
        let start = Instant::now();
        loop {
            let hosts: Result<Vec<_>, _> = (0..launch.world)
                .map(|rank| self.store.get(&host_key(rank)))
                .collect();
            let hosts = hosts.map_err(|reason| launch.no_store(&reason))?;
            if hosts.iter().all(Option::is_some) {
                return Ok(hosts.into_iter().flatten().collect());
            }
            if start.elapsed() > launch.timeout {
                let reason = launch.absent(&hosts);
                self.blame(&reason);
                self.part();
                return Err(self.error(reason));
            }
            std::thread::sleep(POLL);
        }
    }

    fn exchange(
        &self,
        tensor: &Tensor,
        operation: impl FnOnce(&Backend) -> Result<(), String>,
    ) -> Result<(), Error> {
        let outcome = match self.backends.borrow().as_ref() {
            None => Err("the group has failed before".to_owned()),
            Some(backends) if tensor.device().is_cuda() => match &backends.nccl {
                // NCCL would wait for a rank that is gone until the timeout; Gloo sees it at once.
                Some(nccl) => all_here(&backends.gloo).and_then(|()| operation(nccl)),
                None => Err("the group was made for tensors on the CPU".to_owned()),
            },
            Some(backends) => operation(&backends.gloo),
        };
        outcome.map_err(|reason| self.diagnose(&reason))
    }

    /// An answer of the store; when it gives none, rank 0 or torchrun's agent is gone.
    fn ask<T>(&self, answer: Result<T, String>) -> Result<T, Error> {
        answer.map_err(|reason| {
            self.backends.borrow_mut().take();
            self.parted.set(true);
            self.error(self.launch.lost_store(self.hosts.first(), &reason))
        })
    }

    /// Finds out which rank made an exchange fail.
    fn diagnose(&self, reason: &str) -> Error {
        // This rank's neighbours wait for it; without connections they learn of the failure.
        self.backends.borrow_mut().take();
        match self.culprit(reason) {
            Ok(culprit) => {
                self.part();
                self.error(culprit)
            }
            Err(no_answer) => {
                self.parted.set(true);
                self.error(self.launch.lost_store(self.hosts.first(), &no_answer))
            }
        }
    }

    /// What the first rank that noticed the failure has found, or what this one finds.
    fn culprit(&self, reason: &str) -> Result<String, String> {
        if let Some(found) = self.store.get(FAILURE)? {
            return Ok(found);
        }
        let silent = heartbeat::silent(&self.store, self.world())?;
        if let Some(found) = self.store.get(FAILURE)? {
            return Ok(found);
        }
        let names: Vec<String> = silent.iter().map(|rank| self.name(*rank)).collect();
        *self.lost.borrow_mut() = silent;
        let found = match names.is_empty() {
            true => {
                format!("an exchange between the ranks failed, though all of them live: {reason}")
            }
            false => format!(
                "{} is gone or hangs ({reason}); look at its log, and start all ranks again to go \
                 on from the newest checkpoint",
                names.join(", ")
            ),
        };
        self.store.set(FAILURE, &found)?;
        Ok(found)
    }

    /// Puts a reason at the store, unless there is one.
    fn blame(&self, reason: &str) {
        if let Ok(None) = self.store.get(FAILURE) {
            // If the store is gone, the others learn of the failure by that.
            let _ = self.store.set(FAILURE, reason);
        }
    }

    /// Leaves the others; whoever serves the store waits a little until they have left as well.
    fn part(&self) {
        self.backends.borrow_mut().take();
        let key = |rank: usize| format!("parted/{rank}");
        if self.parted.replace(true) || self.store.set(&key(self.rank()), "1").is_err() {
            return;
        }
        let gone = |rank: &usize| {
            let parted = || self.store.get(&key(*rank)).is_ok_and(|mark| mark.is_some());
            self.lost.borrow().contains(rank) || parted()
        };
        let mut ranks = (0..self.world()).peekable();
        let start = Instant::now();
        while self.launch.serves_store() && start.elapsed() < FAREWELL {
            while ranks.next_if(gone).is_some() {}
            match ranks.peek() {
                Some(_) => std::thread::sleep(POLL),
                None => return,
            }
        }
    }

    fn name(&self, rank: usize) -> String {
        match self.hosts.get(rank) {
            Some(host) if !host.is_empty() => format!("rank {rank} on {host}"),
            _ => format!("rank {rank}"),
        }
    }

    fn error(&self, reason: String) -> Error {
        Error::Ranks {
            rank: self.rank(),
            world: self.world(),
            reason,
        }
    }
}

/// Whether all ranks have come to an exchange.
fn all_here(gloo: &Backend) -> Result<(), String> {
    let one = Tensor::f_ones([1], (Kind::Int64, Device::Cpu)).map_err(|e| e.to_string())?;
    gloo.all_reduce_sum(&one)
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.part();
    }
}

/// Key of the reason why the ranks end.
const FAILURE: &str = "failure";

#[cfg(test)]
mod tests;
