//! Checkpoints on disk: folders that are whole as soon as they have their name.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::hashes::seal;
use crate::spikes::Window;
use crate::trainer::Plan;
use crate::{Config, Error};

/// File of the trainer's state in a checkpoint.
pub(crate) const STATE_FILE: &str = "state.json";
/// Folder of the parameters with the lowest validation loss so far.
pub(crate) const BEST: &str = "best";

/// What a run is: with any of this different, a checkpoint belongs to another run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The settings, threads aside.
    pub config: Config,
    pub seed: u64,
    /// Version of the trainer.
    pub code: String,
    /// Hashes of the training shards and of the tokenizer.
    pub inputs: Vec<String>,
    /// Hashes of the validation shards.
    pub validation: Vec<String>,
}

impl Identity {
    /// Whether the two train alike, whatever they are measured on.
    pub fn same_training(&self, other: &Self) -> bool {
        let validation = other.validation.clone();
        *other
            == Self {
                validation,
                ..self.clone()
            }
    }
}

/// Where training stands. All random numbers are functions of the seed and of these counts, so
/// nothing else is needed to go on exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps done: the loader's position.
    pub step: u64,
    /// Of these, the ones whose gradient was applied; the others were spikes.
    pub updates: u64,
    /// Tokens read.
    pub tokens: u64,
    /// Rows a micro-batch: `batch`, or less where memory did not suffice.
    pub rows: u64,
    /// Mean loss of the last step.
    pub loss: Option<f64>,
    /// Last validation loss.
    pub val_loss: Option<f64>,
    /// The lowest validation loss so far.
    pub best: Option<Best>,
    /// Which documents the validation loss is measured on: hash of their ids, as the tokenize
    /// stage's manifest has it.
    pub validation_hash: Option<String>,
    /// What the next step is compared with.
    pub window: Window,
    pub identity: Identity,
}

/// The lowest validation loss, and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub step: u64,
    pub val_loss: f64,
}

impl State {
    pub fn start(plan: &Plan) -> Self {
        Self {
            step: 0,
            updates: 0,
            tokens: 0,
            rows: plan.config.batch,
            loss: None,
            val_loss: None,
            best: None,
            validation_hash: plan.validation_hash.clone(),
            window: Window::default(),
            identity: plan.identity.clone(),
        }
    }

    pub fn read(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(STATE_FILE);
        let json = fs::read(&path).map_err(Error::io(&path))?;
        serde_json::from_slice(&json).map_err(Error::json(&path))
    }

    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(STATE_FILE);
        let json = serde_json::to_vec_pretty(self).map_err(Error::json(&path))?;
        Ok(textmill_schemas::write_atomically(&path, &json)?)
    }
}

/// Name of a step's checkpoint.
pub(crate) fn step_name(step: u64) -> String {
    format!("step-{step:06}")
}

/// Step checkpoints in a folder, newest first.
pub(crate) fn list(out: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        other => other.map_err(Error::io(out))?,
    };
    for entry in entries {
        let path = entry.map_err(Error::io(out))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let step = name.strip_prefix("step-").map(str::parse);
        if let Some(Ok(step)) = step {
            found.push((step, path));
        }
    }
    found.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    Ok(found)
}

/// Removes all step checkpoints but the newest `keep` ones. Those beyond `step` are damaged ones
/// that were passed over: they stay while the run may still come to them.
pub(crate) fn prune(out: &Path, keep: usize, step: u64, end: u64) -> Result<(), Error> {
    let (known, beyond): (Vec<_>, Vec<_>) = list(out)?.into_iter().partition(|(at, _)| *at <= step);
    let never = beyond
        .into_iter()
        .filter(|(at, _)| step == end || *at > end);
    for (_, dir) in known.into_iter().skip(keep).chain(never) {
        remove(&dir)?;
    }
    Ok(())
}

/// Makes a folder `name` that `fill` fills: under a temporary name, its files hashed, synced, then
/// renamed. An older folder of that name is replaced; a kill at any moment leaves one of the two
/// whole.
pub(crate) fn commit(
    out: &Path,
    name: &str,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let (path, new, old) = (
        out.join(name),
        out.join(format!("{name}.new")),
        out.join(format!("{name}.old")),
    );
    remove(&new)?;
    fs::create_dir_all(&new).map_err(Error::io(&new))?;
    fill(&new)?;
    seal(&new)?;
    sync(&new)?;
    if path.exists() {
        remove(&old)?;
        fs::rename(&path, &old).map_err(Error::io(&path))?;
    }
    fs::rename(&new, &path).map_err(Error::io(&path))?;
    sync(out)?;
    remove(&old)
}

/// Puts right what a kill inside [`commit`] left behind.
pub(crate) fn recover(out: &Path) -> Result<(), Error> {
    let best = out.join(BEST);
    let old = out.join(format!("{BEST}.old"));
    if old.exists() && !best.exists() {
        fs::rename(&old, &best).map_err(Error::io(&best))?;
    }
    for entry in fs::read_dir(out).map_err(Error::io(out))? {
        let path = entry.map_err(Error::io(out))?.path();
        let extension = path.extension().unwrap_or_default();
        if path.is_dir() && (extension == "new" || extension == "old") {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a folder with all it holds; it need not exist.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

fn sync(dir: &Path) -> Result<(), Error> {
    let folder = File::open(dir).map_err(Error::io(dir))?;
    folder.sync_all().map_err(Error::io(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_appear_whole_and_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path();
        let fill = |text: &'static str| {
            move |dir: &Path| {
                fs::write(dir.join("x"), text).unwrap();
                Ok(())
            }
        };
        commit(out, BEST, fill("one")).unwrap();
        commit(out, BEST, fill("two")).unwrap();
        let failing = commit(out, BEST, |dir| {
            fs::write(dir.join("x"), "half").unwrap();
            Err(Error::Worker)
        });
        assert!(failing.is_err());
        assert_eq!(fs::read_to_string(out.join("best/x")).unwrap(), "two");
        crate::hashes::verify(&out.join("best")).unwrap();
        recover(out).unwrap();
        assert_eq!(fs::read_dir(out).unwrap().count(), 1);
        // killed between the two renames
        fs::rename(out.join("best"), out.join("best.old")).unwrap();
        recover(out).unwrap();
        assert_eq!(fs::read_to_string(out.join("best/x")).unwrap(), "two");
    }

    #[test]
    fn checkpoints_are_listed_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "step-000050",
            "step-1000000",
            "step-000100",
            "step-x",
            "best",
        ] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let steps: Vec<u64> = list(dir.path())
            .unwrap()
            .iter()
            .map(|(step, _)| *step)
            .collect();
        assert_eq!(steps, [1_000_000, 100, 50]);
        assert!(list(&dir.path().join("none")).unwrap().is_empty());
    }
}
