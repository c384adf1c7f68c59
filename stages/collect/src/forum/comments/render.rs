//! A thread as Markdown: replies are items of nested lists.

use std::collections::BTreeSet;

use textmill_schemas::Reason;

use super::item::Item;
use crate::forum::pseudonym::Names;
use crate::forum::threads::Context;
use crate::record::{Output, Stop, too_large};

/// Levels that are shown; deeper replies stay at the last one.
const MAX_DEPTH: usize = 10;
/// Who is gone.
const NOBODY: &str = "anonymous";

/// Gives out a thread of items, its comments in this order.
pub(super) fn give(
    items: &[Item],
    order: &[(usize, usize)],
    context: &Context,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let fit = |item: &&Item| item.unfit().is_none();
    let submission = items.iter().find(|item| item.parent.is_none()).filter(fit);
    let comments: Vec<(&Item, usize)> = order
        .iter()
        .filter_map(|(at, depth)| Some((items.get(*at)?, *depth)))
        .filter(|(item, _)| fit(item))
        .collect();
    let body = Body::of(submission, &comments, context);
    let Some(first) = submission.or_else(|| comments.first().map(|(item, _)| *item)) else {
        // Nothing but rows that were dropped when they were read.
        return Ok(());
    };
    if submission.is_some_and(|item| item.body.trim().is_empty()) && comments.is_empty() {
        let reason = Reason::new("collect.no_text").detail("a title alone");
        return first.found.reject(context, reason, out);
    }
    let limit = context.settings.max_record;
    if body.len() as u64 > limit {
        return first
            .found
            .reject(context, too_large(body.len() as u64, limit), out);
    }
    let mut row = first.found.document(context);
    row.media_type = "text/markdown".to_owned();
    row.title = submission.and_then(|item| item.title.clone());
    row.url = submission.and_then(|item| item.url.clone());
    row.author = first
        .author
        .as_deref()
        .map(|author| context.pseudonyms.of(author));
    row.time = first.time();
    row.body = body.into_bytes();
    out.keep(row)
}

struct Body<'a> {
    names: Names,
    context: &'a Context<'a>,
    text: String,
}

impl<'a> Body<'a> {
    fn of(
        submission: Option<&Item>,
        comments: &[(&Item, usize)],
        context: &'a Context<'a>,
    ) -> String {
        let mut body = Self {
            names: Names::default(),
            context,
            text: String::new(),
        };
        let authors: BTreeSet<&str> = (comments.iter().map(|(item, _)| *item).chain(submission))
            .filter_map(|item| item.author.as_deref())
            .collect();
        for author in authors {
            body.names.add(author, &context.pseudonyms.of(author));
        }
        if let Some(submission) = submission {
            if let Some(title) = &submission.title {
                body.text += &format!("# {}\n\n", body.names.replace(title).trim());
            }
            if !submission.body.trim().is_empty() {
                body.item(submission, "", "");
            }
        }
        for (item, depth) in comments {
            let indent = "  ".repeat((*depth).min(MAX_DEPTH));
            body.item(item, &format!("{indent}- "), &format!("{indent}  "));
        }
        body.text
    }

    fn item(&mut self, item: &Item, first: &str, rest: &str) {
        let author = item
            .author
            .as_deref()
            .map(|author| self.context.pseudonyms.of(author));
        let author = author.unwrap_or_else(|| NOBODY.to_owned());
        self.text += &format!("{first}{author}:\n\n");
        let body = self.names.replace(&item.body);
        for line in body.trim_matches('\n').trim_end().lines() {
            if !line.trim().is_empty() {
                self.text += rest;
                self.text += line.trim_end();
            }
            self.text.push('\n');
        }
        self.text.push('\n');
    }
}
