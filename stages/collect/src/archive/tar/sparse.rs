//! Members with holes (GNU): only what is between them is stored.

use std::io::{self, Read};

use textmill_schemas::Reason;

use super::header::{BLOCK, Block, number};
use crate::input::{Broken, Damage};

/// Parts of a member at most; each takes at least a block in the archive or its headers.
const MAX_SEGMENTS: usize = 100_000;

/// A stored part of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where it belongs in the content.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
}

/// The stored parts of a member, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Map(pub Vec<Segment>);

impl Map {
    /// Adds a part; too many are found out by [`Map::check`].
    pub fn push(&mut self, segment: Segment) {
        if self.0.len() <= MAX_SEGMENTS {
            self.0.push(segment);
        }
    }

    /// Adds the parts that a header of the old format holds from `at` on. Returns whether another
    /// block of them follows.
    pub fn add_block(&mut self, block: &Block, at: usize, count: usize, more: usize) -> bool {
        for index in 0..count {
            let field = |part: usize| {
                let start = at + index * 24 + part * 12;
                block.get(start..start + 12).and_then(number)
            };
            match (field(0), field(1)) {
                (Some(0), Some(0)) | (None, _) | (_, None) => {}
                (Some(offset), Some(length)) => self.push(Segment { offset, length }),
            }
        }
        block.get(more).is_some_and(|byte| *byte != 0)
    }

    /// Reads the map that stands before the content in format 1.0: a count, then offsets and
    /// lengths, a line each, filled up to a block. Returns the bytes it takes.
    pub fn read(&mut self, mut next_block: impl FnMut() -> Option<Block>) -> Option<u64> {
        let mut lines = Lines::default();
        let count = lines.next(&mut next_block)?;
        if count > MAX_SEGMENTS as u64 {
            return None;
        }
        for _ in 0..count {
            let offset = lines.next(&mut next_block)?;
            let length = lines.next(&mut next_block)?;
            self.push(Segment { offset, length });
        }
        Some(lines.blocks * BLOCK as u64)
    }

    /// Whether the parts are in order and take as many bytes as are stored.
    pub fn check(&self, stored: u64, real_size: u64) -> Result<(), Reason> {
        let mut end = 0_u64;
        let mut sum = 0_u64;
        for segment in &self.0 {
            let next = segment.offset.checked_add(segment.length);
            let in_order = segment.offset >= end && next.is_some_and(|next| next <= real_size);
            if !in_order {
                return Err(corrupt());
            }
            end = next.unwrap_or(u64::MAX);
            sum += segment.length;
        }
        if sum > stored || self.0.len() > MAX_SEGMENTS {
            return Err(corrupt());
        }
        Ok(())
    }
}

/// The reason for a map that makes no sense.
pub(super) fn corrupt() -> Reason {
    Reason::new(Damage::CORRUPT).detail("the map of a member with holes is wrong")
}

/// Numbers, a line each.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    blocks: u64,
}

impl Lines {
    fn next(&mut self, next_block: &mut impl FnMut() -> Option<Block>) -> Option<u64> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer) {
                let number = super::extended::decimal(self.buffer.get(..end)?);
                self.buffer.drain(..=end);
                return number;
            }
            if self.buffer.len() > BLOCK {
                return None;
            }
            self.buffer.extend(next_block()?);
            self.blocks += 1;
        }
    }
}

/// The content with its holes, which are zeros.
pub(super) struct Sparse<R> {
    stored: R,
    map: std::vec::IntoIter<Segment>,
    current: Option<Segment>,
    position: u64,
    size: u64,
}

impl<R: Read> Sparse<R> {
    /// Starts at the beginning of a member whose map is checked.
    pub fn new(stored: R, map: Map, size: u64) -> Self {
        let mut map = map.0.into_iter();
        Self {
            stored,
            current: map.next(),
            map,
            position: 0,
            size,
        }
    }
}

impl<R: Read> Read for Sparse<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(segment) = self.current
            && self.position >= segment.offset + segment.length
        {
            self.current = self.map.next();
        }
        let (until, in_hole) = match self.current {
            Some(segment) if self.position >= segment.offset => {
                (segment.offset + segment.length, false)
            }
            Some(segment) => (segment.offset, true),
            None => (self.size, true),
        };
        let left = usize::try_from(until.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let most = left.min(out.len());
        let part = out.get_mut(..most).unwrap_or_default();
        let read = if in_hole {
            part.fill(0);
            most
        } else {
            match self.stored.read(part)? {
                0 if most > 0 => {
                    return Err(Broken::error(
                        Damage::TRUNCATED,
                        "the archive ends inside this member",
                    ));
                }
                read => read,
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}
