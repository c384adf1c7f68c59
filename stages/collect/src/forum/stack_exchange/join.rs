//! The tables of all dumps of a source, joined into threads by sorting on disk.
//!
//! Comments name a post, not its thread, and posts name a user, not his name. So there are three
//! sorts: comments by post, names by user, and all of it by thread.

use std::path::Path;

use textmill_schemas::Reason;

use super::post::{Part, Post};
use super::thread;
use crate::forum::grouping::{Grouping, named};
use crate::forum::threads::{Context, decode, encode, gather, scratch};
use crate::record::{Output, Stop};

/// Tables of dumps.
pub(in crate::forum) struct Dumps {
    /// The thread of each post, and comments, by post.
    by_post: Grouping,
    /// Names, and the threads that need them, by user.
    by_user: Grouping,
    by_thread: Grouping,
}

impl Dumps {
    /// No rows yet.
    pub(super) fn new(folder: Option<&Path>, budget: u64) -> Self {
        let grouping = || Grouping::new(folder, usize::try_from(budget).unwrap_or(usize::MAX));
        Self {
            by_post: grouping(),
            by_user: grouping(),
            by_thread: grouping(),
        }
    }

    /// Takes a row of a site.
    pub(super) fn take(&mut self, site: &str, post: &Post) -> Result<(), Stop> {
        match post.part {
            Part::Comment => {
                let key = key(site, &post.parent.to_be_bytes(), 1);
                self.by_post.push(&key, &encode(post)?).map_err(scratch)
            }
            Part::Name => {
                let user = post.user.as_deref().unwrap_or_default();
                let name = post.name.as_deref().unwrap_or_default();
                let key = key(site, &text(user), 0);
                self.by_user.push(&key, name.as_bytes()).map_err(scratch)
            }
            Part::Question | Part::Answer => {
                let key = key(site, &post.id.to_be_bytes(), 0);
                let thread = post.parent.to_be_bytes();
                self.by_post.push(&key, &thread).map_err(scratch)?;
                self.place(site, &thread, post)
            }
        }
    }

    /// Puts a post into its thread, and asks for its author's name.
    fn place(&mut self, site: &str, thread: &[u8], post: &Post) -> Result<(), Stop> {
        let key_in_thread = key(site, thread, post.part as u8);
        let pushed = self.by_thread.push(&key_in_thread, &encode(post)?);
        pushed.map_err(scratch)?;
        if let (Some(user), true) = (&post.user, post.part != Part::Name) {
            let key = key(site, &text(user), 1);
            self.by_user.push(&key, thread).map_err(scratch)?;
        }
        Ok(())
    }

    /// Joins the tables and gives out the threads.
    pub fn finish(mut self, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
        self.place_comments(context, out)?;
        self.place_names()?;
        let limit = context.settings.max_record;
        let sorted = self.by_thread.sort().map_err(scratch)?;
        gather(sorted, limit, group, |_, gathered| {
            out.check()?;
            thread::give(gathered, context, out)
        })
    }

    fn place_comments(&mut self, context: &Context, out: &mut impl Output) -> Result<(), Stop> {
        let empty = Grouping::new(None, 0);
        let by_post = std::mem::replace(&mut self.by_post, empty);
        let mut post: Option<(Vec<u8>, Vec<u8>)> = None;
        for record in by_post.sort().map_err(scratch)? {
            let (key, value) = record.map_err(scratch)?;
            if key.ends_with(&[0]) {
                post = Some((group(&key).to_vec(), value));
                continue;
            }
            let comment: Post = decode(&value)?;
            match &post {
                Some((of, thread)) if of == group(&key) => {
                    let (site, thread) = (site(&key), thread.clone());
                    self.place(&site, &thread, &comment)?;
                }
                _ => comment.found.reject(context, orphan("no such post"), out)?,
            }
        }
        Ok(())
    }

    fn place_names(&mut self) -> Result<(), Stop> {
        let empty = Grouping::new(None, 0);
        let by_user = std::mem::replace(&mut self.by_user, empty);
        let mut name: Option<(Vec<u8>, String)> = None;
        let mut last = Vec::new();
        for record in by_user.sort().map_err(scratch)? {
            let (key, value) = record.map_err(scratch)?;
            if key.ends_with(&[0]) {
                name = Some((
                    group(&key).to_vec(),
                    String::from_utf8_lossy(&value).into_owned(),
                ));
                last.clear();
                continue;
            }
            // Most of who writes twice in a thread does so in one go.
            if let Some((of, name)) = &name
                && of == group(&key)
                && last != value
            {
                let site = site(&key);
                let user = key.get(site.len() + 1..key.len() - 3).unwrap_or_default();
                let named = Post::named(&String::from_utf8_lossy(user), name);
                self.place(&site, &value, &named)?;
                last = value;
            }
        }
        Ok(())
    }
}

/// The reason for a row that belongs to a post which is not there.
pub(super) fn orphan(what: &str) -> Reason {
    Reason::new("collect.orphan").detail(what)
}

/// Site and number, then what comes first of them.
fn key(site: &str, number: &[u8], part: u8) -> Vec<u8> {
    [&named(site)[..], number, &[part]].concat()
}

/// A text inside of a key: ended by two zeros, so that none is the beginning of another.
fn text(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.bytes().filter(|byte| *byte != 0).collect();
    bytes.extend([0, 0]);
    bytes
}

fn group(key: &[u8]) -> &[u8] {
    key.split_last().map_or(key, |(_, group)| group)
}

fn site(key: &[u8]) -> String {
    let end = memchr::memchr(0, key).unwrap_or(key.len());
    String::from_utf8_lossy(key.get(..end).unwrap_or_default()).into_owned()
}
