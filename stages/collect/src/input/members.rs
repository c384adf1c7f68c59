//! Compressed files member by member: gzip members, Zstandard frames, bzip2 streams. Where each
//! begins is known, and reading goes on after a damaged one.

use std::io;

use memchr::memmem::Finder;

use super::bytes::Bytes;
use super::{Damage, Input};

/// Bytes of one file that are looked at twice after damage, in all: keeps the work linear.
const REWIND_BUDGET: u64 = 64 << 20;
/// Places of one file that may look like a member without being one.
const MAX_FALSE_STARTS: u32 = 100_000;
/// Decoded bytes that tell whether a place that looks like a member is one.
const TRIED: usize = 32 << 10;
/// How far before a part of a file the way to its first member begins.
const APPROACH: u64 = 1 << 20;
/// Bytes of sound members that no embedded file gives: deflate stores at most 64 KiB unchanged.
const SURE: u64 = 128 << 10;

/// One format of compression.
pub(super) trait Codec {
    /// What a member is called.
    const NAME: &'static str;
    /// First bytes of a member.
    const MAGIC: &'static [u8];
    /// How far the decoder may have run into the next member before it notices damage.
    const REWIND: u64;
    /// Whether bytes that begin with the magic can be a member.
    fn is_start(head: &[u8]) -> bool;
    /// Reads what stands before the data of a member.
    fn header(&mut self, bytes: &mut Bytes) -> Result<Header, Fault>;
    /// Decodes.
    fn decode(&mut self, input: &[u8], out: &mut [u8]) -> Result<Decoded, String>;
    /// Reads what stands behind the data.
    fn trailer(&mut self, bytes: &mut Bytes) -> Result<(), Fault>;
}

/// What a header was.
pub(super) enum Header {
    /// That of a member.
    Member,
    /// That of something without content, which was skipped.
    Nothing,
}

/// What a decoder did.
pub(super) struct Decoded {
    /// Bytes taken.
    pub read: usize,
    /// Bytes given.
    pub written: usize,
    /// Whether the member's data ends here.
    pub ends: bool,
}

