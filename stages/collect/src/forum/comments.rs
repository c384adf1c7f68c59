//! Posts and comments as JSON lines, of the Reddit type: the objects of Reddit's API, as
//! Pushshift and its successors dump them (Baumgartner et al., "The Pushshift Reddit Dataset",
//! ICWSM 2020).

mod item;
mod render;
#[cfg(test)]
mod tests;
pub(super) mod tree;

use textmill_schemas::Reason;

use self::item::Item;
use self::tree::Comments;
use super::threads::{Found, Threads, with_threads};
use crate::input::{Line, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Whether JSON lines begin like such posts or comments: by the names of the first one's
/// members, which no string can hold, as quotation marks in strings are escaped.
pub(crate) fn begins(head: &[u8]) -> bool {
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let has = |name: &str| {
        let quoted = format!("\"{name}\"");
        memchr::memmem::find_iter(line, quoted.as_bytes()).any(|at| {
            let after = line.get(at + quoted.len()..).unwrap_or_default();
            after.trim_ascii_start().starts_with(b":")
        })
    };
    let comment = has("link_id") && has("parent_id") && has("body");
    let submission = has("selftext") && (has("permalink") || has("is_self") || has("num_comments"));
    has("subreddit") && has("author") && (comment || submission)
}

/// Whether a file holds such posts by its name: `RC_2019-01.zst`, `science_comments.zst`.
pub(super) fn is_part(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    stem.starts_with("RC_")
        || stem.starts_with("RS_")
        || stem.ends_with("_comments")
        || stem.ends_with("_submissions")
}

/// Reads a dump.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    with_threads(file, settings, out, |threads, out| {
        read_lines(stream, file, settings, threads, out)
    })
}

fn read_lines(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    threads: &mut Threads,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let folder = threads.folder().map(std::path::Path::to_path_buf);
    let comments = threads
        .comments
        .get_or_insert_with(|| Comments::new(folder.as_deref(), settings.forum.sort_bytes));
    let mut line = Vec::new();
    for number in 1_u64.. {
        out.check()?;
        let place = Place {
            offset: stream.position(),
            ..Place::default()
        };
        let found = match stream.read_line(&mut line, settings.max_record) {
            Ok(Line::End) => break,
            Ok(Line::Whole) if line.trim_ascii().is_empty() => continue,
            Ok(Line::Whole) => Item::of(&line, number, Found::new(file, place)),
            Ok(Line::TooLong(bytes)) => Err(too_large(bytes, settings.max_record)),
            Err(damage) => return out.reject(file.dropped(place, None, damage.reason())),
        };
        let item = match found {
            Ok(item) => item,
            Err(reason) => {
                out.reject(file.dropped(place, None, reason))?;
                continue;
            }
        };
        if item.over_18 && !settings.forum.over_18 {
            out.reject(file.dropped(place, None, Reason::new("collect.over_18")))?;
            comments.leave_out(&item)?;
            continue;
        }
        if let Some(reason) = item.unfit() {
            out.reject(file.dropped(place, None, reason))?;
        }
        out.count(if item.parent.is_some() {
            "comments"
        } else {
            "submissions"
        });
        comments.take(&item)?;
    }
    Ok(())
}
