//! Comments in the order of a conversation.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use textmill_schemas::Reason;

use super::item::Item;
use super::render;
use crate::forum::grouping::{Grouping, named};
use crate::forum::threads::{Context, Gathered, encode, gather, scratch};
use crate::record::{Output, Stop, too_large};

/// Submissions and comments of a source.
pub(in crate::forum) struct Comments {
    by_thread: Grouping,
}

impl Comments {
    /// None yet.
    pub(super) fn new(folder: Option<&Path>, budget: u64) -> Self {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        Self {
            by_thread: Grouping::new(folder, budget),
        }
    }

    /// Takes a submission or comment.
    pub(super) fn take(&mut self, item: &Item) -> Result<(), Stop> {
        self.by_thread
            .push(&key(item), &encode(item)?)
            .map_err(scratch)
    }

    /// Leaves a submission out, with the comments below it.
    pub(super) fn leave_out(&mut self, item: &Item) -> Result<(), Stop> {
        let mark = Item {
            left_out: true,
            body: String::new(),
            found: item.found.clone(),
            id: item.id.clone(),
            thread: item.thread.clone(),
            parent: item.parent.clone(),
            author: None,
            title: None,
            url: None,
            ..*item
        };
        self.by_thread
            .push(&key(&mark), &encode(&mark)?)
            .map_err(scratch)
    }

    /// Gives out the threads.
    pub fn finish(self, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
        let sorted = self.by_thread.sort().map_err(scratch)?;
        gather(
            sorted,
            context.settings.max_record,
            |key| key.get(..key.len().saturating_sub(1)).unwrap_or_default(),
            |_, gathered| {
                out.check()?;
                give(gathered, context, out)
            },
        )
    }
}

/// The thread, ended by a zero so that none is the beginning of another; its submission first.
fn key(item: &Item) -> Vec<u8> {
    let mut key = named(&item.thread);
    key.push(u8::from(item.parent.is_some()));
    key
}

fn give(gathered: Gathered<Item>, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
    let limit = context.settings.max_record;
    let Some(first) = gathered.posts.first() else {
        return Ok(());
    };
    if gathered.bytes > limit {
        return first
            .found
            .reject(context, too_large(gathered.bytes, limit), out);
    }
    if first.left_out {
        for item in gathered
            .posts
            .iter()
            .skip(1)
            .filter(|item| !item.left_out && item.unfit().is_none())
        {
            let reason = Reason::new("collect.over_18").detail("below a submission left out");
            item.found.reject(context, reason, out)?;
        }
        return Ok(());
    }
    let mut known = HashSet::new();
    let mut items = Vec::new();
    for item in gathered.posts {
        if known.insert(item.id.clone()) {
            items.push(item);
        } else if item.unfit().is_none() {
            let reason = Reason::new("collect.duplicate_row").detail("a row with the same id");
            item.found.reject(context, reason, out)?;
        }
    }
    render::give(&items, &order(&items), context, out)
}

/// The comments in the order in which they are read, each with its depth: replies below what they
/// answer, the better ones first, then the older ones. A comment whose parent is not there begins
/// a conversation of its own; so does the first one of a circle.
pub(super) fn order(items: &[Item]) -> Vec<(usize, usize)> {
    let ids: HashMap<&str, usize> = items
        .iter()
        .enumerate()
        .map(|(at, item)| (item.id.as_str(), at))
        .collect();
    let mut replies: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    let mut tops = Vec::new();
    let mut comments: Vec<usize> = (0..items.len())
        .filter(|at| items.get(*at).is_some_and(|item| item.parent.is_some()))
        .collect();
    comments.sort_by_key(|at| {
        items
            .get(*at)
            .map(|item| (Reverse(item.score), item.created, &item.id))
    });
    for at in &comments {
        let parent = items
            .get(*at)
            .and_then(|item| ids.get(item.parent.as_deref()?).copied());
        let below =
            parent.filter(|parent| items.get(*parent).is_some_and(|item| item.parent.is_some()));
        match below.and_then(|parent| replies.get_mut(parent)) {
            Some(replies) => replies.push(*at),
            None => tops.push(*at),
        }
    }
    let mut ordered = Vec::new();
    let mut seen = vec![false; items.len()];
    // What no top leads to lies in circles.
    for top in tops.into_iter().chain(comments) {
        let mut stack = vec![(top, 0)];
        while let Some((at, depth)) = stack.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            ordered.push((at, depth));
            let below = replies.get(at).map_or(&[][..], Vec::as_slice);
            // What is gone is no step of the conversation.
            let shown = items.get(at).is_some_and(|item| item.unfit().is_none());
            let deeper = depth + usize::from(shown);
            stack.extend(below.iter().rev().map(|reply| (*reply, deeper)));
        }
    }
    ordered
}
