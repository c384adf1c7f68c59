//! Books.

pub(crate) mod epub;
pub(crate) mod gutenberg;
