//! Turns raw bytes into readable text: charset, main content, title, language hint, date.
//!
//! A page goes through five passes, each linear in its length: bytes to text (`charset`), text
//! to scraper's tree with bounded depth (`parse`), tree to a flat list of blocks (`page`),
//! features of every block (`features`), a decision per block (`choose`), and the text of
//! the kept ones (`write`). Words that mark boilerplate and the trained decision are data
//! files in `src/data`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod charset;
mod choose;
mod features;
mod layout;
mod measure;
mod metadata;
mod model;
mod page;
mod parse;
mod plain;
mod stage;
mod tag;
mod terminal;
pub mod training;
mod words;
mod write;

pub use stage::{Config, Error, Extract, Extracted, extract_html};
