//! Files that are read at any place.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use object_store::{Error, GetOptions, GetRange, ObjectStoreExt};

use crate::address::Address;
use crate::cache::{self, BLOCK};
use crate::fetch::{Target, fetch};
use crate::request::{explain, retrying};
use crate::{client, is_remote, runtime};

/// The end of an object comes with the request that opens it: footers and indexes lie there, and
/// small objects need no other request.
const TAIL: u64 = 64 << 10;

/// A file or an object, to be read at any place by several threads.
#[derive(Clone, Debug)]
pub struct Source(Arc<Place>);

#[derive(Debug)]
enum Place {
    Local {
        file: File,
        size: u64,
    },
    Remote {
        target: Arc<Target>,
        /// Tells its blocks from those of others.
        number: u64,
        tail: Bytes,
    },
}

/// Sources that were opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

impl Source {
    /// Opens what lies at a location.
    ///
    /// # Errors
    /// When there is nothing ([`ErrorKind::NotFound`]), or it cannot be read.
    pub fn open(location: &Path) -> io::Result<Self> {
        if is_remote(location) {
            return Self::open_remote(location);
        }
        let file = File::open(location)?;
        let size = file.metadata()?.len();
        Ok(Self(Arc::new(Place::Local { file, size })))
    }

    fn open_remote(location: &Path) -> io::Result<Self> {
        let address = Address::of(location)?;
        let (store, path) = client::open(&address).map_err(io::Error::other)?;
        let asked = (store.clone(), path.clone());
        let opened = runtime::wait(retrying(move || {
            let (store, path) = asked.clone();
            async move {
                let range = Some(GetRange::Suffix(TAIL));
                let options = GetOptions::new().with_range(range);
                match store.get_opts(&path, options).await {
                    Ok(result) => {
                        let meta = result.meta.clone();
                        Ok((meta, result.bytes().await?))
                    }
                    Err(error @ Error::NotFound { .. }) => Err(error),
                    // An empty object has no range, and not every store knows the last bytes.
                    Err(_) => Ok((store.head(&path).await?, Bytes::new())),
                }
            }
        }));
        let opened = opened.map_err(io::Error::other)?;
        let (meta, tail) = opened.map_err(|error| explain(&error, &address))?;
        let target = Arc::new(Target {
            store,
            path,
            size: meta.size,
            e_tag: meta.e_tag,
        });
        Ok(Self(Arc::new(Place::Remote {
            target,
            number: OPENED.fetch_add(1, Ordering::Relaxed),
            tail,
        })))
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &*self.0 {
            Place::Local { size, .. } => *size,
            Place::Remote { target, .. } => target.size,
        }
    }

    /// Whether each read may be a request to a store.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(&*self.0, Place::Remote { .. })
    }

    /// Fills a buffer with what begins at a place.
    ///
    /// # Errors
    /// When the file ends before ([`ErrorKind::UnexpectedEof`]), or cannot be read.
    pub fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        match &*self.0 {
            Place::Local { file, .. } => file.read_exact_at(buffer, at),
            Place::Remote { .. } => {
                let bytes = self.bytes(at, buffer.len())?;
                buffer.copy_from_slice(&bytes);
                Ok(())
            }
        }
    }

    /// So many bytes from a place on.
    ///
    /// # Errors
    /// As [`Self::read_exact_at`].
    pub fn bytes(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let end = at.checked_add(length as u64);
        let end = end.filter(|end| *end <= self.size());
        let end = end.ok_or_else(|| io::Error::from(ErrorKind::UnexpectedEof))?;
        let (target, number, tail) = match &*self.0 {
            Place::Local { file, .. } => {
                let mut buffer = vec![0; length];
                file.read_exact_at(&mut buffer, at)?;
                return Ok(buffer.into());
            }
            Place::Remote {
                target,
                number,
                tail,
            } => (target, *number, tail),
        };
        if let Some(from) = at.checked_sub(target.size - tail.len() as u64) {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            return Ok(tail.slice(from..from + length));
        }
        if length as u64 >= BLOCK {
            return ask(target, at, end);
        }
        let (first, last) = (at / BLOCK, (end.max(at + 1) - 1) / BLOCK);
        let offset = (at - first * BLOCK) as usize;
        let block = block(target, number, first)?;
        if first == last {
            return Ok(block.slice(offset..offset + length));
        }
        let mut joined = block.slice(offset..).to_vec();
        joined.extend_from_slice(&self::block(target, number, last)?);
        joined.truncate(length);
        Ok(joined.into())
    }

    /// A reader that begins at a place.
    #[must_use]
    pub fn reader(&self, at: u64) -> Reader {
        Reader {
            source: self.clone(),
            at,
        }
    }
}

fn ask(target: &Arc<Target>, from: u64, to: u64) -> io::Result<Bytes> {
    let bytes = runtime::wait(fetch(target.clone(), from..to)).map_err(io::Error::other)?;
    bytes.map(Bytes::from)
}

fn block(target: &Arc<Target>, number: u64, place: u64) -> io::Result<Bytes> {
    if let Some(block) = cache::get((number, place)) {
        return Ok(block);
    }
    let from = place * BLOCK;
    let block = ask(target, from, (from + BLOCK).min(target.size))?;
    cache::put((number, place), block.clone());
    Ok(block)
}

/// Reads a source in order.
#[derive(Clone, Debug)]
pub struct Reader {
    source: Source,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.size().saturating_sub(self.at);
        let count = (buffer.len() as u64).min(left);
        let Some(buffer) = buffer.get_mut(..count as usize) else {
            return Ok(0);
        };
        self.source.read_exact_at(buffer, self.at)?;
        self.at += count;
        Ok(buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path as Key;
    use proptest::prelude::*;

    use super::*;

    /// An object of so many bytes, each of which tells its place, and its content.
    fn object(size: usize) -> (Source, Vec<u8>) {
        let content: Vec<u8> = (0..size as u32).map(|at| (at ^ at >> 8) as u8).collect();
        let (store, path) = (Arc::new(InMemory::new()), Key::from("a"));
        let (to, key, bytes) = (store.clone(), path.clone(), content.clone());
        let put = runtime::wait(async move { to.put(&key, bytes.into()).await });
        let e_tag = put.unwrap().unwrap().e_tag;
        let tail = content.len().saturating_sub(TAIL as usize);
        let place = Place::Remote {
            tail: Bytes::copy_from_slice(&content[tail..]),
            number: OPENED.fetch_add(1, Ordering::Relaxed),
            target: Arc::new(Target {
                store,
                path,
                size: size as u64,
                e_tag,
            }),
        };
        (Source(Arc::new(place)), content)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_place_of_an_object_is_read(
            size in prop_oneof![0_usize..100, 60_000_usize..70_000, 2_000_000_usize..3_000_000],
            reads in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 1..8),
        ) {
            let (source, content) = object(size);
            for (from, length) in reads {
                let from = (from * size as f64) as usize;
                let length = (length * (size - from) as f64) as usize;
                let read = source.bytes(from as u64, length).unwrap();
                prop_assert!(read == content[from..from + length]);
            }
            let error = source.bytes(1, size).unwrap_err();
            prop_assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_reader_comes_to_the_end() {
        let (source, content) = object(1_500_000);
        let mut read = Vec::new();
        source.reader(7).read_to_end(&mut read).unwrap();
        assert!(read == content[7..]);
    }
}
