//! Threads in the making: posts of all files of a source, until the last one is read.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::{RawDocument, Reason};

use super::comments::tree::Comments;
use super::pages::thread::Pages;
use super::pseudonym::Pseudonyms;
use super::stack_exchange::join::Dumps;
use crate::Error;
use crate::listing::Source;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Bytes that a post takes in memory beside its texts.
const OVERHEAD: usize = 300;

/// The posts of a source. They lie on disk as sorted runs, and come back thread by thread.
#[derive(Default)]
pub(crate) struct Threads {
    folder: Option<PathBuf>,
    pub(super) dumps: Option<Dumps>,
    pub(super) comments: Option<Comments>,
    pub(super) pages: Option<Pages>,
}

impl Threads {
    /// No posts yet. Intermediates go to this folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_path_buf()),
            ..Self::default()
        }
    }

    /// The folder of intermediates; that of the system without one.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Gives out the threads, once all files of the source are read.
    pub fn finish(
        &mut self,
        source: &Source,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let (dumps, comments, pages) = (self.dumps.take(), self.comments.take(), self.pages.take());
        let context = Context {
            source,
            settings,
            pseudonyms: Pseudonyms::new(
                (settings.forum.pseudonym_key.as_deref()).unwrap_or(&source.config.name),
            ),
        };
        if let Some(dumps) = dumps {
            dumps.finish(&context, out)?;
        }
        if let Some(comments) = comments {
            comments.finish(&context, out)?;
        }
        if let Some(pages) = pages {
            pages.finish(&context, out)?;
        }
        Ok(())
    }
}

/// Reads a file into the threads of the output; where it has none, the file stands for itself.
pub(super) fn with_threads<O: Output>(
    file: &FileRef,
    settings: &Settings,
    out: &mut O,
    read: impl FnOnce(&mut Threads, &mut O) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let Some(mut threads) = out.threads().map(std::mem::take) else {
        let mut threads = Threads::default();
        read(&mut threads, out)?;
        return threads.finish(file.source, settings, out);
    };
    let result = read(&mut threads, out);
    if let Some(place) = out.threads() {
        *place = threads;
    }
    result
}

/// What making documents of threads takes.
pub(super) struct Context<'a> {
    pub source: &'a Source,
    pub settings: &'a Settings,
    pub pseudonyms: Pseudonyms,
}

/// Where a post was found: what a row needs, without its file at hand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Found {
    id: String,
    file: String,
    offset: u64,
}

impl Found {
    /// The place of a post of a file.
    pub fn new(file: &FileRef, place: Place) -> Self {
        let row = file.document(place);
        Self {
            id: row.id,
            file: row.file,
            offset: row.offset,
        }
    }

    /// The document of a thread that begins with this post.
    pub fn document(&self, context: &Context) -> RawDocument {
        RawDocument {
            id: self.id.clone(),
            source: context.source.config.name.clone(),
            file: self.file.clone(),
            offset: self.offset,
            license: context.source.config.license.clone(),
            charset: Some("utf-8".to_owned()),
            ..RawDocument::default()
        }
    }

    /// Drops the post, or the thread that it begins.
    pub fn reject(
        &self,
        context: &Context,
        reason: Reason,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let origin = textmill_schemas::Origin {
            id: self.id.clone(),
            source: context.source.config.name.clone(),
            file: self.file.clone(),
            offset: self.offset,
            url: None,
        };
        out.reject(textmill_schemas::Dropped::new("collect", origin, reason))
    }
}

/// The posts of one thread at a time.
pub(super) struct Gathered<T> {
    pub posts: Vec<T>,
    /// Bytes of all, those over the limit included, which are not kept.
    pub bytes: u64,
}

/// Collects sorted records by the first bytes of their keys, as far as `prefix` gives, and hands
/// each group on. Memory is that of one thread, up to `limit` bytes.
pub(super) fn gather<T: for<'de> Deserialize<'de>>(
    sorted: super::grouping::Sorted,
    limit: u64,
    prefix: impl Fn(&[u8]) -> &[u8],
    mut each: impl FnMut(&[u8], Gathered<T>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let empty = || Gathered {
        posts: Vec::new(),
        bytes: 0,
    };
    let mut thread = Vec::new();
    let mut gathered = empty();
    for record in sorted {
        let (key, value) = record.map_err(scratch)?;
        if prefix(&key) != thread {
            if gathered.bytes > 0 {
                each(&thread, std::mem::replace(&mut gathered, empty()))?;
            }
            thread = prefix(&key).to_vec();
        }
        gathered.bytes += (value.len() + OVERHEAD) as u64;
        if gathered.bytes <= limit || gathered.posts.is_empty() {
            gathered.posts.push(decode(&value)?);
        }
    }
    if gathered.bytes > 0 {
        each(&thread, gathered)?;
    }
    Ok(())
}

/// A record of ours, back from disk.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(value: &[u8]) -> Result<T, Stop> {
    serde_json::from_slice(value).map_err(|error| scratch(io::Error::other(error)))
}

/// A record as bytes.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, Stop> {
    serde_json::to_vec(value).map_err(|error| scratch(io::Error::other(error)))
}

/// Intermediates that cannot be written or read end the task.
pub(super) fn scratch(error: io::Error) -> Stop {
    Stop::Failed(Error::Scratch(error))
}

/// Whether two files of one folder may hold posts of the same threads, by their names: tables of
/// a Stack Exchange dump, or monthly files of Reddit.
pub(crate) fn belong_together(one: &Path, other: &Path) -> bool {
    let is_part = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        super::stack_exchange::site::is_table(&name) || super::comments::is_part(&name)
    };
    one.parent() == other.parent() && (is_part(one) || is_part(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_dump_are_read_together() {
        let together = |a: &str, b: &str| belong_together(Path::new(a), Path::new(b));
        assert!(together("s/Comments.xml.gz", "s/Posts.xml.gz"));
        assert!(together(
            "stackoverflow.com-Posts.7z",
            "stackoverflow.com-Users.7z"
        ));
        assert!(together("d/RC_2020-01.zst", "d/RS_2020-01.zst"));
        assert!(together("ask_comments.zst", "ask_submissions.zst"));
        assert!(!together("a/Posts.xml", "b/Posts.xml"));
        assert!(!together("a.html", "b.html"));
    }
}
