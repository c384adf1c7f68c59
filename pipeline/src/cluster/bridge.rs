//! The Python process between this one and Ray.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::RayArgs;
use super::demand::Node;
use crate::runner::{Batch, Done};

/// What Python runs.
const DRIVER: &str = include_str!("../../../cluster/driver.py");
/// Characters of its complaints that are kept.
const LAST_WORDS: usize = 2000;

/// What a worker of the cluster is to do.
#[derive(Debug, Serialize)]
pub struct Parcel<'a> {
    /// Comes back with the answer.
    pub id: u64,
    /// What Ray's own tools call it.
    pub name: String,
    /// The program, which the worker keeps.
    pub argv: &'a [String],
    /// What it finds in its environment besides the worker's.
    pub env: &'a BTreeMap<String, String>,
    /// Where it runs, if that is there.
    pub cwd: &'a str,
    /// The line that it is given and answers; without one it runs to its end.
    pub line: Option<Batch>,
    /// Cores that it takes.
    pub cores: u32,
    /// Memory in bytes that it takes.
    pub memory: u64,
    /// GPUs that it takes.
    pub gpus: u32,
}

/// What comes back.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// What has become of a parcel.
    Answer {
        /// The parcel.
        id: u64,
        /// What its program said.
        answer: Done,
    },
    /// The nodes that are there now.
    Nodes {
        /// Those that have cores.
        nodes: Vec<Node>,
    },
    /// Python lacks what it needs.
    Missing {
        /// What it said.
        missing: String,
    },
    /// Ray does not let us in.
    Refused {
        /// What it said.
        refused: String,
    },
}

/// Whoever takes parcels and answers them.
pub trait Link {
    /// Hands over a parcel.
    ///
    /// # Errors
    /// When nobody is there any more.
    fn send(&mut self, parcel: &Parcel) -> Result<()>;

    /// The next event, if one comes in that time.
    ///
    /// # Errors
    /// When nobody is there any more.
    fn next(&mut self, wait: Duration) -> Result<Option<Event>>;
}

/// The Python process. It ends with its input, at the latest with this process, and has the cluster drop
/// what still runs; nobody waits for that.
pub struct Bridge {
    process: Child,
    input: Option<ChildStdin>,
    events: Receiver<Event>,
    last_words: Arc<Mutex<String>>,
}

impl Bridge {
    /// Starts it, and lets it connect to a cluster, of which the first event tells.
    pub fn start(args: &RayArgs, address: &str) -> Result<Self> {
        let python = args
            .python
            .clone()
            .or_else(|| std::env::var_os("TEXTMILL_PYTHON"))
            .unwrap_or_else(|| OsString::from("python3"));
        Self::with_program(python, DRIVER, address)
    }

    /// Likewise, with another program in the driver's place.
    pub fn with_program(python: OsString, source: &str, address: &str) -> Result<Self> {
        let mut process = Command::new(&python)
            .args(["-c", source, address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C is ours to pass on
            .spawn()
            .with_context(|| {
                let python = python.display();
                format!("{python} cannot be started: name a Python that has ray with --python")
            })?;
        let last_words = Arc::<Mutex<String>>::default();
        if let Some(errors) = process.stderr.take() {
            let last_words = Arc::clone(&last_words);
            thread::spawn(move || keep_last(errors, &last_words));
        }
        let output = process.stdout.take().context("it has no output")?;
        let (send, events) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // What else a library prints there is none of ours.
                if let Ok(event) = serde_json::from_str(&line)
                    && send.send(event).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self {
            input: process.stdin.take(),
            process,
            events,
            last_words,
        })
    }

    fn gone(&mut self) -> anyhow::Error {
        let status = self.process.wait().map(|status| status.to_string());
        let words = self.last_words.lock().map(|words| words.clone());
        anyhow!(
            "the connection to the cluster is lost: its Python process has ended ({}); run the same \
             command again to go on where it stood; its last words: {}",
            status.unwrap_or_default(),
            words.unwrap_or_default().trim()
        )
    }
}

impl Link for Bridge {
    fn send(&mut self, parcel: &Parcel) -> Result<()> {
        let mut line = serde_json::to_vec(parcel)?;
        line.push(b'\n');
        let written = self.input.as_mut().map(|input| input.write_all(&line));
        match written {
            Some(Ok(())) => Ok(()),
            _ => Err(self.gone()),
        }
    }

    fn next(&mut self, wait: Duration) -> Result<Option<Event>> {
        match self.events.recv_timeout(wait) {
            Ok(Event::Missing { missing }) => bail!(
                "{missing}: install it with `pip install -r cluster/requirements.txt`, or name a Python \
                 that has it with --python or TEXTMILL_PYTHON"
            ),
            Ok(Event::Refused { refused }) => bail!(
                "the Ray cluster cannot be reached: {refused} (is the head running, and has it the \
                 version of ray and Python that stands here?)"
            ),
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }
}

fn keep_last(mut errors: impl Read, last_words: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(read) = errors.read(&mut buffer)
        && read > 0
        && let Ok(mut words) = last_words.lock()
    {
        words.push_str(&String::from_utf8_lossy(
            buffer.get(..read).unwrap_or_default(),
        ));
        let cut = words.len().saturating_sub(LAST_WORDS);
        let cut = (cut..words.len()).find(|place| words.is_char_boundary(*place));
        words.drain(..cut.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the driver says first when connecting fails so many times.
    fn first_line(failures: usize) -> String {
        let packages = tempfile::tempdir().unwrap();
        let ray = format!(
            "left = {failures}\n\
             def init(address, **more):\n    \
                 global left\n    \
                 left -= 1\n    \
                 if left >= 0: raise ConnectionAbortedError('no process for ' + address)\n\
             def nodes(): return [{{'Alive': True, 'Resources': {{'CPU': 2.0}}}}]\n\
             def remote(work): return work\n\
             def shutdown(): pass\n"
        );
        std::fs::write(packages.path().join("ray.py"), ray).unwrap();
        let output = Command::new("python3")
            .args(["-c", DRIVER, "head:1"])
            .env("PYTHONPATH", packages.path())
            .stdin(Stdio::null())
            .output();
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        said.lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_head_that_starts_no_process_for_us_is_asked_again() {
        let nodes = "{\"nodes\": [{\"cores\": 2.0, \"memory\": 0, \"gpus\": 0}]}";
        assert_eq!(first_line(2), nodes);
        let said = first_line(3);
        assert!(
            said.contains("refused") && said.contains("no process for head:1"),
            "{said}"
        );
    }
}
