//! Files that are whole as soon as they have their name: temporary name, sync, rename.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use textmill_storage::{Entry, entries, is_remote};

use crate::Error;

const SUFFIX: &str = ".tmp";

/// The name that a file has until it is whole: in the same folder, so that renaming is atomic, and
/// this process's own, so that two that run the same task do not write into one file, be it on two
/// hosts that share the folder.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    static OWN: OnceLock<u64> = OnceLock::new();
    // The keys of a new `RandomState` come from the system's randomness.
    let own = OWN.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{own:016x}{SUFFIX}"));
    path.with_file_name(name)
}

/// A file on its way: whole as soon as it has its name. Until then it has a temporary name beside it,
/// or, where the name is an address of an object store, none at all.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Starts a file that will have this name; makes its folder.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = match is_remote(path) {
            true => tempfile::tempfile().map_err(Error::io(&std::env::temp_dir()))?,
            false => create_beside(path)?,
        };
        let path = path.to_path_buf();
        Ok(Self { path, file })
    }

    /// Gives the file its name, durably, in place of one of that name.
    ///
    /// # Errors
    /// When the disk or the store refuses; the message names the file.
    pub fn commit(self) -> Result<(), Error> {
        if is_remote(&self.path) {
            return textmill_storage::upload(&self.path, self.file).map_err(Error::io(&self.path));
        }
        commit(&self.file, &self.path)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn create_beside(path: &Path) -> Result<File, Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let temporary = temporary(path);
    File::create(&temporary).map_err(Error::io(&temporary))
}

/// Gives a finished temporary file its final name, durably.
pub(crate) fn commit(file: &File, path: &Path) -> Result<(), Error> {
    let temporary = temporary(path);
    file.sync_all().map_err(Error::io(&temporary))?;
    fs::rename(&temporary, path).map_err(Error::io(path))?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::io(parent)),
        _ => Ok(()),
    }
}

/// Writes a small file so that a reader sees all of it or nothing.
///
/// # Errors
/// When the folder cannot be made or the disk is full; the message names the file.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), Error> {
    if is_remote(path) {
        return textmill_storage::replace(path, content).map_err(Error::io(path));
    }
    commit(&write_temporary(path, content)?, path)
}

/// Writes a small file unless one of that name is there; says whether it did.
///
/// # Errors
/// When the folder cannot be made or the disk is full; the message names the file.
pub(crate) fn put_if_absent(path: &Path, content: &[u8]) -> Result<bool, Error> {
    if is_remote(path) {
        return textmill_storage::put_if_absent(path, content).map_err(Error::io(path));
    }
    let file = write_temporary(path, content)?;
    let temporary = temporary(path);
    file.sync_all().map_err(Error::io(&temporary))?;
    // Unlike a rename, a link never replaces a file.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(Error::io(&temporary))?;
    match linked {
        Ok(()) => sync_parent(path).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io(path)(error)),
    }
}

fn write_temporary(path: &Path, content: &[u8]) -> Result<File, Error> {
    let mut file = create_beside(path)?;
    let written = file.write_all(content);
    written.map_err(Error::io(&temporary(path)))?;
    Ok(file)
}

/// The temporary files in a folder and its sub-folders, with their bytes: those of processes that are
/// at work, and of killed ones. An object store has none.
///
/// # Errors
/// When the folder cannot be listed.
pub fn leftovers(dir: &Path) -> Result<Vec<Entry>, Error> {
    if is_remote(dir) {
        return Ok(Vec::new());
    }
    let mut found = entries(dir).map_err(Error::io(dir))?;
    found.retain(|entry| entry.location.to_string_lossy().ends_with(SUFFIX));
    Ok(found)
}

/// Removes the temporary files that a killed run left in a folder and its sub-folders.
///
/// # Errors
/// When the folder cannot be listed or a leftover cannot be removed.
pub fn remove_leftovers(dir: &Path) -> Result<(), Error> {
    for entry in leftovers(dir)? {
        let path = &entry.location;
        textmill_storage::remove(path).map_err(Error::io(path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_leftovers_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/file.json");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        fs::write(temporary(&path), b"half").unwrap();
        let found = leftovers(dir.path()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].location, found[0].size), (&temporary(&path), 4));
        remove_leftovers(dir.path()).unwrap();
        assert!(!temporary(&path).exists());
        assert!(path.exists());
    }

    #[test]
    fn the_first_to_put_a_file_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("done/task.json");
        assert!(put_if_absent(&path, b"first").unwrap());
        assert!(!put_if_absent(&path, b"second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path().join("done")).unwrap().count(), 1);
    }
}
