//! An entry of a feed, whatever format it was in, and its row.

use textmill_schemas::{CONTENT_HTML, RawDocument, Reason};

use super::config::FeedConfig;
use super::date;
use super::value::{Value, one_line};

/// Rule of an entry without a full text.
pub(crate) const NO_CONTENT: &str = "collect.no_content";

/// What was found in a feed.
pub(crate) struct Found {
    /// Offset of the entry in the file.
    pub offset: u64,
    /// The entry, or why there is none.
    pub entry: Result<Entry, Reason>,
}

/// What a feed says about all its entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Info {
    /// Its name.
    pub title: Option<String>,
    /// Address of the site.
    pub link: Option<String>,
    /// Address of the feed itself.
    pub own: Option<String>,
    /// Who writes it.
    pub authors: Vec<String>,
    /// Its language.
    pub lang: Option<String>,
    /// Its licence.
    pub license: Option<String>,
    /// Who holds which rights, in words.
    pub rights: Option<String>,
}

/// An entry of a feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// Its headline, as plain text.
    pub title: Option<String>,
    /// Its address.
    pub link: Option<String>,
    /// An identifier that may be an address.
    pub id: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// When it was published, as the feed writes it.
    pub published: Option<String>,
    /// When it was changed, as the feed writes it.
    pub updated: Option<String>,
    /// Its language.
    pub lang: Option<String>,
    /// Its licence.
    pub license: Option<String>,
    /// Who holds which rights, in words.
    pub rights: Option<String>,
    /// The whole text.
    pub content: Option<Value>,
    /// RSS's description: the whole text or a summary.
    pub description: Option<Value>,
    /// A summary.
    pub summary: Option<Value>,
}

impl Entry {
    /// Takes from the feed what the entry does not say itself.
    pub fn complete(&mut self, info: &Info) {
        if self.authors.is_empty() {
            self.authors.clone_from(&info.authors);
        }
        if self.lang.is_none() {
            self.lang.clone_from(&info.lang);
        }
        // An entry's words go before the feed's licence: they may take back what it grants.
        if self.license.is_none() && self.rights.is_none() {
            self.license.clone_from(&info.license);
            self.rights.clone_from(&info.rights);
        }
        let is_address = |id: &String| id.starts_with("http://") || id.starts_with("https://");
        if self.link.is_none() {
            self.link = self.id.take().filter(is_address);
        }
    }

    /// The entry's row: `row` filled in; or its address, and why it is none. `summaries` says
    /// whether a summary will do.
    #[allow(clippy::result_large_err)] // the row is larger
    pub fn row(
        self,
        mut row: RawDocument,
        summaries: bool,
        config: &FeedConfig,
    ) -> Result<RawDocument, (Option<String>, Reason)> {
        let named: String = self
            .title
            .iter()
            .flat_map(|title| title.chars())
            .take(200)
            .collect();
        let is_whole = |text: &Value| {
            self.link.is_none() || self.title.is_none() || text.is_whole(config.full_chars)
        };
        let full = self.content.filter(|text| !text.is_blank());
        let description = self.description.filter(|text| !text.is_blank());
        let full = match (full, description) {
            (Some(full), _) => Some(full),
            (None, Some(text)) if summaries || is_whole(&text) => Some(text),
            _ => None,
        };
        let summary = self.summary.filter(|text| !text.is_blank());
        let full = full.or_else(|| summary.filter(|_| summaries));
        let Some(full) = full else {
            let detail = match self.link {
                Some(_) => {
                    format!(
                        "the entry \"{named}\" has no full text; `fetch = true` fetches its page"
                    )
                }
                None => format!("the entry \"{named}\" has no text and no address"),
            };
            let reason = Reason::new(NO_CONTENT).detail(detail);
            return Err((self.link, reason));
        };
        let media_type = if full.html {
            CONTENT_HTML
        } else {
            "text/plain"
        };
        media_type.clone_into(&mut row.media_type);
        row.charset = Some("utf-8".to_owned());
        row.body = full.body().into_bytes();
        row.url = self.link;
        row.title = self.title;
        row.author = (!self.authors.is_empty()).then(|| self.authors.join(", "));
        let times = [self.published, self.updated];
        row.time = times.iter().flatten().find_map(|time| date::rfc3339(time));
        row.lang = self.lang.map(|lang| one_line(&lang).replace('_', "-"));
        row.license = row.license.or(self.license).or(self.rights);
        Ok(row)
    }
}
