//! Files that are whole as soon as they have their name: temporary name, sync, rename.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

const SUFFIX: &str = ".tmp";

/// The name that a file has until it is whole; in the same folder, so that renaming is atomic.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(SUFFIX);
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
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    let temporary = temporary(path);
    let mut file = File::create(&temporary).map_err(Error::io(&temporary))?;
    file.write_all(content).map_err(Error::io(&temporary))?;
    commit(&file, path)
}

/// Removes the temporary files that a killed run left in a folder and its sub-folders.
///
/// # Errors
/// When the folder cannot be listed or a leftover cannot be removed.
pub fn remove_leftovers(dir: &Path) -> Result<(), Error> {
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
            let entry = entry.map_err(Error::io(&folder))?;
            let path = entry.path();
            if entry.file_type().map_err(Error::io(&path))?.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(SUFFIX) {
                fs::remove_file(&path).map_err(Error::io(&path))?;
            }
        }
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
        remove_leftovers(dir.path()).unwrap();
        assert!(!temporary(&path).exists());
        assert!(path.exists());
    }
}
