//! Archives that were cut: without a directory, members are found one behind the other.

use std::io::{self, Read};

use textmill_schemas::Reason;

use super::entry::Entry;
use super::fields::{u16_at, u32_at, u64_at};
use crate::archive::budget::Budget;
use crate::archive::window::Shared;
use crate::input::Damage;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads the members that are there, after a row that tells of the others.
pub(super) fn read(
    shared: &Shared,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let reason = Reason::new(Damage::TRUNCATED)
        .detail("no directory at the end of the archive; members before the cut are read");
    out.reject(file.dropped(Place::default(), None, reason))?;
    let mut budget = Budget::new(settings);
    let mut offset = 0;
    while let Some((entry, start)) = next(shared, offset, settings.max_ratio) {
        super::read_entry(shared, &entry, &mut budget, file, settings, out)?;
        offset = behind(shared, start.saturating_add(entry.packed));
    }
    Ok(())
}

/// The member whose header lies here, and where its compressed bytes begin.
fn next(shared: &Shared, offset: u64, max_ratio: u64) -> Option<(Entry, u64)> {
    let mut header = [0; Entry::LOCAL_HEADER];
    let mut window = shared.window(offset, 1 << 18);
    window.read_exact(&mut header).ok()?;
    if !header.starts_with(b"PK\x03\x04") {
        return None;
    }
    let mut entry = Entry::from_local(&header, offset);
    entry.name = vec![0; u16_at(&header, 26).into()];
    let mut extra = vec![0; u16_at(&header, 28).into()];
    window.read_exact(&mut entry.name).ok()?;
    window.read_exact(&mut extra).ok()?;
    entry.apply_extra(&extra, false);
    let start = offset + (header.len() + entry.name.len() + extra.len()) as u64;
    if entry.sizes_follow() && entry.packed == 0 {
        let found = find_descriptor(shared, start).ok()?;
        entry.is_cut = found.is_none();
        let rest = shared.size().ok()?.saturating_sub(start);
        (entry.crc, entry.packed, entry.size) =
            found.unwrap_or((0, rest, rest.saturating_mul(max_ratio)));
    }
    Some((entry, start))
}

/// Where the next header lies behind the content of a member: there, or behind a descriptor
/// (APPNOTE 4.3.9) with or without magic and ZIP64.
fn behind(shared: &Shared, end: u64) -> u64 {
    let mut bytes = Vec::new();
    let read = shared.window(end, 28).read_to_end(&mut bytes);
    let is_header = |at: &&u64| {
        let rest = bytes.get(**at as usize..).unwrap_or_default();
        rest.starts_with(b"PK\x03\x04")
    };
    let found = [0, 12, 16, 20, 24].iter().find(is_header);
    match (read, found) {
        (Ok(_), Some(by)) => end.saturating_add(*by),
        _ => end,
    }
}

/// Checksum, compressed and full size of a member that stand behind its content (APPNOTE 4.3.9),
/// found by the length that they state.
fn find_descriptor(shared: &Shared, start: u64) -> io::Result<Option<(u32, u64, u64)>> {
    const MAGIC: &[u8] = b"PK\x07\x08";
    const STEP: u64 = 64 << 10;
    const LONGEST: usize = 24;
    let size = shared.size()?;
    let mut reader = shared.window(start, size.saturating_sub(start));
    let mut buffer: Vec<u8> = Vec::new();
    // Offset of the buffer from `start`.
    let mut at = 0_u64;
    loop {
        let before = buffer.len();
        reader.by_ref().take(STEP).read_to_end(&mut buffer)?;
        let is_last = buffer.len() == before;
        for found in memchr::memmem::find_iter(&buffer, MAGIC) {
            let fields = buffer.get(found..).unwrap_or_default();
            let distance = at + found as u64;
            let crc = u32_at(fields, 4);
            if fields.len() >= 16 && u64::from(u32_at(fields, 8)) == distance {
                // ZIP64 has numbers twice as long: the half above is 0.
                let size = match u32_at(fields, 12) {
                    0 if fields.len() >= LONGEST && distance > 0 => u64_at(fields, 16),
                    size => size.into(),
                };
                return Ok(Some((crc, distance, size)));
            }
            if fields.len() >= LONGEST && u64_at(fields, 8) == distance {
                return Ok(Some((crc, distance, u64_at(fields, 16))));
            }
        }
        if is_last {
            return Ok(None);
        }
        let keep = buffer.len().min(LONGEST);
        at += (buffer.len() - keep) as u64;
        buffer.drain(..buffer.len() - keep);
    }
}
