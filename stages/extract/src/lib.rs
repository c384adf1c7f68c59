//! Turns raw bytes into readable text: charset, main content, title, author, date and more.
//!
//! A page goes through these passes, each linear in its length:
//!
//! | pass | module |
//! | --- | --- |
//! | bytes to text | `charset` |
//! | text to tokens, tokens to html5ever's tree builder, bounded, into a tree | `html` |
//! | what the page says about itself | `metadata` |
//! | tree to a flat list of blocks | `blocks` |
//! | counts over blocks and elements, features of every block, a probability and a decision | `decide` |
//! | the text of the kept ones, plain or as Markdown | `output` |
//! | if that is next to nothing: text that the page holds as data, by the same way | `embedded` |
//!
//! Words that mark boilerplate and the trained decision are data files in `src/data`. `explain` tells
//! why a block was kept or dropped.
//!
//! ```
//! use textmill_extract::{Config, Extractor};
//!
//! let extractor = Extractor::new(&Config::default())?;
//! let page = "<nav><a href='/'>Home</a></nav><h1>Tides</h1><p>The tide comes twice a day here.";
//! let found = extractor.extract(page, Some("https://www.example.org/tides"));
//! assert!(found.text.contains("twice a day"));
//! # Ok::<(), textmill_extract::Error>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod blocks;
mod charset;
mod config;
mod decide;
mod embedded;
mod explain;
mod extractor;
mod html;
mod metadata;
mod output;
mod plain;
mod stage;
pub mod training;
mod words;

pub use charset::{Decoded, decode};
pub use config::{Config, Error, Format};
pub use explain::{Decision, ExplainedBlock, ExplainedElement, Explanation, Reason};
pub use extractor::{Extracted, Extractor, Parsed};
pub use output::write::Spans;
pub use stage::Extract;
