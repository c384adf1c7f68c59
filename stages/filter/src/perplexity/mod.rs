//! Perplexity under a Kneser–Ney model, and the thirds of a corpus that CCNet makes of it.
//!
//! A model trained on good text, such as an encyclopaedia's, is surprised by menus, keyword lists
//! and broken text. CCNet (Wenzek et al. 2020, arXiv:1911.00359) trains one a language on Wikipedia
//! and splits a corpus into head, middle and tail by the documents' perplexity.

mod arpa;
mod buckets;
mod counts;
mod file;
mod model;
mod table;
mod train;
mod units;

#[cfg(test)]
mod tests;

pub use buckets::{Bucket, Buckets};
pub use model::{KneserNey, MAX_ORDER, Score};
pub use train::TrainOptions;
pub use units::Units;
