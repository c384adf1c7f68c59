//! Where a run's folder lies: on a disk that the nodes share, or in a bucket.

use std::collections::BTreeSet;
use std::fs;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};

use crate::server::{BUCKET, KEY, SECRET};

/// The place of one run.
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A prefix of a bucket behind that address.
    Bucket(SocketAddr, String),
}

impl Place {
    /// What `run.dir` is.
    pub fn location(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Bucket(_, prefix) => format!("s3://{BUCKET}/{prefix}"),
        }
    }

    /// How the processes reach it, through an address.
    pub fn environment(&self, through: Option<SocketAddr>) -> Vec<(&'static str, String)> {
        let Self::Bucket(address, _) = self else {
            return Vec::new();
        };
        vec![
            (
                "AWS_ENDPOINT_URL",
                format!("http://{}", through.unwrap_or(*address)),
            ),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The names of its files.
    pub fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        match self {
            Self::Folder(path) => walk(path, path, &mut found),
            Self::Bucket(address, prefix) => block(async {
                let prefix = object_store::path::Path::from(prefix.as_str());
                let client = client(*address);
                let mut objects = client.list(Some(&prefix));
                while let Some(object) = poll_fn(|task| objects.as_mut().poll_next(task)).await {
                    let name = object.unwrap().location.to_string();
                    found.insert(name[prefix.as_ref().len() + 1..].to_owned());
                }
            }),
        }
        found
    }

    /// A file of it.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Folder(path) => fs::read(path.join(name)).ok(),
            Self::Bucket(address, prefix) => block(async {
                let path = format!("{prefix}/{name}").into();
                let found = client(*address).get(&path).await.ok()?;
                Some(found.bytes().await.unwrap().to_vec())
            }),
        }
    }
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => walk(root, &path, found),
            false => {
                let name = path.strip_prefix(root).unwrap();
                found.insert(name.display().to_string());
            }
        }
    }
}

fn client(address: SocketAddr) -> AmazonS3 {
    AmazonS3Builder::new()
        .with_endpoint(format!("http://{address}"))
        .with_allow_http(true)
        .with_bucket_name(BUCKET)
        .with_access_key_id(KEY)
        .with_secret_access_key(SECRET)
        .build()
        .unwrap()
}

fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}
