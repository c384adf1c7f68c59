//! Opens text files, plain or compressed with gzip, for reading by lines.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::Error;

const BUFFER: usize = 1 << 18;

/// The lines of a file; one whose name ends in `.gz` is unpacked.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let plain = BufReader::with_capacity(BUFFER, file);
    Ok(match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("gz") => {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(plain)))
        }
        _ => Box::new(plain),
    })
}

/// The error that a file cannot be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Read {
        path: path.to_path_buf(),
        message: error.to_string(),
    }
}
