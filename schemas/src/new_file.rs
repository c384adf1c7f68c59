//! Large files that appear when they are whole, several of them together if need be.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use textmill_storage::is_remote;

use crate::Error;
use crate::commit::{commit, temporary};

/// A file of this machine that is being written, under a temporary name. It is removed if it is
/// dropped.
#[derive(Debug)]
pub struct NewFile {
    file: BufWriter<File>,
    place: Place,
}

/// A file that is written and waits for its name. It is removed if it is dropped.
#[derive(Debug)]
pub struct FinishedFile {
    place: Place,
    bytes: u64,
}

impl NewFile {
    /// Starts a file that will have this name; makes its folder.
    ///
    /// # Errors
    /// When the folder or the file cannot be made, or the path is an address of an object store.
    pub fn create(path: &Path) -> Result<Self, Error> {
        if is_remote(path) {
            let problem = "it must be in a folder of this machine; copy it from there";
            return Err(Error::io(path)(io::Error::other(problem)));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        let place = Place {
            path: path.to_path_buf(),
            committed: false,
        };
        let temporary = temporary(path);
        let file = File::create(&temporary).map_err(Error::io(&temporary))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, file),
            place,
        })
    }

    /// The name that the file will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When the disk refuses; the message names the file.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(bytes);
        written.map_err(Error::io(&self.place.path))
    }

    /// Writes over the beginning of the file, for headers that tell what follows.
    ///
    /// # Errors
    /// When the disk refuses; the message names the file.
    pub fn rewrite_start(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = (self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.seek(SeekFrom::End(0)));
        written.map_err(Error::io(&self.place.path))?;
        Ok(())
    }

    /// A reader of what was written so far.
    ///
    /// # Errors
    /// When the disk refuses; the message names the file.
    pub fn reader(&mut self) -> Result<File, Error> {
        let flushed = self.file.flush();
        flushed.map_err(Error::io(&self.place.path))?;
        let temporary = temporary(&self.place.path);
        File::open(&temporary).map_err(Error::io(&temporary))
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the disk refuses; the message names the file.
    pub fn finish(self) -> Result<FinishedFile, Error> {
        let Self { file, place } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        let file = file.map_err(Error::io(&place.path))?;
        let bytes = file.metadata().map_err(Error::io(&place.path))?.len();
        // Closed until it is committed: a process may have a thousand files open, not more.
        Ok(FinishedFile { place, bytes })
    }
}

impl FinishedFile {
    /// The name that the file will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Its size.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives the file its name, durably, in place of one of that name.
    ///
    /// # Errors
    /// When the disk refuses; the message names the file.
    pub fn commit(mut self) -> Result<(), Error> {
        let temporary = temporary(&self.place.path);
        let file = File::open(&temporary).map_err(Error::io(&temporary))?;
        commit(&file, &self.place.path)?;
        self.place.committed = true;
        Ok(())
    }
}

/// Where a file will be; takes its temporary file away unless that has become the file.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    committed: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing to be done about a failure: the disk has already refused.
            let _ = fs::remove_file(temporary(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_file_appears_when_it_is_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/data.bin");
        let mut file = NewFile::create(&path).unwrap();
        file.append(b"????").unwrap();
        file.append(b"tokens").unwrap();
        let mut so_far = String::new();
        file.reader().unwrap().read_to_string(&mut so_far).unwrap();
        assert_eq!(so_far, "????tokens");
        file.rewrite_start(b"head").unwrap();
        file.append(b"!").unwrap();
        let file = file.finish().unwrap();
        assert_eq!(file.bytes(), 11);
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"headtokens!");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data.bin");
        let mut file = NewFile::create(&path).unwrap();
        file.append(b"half").unwrap();
        drop(file);
        drop(NewFile::create(&path).unwrap().finish().unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
