//! Forums: a thread becomes one document, with authors replaced by pseudonyms.

pub(crate) mod comments;
mod config;
mod grouping;
mod markup;
pub(crate) mod pages;
mod pseudonym;
pub(crate) mod stack_exchange;
#[cfg(test)]
mod tests;
mod threads;

pub use config::{AnswerOrder, Forum};
pub(crate) use threads::{Threads, belong_together};
