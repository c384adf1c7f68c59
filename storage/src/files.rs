//! What a folder offers, for paths and addresses alike.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::Receiver;
use std::task::{Context, Poll};

use futures_core::Stream;
use object_store::ObjectStoreExt;
use object_store::path::Path as Key;

use crate::address::Address;
use crate::fetch::next;
use crate::request::{explain, retrying};
use crate::source::Source;
use crate::{client, is_remote, list, put, runtime};

/// A file below a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it lies.
    pub location: PathBuf,
    /// Its bytes.
    pub size: u64,
}

/// The whole content of a file.
///
/// # Errors
/// When it is not there ([`ErrorKind::NotFound`]), or cannot be read.
pub fn read(location: &Path) -> io::Result<Vec<u8>> {
    if !is_remote(location) {
        return fs::read(location);
    }
    let source = Source::open(location)?;
    let length = usize::try_from(source.size()).unwrap_or(usize::MAX);
    Ok(source.bytes(0, length)?.into())
}

/// Small files that are asked for at the same time.
const AT_ONCE: usize = 64;

/// The contents of small files, in their order; `None` for those that are not there.
///
/// # Errors
/// When one of them cannot be read.
pub fn read_all(locations: &[PathBuf]) -> io::Result<Vec<Option<Vec<u8>>>> {
    let mut found = Vec::with_capacity(locations.len());
    for some in locations.chunks(AT_ONCE) {
        let asked = some.iter().map(|location| match is_remote(location) {
            true => Ok(Asked::Object(get(location)?)),
            false => Ok(Asked::File(location)),
        });
        // All of them before the first answer is waited for.
        for asked in asked.collect::<io::Result<Vec<_>>>()? {
            let content = match asked {
                Asked::File(path) => fs::read(path),
                Asked::Object((address, answer)) => match answer.recv() {
                    Ok(answer) => answer.map_err(|error| explain(&error, &address)),
                    Err(_) => Err(io::Error::other(runtime::GONE)),
                },
            };
            found.push(match content {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                content => Some(content?),
            });
        }
    }
    Ok(found)
}

enum Asked<'a> {
    File(&'a Path),
    Object((Address, Receiver<object_store::Result<Vec<u8>>>)),
}

/// Asks for a small object.
fn get(location: &Path) -> io::Result<(Address, Receiver<object_store::Result<Vec<u8>>>)> {
    let address = Address::of(location)?;
    let (store, path) = client::open(&address).map_err(io::Error::other)?;
    let work = retrying(move || {
        let (store, path) = (store.clone(), path.clone());
        async move { Ok(store.get(&path).await?.bytes().await?.into()) }
    });
    let answer = runtime::start(work).map_err(io::Error::other)?;
    Ok((address, answer))
}

/// Puts an object whole, in place of one of that name.
///
/// # Errors
/// When the store refuses.
pub fn replace(address: &Path, content: &[u8]) -> io::Result<()> {
    put::put(&Address::of(address)?, content, true).map(drop)
}

/// Puts an object whole unless one of that name is there; says whether it did.
///
/// After an answer that was lost on the way it may say that another was first, though it was itself.
///
/// # Errors
/// When the store refuses.
pub fn put_if_absent(address: &Path, content: &[u8]) -> io::Result<bool> {
    put::put(&Address::of(address)?, content, false)
}

/// Puts a file of this machine whole, in place of an object of that name.
///
/// # Errors
/// When the store refuses, or the file cannot be read.
pub fn upload(address: &Path, file: File) -> io::Result<()> {
    put::put_file(&Address::of(address)?, file)
}

/// All files in a folder and below, in order; none where there is no such folder.
///
/// # Errors
/// When it cannot be listed.
pub fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = match is_remote(folder) {
        true => {
            let address = Address::of(folder)?;
            let below = list::list_below(&address).map_err(io::Error::other)?;
            let entry = |(_, object): (String, crate::Object)| Entry {
                location: object.address.into(),
                size: object.size,
            };
            below.into_iter().map(entry).collect()
        }
        false => local_entries(folder)?,
    };
    found.sort();
    Ok(found)
}

