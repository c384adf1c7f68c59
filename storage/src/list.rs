//! Which objects there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::address::{Address, Service};
use crate::fetch::next;
use crate::{Object, client, failure, runtime};

/// What an address leads to.
#[derive(Debug)]
pub enum Listed {
    /// One object, by its name.
    One(String, Object),
    /// Objects by their paths below the address.
    Below(Vec<(String, Object)>),
}

/// Lists what an address leads to: the object of this key, or all objects below it. `base` is the
/// folder before the first pattern of a glob, asked for instead of the address if there is no
/// object of that very name.
pub fn list(url: &str, base: Option<&str>) -> Result<Listed, String> {
    let address = Address::parse(url)?;
    let is_folder = address.key.is_empty() || address.key.ends_with('/');
    if !is_folder || address.service == Service::Web {
        match look(&address) {
            Ok(object) => {
                let key = address.key.split(['?', '#']).next().unwrap_or_default();
                let name = key
                    .trim_end_matches('/')
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                let name = if name.is_empty() {
                    &address.bucket
                } else {
                    name
                };
                return Ok(Listed::One(name.to_owned(), object));
            }
            // Without the right to list, a missing key is refused rather than not found.
            Err(Missing::Perhaps(_)) if address.service != Service::Web => {}
            Err(Missing::Perhaps(problem) | Missing::Failed(problem)) => return Err(problem),
        }
    }
    let below = match base {
        Some(base) => Address::parse(base)?,
        None => address,
    };
    Ok(Listed::Below(list_below(&below)?))
}

/// One object by its address.
pub(crate) fn head(address: &Address) -> Result<Object, String> {
    look(address).map_err(|missing| match missing {
        Missing::Perhaps(problem) | Missing::Failed(problem) => problem,
    })
}

/// Why there is no object.
enum Missing {
    /// The store has none, or does not say.
    Perhaps(String),
    /// The store cannot be asked.
    Failed(String),
}

fn look(address: &Address) -> Result<Object, Missing> {
    let (store, path) = client::open(address).map_err(Missing::Failed)?;
    let is_web = address.service == Service::Web;
    let found = runtime::wait(async move { ask(store, path, is_web).await });
    match found.map_err(Missing::Failed)? {
        Ok(meta) => Ok(object(meta, address.with_key(&address.key))),
        Err(error) => {
            let problem = failure::explain(&error, address);
            Err(match error {
                Error::NotFound { .. } | Error::PermissionDenied { .. } => {
                    Missing::Perhaps(problem)
                }
                _ => Missing::Failed(problem),
            })
        }
    }
}

async fn ask(
    store: Arc<dyn ObjectStore>,
    path: Path,
    is_web: bool,
) -> object_store::Result<ObjectMeta> {
    match store.head(&path).await {
        Err(error) if is_web => {
            // Some servers, and addresses that are signed for GET, refuse HEAD.
            let options = GetOptions {
                range: Some(GetRange::Bounded(0..1)),
                ..GetOptions::default()
            };
            let found = store.get_opts(&path, options).await;
            found.map(|result| result.meta).map_err(|_| error)
        }
        found => found,
    }
}

pub(crate) fn list_below(address: &Address) -> Result<Vec<(String, Object)>, String> {
    let (store, path) = client::open(address)?;
    let prefix = path.clone();
    let found = runtime::wait(async move {
        let mut all = Vec::new();
        let mut stream = store.list(Some(&prefix));
        while let Some(meta) = next(&mut stream).await {
            all.push(meta?);
        }
        Ok(all)
    });
    let found: object_store::Result<Vec<ObjectMeta>> = found?;
    let found = found.map_err(|error| failure::explain(&error, address))?;
    let folders = folders(&found);
    let base = path.as_ref();
    let below = |key: &str| {
        let rest = key.strip_prefix(base).unwrap_or(key);
        rest.strip_prefix('/').unwrap_or(rest).to_owned()
    };
    let objects = found
        .into_iter()
        .filter(|meta| meta.size > 0 || !folders.contains(meta.location.as_ref()))
        .map(|meta| {
            let key = meta.location.to_string();
            (below(&key), object(meta, address.with_key(&key)))
        });
    Ok(objects.filter(|(name, _)| !name.is_empty()).collect())
}

/// Empty objects that only stand for a folder: there are others below them.
fn folders(found: &[ObjectMeta]) -> BTreeSet<String> {
    let empty = found.iter().filter(|meta| meta.size == 0);
    let empty: BTreeSet<&str> = empty.map(|meta| meta.location.as_ref()).collect();
    if empty.is_empty() {
        return BTreeSet::new();
    }
    let mut folders = BTreeSet::new();
    for meta in found {
        let mut key = meta.location.as_ref();
        while let Some((above, _)) = key.rsplit_once('/') {
            if empty.contains(above) {
                folders.insert(above.to_owned());
            }
            key = above;
        }
    }
    folders
}

fn object(meta: ObjectMeta, address: String) -> Object {
    let modified = meta.last_modified.timestamp_nanos_opt();
    Object {
        address,
        size: meta.size,
        e_tag: meta.e_tag,
        modified: modified
            .and_then(|time| u128::try_from(time).ok())
            .unwrap_or(0),
    }
}
