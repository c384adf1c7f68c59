//! Kept blocks to text, plain or as Markdown.

pub(crate) mod markdown;
pub(crate) mod write;
