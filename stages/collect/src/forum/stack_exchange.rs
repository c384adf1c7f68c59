//! Stack Exchange dumps: `Posts.xml`, `Comments.xml`, `Users.xml`.
//!
//! The schema is that of "Database schema documentation for the public data dump and SEDE"
//! (Meta Stack Exchange, question 2677). Each table is a list of `row` elements whose columns
//! are attributes.

pub(super) mod join;
mod post;
mod rows;
pub(super) mod site;
#[cfg(test)]
mod tests;
mod thread;

use textmill_schemas::Reason;

use self::join::Dumps;
use self::rows::{Found as FoundRow, Rows};
use super::threads::{Found, Threads, with_threads};
use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// The tables of a dump, as their roots and, in other case, their files are called.
const TABLES: &[&str] = &[
    "posts",
    "comments",
    "users",
    "votes",
    "badges",
    "tags",
    "postlinks",
    "posthistory",
];

/// Whether a text begins like a table of a Stack Exchange dump: `<posts>`, `<comments>`,
/// `<users>` and so on, and then rows.
pub(crate) fn begins(start: &str) -> bool {
    table(start).is_some_and(|(table, rest)| {
        let rest = rest.trim_start();
        rest.starts_with("<row ") || rest.starts_with(&format!("</{table}>"))
    })
}

/// The table of a dump, and what follows its root.
fn table(start: &str) -> Option<(&'static str, &str)> {
    let root = start.strip_prefix('<')?;
    TABLES.iter().find_map(|table| {
        let rest = root.strip_prefix(table)?.trim_start();
        Some((*table, rest.strip_prefix('>')?))
    })
}

/// Reads a table of a dump.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let head = String::from_utf8_lossy(stream.peek(Stream::PEEK)).into_owned();
    let root = head.find("?>").and_then(|end| head.get(end + 2..));
    let root = root
        .unwrap_or(&head)
        .trim_start_matches('\u{feff}')
        .trim_start();
    match table(root) {
        Some(("comments", _)) if !settings.forum.comments => {
            out.count("stack_exchange_tables_left_out");
            Ok(())
        }
        Some((table @ ("posts" | "comments" | "users"), _)) => {
            with_threads(file, settings, out, |threads, out| {
                read_rows(table, stream, file, settings, threads, out)
            })
        }
        Some(_) => {
            out.count("stack_exchange_tables_left_out");
            Ok(())
        }
        None => {
            let reason = Reason::new("collect.media_type").detail("no table of a dump");
            out.reject(file.dropped(Place::default(), None, reason))
        }
    }
}

fn read_rows(
    table: &str,
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    threads: &mut Threads,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let folder = threads.folder().map(std::path::Path::to_path_buf);
    let dumps = threads
        .dumps
        .get_or_insert_with(|| Dumps::new(folder.as_deref(), settings.forum.sort_bytes));
    let site = site::Site::of(file);
    let mut rows = Rows::new(stream, settings.max_record);
    let mut row = Vec::new();
    loop {
        out.check()?;
        let (offset, found) = match rows.next(&mut row) {
            Ok(found) => found,
            Err(damage) => {
                return out.reject(file.dropped(Place::default(), None, damage.reason()));
            }
        };
        let place = Place {
            offset,
            ..Place::default()
        };
        let columns = match found {
            FoundRow::End => return Ok(()),
            FoundRow::TooLong(bytes) => Err(too_large(bytes, settings.max_record)),
            FoundRow::Malformed(why) => Err(Reason::new("collect.invalid_xml").detail(why)),
            FoundRow::Whole => post::Columns::of(&row),
        };
        let taken = columns.and_then(|columns| match table {
            "posts" => columns.post(Found::new(file, place), &site).map(Some),
            "comments" => columns.comment(Found::new(file, place)).map(Some),
            _ => Ok(columns
                .user()
                .map(|(id, name)| post::Post::named(&id, &name))),
        });
        match taken {
            Ok(Some(post)) => {
                out.count(match table {
                    "posts" => "stack_exchange_posts",
                    "comments" => "stack_exchange_comments",
                    _ => "stack_exchange_users",
                });
                dumps.take(&site.group, &post)?;
            }
            Ok(None) => out.count("stack_exchange_users"),
            Err(reason) => out.reject(file.dropped(place, None, reason))?,
        }
    }
}
