//! Objects that appear whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use crate::address::Address;
use crate::request::{explain, retrying};
use crate::{client, runtime};

/// Larger files go up in parts of so many bytes: at most 10,000 of them, so 320 GB a file.
const PART: u64 = 32 << 20;

/// Puts an object, in place of one that is there if `replace`; says whether it did.
pub(crate) fn put(address: &Address, content: &[u8], replace: bool) -> io::Result<bool> {
    let (store, path) = client::open(address).map_err(io::Error::other)?;
    let payload = PutPayload::from(Bytes::copy_from_slice(content));
    let mode = match replace {
        true => PutMode::Overwrite,
        false => PutMode::Create,
    };
    let put = runtime::wait(retrying(move || {
        let (store, path, payload) = (store.clone(), path.clone(), payload.clone());
        let options = PutOptions::from(mode.clone());
        async move { store.put_opts(&path, payload, options).await }
    }));
    match put.map_err(io::Error::other)? {
        Ok(_) => Ok(true),
        Err(Error::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(explain(&error, address)),
    }
}

/// Puts a file, which appears when all of it is there. A killed upload in parts is never seen; a rule
/// of the bucket can remove its parts.
pub(crate) fn put_file(address: &Address, file: File) -> io::Result<()> {
    let size = file.metadata()?.len();
    if size <= PART {
        let content = read_part(&file, 0, size)?;
        return put(address, &content, true).map(drop);
    }
    let (store, path) = client::open(address).map_err(io::Error::other)?;
    let file = Arc::new(file);
    let put = runtime::wait(retrying(move || {
        in_parts(store.clone(), path.clone(), file.clone(), size)
    }));
    let put = put.map_err(io::Error::other)?;
    put.map_err(|error| explain(&error, address))
}

async fn in_parts(
    store: Arc<dyn ObjectStore>,
    path: Path,
    file: Arc<File>,
    size: u64,
) -> object_store::Result<()> {
    let mut upload = store.put_multipart(&path).await?;
    let mut at = 0;
    while at < size {
        let length = PART.min(size - at);
        let sent = match read_part(&file, at, length) {
            Ok(content) => upload.put_part(content.into()).await,
            Err(source) => Err(Error::Generic {
                store: "the disk",
                source: source.into(),
            }),
        };
        if let Err(error) = sent {
            // What is left of it is not seen in any case.
            let _ = upload.abort().await;
            return Err(error);
        }
        at += length;
    }
    upload.complete().await.map(drop)
}

fn read_part(file: &File, at: u64, length: u64) -> io::Result<Bytes> {
    let mut part = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut part, at)?;
    Ok(part.into())
}
