use serde::{Deserialize, Serialize};

/// The `[collect.feed]` section: when a feed's entry is a whole text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// Characters from which on an RSS description counts as the whole text; a Chinese, Japanese
    /// or Korean one counts as three. An entry without a link or title is whole in any length.
    pub full_chars: u64,
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self { full_chars: 700 }
    }
}
