//! Files that are whole as soon as they have their name: temporary name, sync, rename.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

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
    commit(&write_temporary(path, content)?, path)
}

/// Writes a small file unless one of that name is there; says whether it did.
///
/// # Errors
/// When the folder cannot be made or the disk is full; the message names the file.
pub(crate) fn put_if_absent(path: &Path, content: &[u8]) -> Result<bool, Error> {
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
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let temporary = temporary(path);
    let mut file = File::create(&temporary).map_err(Error::io(&temporary))?;
    file.write_all(content).map_err(Error::io(&temporary))?;
    Ok(file)
}

/// The temporary files in a folder and its sub-folders: those of processes that are at work, and
/// of killed ones.
///
/// # Errors
/// When the folder cannot be listed.
pub fn leftovers(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut folders, mut found) = (vec![dir.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let entry = entry.map_err(Error::io(&folder))?;
            let path = entry.path();
            if entry.file_type().map_err(Error::io(&path))?.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(SUFFIX) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the temporary files that a killed run left in a folder and its sub-folders.
///
/// # Errors
/// When the folder cannot be listed or a leftover cannot be removed.
pub fn remove_leftovers(dir: &Path) -> Result<(), Error> {
    for path in leftovers(dir)? {
        fs::remove_file(&path).map_err(Error::io(&path))?;
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
        assert_eq!(leftovers(dir.path()).unwrap(), [temporary(&path)]);
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
