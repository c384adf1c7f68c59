//! Finds documents that hold items of evaluation sets.
//!
//! As GPT-3 did (Brown et al. 2020, appendix C): texts are compared by n-grams of 13 words in lower
//! case without punctuation, and an n-gram that many items share is no evidence. An item of fewer
//! words than that must stand in the document as a whole. Every match comes with a receipt: which
//! item, where in the document, how much of the item. Hashes only find candidates: a match is
//! always compared with the item's own words.
//!
//! What differs from GPT-3: the length does not vary by set; commonness is counted in the sets (a
//! stage sees one document), not in the training text; scripts without spaces are compared by
//! characters; nothing is cut out of a document, its user decides.

mod decontaminator;
mod index;
mod items;
mod loader;
mod options;
mod receipts;
mod units;
mod window;

#[cfg(test)]
mod tests;

pub use decontaminator::Decontaminator;
pub use options::{DecontaminationOptions, Lengths};
pub use receipts::Match;
