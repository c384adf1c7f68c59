//! From a page's text to its tree.

pub(crate) mod parse;
pub(crate) mod selectors;
mod sink;
pub(crate) mod tag;
mod tokenizer;
pub(crate) mod tree;
