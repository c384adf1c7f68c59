//! What a BERT has learnt: it fills in masked tokens, and predicts no next ones.
//!
//! Two things are measured of the validation documents. The masked loss: a share of each document's
//! tokens is hidden, and all of them are to be told. The pseudo-log-likelihood (Salazar et al.
//! 2020, arXiv:1910.14659): each token is hidden alone, and what was there is to be told from all
//! the others. Neither is the likelihood of a text, as each token is seen by the others: figures of
//! a causal model cannot be put beside them. What is asked of causal models besides (tasks,
//! recitals, samples) needs the next token, and is left out.

mod config;
mod measure;
mod metrics;
mod places;
mod scoring;
mod unigram;

pub use config::MaskedConfig;
pub(crate) use measure::{Subject, measure};
