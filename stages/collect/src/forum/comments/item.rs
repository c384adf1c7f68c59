//! A submission or a comment.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use textmill_schemas::Reason;

use crate::forum::threads::Found;
use crate::time;

/// The account that writes rules and reminders everywhere.
const AUTO_MODERATOR: &str = "AutoModerator";
/// What stands where a text, or its author, is gone.
const GONE: &[&str] = &[
    "[deleted]",
    "[removed]",
    "[ Removed by Reddit ]",
    "[deleted by user]",
];

/// A submission, or a comment below one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub found: Found,
    pub id: String,
    /// The submission.
    pub thread: String,
    /// For a comment: what it answers, a comment or the submission.
    pub parent: Option<String>,
    pub author: Option<String>,
    pub title: Option<String>,
    pub body: String,
    pub created: Option<i64>,
    pub score: i64,
    pub url: Option<String>,
    pub over_18: bool,
    /// Written by a machine, for everyone.
    pub bot: bool,
    /// Whether the text is gone.
    pub deleted: bool,
    /// The thread is left out.
    pub left_out: bool,
}

/// The members of the object that matter; those of other types than expected count as absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw {
    id: Value,
    name: Value,
    link_id: Value,
    parent_id: Value,
    author: Value,
    title: Value,
    selftext: Value,
    body: Value,
    created_utc: Value,
    score: Value,
    permalink: Value,
    subreddit: Value,
    over_18: Value,
    stickied: Value,
    distinguished: Value,
}

impl Item {
    /// Reads a line.
    pub fn of(line: &[u8], number: u64, found: Found) -> Result<Self, Reason> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        // An array would be read as the members in order.
        if !line.trim_ascii_start().starts_with(b"{") {
            let detail = format!("line {number}: not an object");
            return Err(Reason::new("collect.invalid_json").detail(detail));
        }
        let raw: Raw = serde_json::from_slice(line).map_err(|error| {
            let message = error.to_string().replace("at line 1 column", "at column");
            Reason::new("collect.invalid_json").detail(format!("line {number}: {message}"))
        })?;
        let invalid = |what: &str| {
            Reason::new("collect.invalid_row").detail(format!("line {number}: {what}"))
        };
        let named =
            text(&raw.name).and_then(|name| name.split_once('_').map(|(_, id)| id.to_owned()));
        let id = text(&raw.id).or(named).filter(|id| !id.is_empty());
        let id = strip(&id.ok_or_else(|| invalid("no `id`"))?);
        let is_comment = raw.body.is_string() || !raw.link_id.is_null() || !raw.parent_id.is_null();
        let (thread, parent) = if is_comment {
            let link = text(&raw.link_id).ok_or_else(|| invalid("a comment without `link_id`"))?;
            let parent = text(&raw.parent_id).unwrap_or_else(|| link.clone());
            // Old dumps have parents as numbers, which name nothing.
            (strip(&link), Some(strip(&parent)))
        } else {
            (id.clone(), None)
        };
        let body = text(if is_comment { &raw.body } else { &raw.selftext });
        let mut item = Self {
            found,
            author: text(&raw.author).filter(|author| !is_gone(author)),
            title: text(&raw.title)
                .filter(|title| !is_gone(title))
                .map(|title| decode(&title)),
            body: body.unwrap_or_default(),
            created: number_of(&raw.created_utc),
            score: number_of(&raw.score).unwrap_or(0),
            url: None,
            over_18: raw.over_18 == Value::Bool(true),
            bot: false,
            deleted: false,
            left_out: false,
            id,
            thread,
            parent,
        };
        let official = raw.distinguished.is_string() && raw.stickied == Value::Bool(true);
        item.bot = is_comment && (official || item.author.as_deref() == Some(AUTO_MODERATOR));
        item.deleted = is_gone(&item.body);
        item.body = if item.bot || item.deleted {
            String::new()
        } else {
            decode(&item.body)
        };
        if !is_comment {
            item.url = address(&raw, &item.id);
        }
        Ok(item)
    }

    /// Why the item's own text is not kept. Its place in the thread is, for the sake of replies.
    pub fn unfit(&self) -> Option<Reason> {
        let comment = self.parent.is_some();
        if self.bot {
            return Some(Reason::new("collect.bot").detail("a notice by a bot or moderators"));
        }
        if self.deleted && (comment || self.title.is_none()) {
            return Some(Reason::new("collect.deleted"));
        }
        (comment && self.body.trim().is_empty()).then(|| Reason::new("collect.no_text"))
    }

    /// When it was written.
    pub fn time(&self) -> Option<String> {
        self.created.and_then(time::from_unix)
    }
}

fn is_gone(text: &str) -> bool {
    GONE.contains(&text.trim())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse::<f64>().ok().map(|float| float as i64),
        _ => None,
    }
}

/// An id without its type (`t1_`, `t3_`).
fn strip(id: &str) -> String {
    let bare = id.strip_prefix("t1_").or_else(|| id.strip_prefix("t3_"));
    bare.unwrap_or(id).to_owned()
}

fn address(raw: &Raw, id: &str) -> Option<String> {
    if let Some(path) = text(&raw.permalink).filter(|path| path.starts_with("/r/")) {
        return Some(format!("https://www.reddit.com{path}"));
    }
    let subreddit = text(&raw.subreddit)?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let url = format!("https://www.reddit.com/r/{subreddit}/comments/{id}/");
    (plain(&subreddit) && plain(id)).then_some(url)
}

/// The API escapes three characters; the editor writes a few more as entities.
fn decode(text: &str) -> String {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let text = text.replace("&#x200B;", "").replace("&nbsp;", " ");
    text.replace("\r\n", "\n").replace('\r', "\n")
}
