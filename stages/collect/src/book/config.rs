use serde::{Deserialize, Serialize};

/// The `[collect.book]` section: how books become documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BookConfig {
    /// Whether each chapter of an EPUB (each file of its reading order) is a document of its own,
    /// rather than the book.
    pub by_chapter: bool,
}
