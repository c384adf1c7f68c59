//! Objects as files that are read in order.

use std::sync::Arc;

use crate::address::Address;
use crate::fetch::Target;
use crate::remote::Remote;
use crate::{client, list};

/// An object of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
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
///
/// # Errors
/// When it is not there or the store cannot be asked; the message names the mend.
pub fn open(url: &str) -> Result<Remote, String> {
    let object = list::head(&Address::parse(url)?)?;
    open_listed(url, object.size, object.e_tag)
}

/// Opens an object of a listing: another content under its key is an error of reading.
///
/// # Errors
/// When the address is none; the message names the mend.
pub fn open_listed(url: &str, size: u64, e_tag: Option<String>) -> Result<Remote, String> {
    let (store, path) = client::open(&Address::parse(url)?)?;
    Ok(Remote::new(Arc::new(Target {
        store,
        path,
        size,
        e_tag,
    })))
}
