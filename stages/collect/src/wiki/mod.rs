//! Encyclopedias.

pub(crate) mod dump;
mod page;
mod site;
mod source;
pub(crate) mod wikitext;

use serde::{Deserialize, Serialize};

pub(crate) use site::Site;

/// The `[collect.wiki]` section: what of a MediaWiki dump is read, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Numbers of the namespaces that are read; 0 holds the articles.
    pub namespaces: Vec<i32>,
    /// Variant in which text that a page has in several is read: for Chinese `zh-hans`, `zh-hant`,
    /// `zh-cn`, `zh-tw`, `zh-hk`, `zh-mo`, `zh-sg` or `zh-my`. The rest of the page is left in the
    /// script in which it is written.
    pub variant: String,
    /// Whether sections that list references, links and other articles are kept.
    pub keep_appendices: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespaces: vec![0],
            variant: "zh-cn".to_owned(),
            keep_appendices: false,
        }
    }
}
