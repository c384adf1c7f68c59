//! Saved pages of forums: Discourse (also its JSON), phpBB, vBulletin, XenForo, SMF, MyBB,
//! Discuz!, Flarum, and whatever looks like them.

mod address;
mod attribution;
mod clean;
mod discourse;
mod generator;
mod page;
#[cfg(test)]
mod tests;
pub(super) mod thread;

use textmill_schemas::Reason;

use self::thread::Pages;
use super::pseudonym::Pseudonyms;
use super::threads::{Found, Threads, with_threads};
use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads a page.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let body = match stream.read_record(settings.max_record) {
        Ok(body) => body,
        Err(reason) => return out.reject(file.dropped(Place::default(), None, reason)),
    };
    with_threads(file, settings, out, |threads, out| {
        read_body(&body, file, settings, threads, out)
    })
}

fn read_body(
    body: &[u8],
    file: &FileRef,
    settings: &Settings,
    threads: &mut Threads,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let key = settings.forum.pseudonym_key.as_deref();
    let pseudonyms = Pseudonyms::new(key.unwrap_or(&file.source.config.name));
    let found = Found::new(file, Place::default());
    let start = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii_start();
    let posts = if start.starts_with(b"{") || start.starts_with(b"[") {
        discourse::posts(start, &found, &pseudonyms)
    } else {
        page::posts(body, &file.file, &found, &pseudonyms)
    };
    let posts = match posts {
        Ok(posts) if posts.is_empty() => Err(Reason::new("collect.not_a_thread")),
        posts => posts,
    };
    match posts {
        Ok(posts) => {
            out.count("forum_pages");
            let folder = threads.folder().map(std::path::Path::to_path_buf);
            let pages = threads
                .pages
                .get_or_insert_with(|| Pages::new(folder.as_deref(), settings.forum.sort_bytes));
            posts
                .iter()
                .enumerate()
                .try_for_each(|(index, post)| pages.take(index, post))
        }
        Err(reason) => out.reject(file.dropped(Place::default(), None, reason)),
    }
}
