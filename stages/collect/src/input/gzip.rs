//! Gzip (RFC 1952) member by member: each member's place in the file is known, and reading goes
//! on after a damaged one.

use std::io::{self, BufRead, BufReader};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use memchr::memchr;

use super::{Damage, Input};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// How far the decoder may have run into the next member before it notices damage.
const REWIND: u64 = 256 << 10;
/// Bytes of one file that are looked at twice after damage, in all: keeps the work linear.
const REWIND_BUDGET: u64 = 64 << 20;
/// Places of one file that may look like a member without being one.
const MAX_FALSE_STARTS: u32 = 100_000;

/// Result of one step of reading.
pub(super) enum Step {
    /// So many bytes were decoded.
    Data(usize),
    /// A member begins at this offset of the file.
    Member(u64),
    /// The file is over.
    End,
}

enum State {
    /// Before a member's header.
    Header,
    /// Inside compressed data.
    Data,
    /// Before a member's checksum and length.
    Trailer,
}

/// Reads the members of a gzip file.
pub(super) struct Gzip {
    input: BufReader<Box<dyn Input>>,
    /// Bytes of the file consumed.
    offset: u64,
    /// Where the current member begins.
    member: u64,
    state: State,
    inflate: Decompress,
    crc: Crc,
    rewind_budget: u64,
    false_starts: u32,
}

