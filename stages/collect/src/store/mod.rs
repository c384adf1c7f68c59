//! Object stores: `s3://`, `gs://`, `az://` and `abfss://`, and single files over `https://`.
//!
//! Credentials and endpoints come from the environment, under the names that the stores' own tools
//! use. The asynchronous client lives on a thread of its own behind synchronous readers.

mod address;
mod client;
mod failure;
mod fetch;
mod list;
mod remote;
mod runtime;

use std::sync::Arc;

use textmill_schemas::Reason;

use self::address::Address;
use self::fetch::Target;
use self::remote::Remote;
use crate::input::{Damage, Input};

pub(crate) use self::address::is_address;
pub(crate) use self::list::{Listed, list};

/// An object of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object {
    /// Its whole address.
    pub address: String,
    /// Its bytes.
    pub size: u64,
    /// What tells this content from another under the same key, where the store has it.
    pub e_tag: Option<String>,
    /// Nanoseconds since 1970 of its last change; 0 where the store does not tell.
    pub modified: u128,
}

/// Opens an object by its address, to be read from any place.
pub(crate) fn open(url: &str) -> Result<Box<dyn Input>, Reason> {
    open_as(url, None)
}

/// Opens an object of a listing: another content under its key is an error of reading.
pub(crate) fn open_listed(
    url: &str,
    size: u64,
    e_tag: Option<String>,
) -> Result<Box<dyn Input>, Reason> {
    open_as(url, Some((size, e_tag)))
}

fn open_as(url: &str, known: Option<(u64, Option<String>)>) -> Result<Box<dyn Input>, Reason> {
    let unreadable = |detail: String| Reason::new(Damage::UNREADABLE).detail(detail);
    let address = Address::parse(url).map_err(unreadable)?;
    let (store, path) = client::open(&address).map_err(unreadable)?;
    let (size, e_tag) = match known {
        Some(known) => known,
        None => {
            let object = list::head(&address).map_err(unreadable)?;
            (object.size, object.e_tag)
        }
    };
    let target = Target {
        store,
        path,
        size,
        e_tag,
    };
    Ok(Box::new(Remote::new(Arc::new(target))))
}
