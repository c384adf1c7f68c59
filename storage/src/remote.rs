//! An object as a file: read ahead while it is read in order, and from any place.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::fetch::{Target, fetch};
use crate::runtime;

/// Bytes of the first range after a seek. Each further one doubles, as long as it is read in order.
const FIRST: u64 = 256 << 10;
/// Bytes of a range at most. An open object holds two ranges: one is read, the next is fetched.
const LONGEST: u64 = 8 << 20;

/// A range that is being fetched.
struct Coming {
    range: Range<u64>,
    bytes: Receiver<io::Result<Vec<u8>>>,
}

/// An object that is read like a file.
pub struct Remote {
    target: Arc<Target>,
    position: u64,
    /// Where `bytes` begin.
    start: u64,
    bytes: Vec<u8>,
    coming: Option<Coming>,
    /// Bytes of the next range.
    step: u64,
}

impl Remote {
    /// Starts at the beginning; nothing is fetched yet.
    pub(crate) fn new(target: Arc<Target>) -> Self {
        Self {
            target,
            position: 0,
            start: 0,
            bytes: Vec::new(),
            coming: None,
            step: FIRST,
        }
    }

    /// The bytes at hand from the position on.
    fn at_hand(&self) -> &[u8] {
        let from = self.position.checked_sub(self.start);
        let from = from.and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.bytes.get(from..))
            .unwrap_or_default()
    }

    /// Fetches the range that begins at the position, and starts on the one behind it.
    fn advance(&mut self) -> io::Result<()> {
        let position = self.position;
        let ready = self
            .coming
            .take()
            .filter(|coming| coming.range.contains(&position));
        let coming = match ready {
            Some(coming) => coming,
            None => {
                self.step = FIRST;
                self.request(position)?
            }
        };
        // Gives the old range's memory back before the next is asked for.
        self.bytes = Vec::new();
        let gone = |_| io::Error::other(runtime::GONE);
        self.bytes = coming.bytes.recv().map_err(gone)??;
        self.start = coming.range.start;
        if coming.range.end < self.target.size {
            self.coming = Some(self.request(coming.range.end)?);
        }
        Ok(())
    }

    fn request(&mut self, from: u64) -> io::Result<Coming> {
        let range = from..from.saturating_add(self.step).min(self.target.size);
        self.step = (self.step * 2).min(LONGEST);
        let work = fetch(self.target.clone(), range.clone());
        let bytes = runtime::start(work).map_err(io::Error::other)?;
        Ok(Coming { range, bytes })
    }
}

impl Read for Remote {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.target.size || out.is_empty() {
            return Ok(0);
        }
        if self.at_hand().is_empty() {
            self.advance()?;
        }
        let read = self.at_hand().read(out)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.target.size.checked_add_signed(by),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a seek to before the start");
        self.position = target.ok_or_else(before)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};
    use proptest::prelude::*;

    use super::*;
    use crate::ReadError;

    fn remote(store: &Arc<dyn ObjectStore>, bytes: &[u8]) -> Remote {
        let (store, path, bytes) = (store.clone(), Path::from("a"), bytes.to_vec());
        let size = bytes.len() as u64;
        let (put, key) = (store.clone(), path.clone());
        let put = runtime::wait(async move { put.put(&key, bytes.into()).await });
        let e_tag = put.unwrap().unwrap().e_tag;
        Remote::new(Arc::new(Target {
            store,
            path,
            size,
            e_tag,
        }))
    }

    fn memory() -> Arc<dyn ObjectStore> {
        Arc::new(InMemory::new())
    }

    #[test]
    fn ranges_grow_and_memory_does_not() {
        let bytes: Vec<u8> = (0..10_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut remote = remote(&memory(), &bytes);
        let mut read = Vec::new();
        remote.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        assert_eq!(remote.step, LONGEST);
        assert!(remote.bytes.capacity() as u64 <= LONGEST);
        remote.seek(SeekFrom::End(-4)).unwrap();
        read.clear();
        remote.read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes[bytes.len() - 4..]);
    }

    #[test]
    fn an_object_that_changes_is_told() {
        let store = memory();
        let mut old = remote(&store, &[b'a'; 1 << 20]);
        let mut part = [0; 10];
        old.read_exact(&mut part).unwrap();
        remote(&store, &[b'b'; 1 << 20]);
        old.seek(SeekFrom::Start(900_000)).unwrap();
        let error = old.read_exact(&mut part).unwrap_err();
        assert!(ReadError::of(&error).unwrap().changed);
    }

    #[test]
    fn an_object_that_vanishes_is_told() {
        let store = memory();
        let mut old = remote(&store, &[b'a'; 1 << 20]);
        let mut part = [0; 10];
        old.read_exact(&mut part).unwrap();
        runtime::wait(async move { store.delete(&Path::from("a")).await })
            .unwrap()
            .unwrap();
        old.seek(SeekFrom::Start(900_000)).unwrap();
        let error = old.read_exact(&mut part).unwrap_err();
        assert!(error.to_string().contains("no longer there"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn it_reads_like_a_file(steps in prop::collection::vec((0_u64..1_200_000, 0_u64..600_000), 0..8)) {
            let bytes: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
            let mut remote = remote(&memory(), &bytes);
            let mut file = io::Cursor::new(bytes);
            for (to, length) in steps {
                prop_assert_eq!(file.seek(SeekFrom::Start(to)).unwrap(), remote.seek(SeekFrom::Start(to)).unwrap());
                let (mut one, mut two) = (Vec::new(), Vec::new());
                file.by_ref().take(length).read_to_end(&mut one).unwrap();
                remote.by_ref().take(length).read_to_end(&mut two).unwrap();
                prop_assert!(one == two);
            }
        }
    }
}
