//! Files by their location: a path of this machine, or an address of an object store (`s3://`,
//! `gs://`, `az://` and `abfss://`; single files over `https://` can be read).
//!
//! A location is a [`Path`](std::path::Path) whose text may be an address: joining, and taking the
//! parent, do what one expects. Credentials and endpoints come from the environment, under the names
//! that the stores' own tools use. The asynchronous client lives on a thread of its own behind
//! synchronous readers and writers. Requests that fail in passing are tried again.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod address;
mod cache;
mod client;
mod error;
mod failure;
mod fetch;
mod files;
mod list;
mod local;
mod object;
mod put;
mod remote;
mod request;
mod runtime;
mod source;

use std::path::Path;

pub use self::address::is_address;
pub use self::error::ReadError;
pub use self::files::{
    Entry, entries, is_dir, put_if_absent, read, read_all, remove, remove_dir, replace, scratch,
    upload,
};
pub use self::list::{Listed, list};
pub use self::local::LocalFile;
pub use self::object::{Object, open, open_listed};
pub use self::remote::Remote;
pub use self::source::{Reader, Source};

/// Whether a location is in an object store rather than on this machine.
#[must_use]
pub fn is_remote(location: &Path) -> bool {
    location.to_str().is_some_and(is_address)
}
