//! Object stores: `s3://` and the like.

use textmill_schemas::Reason;

use crate::input::Input;

/// Opens an object by its address, to be read from any place.
pub(crate) fn open(url: &str) -> Result<Box<dyn Input>, Reason> {
    Err(Reason::new("collect.unreadable").detail(url))
}
