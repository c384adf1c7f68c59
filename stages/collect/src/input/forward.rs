//! Bytes that come once, made to look like a file for as far back as readers go.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// How far back a reader may go: a damaged gzip member is looked at again from 256 KiB before.
const WINDOW: usize = 512 << 10;

/// Bytes of a member of an archive: read once, with a look back over the last 512 KiB.
pub(crate) struct Forward {
    inner: Box<dyn Read + Send>,
    /// What came right before `recent`.
    older: Vec<u8>,
    recent: Vec<u8>,
    /// Offset of the first byte of `recent`.
    base: u64,
    /// Where the next read begins.
    position: u64,
}

impl Forward {
    /// Starts at the beginning.
    pub fn new(inner: Box<dyn Read + Send>) -> Self {
        Self {
            inner,
            older: Vec::new(),
            recent: Vec::new(),
            base: 0,
            position: 0,
        }
    }

    fn end(&self) -> u64 {
        self.base + self.recent.len() as u64
    }

    /// Bytes that were read before, from the position on.
    fn again(&self) -> &[u8] {
        let start = self.base - self.older.len() as u64;
        if self.position >= self.base {
            let from = (self.position - self.base) as usize;
            self.recent.get(from..).unwrap_or_default()
        } else {
            let from = self.position.saturating_sub(start) as usize;
            self.older.get(from..).unwrap_or_default()
        }
    }
}

impl Read for Forward {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position < self.end() {
            let mut again = self.again();
            let read = again.read(out)?;
            self.position += read as u64;
            return Ok(read);
        }
        if self.position > self.end() {
            return Ok(0);
        }
        let most = out.len().min(WINDOW);
        let read = self.inner.read(out.get_mut(..most).unwrap_or_default())?;
        if self.recent.len() >= WINDOW {
            self.base = self.end();
            std::mem::swap(&mut self.older, &mut self.recent);
            self.recent.clear();
        }
        let new = out.get(..read).unwrap_or_default();
        self.recent.extend_from_slice(new);
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Forward {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let unsupported = || io::Error::new(ErrorKind::Unsupported, "bytes that come only once");
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        let target = target.ok_or_else(unsupported)?;
        if target < self.base - self.older.len() as u64 {
            return Err(unsupported());
        }
        self.position = target.min(self.end());
        let mut skipped = vec![0; if target > self.position { 64 << 10 } else { 0 }];
        while self.position < target {
            let left = (target - self.position).min(skipped.len() as u64) as usize;
            match self.read(skipped.get_mut(..left).unwrap_or_default()) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position = target;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_moves() {
        let bytes: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut forward = Forward::new(Box::new(Cursor::new(bytes.clone())));
        let mut part = vec![0; 1_900_000];
        forward.read_exact(&mut part).unwrap();
        assert_eq!(
            forward.seek(SeekFrom::Current(-400_000)).unwrap(),
            1_500_000
        );
        let mut rest = Vec::new();
        forward.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes[1_500_000..]);
        assert!(forward.seek(SeekFrom::Start(0)).is_err());
        assert!(forward.recent.capacity() + forward.older.capacity() < 3 << 20);
    }

    proptest! {
        #[test]
        fn it_reads_like_a_file(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            steps in prop::collection::vec((0_u64..400, 0_usize..50), 0..20),
        ) {
            let mut file = Cursor::new(bytes.clone());
            let mut forward = Forward::new(Box::new(Cursor::new(bytes)));
            for (to, length) in steps {
                file.seek(SeekFrom::Start(to)).unwrap();
                forward.seek(SeekFrom::Start(to)).unwrap();
                let (mut one, mut two) = (Vec::new(), Vec::new());
                file.by_ref().take(length as u64).read_to_end(&mut one).unwrap();
                forward.by_ref().take(length as u64).read_to_end(&mut two).unwrap();
                prop_assert_eq!(one, two);
            }
        }
    }
}
