//! Settings of the `[extract]` section.

use serde::{Deserialize, Serialize};

/// Settings of the `[extract]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Longest body that is read, in bytes; a longer one is dropped.
    pub max_bytes: usize,
    /// Fewest characters of text, white space aside, that make a document.
    pub min_text_chars: usize,
    /// How the text is written.
    pub format: Format,
    /// Keeps what readers wrote below an article, behind its text. Posts of a forum thread are kept
    /// either way.
    pub include_comments: bool,
    /// Keeps tables of data, as one line a row.
    pub include_tables: bool,
    /// Keeps what pictures show, where the page says it in words (`alt`).
    pub include_images: bool,
    /// CSS selectors of elements to leave out, for sites whose pages are known.
    pub remove: Vec<String>,
}

/// How text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Paragraphs, list items and table rows, without markup.
    #[default]
    Text,
    /// CommonMark with tables: headings, links, emphasis, lists, quotations, fenced code.
    Markdown,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            min_text_chars: 1,
            format: Format::Text,
            include_comments: false,
            include_tables: true,
            include_images: false,
            remove: Vec::new(),
        }
    }
}

/// A configuration that cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A limit that would drop everything.
    #[error("extract.max_bytes is 0, which drops every document; the default is 16777216")]
    NoBytes,
    /// A selector that is none.
    #[error(
        "extract.remove: `{selector}` is no CSS selector ({reason}); write it as in a style sheet, such as `div.comments` or `#cookie-notice`"
    )]
    Selector {
        /// As it is in the configuration.
        selector: String,
        /// What the parser says.
        reason: String,
    },
}
