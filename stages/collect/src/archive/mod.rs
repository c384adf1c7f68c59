//! Archives: their members are read like files.
//!
//! Nothing is ever written under the name of a member: it only stands in the rows, cleaned of
//! whatever would lead out of a folder.

mod budget;
mod measured;
mod name;
pub(crate) mod sevenz;
pub(crate) mod tar;
mod window;
pub(crate) mod zip;

use std::io::Read;

use textmill_schemas::Reason;

use crate::input::Input;
use crate::reader;
use crate::record::{FileRef, Nested, Output, Place, Settings, Stop};

/// Archives around a member at most: a book in a ZIP in a tar is fine, a nest of bombs is not.
const MAX_NESTING: u8 = 4;

/// A member of an archive.
pub(crate) struct Member<'a> {
    /// Its path as the archive has it, in whatever form.
    pub name: &'a [u8],
    /// Offset of its header in the archive; where members have none (7z), a number of its own.
    pub offset: u64,
    /// Bytes of its content as the archive states them.
    pub size: u64,
}

/// The content of a member from its beginning.
pub(crate) enum Content {
    /// Comes only once.
    Once(Box<dyn Read + Send>),
    /// Can be read from any place.
    Anywhere(Box<dyn Input>),
}

impl Member<'_> {
    /// Reads the member as if it were a file.
    pub fn read(
        &self,
        content: Content,
        archive: &FileRef,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        out.check()?;
        self.with_file(archive, |file| match content {
            Content::Once(input) => reader::read_once(input, self.size, file, settings, out),
            Content::Anywhere(input) => reader::read(input, self.size, file, settings, out),
        })
    }

    /// Makes the row of a member that cannot be read at all.
    pub fn reject(
        &self,
        reason: Reason,
        archive: &FileRef,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        out.check()?;
        self.with_file(archive, |file| {
            out.reject(file.dropped(Place::default(), None, reason))
        })
    }

    /// Whether the source's `exclude` leaves it out, by its path in the archive or as shown.
    pub fn is_excluded(&self, archive: &FileRef) -> bool {
        let name = name::shown(self.name);
        archive.source.excludes(&name) || archive.source.excludes(&name::joined(archive, &name))
    }

    /// The member as a file: its name joined to the archive's, and a key that is its own even if
    /// names occur twice.
    fn with_file<T>(&self, archive: &FileRef, use_file: impl FnOnce(&FileRef) -> T) -> T {
        let mut key = archive.key.to_vec();
        key.push(0);
        key.extend(self.offset.to_le_bytes());
        let depth = archive.member.map_or(0, |member| member.depth);
        let file = FileRef {
            source: archive.source,
            file: name::joined(archive, &name::shown(self.name)),
            key: &key,
            member: Some(Nested {
                offset: archive.member.map_or(self.offset, |member| member.offset),
                depth: depth.saturating_add(1),
            }),
        };
        use_file(&file)
    }
}

/// Whether an archive lies in too many others to be opened.
pub(crate) fn is_too_deep(file: &FileRef) -> bool {
    file.member
        .is_some_and(|member| member.depth >= MAX_NESTING)
}

/// The reason for it.
pub(crate) fn too_deep() -> Reason {
    let depth = f64::from(MAX_NESTING);
    Reason::new("collect.nesting")
        .measured(depth + 1.0, depth)
        .detail("an archive inside of archives")
}

/// The reason for a member that only points elsewhere; where it points is never looked at.
pub(crate) fn link() -> Reason {
    Reason::new("collect.link").detail("a link inside of an archive")
}

/// The reason for a device, a pipe and their like.
pub(crate) fn not_a_file() -> Reason {
    Reason::new("collect.media_type").detail("not a regular file")
}