fn local_entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let location = entry.path();
            let metadata = match entry.metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            match metadata.is_dir() {
                true => folders.push(location),
                false => found.push(Entry {
                    location,
                    size: metadata.len(),
                }),
            }
        }
    }
    Ok(found)
}

/// Whether there is a folder: in a store, whether an object lies below.
///
/// # Errors
/// When the store cannot be asked.
pub fn is_dir(folder: &Path) -> io::Result<bool> {
    if !is_remote(folder) {
        return Ok(folder.is_dir());
    }
    let address = Address::of(folder)?;
    let (store, path) = client::open(&address).map_err(io::Error::other)?;
    let found = runtime::wait(retrying(move || {
        let (store, path) = (store.clone(), path.clone());
        async move { next(&mut store.list(Some(&path))).await.transpose() }
    }));
    let found = found.map_err(io::Error::other)?;
    Ok(found.map_err(|error| explain(&error, &address))?.is_some())
}

/// Removes a file; nothing is done where there is none.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(location: &Path) -> io::Result<()> {
    if is_remote(location) {
        return remove_all(location, vec![location.to_path_buf()]);
    }
    match fs::remove_file(location) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes a folder and all in it; nothing is done where there is none.
///
/// # Errors
/// When it cannot be removed.
pub fn remove_dir(folder: &Path) -> io::Result<()> {
    if is_remote(folder) {
        let below = entries(folder)?.into_iter();
        return remove_all(folder, below.map(|entry| entry.location).collect());
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn remove_all(folder: &Path, locations: Vec<PathBuf>) -> io::Result<()> {
    let address = Address::of(folder)?;
    let (store, _) = client::open(&address).map_err(io::Error::other)?;
    let keys = locations.iter().map(|location| {
        let key = Address::of(location)?.key;
        Key::parse(key).map_err(io::Error::other)
    });
    let keys: Vec<Key> = keys.collect::<io::Result<_>>()?;
    let removed = runtime::wait(retrying(move || {
        let keys = Box::pin(Each(keys.clone().into_iter()));
        let mut removed = store.delete_stream(keys);
        async move {
            while let Some(key) = next(&mut removed).await {
                match key {
                    Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        }
    }));
    let removed = removed.map_err(io::Error::other)?;
    removed.map_err(|error| explain(&error, &address))
}

/// Keys as a stream.
struct Each(std::vec::IntoIter<Key>);

impl Stream for Each {
    type Item = object_store::Result<Key>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// Where what nobody else reads may lie while work on a folder goes on: the folder itself, or this
/// machine's folder for temporary files (`TMPDIR`) for one of a store.
#[must_use]
pub fn scratch(folder: &Path) -> PathBuf {
    match is_remote(folder) {
        true => std::env::temp_dir(),
        false => folder.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_this_machine_are_listed_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        assert_eq!(entries(&folder).unwrap(), []);
        assert!(!is_dir(&folder).unwrap());
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("deep/b"), "bb").unwrap();
        fs::write(folder.join("a"), "a").unwrap();
        let sizes: Vec<u64> = entries(&folder).unwrap().iter().map(|e| e.size).collect();
        assert_eq!(sizes, [1, 2]);
        assert_eq!(read(&folder.join("deep/b")).unwrap(), b"bb");
        let some = ["a", "c", "deep/b"].map(|name| folder.join(name));
        let contents = read_all(&some).unwrap();
        assert_eq!(contents, [Some(b"a".to_vec()), None, Some(b"bb".to_vec())]);
        remove(&folder.join("a")).unwrap();
        remove(&folder.join("a")).unwrap();
        assert_eq!(entries(&folder).unwrap().len(), 1);
        remove_dir(&folder).unwrap();
        remove_dir(&folder).unwrap();
        assert!(!is_dir(&folder).unwrap());
    }

    #[test]
    fn an_address_is_a_path_to_join() {
        let root = Path::new("s3://bucket/runs/web");
        let shard = root.join("filter").join("dropped/part-00000.parquet");
        assert!(is_remote(&shard));
        let address = Address::of(&shard).unwrap();
        assert_eq!(address.key, "runs/web/filter/dropped/part-00000.parquet");
        assert_eq!(shard.parent(), Some(root.join("filter/dropped").as_path()));
    }
}
