//! Training and evaluation of a run in an object store: they work in a folder of this machine, whose
//! files follow to the store.
//!
//! What such a stage writes goes up a few seconds after it is there, so that a run whose machine is
//! lost goes on at its last checkpoint on another. A checkpoint that went up in part is told by its
//! hashes, and passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use textmill_schemas::{Manifest, StageInput};
use textmill_storage::{LocalFile, entries, is_remote};

use super::plan::PlannedStage;

/// How long a file waits before it goes up.
const EVERY: Duration = Duration::from_secs(10);

/// The stage's folder on this machine, and those of its inputs.
pub struct Staging {
    /// Of this stage.
    pub out: PathBuf,
    /// Of the stages that it reads.
    pub inputs: BTreeMap<String, StageInput>,
    folder: PathBuf,
    mirror: Option<Mirroring>,
}

struct Mirroring {
    stop: Sender<()>,
    thread: JoinHandle<(Mirror, Result<()>)>,
}

impl Staging {
    /// Brings here what the stage reads and what it has written so far; `None` where that is not
    /// needed.
    pub fn begin(
        planned: &PlannedStage,
        inputs: &BTreeMap<String, StageInput>,
    ) -> Result<Option<Self>> {
        let Some(mut staging) = Self::join(planned, inputs)? else {
            return Ok(None);
        };
        let mirror = Mirror::new(&staging.out, &planned.dir)?;
        staging.mirror = Some(Mirroring::start(mirror)?);
        Ok(Some(staging))
    }

    /// The same folders for another process of this machine that takes part in the stage; what the
    /// stage writes goes up by the first one.
    pub fn join(
        planned: &PlannedStage,
        inputs: &BTreeMap<String, StageInput>,
    ) -> Result<Option<Self>> {
        if planned.info.writes_documents || !is_remote(&planned.dir) {
            return Ok(None);
        }
        // The same after a restart, so that nothing is brought twice.
        let name = format!("textmill-{}-{:.16}", planned.info.name, planned.fingerprint);
        let folder = std::env::temp_dir().join(name);
        let mut here = BTreeMap::new();
        for (name, input) in inputs {
            let dir = folder.join(name);
            bring(input, &dir)?;
            let manifest = input.manifest.clone();
            here.insert(name.clone(), StageInput { dir, manifest });
        }
        let out = folder.join(planned.info.name);
        fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        Ok(Some(Self {
            out,
            inputs: here,
            folder,
            mirror: None,
        }))
    }

    /// Sees the last files go up.
    pub fn finish(&mut self) -> Result<()> {
        self.mirror.take().map_or(Ok(()), Mirroring::finish)
    }

    /// Removes the folder; to be called once the stage's record is put.
    pub fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| self.folder.display().to_string())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Of a stage that failed or was stopped the last checkpoint goes up as well.
        if let Err(error) = self.finish() {
            eprintln!("warning: {error:#}");
        }
    }
}

/// Brings the files that a manifest names.
fn bring(input: &StageInput, dir: &Path) -> Result<()> {
    let Manifest { kept, files, .. } = &input.manifest;
    for entry in kept.iter().chain(files) {
        let to = dir.join(&entry.path);
        if fs::metadata(&to).is_ok_and(|found| found.len() == entry.bytes) {
            continue;
        }
        let from = input.dir.join(&entry.path);
        copy(&from, &to).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    }
    Ok(())
}

/// Copies an object to a file of this machine, which is whole or not there.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    let brought = LocalFile::of(from)?;
    // Both lie in the folder for temporary files.
    fs::rename(brought.path(), to)
}

