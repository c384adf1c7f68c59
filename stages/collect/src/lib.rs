//! Reads what people have into raw documents: folders of web pages, WARC and WET crawls, JSON
//! lines, plain text and Markdown, each also compressed with gzip or Zstandard.
//!
//! What a file is, is found by its content; its ending only decides between formats that look
//! alike. Everything streams: a task holds one record at a time. A record that cannot be read is
//! a dropped row with file, offset and reason, and never stops the run.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod archive;
mod book;
mod charset;
mod config;
mod document;
mod error;
mod expand;
mod feed;
mod fetch;
mod fields;
mod forum;
mod front_matter;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod hub;
mod input;
mod jsonl;
mod listing;
mod markup;
pub mod measure;
mod plain;
mod reader;
mod record;
mod sniff;
mod stage;
mod store;
mod table;
mod time;
mod warc;
mod wiki;

pub use book::BookConfig;
pub use config::{Config, Kind, SourceConfig};
pub use error::Error;
pub use feed::FeedConfig;
pub use fetch::{FetchConfig, Refresh};
pub use forum::{AnswerOrder, Forum};
pub use stage::Collect;
pub use wiki::Options as WikiOptions;
