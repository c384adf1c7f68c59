//! Bounds on what comes out of a member, and its checksum.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;

use crate::input::{Broken, Damage};

/// What an archive states about the content of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stated {
    /// Bytes and CRC-32.
    Whole {
        /// Bytes.
        size: u64,
        /// CRC-32.
        crc: u32,
    },
    /// Nothing, as the archive is cut: bytes that may come at most.
    AtMost(u64),
}

/// A reader that checks length and checksum at the end, and says `truncated` and `corrupt`.
pub(super) struct Measured<R> {
    inner: R,
    stated: Stated,
    position: u64,
    /// Checksum of the bytes up to `summed`, as long as they are read in order.
    crc: Crc,
    summed: u64,
}

impl<R: Read> Measured<R> {
    /// Starts at the beginning of a member.
    pub fn new(inner: R, stated: Stated) -> Self {
        Self {
            inner,
            stated,
            position: 0,
            crc: Crc::new(),
            summed: 0,
        }
    }

    fn at_end(&self) -> io::Result<()> {
        let corrupt = |detail: String| Err(Broken::error(Damage::CORRUPT, detail));
        let Stated::Whole { size, crc } = self.stated else {
            return Ok(());
        };
        if self.position < size {
            return corrupt(format!("{} bytes instead of {size}", self.position));
        }
        if self.summed == self.position && crc != self.crc.sum() {
            return corrupt("the checksum does not match".to_owned());
        }
        Ok(())
    }

    fn within_bounds(&self) -> io::Result<()> {
        match self.stated {
            Stated::Whole { size, .. } if self.position > size => {
                let detail = format!("more than the {size} bytes that the archive states");
                Err(Broken::error(Damage::CORRUPT, detail))
            }
            Stated::AtMost(most) if self.position > most => {
                let detail = "unpacks to more than collect.max_ratio times its bytes";
                Err(Broken::error("collect.bomb", detail))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(out) {
            Ok(read) => read,
            Err(error) => return Err(named(error)),
        };
        if read == 0 && !out.is_empty() {
            self.at_end()?;
            return Ok(0);
        }
        if self.summed == self.position {
            self.crc.update(out.get(..read).unwrap_or_default());
            self.summed += read as u64;
        }
        self.position += read as u64;
        self.within_bounds().map(|()| read)
    }
}

impl<R: Read + Seek> Seek for Measured<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

/// An error of a decoder with the rule that it means.
fn named(error: io::Error) -> io::Error {
    if Broken::of(&error).is_some() {
        return error;
    }
    match error.kind() {
        ErrorKind::Interrupted => error,
        ErrorKind::UnexpectedEof => Broken::error(Damage::TRUNCATED, "the content ends too early"),
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            Broken::error(Damage::CORRUPT, error.to_string())
        }
        _ => error,
    }
}
