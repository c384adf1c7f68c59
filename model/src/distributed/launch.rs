//! Which process this is among those that were started together.

use std::env;
use std::fs;
use std::time::Duration;

use tch::{Cuda, Device};

use crate::{Error, best_device};

/// Variable with the seconds that ranks wait for each other.
const TIMEOUT: &str = "TEXTMILL_RANK_TIMEOUT";
/// Long enough for a slow start on one host; an exchange takes below a second.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// What torchrun's environment variables say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// `RANK`: this process's number, from 0.
    pub rank: usize,
    /// `WORLD_SIZE`: number of processes.
    pub world: usize,
    /// `LOCAL_RANK`: this process's number on its host, and so its GPU.
    pub local_rank: usize,
    /// `LOCAL_WORLD_SIZE`: number of processes on this host.
    pub local_world: usize,
    /// `MASTER_ADDR`: the host where the ranks meet.
    pub master: String,
    /// `MASTER_PORT`: its port.
    pub port: u16,
    /// `TORCHELASTIC_USE_AGENT_STORE`, `TORCHELASTIC_RESTART_COUNT`: torchrun's agent serves the
    /// store, and this is the attempt's number. Otherwise rank 0 serves it.
    pub agent_attempt: Option<String>,
    /// `TEXTMILL_RANK_TIMEOUT`, in seconds: how long ranks wait for each other at the start and
    /// in an exchange; 600 if absent.
    pub timeout: Duration,
}

impl Launch {
    /// Reads the environment; `None` for a process that was started alone.
    ///
    /// # Errors
    /// [`Error::Launch`] with the variable that is missing or makes no sense.
    pub fn from_env() -> Result<Option<Self>, Error> {
        Self::from(|name| env::var(name).ok())
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        // Slurm scripts often set WORLD_SIZE alone; torchrun and its like set both.
        if variable("RANK").is_none() || variable("WORLD_SIZE").is_none() {
            return Ok(None);
        }
        let text = |name: &'static str| {
            let missing = || Error::Launch(format!("{name} is not set, though RANK is"));
            variable(name).ok_or_else(missing)
        };
        let number = |name: &'static str, default: Option<u64>| {
            let value = match (variable(name), default) {
                (None, Some(default)) => return Ok(default),
                _ => text(name)?,
            };
            let wrong = |_| Error::Launch(format!("{name} is `{value}`; it must be a number"));
            value.parse::<u64>().map_err(wrong)
        };
        let (rank, world) = (number("RANK", None)?, number("WORLD_SIZE", None)?);
        if world == 1 {
            return Ok(None);
        }
        if rank >= world || world > 1 << 16 {
            return Err(Error::Launch(format!(
                "RANK is {rank} of a WORLD_SIZE of {world}"
            )));
        }
        let port = number("MASTER_PORT", None)?;
        let agent = variable("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|value| value == "True");
        let timeout = number(TIMEOUT, Some(DEFAULT_TIMEOUT.as_secs()))?;
        Ok(Some(Self {
            rank: rank as usize,
            world: world as usize,
            local_rank: number("LOCAL_RANK", None)? as usize,
            local_world: number("LOCAL_WORLD_SIZE", Some(1))?.max(1) as usize,
            master: text("MASTER_ADDR")?,
            port: u16::try_from(port)
                .map_err(|_| Error::Launch(format!("MASTER_PORT is {port}; it must be a port")))?,
            agent_attempt: agent
                .then(|| variable("TORCHELASTIC_RESTART_COUNT").unwrap_or_else(|| "0".to_owned())),
            timeout: Duration::from_secs(timeout.max(1)),
        }))
    }

    /// The GPU of this process, or the CPU where no GPU can be used.
    ///
    /// # Errors
    /// [`Error::Launch`] when the host has fewer GPUs than processes.
    pub fn device(&self) -> Result<Device, Error> {
        if best_device() == Device::Cpu {
            return Ok(Device::Cpu);
        }
        let devices = Cuda::device_count().max(0) as usize;
        if self.local_rank >= devices {
            return Err(Error::Launch(format!(
                "LOCAL_RANK is {}, but this host has {devices} GPUs; start at most that many \
                 processes on a host (torchrun --nproc-per-node)",
                self.local_rank
            )));
        }
        Ok(Device::Cuda(self.local_rank))
    }

    /// Whether this process serves the store.
    pub(super) fn serves_store(&self) -> bool {
        self.rank == 0 && self.agent_attempt.is_none()
    }

    /// What this attempt's keys begin with, at a store that outlives it.
    pub(super) fn prefix(&self) -> String {
        let attempt = self.agent_attempt.as_deref().unwrap_or("0");
        format!("textmill/{attempt}")
    }

    pub(super) fn no_store(&self, reason: &str) -> Error {
        let place = format!("{}:{}", self.master, self.port);
        let reason = match self.serves_store() {
            true => format!(
                "cannot serve at MASTER_ADDR:MASTER_PORT = {place} ({reason}); MASTER_ADDR must be \
                 this host, and the port free"
            ),
            false => format!(
                "rank 0 was not reached at MASTER_ADDR:MASTER_PORT = {place} within {} s \
                 ({reason}); look whether it was started, and its log",
                self.timeout.as_secs()
            ),
        };
        Error::Ranks {
            rank: self.rank,
            world: self.world,
            reason,
        }
    }

    pub(super) fn lost_store(&self, host: Option<&String>, reason: &str) -> String {
        let (who, host) = match (&self.agent_attempt, host) {
            (Some(_), _) => ("torchrun's agent", &self.master),
            (None, Some(host)) if !host.is_empty() => ("rank 0", host),
            (None, _) => ("rank 0", &self.master),
        };
        format!(
            "{who} on {host} is gone ({reason}); look at its log, and start all ranks again to go \
             on from the newest checkpoint"
        )
    }

    /// Who did not come; `hosts` has those who did.
    pub(super) fn absent(&self, hosts: &[Option<String>]) -> String {
        let by = |came: bool| -> Vec<String> {
            let ranks = (0..).zip(hosts);
            ranks
                .filter(|(_, host)| host.is_some() == came)
                .map(|(rank, host): (usize, _)| match host {
                    Some(host) => format!("{rank} on {host}"),
                    None => rank.to_string(),
                })
                .collect()
        };
        format!(
            "rank {} did not come within {} s (there are {}); start all {} processes, with the \
             same MASTER_ADDR and MASTER_PORT, or wait longer with {TIMEOUT}",
            by(false).join(", "),
            self.timeout.as_secs(),
            by(true).join(", "),
            self.world
        )
    }
}

