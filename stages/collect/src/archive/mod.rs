//! Archives: their members are read like files.

pub(crate) mod sevenz;
pub(crate) mod tar;
pub(crate) mod zip;
