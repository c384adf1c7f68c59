//! The bytes of a record's head and block, up to where the next record begins.

use super::{Fault, MAGIC, MAX_HEAD};
use crate::input::{Damage, Stream};

/// Reads the blocks of a crawl's records.
pub(super) struct Blocks<'a> {
    pub stream: &'a mut Stream,
    /// First bytes of a record, where that tells it for sure.
    pub magic: &'static [u8],
}

impl Blocks<'_> {
    /// Skips line ends before a record; false at the end of the file.
    pub fn find_record(&mut self) -> Result<bool, Damage> {
        loop {
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let ends = line_ends(chunk);
            if ends == 0 {
                return Ok(true);
            }
            self.stream.consume(ends);
        }
    }

    /// Reads lines up to a blank one, or up to `left` bytes; says whether it was found or the
    /// bytes are over.
    pub fn head_bytes(&mut self, left: &mut u64) -> Result<(Vec<u8>, bool), Fault> {
        let mut bytes = Vec::new();
        let mut line_start = 0;
        while *left > 0 && bytes.len() < MAX_HEAD {
            let room = (MAX_HEAD - bytes.len()) as u64;
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Err(Fault::Cut("the file ends inside a head".into()));
            }
            let chunk = chunk.get(..room.min(*left) as usize).unwrap_or(chunk);
            let feed = memchr::memchr(b'\n', chunk);
            let read = feed.map_or(chunk.len(), |feed| feed + 1);
            bytes.extend_from_slice(chunk.get(..read).unwrap_or(chunk));
            self.stream.consume(read);
            *left -= read as u64;
            if feed.is_some() {
                let line = bytes.get(line_start..).unwrap_or_default();
                if line_ends(line) == line.len() {
                    return Ok((bytes, true));
                }
                line_start = bytes.len();
            }
        }
        let whole = *left == 0;
        Ok((bytes, whole))
    }

    /// Reads what is left of a block.
    pub fn body(&mut self, left: &mut u64) -> Result<Vec<u8>, Fault> {
        // The length is only what the record claims.
        let mut body = Vec::with_capacity((*left).min(1 << 20) as usize);
        self.through(left, |chunk| body.extend_from_slice(chunk))?;
        Ok(body)
    }

    /// Reads over what is left of a block.
    pub fn skip(&mut self, left: &mut u64) -> Result<(), Fault> {
        self.through(left, |_| {})
    }

    /// Reads what is left of a block, but not into the next record of a shortened one.
    fn through(&mut self, left: &mut u64, mut take: impl FnMut(&[u8])) -> Result<(), Fault> {
        while *left > 0 {
            self.stream.fill()?;
            if self.begins_here() {
                return Err(Fault::Cut(format!(
                    "the next record begins {left} bytes before this one's Content-Length"
                )));
            }
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Err(Fault::Cut(format!(
                    "the file ends {left} bytes before the record's Content-Length"
                )));
            }
            let read = usize::try_from(*left)
                .unwrap_or(usize::MAX)
                .min(chunk.len());
            take(chunk.get(..read).unwrap_or(chunk));
            self.stream.consume(read);
            *left -= read as u64;
        }
        Ok(())
    }

    fn begins_here(&mut self) -> bool {
        self.stream.at_member_start()
            && !self.magic.is_empty()
            && self.stream.peek(self.magic.len()) == self.magic
    }

    /// Checks that a record ends where its length says, and that its member is sound.
    pub fn end(&mut self, length: u64) -> Result<(), Fault> {
        let mut lines = 0;
        loop {
            match self.stream.fill().map(<[u8]>::is_empty) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(damage) if self.stream.is_here(&damage) => return Err(damage.into()),
                // That is the next member's affair.
                Err(_) => return Ok(()),
            }
            if self.stream.at_member_start() {
                return Ok(());
            }
            let chunk = self.stream.fill()?;
            let ends = line_ends(chunk);
            if ends == 0 {
                break;
            }
            let ended = chunk.get(..ends).unwrap_or_default();
            lines += memchr::memchr_iter(b'\n', ended).count();
            self.stream.consume(ends);
        }
        // After the two line ends of the standard, whatever follows is not this record's fault.
        if lines >= 2 || self.magic.is_empty() || self.stream.peek(MAGIC.len()) == self.magic {
            return Ok(());
        }
        Err(Fault::Invalid(format!(
            "Content-Length {length} does not lead to the next record"
        )))
    }
}

/// Line ends that bytes begin with.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    let is_end = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
    bytes.iter().take_while(is_end).count()
}
