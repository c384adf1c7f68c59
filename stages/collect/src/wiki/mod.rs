//! Encyclopedias.

pub(crate) mod dump;