/// Files of a folder of this machine, as they were when they went up.
struct Mirror {
    from: PathBuf,
    to: PathBuf,
    up: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Mirror {
    /// Brings what is up and not here, such as the checkpoints of a machine that is gone.
    fn new(from: &Path, to: &Path) -> Result<Self> {
        let mut mirror = Self {
            from: from.to_path_buf(),
            to: to.to_path_buf(),
            up: BTreeMap::new(),
        };
        for entry in entries(to).with_context(|| to.display().to_string())? {
            let Ok(path) = entry.location.strip_prefix(to) else {
                continue;
            };
            if !is_wanted(path) {
                continue;
            }
            let here = from.join(path);
            if !here.exists() {
                copy(&entry.location, &here).with_context(|| {
                    format!("{} to {}", entry.location.display(), here.display())
                })?;
                mirror.up.insert(path.to_path_buf(), stamp(&here));
            } else {
                mirror.up.insert(path.to_path_buf(), (0, None));
            }
        }
        Ok(mirror)
    }

    /// Puts what is new or changed, removes what is gone.
    fn follow(&mut self) -> Result<()> {
        let found = entries(&self.from).with_context(|| self.from.display().to_string())?;
        let mut here = BTreeSet::new();
        for entry in found {
            let path = entry.location.strip_prefix(&self.from);
            let Some(path) = path.ok().filter(|path| is_wanted(path)) else {
                continue;
            };
            here.insert(path.to_path_buf());
            let stamp = stamp(&entry.location);
            if self.up.get(path) == Some(&stamp) {
                continue;
            }
            let to = self.to.join(path);
            match File::open(&entry.location) {
                // A folder was renamed meanwhile: the next time will do.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.and_then(|file| textmill_storage::upload(&to, file)),
            }
            .with_context(|| format!("{} to {}", entry.location.display(), to.display()))?;
            self.up.insert(path.to_path_buf(), stamp);
        }
        let gone: Vec<PathBuf> = self
            .up
            .keys()
            .filter(|up| !here.contains(*up))
            .cloned()
            .collect();
        for path in gone {
            let at = self.to.join(&path);
            textmill_storage::remove(&at).with_context(|| at.display().to_string())?;
            self.up.remove(&path);
        }
        Ok(())
    }
}

fn stamp(path: &Path) -> (u64, Option<SystemTime>) {
    let metadata = fs::metadata(path).ok();
    let modified = metadata.as_ref().and_then(|found| found.modified().ok());
    (metadata.map_or(0, |found| found.len()), modified)
}

/// Not what is unfinished, and not what the runner itself keeps in the store.
fn is_wanted(path: &Path) -> bool {
    let unfinished = |part: &Path| {
        let extension = part.extension().unwrap_or_default();
        ["new", "old", "tmp"].iter().any(|it| extension == *it)
    };
    !path.starts_with("work")
        && path != Path::new(Manifest::FILE)
        && !path.iter().any(|part| unfinished(Path::new(part)))
}

impl Mirroring {
    fn start(mut mirror: Mirror) -> Result<Self> {
        let (stop, stopped) = channel::<()>();
        let work = move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                // What does not go up now goes up later, or says why at the end.
                let _ = mirror.follow();
            }
            let last = mirror.follow();
            (mirror, last)
        };
        let thread = std::thread::Builder::new()
            .name("mirror".into())
            .spawn(work);
        Ok(Self {
            stop,
            thread: thread.context("cannot start a thread")?,
        })
    }

    fn finish(self) -> Result<()> {
        drop(self.stop);
        let (mut mirror, last) = self
            .thread
            .join()
            .map_err(|_| anyhow!("the thread that mirrors the stage's folder is gone"))?;
        last.or_else(|_| mirror.follow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_followed_but_for_what_is_unfinished() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let put = |path: &str| {
            let path = from.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        let wanted = |path: &str| is_wanted(Path::new(path));
        put("step-000010/state.json");
        assert!(wanted("step-000010/state.json") && wanted("metrics.jsonl"));
        for path in [
            "best.new/state.json",
            "best.old/state.json",
            "work/train.tokens",
            "manifest.json",
            "metrics.jsonl.0123.tmp",
        ] {
            assert!(!wanted(path), "{path}");
        }
        let mirror = Mirror::new(from.path(), to.path()).unwrap();
        assert!(mirror.up.is_empty());
    }
}
