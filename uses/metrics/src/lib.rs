//! Metrics of tasks, each with the numbers of the program that others compute it with:
//!
//! - [`bleu`] and [`chrf`]: corpus BLEU, chrF and chrF++ of translations, as sacreBLEU 2.6.0;
//! - [`squad`] and [`cmrc`]: exact match and F1 of answers, as the scripts of SQuAD and CMRC 2018;
//! - [`Confusion`]: accuracy, precision, recall, F1 and MCC of classes, as scikit-learn.
//!
//! ```
//! use textmill_metrics::{BleuOptions, bleu};
//!
//! let found = bleu(&["A mill by the river ."], &[&["The mill by the river."]], &BleuOptions::default())?;
//! assert_eq!(found.signature, "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0");
//! # Ok::<(), textmill_metrics::Error>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bleu;
mod chrf;
mod classification;
pub mod cmrc;
mod error;
mod ngrams;
mod nltk;
pub mod squad;
mod tokenize;
mod whitespace;

pub use bleu::{BleuOptions, BleuScore, ORDERS, Smoothing, bleu};
pub use chrf::{ChrfOptions, ChrfScore, chrf};
pub use classification::{ClassScores, Confusion, Means};
pub use error::Error;
pub use tokenize::Tokenize;

/// The release of sacreBLEU whose numbers and signatures these are.
const SACREBLEU: &str = "2.6.0";
