//! Parts of one file, each read as a file of its own.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use crate::input::Input;

/// A file that windows look into. One window at a time reads, so the lock is never waited for.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Box<dyn Input>>>);

impl Shared {
    /// Shares a file.
    pub fn new(input: Box<dyn Input>) -> Self {
        Self(Arc::new(Mutex::new(input)))
    }

    /// Bytes of the file.
    pub fn size(&self) -> io::Result<u64> {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::End(0))
    }

    /// So many bytes from an offset on, fewer at the end of the file.
    pub fn window(&self, start: u64, length: u64) -> Window {
        Window {
            shared: self.clone(),
            start,
            length,
            position: 0,
        }
    }
}

/// A part of a file.
pub(super) struct Window {
    shared: Shared,
    start: u64,
    length: u64,
    position: u64,
}

impl Window {
    /// Bytes behind the position, if the file is long enough.
    pub fn left(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }
}

impl Read for Window {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left())
            .unwrap_or(usize::MAX)
            .min(out.len());
        let Some(offset) = self.start.checked_add(self.position) else {
            return Ok(0);
        };
        if most == 0 {
            return Ok(0);
        }
        let mut input = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::Start(offset))?;
        let read = input.read(out.get_mut(..most).unwrap_or_default())?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a seek to before the start");
        self.position = target.ok_or_else(before)?;
        Ok(self.position)
    }
}