impl Gzip {
    /// Starts at the beginning of a file.
    pub fn new(input: Box<dyn Input>) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, input),
            offset: 0,
            member: 0,
            state: State::Header,
            inflate: Decompress::new(false),
            crc: Crc::new(),
            rewind_budget: REWIND_BUDGET,
            false_starts: 0,
        }
    }

    /// Goes one step: into the next member, or further in the current one.
    pub fn step(&mut self, out: &mut [u8]) -> Result<Step, Damage> {
        loop {
            match self.state {
                State::Header => {
                    return Ok(match self.header()? {
                        true => Step::Member(self.member),
                        false => Step::End,
                    });
                }
                State::Data => {
                    let decoded = self.inflate(out)?;
                    if decoded > 0 {
                        return Ok(Step::Data(decoded));
                    }
                }
                State::Trailer => self.trailer()?,
            }
        }
    }

    /// After damage: goes to the next member whose content begins with `prefix`.
    /// Returns whether there is one.
    pub fn resume(&mut self, prefix: &[u8]) -> Result<bool, Damage> {
        let back = self.offset.saturating_sub(self.member + 1);
        let back = back.min(REWIND).min(self.rewind_budget);
        self.rewind_budget -= back;
        self.seek((self.offset - back).max(self.member + 1))?;
        while self.false_starts < MAX_FALSE_STARTS {
            let Some(candidate) = self.find_magic()? else {
                return Ok(false);
            };
            let found = self.begins_with(prefix);
            self.state = State::Header;
            if found {
                self.seek(candidate)?;
                return Ok(true);
            }
            self.false_starts += 1;
            self.seek(candidate + 1)?;
        }
        Ok(false)
    }

    fn inflate(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        loop {
            let input = match self.input.fill_buf() {
                Ok(input) => input,
                Err(error) => return Err(self.unreadable(&error)),
            };
            let at_end = input.is_empty();
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, out, FlushDecompress::None);
            let read = (self.inflate.total_in() - read) as usize;
            let written = (self.inflate.total_out() - written) as usize;
            self.input.consume(read);
            self.offset += read as u64;
            let status = match status {
                Ok(status) => status,
                Err(error) => return Err(self.corrupt(&error.to_string())),
            };
            self.crc.update(out.get(..written).unwrap_or_default());
            if status == Status::StreamEnd {
                self.state = State::Trailer;
                return Ok(written);
            }
            if written > 0 {
                return Ok(written);
            }
            if at_end {
                return Err(self.truncated());
            }
            if read == 0 {
                return Err(self.corrupt("the decoder makes no progress"));
            }
        }
    }

    /// Reads a member's header; false at the end of the file. Zero bytes between members, which
    /// tapes and block devices leave, are skipped.
    fn header(&mut self) -> Result<bool, Damage> {
        let mut first = self.byte()?;
        while first == Some(0) {
            first = self.byte()?;
        }
        let Some(first) = first else {
            return Ok(false);
        };
        self.member = self.offset - 1;
        if first != MAGIC[0] || self.needed()? != MAGIC[1] || self.needed()? != MAGIC[2] {
            return Err(self.corrupt("bytes that are not gzip"));
        }
        let flags = self.needed()?;
        if flags & 0xe0 != 0 {
            return Err(self.corrupt("a header with reserved flags"));
        }
        self.skip(6)?; // time, level, system
        if flags & 4 != 0 {
            let length = u16::from_le_bytes([self.needed()?, self.needed()?]);
            self.skip(length)?;
        }
        for flag in [8, 16] {
            // file name, comment
            while flags & flag != 0 && self.needed()? != 0 {}
        }
        if flags & 2 != 0 {
            self.skip(2)?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.state = State::Data;
        Ok(true)
    }

    fn trailer(&mut self) -> Result<(), Damage> {
        let mut fields = [0_u32; 2];
        for field in &mut fields {
            let bytes = [
                self.needed()?,
                self.needed()?,
                self.needed()?,
                self.needed()?,
            ];
            *field = u32::from_le_bytes(bytes);
        }
        self.state = State::Header;
        if fields != [self.crc.sum(), self.crc.amount()] {
            return Err(self.corrupt("checksum or length do not match"));
        }
        Ok(())
    }

    fn begins_with(&mut self, prefix: &[u8]) -> bool {
        let mut out = vec![0; prefix.len()];
        let mut filled = 0;
        if !self.header().unwrap_or(false) {
            return false;
        }
        while filled < out.len() && matches!(self.state, State::Data) {
            match self.inflate(out.get_mut(filled..).unwrap_or_default()) {
                Ok(decoded) => filled += decoded,
                Err(_) => return false,
            }
        }
        out == prefix
    }

    /// Leaves the input before the next header magic and returns its offset.
    fn find_magic(&mut self) -> Result<Option<u64>, Damage> {
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) => return Err(self.unreadable(&error)),
            };
            if buffer.is_empty() {
                return Ok(None);
            }
            let found = memchr(MAGIC[0], buffer);
            let skipped = found.unwrap_or(buffer.len());
            self.input.consume(skipped);
            self.offset += skipped as u64;
            if found.is_none() {
                continue;
            }
            let candidate = self.offset;
            let mut matches = true;
            for expected in MAGIC {
                matches = matches && self.byte()? == Some(expected);
            }
            if matches {
                self.seek(candidate)?;
                return Ok(Some(candidate));
            }
            self.seek(candidate + 1)?;
        }
    }

    fn seek(&mut self, offset: u64) -> Result<(), Damage> {
        let by = offset as i64 - self.offset as i64;
        match self.input.seek_relative(by) {
            Ok(()) => {
                self.offset = offset;
                Ok(())
            }
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Damage> {
        let byte = match self.input.fill_buf() {
            Ok(buffer) => buffer.first().copied(),
            Err(error) => return Err(self.unreadable(&error)),
        };
        if byte.is_some() {
            self.input.consume(1);
            self.offset += 1;
        }
        Ok(byte)
    }

    fn needed(&mut self) -> Result<u8, Damage> {
        self.byte()?.ok_or_else(|| self.truncated())
    }

    fn skip(&mut self, bytes: u16) -> Result<(), Damage> {
        for _ in 0..bytes {
            self.needed()?;
        }
        Ok(())
    }

    fn truncated(&self) -> Damage {
        Damage {
            rule: Damage::TRUNCATED,
            detail: format!(
                "the file ends at byte {} inside the gzip member that begins at byte {}",
                self.offset, self.member
            ),
            member: self.member,
        }
    }

    fn corrupt(&self, what: &str) -> Damage {
        Damage {
            rule: Damage::CORRUPT,
            detail: format!(
                "gzip member at byte {}: {what} (noticed at byte {})",
                self.member, self.offset
            ),
            member: self.member,
        }
    }

    fn unreadable(&self, error: &io::Error) -> Damage {
        Damage {
            rule: Damage::rule(error, Damage::UNREADABLE),
            detail: format!("reading at byte {}: {error}", self.offset),
            member: self.member,
        }
    }
}
