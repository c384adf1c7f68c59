//! Files for libraries that want a path of this machine.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::is_remote;
use crate::object::open;

/// A file of this machine: the one of a location, or a copy of an object that goes with the value.
#[derive(Debug)]
pub enum LocalFile {
    /// It lies here.
    Here(PathBuf),
    /// It was brought here.
    Copy(TempPath),
}

impl LocalFile {
    /// The file of a location.
    ///
    /// # Errors
    /// When an object is not there, or cannot be brought here.
    pub fn of(location: &Path) -> io::Result<Self> {
        if !is_remote(location) {
            return Ok(Self::Here(location.to_path_buf()));
        }
        let mut object = open(location.to_str().unwrap_or_default()).map_err(io::Error::other)?;
        // With the name's end, by which libraries tell formats.
        let suffix = location.file_name().unwrap_or_default();
        let mut copy = tempfile::Builder::new().suffix(suffix).tempfile()?;
        io::copy(&mut object, &mut copy)?;
        Ok(Self::Copy(copy.into_temp_path()))
    }

    /// Where it lies on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Here(path) => path,
            Self::Copy(path) => path,
        }
    }
}
