//! ZIP (PKWARE APPNOTE 6.3.10); also what EPUB, DOCX and ODT are inside.

mod content;
mod directory;
mod entry;
mod fields;
mod kind;
mod recover;
#[cfg(test)]
mod tests;

use textmill_schemas::Reason;

use self::directory::Directory;
use self::entry::Entry;
use self::kind::Kind;
use super::Member;
use super::budget::Budget;
use super::window::Shared;
use crate::input::{Damage, Input};
use crate::record::{FileRef, Output, Place, Settings, Stop};
use crate::{book, document};

/// Reads an archive.
pub(crate) fn read(
    input: Box<dyn Input>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let shared = Shared::new(input);
    let found = match look(&shared) {
        Ok(found) => found,
        Err(reason) => return out.reject(file.dropped(Place::default(), None, reason)),
    };
    let Some((kind, directory)) = found else {
        return recover::read(&shared, file, settings, out);
    };
    let all = || shared.size().map(|size| Box::new(shared.window(0, size)));
    match (kind, all()) {
        (Kind::Epub, Ok(all)) => book::epub::read(all, file, settings, out),
        (Kind::Document, Ok(all)) => document::docx::read(all, file, settings, out),
        (Kind::Other(media_type), _) => {
            let reason = Reason::new("collect.media_type").detail(media_type);
            out.reject(file.dropped(Place::default(), None, reason))
        }
        _ => read_members(&shared, directory, file, settings, out),
    }
}

/// Finds out what the archive is; `None` when it has no directory.
fn look(shared: &Shared) -> Result<Option<(Kind, Directory)>, Reason> {
    let find = || {
        Directory::find(shared).map_err(|error| {
            let rule = Damage::rule(&error, Damage::UNREADABLE);
            Reason::new(rule).detail(error.to_string())
        })
    };
    let Some(mut first) = find()? else {
        return Ok(None);
    };
    let kind = kind::find(shared, &mut first)?;
    Ok(find()?.map(|directory| (kind, directory)))
}

fn read_members(
    shared: &Shared,
    mut directory: Directory,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut budget = Budget::new(settings);
    loop {
        match directory.next() {
            Ok(Some(entry)) => read_entry(shared, &entry, &mut budget, file, settings, out)?,
            Ok(None) => break,
            Err(reason) => return out.reject(file.dropped(Place::default(), None, reason)),
        }
    }
    if directory.is_whole() && directory.read > 0 {
        return Ok(());
    }
    let reason = match directory.stated {
        0 => Reason::new("collect.empty").detail("an archive without members"),
        stated => Reason::new(Damage::CORRUPT)
            .measured(directory.read as f64, stated as f64)
            .detail("the directory has another number of members than the archive states"),
    };
    out.reject(file.dropped(Place::default(), None, reason))
}

/// Reads a member, or makes its row.
fn read_entry(
    shared: &Shared,
    entry: &Entry,
    budget: &mut Budget,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let member = Member {
        name: &entry.name,
        offset: entry.offset,
        size: entry.size,
    };
    if entry.is_folder() {
        out.count("archive_folders");
        return Ok(());
    }
    if member.is_excluded(file) {
        out.count("archive_excluded");
        return Ok(());
    }
    let content = check(entry, budget)
        .and_then(|()| content::data_start(shared, entry))
        .and_then(|start| {
            budget.place(entry.offset, start.saturating_add(entry.packed))?;
            content::open(shared, entry, start)
        });
    match content {
        Ok(content) => member.read(content, file, settings, out),
        Err(reason) => member.reject(reason, file, out),
    }
}

/// What can be told before the content is looked at.
fn check(entry: &Entry, budget: &mut Budget) -> Result<(), Reason> {
    match entry.mode & 0o170_000 {
        0o120_000 => return Err(super::link()),
        0 | 0o100_000 => {}
        _ => return Err(super::not_a_file()),
    }
    if entry.is_encrypted() {
        return Err(Reason::new("collect.encrypted").detail("a key is needed"));
    }
    budget.take(entry.packed, entry.size)
}