/// This machine's name.
pub(super) fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "an unnamed host".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn launch(variables: &[(&str, &str)]) -> Result<Option<Launch>, Error> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Launch::from(|name| variables.get(name).map(ToString::to_string))
    }

    const TWO: [(&str, &str); 5] = [
        ("RANK", "1"),
        ("WORLD_SIZE", "2"),
        ("LOCAL_RANK", "1"),
        ("MASTER_ADDR", "node7"),
        ("MASTER_PORT", "29500"),
    ];

    fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
        let others = TWO.iter().filter(|(known, _)| *known != name);
        others.copied().chain([(name, value)]).collect()
    }

    #[test]
    fn processes_that_were_started_alone_are_told_apart() {
        assert_eq!(launch(&[]).unwrap(), None);
        assert_eq!(launch(&[("WORLD_SIZE", "8")]).unwrap(), None);
        let alone = [("RANK", "0"), ("WORLD_SIZE", "1")];
        assert_eq!(launch(&alone).unwrap(), None);
        let two = launch(&TWO).unwrap().unwrap();
        assert_eq!((two.rank, two.world, two.local_rank), (1, 2, 1));
        assert_eq!((two.master.as_str(), two.port), ("node7", 29500));
        assert_eq!(two.timeout, DEFAULT_TIMEOUT);
        assert!(!two.serves_store());
    }

    #[test]
    fn the_agent_of_torchrun_serves_the_store() {
        let variables = |rank| {
            let mut variables = with("RANK", rank);
            variables.push(("TORCHELASTIC_USE_AGENT_STORE", "True"));
            variables.push(("TORCHELASTIC_RESTART_COUNT", "3"));
            launch(&variables).unwrap().unwrap()
        };
        assert!(launch(&with("RANK", "0")).unwrap().unwrap().serves_store());
        assert!(!variables("0").serves_store());
        assert_eq!(variables("1").prefix(), "textmill/3");
    }

    #[test]
    fn wrong_variables_are_named() {
        for (name, value) in [
            ("RANK", "x"),
            ("RANK", "2"),
            ("WORLD_SIZE", "-1"),
            ("MASTER_PORT", "70000"),
            (TIMEOUT, "soon"),
        ] {
            let message = launch(&with(name, value)).unwrap_err().to_string();
            assert!(
                message.contains(name) && message.contains(value),
                "{message}"
            );
        }
        for missing in ["MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK"] {
            let others: Vec<_> = TWO.into_iter().filter(|(n, _)| *n != missing).collect();
            let message = launch(&others).unwrap_err().to_string();
            assert!(message.contains(missing), "{message}");
        }
    }

    #[test]
    fn those_who_did_not_come_are_named() {
        let launch = launch(&TWO).unwrap().unwrap();
        let hosts = [Some("a".to_owned()), None];
        let message = launch.absent(&hosts);
        assert!(message.starts_with("rank 1 did not come"), "{message}");
        assert!(message.contains("0 on a"), "{message}");
    }
}