/// Why a member cannot be read.
pub(super) enum Fault {
    Truncated,
    Corrupt(String),
    Unreadable(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Result of one step of reading.
pub(super) enum Step {
    /// So many bytes were decoded.
    Data(usize),
    /// A member begins at this offset of the file.
    Member(u64),
    /// The file is over.
    End,
}

#[derive(Clone, Copy)]
enum State {
    Header,
    Data,
    Trailer,
}

/// Reads the members of a file.
pub(super) struct Members<C> {
    bytes: Bytes,
    /// Where the current member begins.
    member: u64,
    state: State,
    codec: C,
    rewind_budget: u64,
    false_starts: u32,
}

impl<C: Codec> Members<C> {
    /// Starts at the beginning of a file.
    pub fn new(input: Box<dyn Input>, codec: C) -> Self {
        Self {
            bytes: Bytes::new(input),
            member: 0,
            state: State::Header,
            codec,
            rewind_budget: REWIND_BUDGET,
            false_starts: 0,
        }
    }

    /// Bytes of the file that were consumed.
    pub fn offset(&self) -> u64 {
        self.bytes.offset()
    }

    /// Goes one step: into the next member, or further in the current one.
    pub fn step(&mut self, out: &mut [u8]) -> Result<Step, Damage> {
        loop {
            let state = self.state;
            let step = match state {
                State::Header => self.header(),
                State::Data => self.data(out),
                State::Trailer => {
                    self.state = State::Header;
                    self.codec.trailer(&mut self.bytes).map(|()| None)
                }
            };
            match step {
                Ok(Some(step)) => return Ok(step),
                Ok(None) => {}
                Err(fault) => return Err(self.damage(fault)),
            }
        }
    }

    /// After damage: goes to the next member whose content begins with `prefix`.
    /// Returns whether there is one.
    pub fn resume(&mut self, prefix: &[u8]) -> bool {
        let offset = self.bytes.offset();
        let back = offset.saturating_sub(self.member + 1);
        let back = back.min(C::REWIND).min(self.rewind_budget);
        self.rewind_budget -= back;
        // Bytes that come only once may be gone; then what follows is searched.
        let _ = self.bytes.seek((offset - back).max(self.member + 1));
        self.find(prefix, u64::MAX).unwrap_or(false)
    }

    /// Goes to the first member at or after `start` and before `end` whose content begins with
    /// `prefix`. Returns whether there is one.
    pub fn enter(&mut self, start: u64, end: u64, prefix: &[u8]) -> bool {
        let found = self.approach(start, end, prefix);
        found.unwrap_or(false) || {
            let sought = self.bytes.seek(start);
            sought.is_ok() && self.find(prefix, end).unwrap_or(false)
        }
    }

    /// A file that lies in another unchanged has members too, which are none of this file. So the
    /// way begins early enough to be on the right track at `start`.
    fn approach(&mut self, start: u64, end: u64, prefix: &[u8]) -> io::Result<bool> {
        let Some(sure) = start.checked_sub(SURE) else {
            return Ok(false);
        };
        self.bytes.seek(start.saturating_sub(APPROACH))?;
        let mut scratch = vec![0; TRIED];
        while self.find(prefix, sure)? {
            loop {
                match self.step(&mut scratch) {
                    Ok(Step::Data(_)) => {}
                    Ok(Step::Member(member)) if member >= start => {
                        self.bytes.seek(member)?;
                        self.state = State::Header;
                        return self.find(prefix, end);
                    }
                    Ok(Step::Member(_)) => {}
                    Ok(Step::End) => return Ok(false),
                    Err(_) => break,
                }
            }
        }
        Ok(false)
    }

    fn find(&mut self, prefix: &[u8], until: u64) -> io::Result<bool> {
        let magic = Finder::new(C::MAGIC);
        while self.false_starts < MAX_FALSE_STARTS && self.bytes.find(&magic, until)? {
            let candidate = self.bytes.offset();
            let found = C::is_start(self.bytes.peek(16)?) && self.begins_with(prefix);
            self.state = State::Header;
            if found {
                self.bytes.seek(candidate)?;
                return Ok(true);
            }
            self.false_starts += 1;
            self.bytes.seek(candidate + 1)?;
        }
        Ok(false)
    }

    /// Whether a member begins here, and its content with `prefix`.
    fn begins_with(&mut self, prefix: &[u8]) -> bool {
        let mut out = vec![0; TRIED.max(prefix.len())];
        let mut filled = 0;
        self.state = State::Header;
        match self.header() {
            Ok(Some(Step::Member(_))) => {}
            _ => return false,
        }
        while filled < out.len() && matches!(self.state, State::Data) {
            let rest = out.get_mut(filled..).unwrap_or_default();
            match self.data(rest) {
                Ok(Some(Step::Data(decoded))) => filled += decoded,
                Ok(_) => {}
                // Damage further on is not the beginning's.
                Err(_) if !prefix.is_empty() && filled >= prefix.len() => break,
                Err(_) => return false,
            }
        }
        out.get(..filled).unwrap_or_default().starts_with(prefix)
    }

    /// Zero bytes between members, which tapes and block devices leave, are skipped.
    fn header(&mut self) -> Result<Option<Step>, Fault> {
        loop {
            match self.bytes.peek(1)? {
                [] => return Ok(Some(Step::End)),
                [0] => {
                    self.bytes.consume(1);
                    continue;
                }
                _ => {}
            }
            self.member = self.bytes.offset();
            if matches!(self.codec.header(&mut self.bytes)?, Header::Member) {
                self.state = State::Data;
                return Ok(Some(Step::Member(self.member)));
            }
        }
    }

    fn data(&mut self, out: &mut [u8]) -> Result<Option<Step>, Fault> {
        loop {
            let input = self.bytes.fill()?;
            let at_end = input.is_empty();
            let decoded = self.codec.decode(input, out).map_err(Fault::Corrupt)?;
            self.bytes.consume(decoded.read);
            if decoded.ends {
                self.state = State::Trailer;
            }
            if decoded.written > 0 {
                return Ok(Some(Step::Data(decoded.written)));
            }
            if decoded.ends {
                return Ok(None);
            }
            if at_end {
                return Err(Fault::Truncated);
            }
            if decoded.read == 0 {
                return Err(Fault::Corrupt("the decoder makes no progress".into()));
            }
        }
    }

    fn damage(&self, fault: Fault) -> Damage {
        let (name, member, offset) = (C::NAME, self.member, self.bytes.offset());
        let (rule, detail) = match fault {
            Fault::Truncated => (
                Damage::TRUNCATED,
                format!(
                    "the file ends at byte {offset} inside the {name} that begins at byte {member}"
                ),
            ),
            Fault::Corrupt(what) => (
                Damage::CORRUPT,
                format!("{name} at byte {member}: {what} (noticed at byte {offset})"),
            ),
            Fault::Unreadable(error) => (
                Damage::rule(&error, Damage::UNREADABLE),
                format!("reading at byte {offset}: {error}"),
            ),
        };
        Damage {
            rule,
            detail,
            member,
        }
    }
}

/// The next byte, which must be there.
pub(super) fn needed(bytes: &mut Bytes) -> Result<u8, Fault> {
    bytes.byte()?.ok_or(Fault::Truncated)
}

/// Skips bytes, which must be there.
pub(super) fn skip(bytes: &mut Bytes, count: u64) -> Result<(), Fault> {
    match bytes.skip(count)? {
        true => Ok(()),
        false => Err(Fault::Truncated),
    }
}
