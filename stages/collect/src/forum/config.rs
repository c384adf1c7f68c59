//! How threads become documents.

use serde::{Deserialize, Serialize};

/// The `[collect.forum]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Forum {
    /// Secret that pseudonyms are made with. Without one it is the source's name, and whoever
    /// knows that can try names out. Sources with the same key share their pseudonyms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pseudonym_key: Option<String>,
    /// Whether the comments below posts of Stack Exchange are kept.
    pub comments: bool,
    /// Whether a question of Stack Exchange ends in a line with its tags.
    pub tags: bool,
    /// Order of the answers of Stack Exchange.
    pub answers: AnswerOrder,
    /// Whether Reddit threads for adults are kept.
    pub over_18: bool,
    /// Memory in bytes for putting posts in order; beyond it they go to disk. Each of up to four
    /// tables takes it.
    pub sort_bytes: u64,
}

impl Default for Forum {
    fn default() -> Self {
        Self {
            pseudonym_key: None,
            comments: true,
            tags: true,
            answers: AnswerOrder::Site,
            over_18: true,
            sort_bytes: 64 << 20,
        }
    }
}

/// In which order answers stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerOrder {
    /// As the site shows them: the accepted one, then by score, then by age.
    #[default]
    Site,
    /// By score, then by age.
    Score,
    /// By age.
    Time,
}
