//! TAR, read forwards: ustar, GNU and pax, also of programs older than all of them.

mod extended;
mod header;
mod sparse;
mod tape;
#[cfg(test)]
mod tests;

use textmill_schemas::Reason;

use self::extended::Extended;
pub(crate) use self::header::begins;
use self::header::{Block, Header};
use self::sparse::{Map, Sparse};
use self::tape::{Next, Tape};
use super::budget::Budget;
use super::{Content, Member};
use crate::input::{Damage, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads an archive.
pub(crate) fn read(
    stream: Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut archive = Archive {
        tape: Tape::new(stream),
        extended: Extended::default(),
        budget: Budget::new(settings),
        zeros: 0,
        lost: None,
        members: 0,
    };
    while archive.step(file, settings, out)? {}
    if let Some(start) = archive.lost {
        archive.reject_lost(start, file, out)?;
    }
    match archive.members {
        0 => archive.reject(
            0,
            Reason::new("collect.empty").detail("an archive without members"),
            file,
            out,
        ),
        _ => Ok(()),
    }
}

struct Archive {
    tape: Tape,
    /// What was said about the next member.
    extended: Extended,
    budget: Budget,
    /// Empty blocks that came last: two end an archive, and another may be appended.
    zeros: u64,
    /// Where blocks begin that are no headers.
    lost: Option<u64>,
    /// Rows and headers so far.
    members: u64,
}

impl Archive {
    /// Reads a header and what belongs to it. Returns whether there may be more.
    fn step(
        &mut self,
        file: &FileRef,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        out.check()?;
        let start = self.tape.position();
        let block = match self.tape.block() {
            Ok(Next::Block(block)) => block,
            Ok(Next::End) => return Ok(false),
            Ok(Next::Part) if self.zeros > 0 => return Ok(false),
            Ok(Next::Part) => {
                let reason =
                    Reason::new(Damage::TRUNCATED).detail("the archive ends inside a header");
                return self.reject(start, reason, file, out).map(|()| false);
            }
            Err(damage) => {
                return self
                    .reject(start, damage.reason(), file, out)
                    .map(|()| false);
            }
        };
        if block.iter().all(|byte| *byte == 0) {
            self.zeros += 1;
            return Ok(true);
        }
        let Some(header) = Header::read(&block) else {
            self.lost.get_or_insert(start);
            return Ok(true);
        };
        if let Some(lost) = self.lost.take() {
            self.reject_lost(lost, file, out)?;
        }
        self.zeros = 0;
        self.members += 1;
        match header.kind {
            b'x' | b'X' | b'L' => self.extend(&header, start, file, out),
            // Of the whole archive, or of a link: nothing that matters here.
            b'g' | b'K' | b'V' | b'D' | b'N' => self.pass(header.size, start, file, out),
            _ => self.member(header, &block, start, file, settings, out),
        }
    }

    /// Takes what a header says about the next member.
    fn extend(
        &mut self,
        header: &Header,
        start: u64,
        file: &FileRef,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        let mut content = Vec::new();
        if header.size <= extended::LONGEST {
            let read =
                std::io::Read::read_to_end(&mut self.tape.content(header.size), &mut content);
            let well_formed = match header.kind {
                _ if read.is_err() => true,
                b'L' => {
                    self.extended.add_name(&content);
                    true
                }
                _ => self.extended.add_records(&content),
            };
            if !well_formed {
                let reason = Reason::new(Damage::CORRUPT).detail("wrong pax records");
                self.reject(start, reason, file, out)?;
            }
            return self.end_of_member(start, file, out);
        }
        let reason = Reason::new(Damage::CORRUPT)
            .measured(header.size as f64, extended::LONGEST as f64)
            .detail("an extension longer than any name");
        self.reject(start, reason, file, out)?;
        self.pass(header.size, start, file, out)
    }

    /// Goes over content that is not read.
    fn pass(
        &mut self,
        size: u64,
        start: u64,
        file: &FileRef,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        self.tape.content(size);
        self.end_of_member(start, file, out)
    }

    /// Reads a member, or makes its row.
    fn member(
        &mut self,
        header: Header,
        block: &Block,
        start: u64,
        file: &FileRef,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        let mut extended = std::mem::take(&mut self.extended);
        let name = extended.name.take().unwrap_or(header.name);
        let name = name.as_slice();
        let size = extended.size.unwrap_or(header.size);
        let member = Member {
            name,
            offset: start,
            size,
        };
        let is_folder =
            header.kind == b'5' || (matches!(header.kind, 0 | b'0') && name.ends_with(b"/"));
        // Links, devices and folders have no content, whatever size they state; hard links in pax
        // archives may have.
        let size = match header.kind {
            b'1' if extended.is_pax => size,
            b'1'..=b'6' => 0,
            _ => size,
        };
        match header.kind {
            _ if is_folder => out.count("archive_folders"),
            _ if member.is_excluded(file) => out.count("archive_excluded"),
            b'1' | b'2' => member.reject(super::link(), file, out)?,
            b'3' | b'4' | b'6' => member.reject(super::not_a_file(), file, out)?,
            b'M' => {
                let reason = Reason::new(Damage::TRUNCATED)
                    .detail("the rest of a member of the volume before; join the volumes");
                member.reject(reason, file, out)?;
            }
            b'S' => {
                return self.sparse_member(Some(block), member, extended, file, settings, out);
            }
            _ if extended.real_size.is_some() => {
                return self.sparse_member(None, member, extended, file, settings, out);
            }
            _ => {
                let content = Box::new(self.tape.content(size));
                member.read(Content::Once(content), file, settings, out)?;
                return self.end_of_member(start, file, out);
            }
        }
        self.pass(size, start, file, out)
    }

    fn sparse_member(
        &mut self,
        block: Option<&Block>,
        member: Member,
        extended: Extended,
        file: &FileRef,
        settings: &Settings,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        let mut map = extended.map;
        let mut stored = member.size;
        let real_size = match block {
            Some(block) => self.old_map(block, &mut map),
            None => extended.real_size,
        };
        if extended.map_follows && block.is_none() {
            let next = || match self.tape.block() {
                Ok(Next::Block(block)) => Some(*block),
                _ => None,
            };
            let taken = map.read(next);
            stored = stored.saturating_sub(taken.unwrap_or(0));
        }
        let real_size = real_size.unwrap_or(u64::MAX);
        let fine = map
            .check(stored, real_size)
            .and_then(|()| self.budget.take(stored, real_size));
        let content = self.tape.content(stored);
        match fine {
            Ok(()) => {
                let member = Member {
                    size: real_size,
                    ..member
                };
                let content = Box::new(Sparse::new(content, map, real_size));
                let start = member.offset;
                member.read(Content::Once(content), file, settings, out)?;
                self.end_of_member(start, file, out)
            }
            Err(reason) => {
                member.reject(reason, file, out)?;
                self.end_of_member(member.offset, file, out)
            }
        }
    }

    /// Reads the map of GNU's old format, in the header and in blocks behind it. Returns the
    /// bytes of the content with its holes.
    fn old_map(&mut self, block: &Block, map: &mut Map) -> Option<u64> {
        let mut more = map.add_block(block, 386, 4, 482);
        while more {
            match self.tape.block() {
                Ok(Next::Block(block)) => more = map.add_block(&block, 0, 21, 504),
                _ => return None,
            }
        }
        header::number(block.get(483..495)?)
    }

    /// Goes behind a member; a row if the archive ends before.
    fn end_of_member(
        &mut self,
        start: u64,
        file: &FileRef,
        out: &mut impl Output,
    ) -> Result<bool, Stop> {
        let reason = match self.tape.skip() {
            Ok(true) => return Ok(true),
            Ok(false) => Reason::new(Damage::TRUNCATED).detail(format!(
                "the archive ends inside the member whose header is at byte {start}"
            )),
            Err(damage) => damage.reason(),
        };
        self.reject(self.tape.position(), reason, file, out)
            .map(|()| false)
    }

    fn reject_lost(&self, start: u64, file: &FileRef, out: &mut impl Output) -> Result<(), Stop> {
        let detail = match self.members {
            0 => "no header".to_owned(),
            _ => format!("no header up to byte {}", self.tape.position()),
        };
        self.reject(
            start,
            Reason::new(Damage::CORRUPT).detail(detail),
            file,
            out,
        )
    }

    /// The row of bytes of the archive that belong to no member.
    fn reject(
        &self,
        offset: u64,
        reason: Reason,
        file: &FileRef,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let place = Place {
            offset,
            ..Place::default()
        };
        out.reject(file.dropped(place, None, reason))
    }
}
