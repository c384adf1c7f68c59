//! Books.

mod config;
pub(crate) mod epub;
pub(crate) mod gutenberg;

pub use config::BookConfig;
