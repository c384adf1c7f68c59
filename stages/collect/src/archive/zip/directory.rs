//! The central directory, read entry by entry: an archive of millions of members takes no more
//! memory than one of ten. (The `zip` crate holds the whole directory, so it reads books and
//! Word documents only.)

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use textmill_schemas::Reason;

use super::entry::Entry;
use super::fields::{u16_at, u32_at, u64_at};
use crate::archive::window::{Shared, Window};
use crate::input::Damage;

/// Bytes of the record at the end, without its comment (APPNOTE 4.3.16).
const END: usize = 22;
/// Longest comment behind it.
const COMMENT: u64 = 65_535;
const END_MAGIC: &[u8] = b"PK\x05\x06";
const ZIP64_LOCATOR: u64 = 20;

/// The entries of an archive in the order of its directory.
pub(super) struct Directory {
    reader: BufReader<Window>,
    /// Bytes in front of the archive, such as a program that unpacks it.
    before: u64,
    /// Entries as the record at the end counts them.
    pub stated: u64,
    /// Whether `stated` is the whole number; without ZIP64 it is cut to 16 bits.
    pub is_zip64: bool,
    /// Entries read.
    pub read: u64,
}

/// Where the directory is, as the record at the end has it.
struct End {
    entries: u64,
    length: u64,
    offset: u64,
    /// Where the record itself lies: the directory ends here.
    at: u64,
    is_zip64: bool,
}

impl Directory {
    /// Finds the directory; `None` when there is none, as in an archive that was cut.
    pub fn find(shared: &Shared) -> io::Result<Option<Self>> {
        let Some(end) = End::find(shared)? else {
            return Ok(None);
        };
        // Where it must lie if it ends right before the record; a prefix moves it there.
        let adjoining = end.at.saturating_sub(end.length);
        for start in [adjoining, end.offset] {
            let mut magic = [0; 4];
            let mut window = shared.window(start, end.at.saturating_sub(start));
            let is_there = window.read_exact(&mut magic).is_ok() && magic == *b"PK\x01\x02";
            if !is_there && (end.length > 0 || start != adjoining) {
                continue;
            }
            window.seek(SeekFrom::Start(0))?;
            return Ok(Some(Self {
                reader: BufReader::with_capacity(64 << 10, window),
                before: start.saturating_sub(end.offset),
                stated: end.entries,
                is_zip64: end.is_zip64,
                read: 0,
            }));
        }
        Ok(None)
    }

    /// The next entry; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Entry>, Reason> {
        let mut header = [0; Entry::DIRECTORY_HEADER];
        if !self.fill(&mut header)? || !header.starts_with(b"PK\x01\x02") {
            return Ok(None);
        }
        let mut entry = Entry::from_directory(&header);
        entry.name = vec![0; u16_at(&header, 28).into()];
        let mut extra = vec![0; u16_at(&header, 30).into()];
        let mut comment = vec![0; u16_at(&header, 32).into()];
        for part in [&mut entry.name, &mut extra, &mut comment] {
            if !self.fill(part)? {
                return Ok(None);
            }
        }
        entry.apply_extra(&extra, true);
        entry.offset = entry.offset.saturating_add(self.before);
        self.read += 1;
        Ok(Some(entry))
    }

    /// Whether all entries that the record at the end counts were there.
    pub fn is_whole(&self) -> bool {
        let modulus = if self.is_zip64 { u64::MAX } else { 1 << 16 };
        self.read % modulus == self.stated % modulus
    }

    fn fill(&mut self, part: &mut [u8]) -> Result<bool, Reason> {
        match self.reader.read_exact(part) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Reason::new(Damage::rule(&error, Damage::UNREADABLE))
                .detail(format!("the directory: {error}"))),
        }
    }
}

impl End {
    fn find(shared: &Shared) -> io::Result<Option<Self>> {
        let size = shared.size()?;
        let start = size.saturating_sub(END as u64 + COMMENT);
        let mut tail = Vec::new();
        shared.window(start, size - start).read_to_end(&mut tail)?;
        let fits = |at: usize| {
            let comment = tail
                .get(at..)
                .map_or(0, |record| usize::from(u16_at(record, 20)));
            at + END + comment <= tail.len()
        };
        let Some(at) = memchr::memmem::rfind_iter(&tail, END_MAGIC).find(|at| fits(*at)) else {
            return Ok(None);
        };
        let record = tail.get(at..).unwrap_or_default();
        let at = start + at as u64;
        let plain = Self {
            entries: u16_at(record, 10).into(),
            length: u32_at(record, 12).into(),
            offset: u32_at(record, 16).into(),
            at,
            is_zip64: false,
        };
        Ok(Some(Self::zip64(shared, at)?.unwrap_or(plain)))
    }

    /// The record of archives of over 4 GiB or 65,535 members (4.3.14), which a locator right
    /// before the plain one leads to.
    fn zip64(shared: &Shared, end: u64) -> io::Result<Option<Self>> {
        let Some(locator_at) = end.checked_sub(ZIP64_LOCATOR) else {
            return Ok(None);
        };
        let mut locator = Vec::new();
        let mut window = shared.window(locator_at, ZIP64_LOCATOR);
        window.read_to_end(&mut locator)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        // As stated, or right before the locator if something stands in front of the archive.
        for at in [u64_at(&locator, 8), locator_at.saturating_sub(56)] {
            let mut record = Vec::new();
            shared.window(at, 56).read_to_end(&mut record)?;
            if record.starts_with(b"PK\x06\x06") {
                return Ok(Some(Self {
                    entries: u64_at(&record, 32),
                    length: u64_at(&record, 40),
                    offset: u64_at(&record, 48),
                    at,
                    is_zip64: true,
                }));
            }
        }
        Ok(None)
    }
}
