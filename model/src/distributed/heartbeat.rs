//! Signs of life of the ranks.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::c10d::Store;

/// Time between two signs.
const BEAT: Duration = Duration::from_secs(1);
/// A rank without a sign for so long is taken for gone.
const SILENCE: Duration = Duration::from_secs(6);

/// A thread that counts up this rank's number at the store, as long as this lives.
pub(super) struct Heartbeat {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn key(rank: usize) -> String {
    format!("beat/{rank}")
}

impl Heartbeat {
    pub fn start(store: Store, rank: usize) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            // When the store is gone, the trainer's own thread finds out.
            while store.add(&key(rank), 1).is_ok()
                && stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout)
            {}
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The ranks that give no sign of life. Returns at once when all do.
pub(super) fn silent(store: &Store, world: usize) -> Result<Vec<usize>, String> {
    let beats = || -> Result<Vec<i64>, String> {
        (0..world).map(|rank| store.add(&key(rank), 0)).collect()
    };
    let (before, start) = (beats()?, Instant::now());
    loop {
        std::thread::sleep(BEAT / 5);
        let now = beats()?;
        let pairs = before.iter().zip(&now).enumerate();
        let still = pairs.filter(|(_, (before, now))| before == now);
        let silent: Vec<usize> = still.map(|(rank, _)| rank).collect();
        if silent.is_empty() || start.elapsed() > SILENCE {
            return Ok(silent);
        }
    }
}
