//! The pages of a thread as one document.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use textmill_schemas::CONTENT_HTML;

use crate::forum::grouping::{Grouping, named};
use crate::forum::markup::{Rewrite, escape, rewrite};
use crate::forum::pseudonym::Names;
use crate::forum::threads::{Context, Found, Gathered, encode, gather, scratch};
use crate::record::{Output, Stop, too_large};

/// Bytes of a key behind its thread: page and place on the page.
const PLACE: usize = 16;

/// A post of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Post {
    pub found: Found,
    /// What all pages of the thread share.
    pub thread: String,
    /// Number of the page, or of its first post.
    pub page: u64,
    /// The post's own id, if it has one.
    pub id: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    pub author: Option<String>,
    pub time: Option<String>,
    /// HTML, quotations already with pseudonyms.
    pub body: String,
}

/// Pages of a source.
pub(in crate::forum) struct Pages {
    by_thread: Grouping,
}

impl Pages {
    /// None yet.
    pub(super) fn new(folder: Option<&Path>, budget: u64) -> Self {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        Self {
            by_thread: Grouping::new(folder, budget),
        }
    }

    /// Takes a post at its place on the page.
    pub(super) fn take(&mut self, index: usize, post: &Post) -> Result<(), Stop> {
        let mut key = named(&post.thread);
        key.extend(post.page.to_be_bytes());
        key.extend((index as u64).to_be_bytes());
        self.by_thread.push(&key, &encode(post)?).map_err(scratch)
    }

    /// Gives out the threads.
    pub fn finish(self, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
        let sorted = self.by_thread.sort().map_err(scratch)?;
        gather(
            sorted,
            context.settings.max_record,
            |key| {
                key.get(..key.len().saturating_sub(PLACE))
                    .unwrap_or_default()
            },
            |_, gathered| {
                out.check()?;
                give(gathered, context, out)
            },
        )
    }
}

fn give(gathered: Gathered<Post>, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
    let limit = context.settings.max_record;
    let Some(first) = gathered.posts.first() else {
        return Ok(());
    };
    if gathered.bytes > limit {
        return first
            .found
            .reject(context, too_large(gathered.bytes, limit), out);
    }
    // A page that was saved twice, or the opening post that some forums show on every page.
    let mut seen = HashSet::new();
    let mut posts = Vec::new();
    for post in &gathered.posts {
        let key = (
            &post.id,
            post.id
                .is_none()
                .then_some((&post.author, &post.time, &post.body)),
        );
        match seen.insert(key) {
            true => posts.push(post),
            false => out.count("forum_posts_seen_before"),
        }
    }
    let mut row = first.found.document(context);
    row.media_type = CONTENT_HTML.to_owned();
    row.title = posts.iter().find_map(|post| post.title.clone());
    row.url = posts.iter().find_map(|post| post.url.clone());
    row.author = first
        .author
        .as_deref()
        .map(|author| context.pseudonyms.of(author));
    row.time.clone_from(&first.time);
    row.body = body(row.title.as_deref(), &posts, context).into_bytes();
    out.keep(row)
}

fn body(title: Option<&str>, posts: &[&Post], context: &Context) -> String {
    let mut names = Names::default();
    for author in posts.iter().filter_map(|post| post.author.as_deref()) {
        names.add(author, &context.pseudonyms.of(author));
    }
    let rewritten = Rewrite {
        names: Some(&names),
        ..Rewrite::default()
    };
    let mut body = String::new();
    if let Some(title) = title {
        body += &format!("<h1>{}</h1>\n", escape(&names.replace(title)));
    }
    for post in posts {
        let author = post
            .author
            .as_deref()
            .map(|author| context.pseudonyms.of(author));
        body += &format!("<p>{}:</p>\n", author.as_deref().unwrap_or("anonymous"));
        body += rewrite(&post.body, &rewritten).trim();
        body.push('\n');
    }
    body
}
