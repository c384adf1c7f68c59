//! One buffer over plain and compressed files.

mod lines;
mod seekable;

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use textmill_schemas::Reason;

pub(crate) use self::lines::Line;
use super::layer::Layer;
use super::members::Step;
use super::{Damage, Forward, Input};
use crate::record::{Place, too_large};

const BUFFER: usize = 128 << 10;
/// Decompressed bytes from which on the ratio to the compressed ones is looked at.
const FREE: u64 = 64 << 20;
/// Ratio at most, unless [`Stream::bound`] says otherwise.
const MAX_RATIO: u64 = 1000;

/// A member of a compressed file (of gzip, Zstandard or bzip2), by where its content and itself
/// begin.
#[derive(Clone, Copy, Default)]
struct Member {
    /// Offset of its first byte in the decompressed stream.
    content: u64,
    /// Offset of its header in the file.
    file: u64,
}

/// Decompressed bytes of a file.
///
/// Damage stays until [`Stream::resume`]; bytes before it are handed out first.
pub(crate) struct Stream {
    layer: Layer,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Offset of `buffer[start]` in the decompressed stream.
    position: u64,
    /// The member that the last byte handed out belongs to.
    member: Member,
    /// Members that begin further on in the buffer.
    upcoming: VecDeque<Member>,
    damage: Option<Damage>,
    ended: bool,
    /// Whether the bytes come only once.
    once: bool,
    /// Decompressed bytes that a compressed one may give.
    max_ratio: u64,
    /// The part of the file that is read.
    part: Option<Range<u64>>,
    /// Position of the first byte behind the part, once it is known.
    over: Option<u64>,
}

impl Stream {
    /// Most bytes that [`Stream::peek`] can show.
    pub const PEEK: usize = 8 << 10;

    /// Finds the compression by content and starts reading.
    pub fn open(input: Box<dyn Input>) -> io::Result<Self> {
        let layer = Layer::open(input)?;
        Ok(Self {
            layer,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            position: 0,
            member: Member::default(),
            upcoming: VecDeque::new(),
            damage: None,
            ended: false,
            once: false,
            max_ratio: MAX_RATIO,
            part: None,
            over: None,
        })
    }

    /// The same for bytes that come only once, such as a member of an archive.
    pub fn open_once(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut stream = Self::open(Box::new(Forward::new(input)))?;
        stream.once = true;
        Ok(stream)
    }

    /// Sets the decompressed bytes that a compressed one may give, over the file so far.
    pub fn bound(&mut self, max_ratio: u64) {
        self.max_ratio = max_ratio;
    }

    /// Goes to the first place in a part of the file where reading can begin: any byte without
    /// compression, else a member whose content begins with `prefix`. Without such a place the
    /// stream is empty: the part before it reads on.
    pub fn enter(&mut self, part: Range<u64>, prefix: &[u8]) {
        let is_plain = matches!(self.layer, Layer::Plain(_));
        if is_plain {
            self.over = Some(part.end);
        }
        if part.start > 0 {
            self.ended = !self.layer.enter(&part, prefix);
            self.start = 0;
            self.end = 0;
            self.upcoming.clear();
            self.damage = None;
            self.position = if is_plain { part.start } else { 0 };
        }
        self.part = Some(part);
    }

    /// Whether only a part is read that begins inside the file: what comes first may be the rest
    /// of a record that began before.
    pub fn begins_inside(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.start > 0)
    }

    /// Whether what begins here belongs to the next part of the file. Ask after
    /// [`Stream::fill`].
    pub fn is_over(&self) -> bool {
        self.over.is_some_and(|over| self.position >= over)
    }

    /// Whether the file is compressed.
    pub fn is_compressed(&self) -> bool {
        !matches!(self.layer, Layer::Plain(_))
    }

    /// Whether the file is compressed with gzip.
    pub fn is_gzip(&self) -> bool {
        matches!(self.layer, Layer::Gzip(_))
    }

    /// Whether the file is compressed with bzip2.
    pub fn is_bzip2(&self) -> bool {
        matches!(self.layer, Layer::Bzip2(_))
    }

    /// The next bytes, none at the end of the file; never over the start of a member.
    pub fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.start == self.end && !self.more() {
            return match &self.damage {
                Some(damage) => Err(damage.clone()),
                None => Ok(&[]),
            };
        }
        while let Some(next) = self.upcoming.front() {
            if next.content > self.position {
                let until = self.start + (next.content - self.position) as usize;
                return Ok(&self.buffer[self.start..until.min(self.end)]);
            }
            self.member = *next;
            self.upcoming.pop_front();
            let is_behind = |part: &Range<u64>| part.end <= self.member.file;
            if self.over.is_none() && self.part.as_ref().is_some_and(is_behind) {
                self.over = Some(self.member.content);
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Marks bytes that [`Stream::fill`] showed as read.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.position += bytes as u64;
    }

    /// Shows up to `bytes` next bytes (at most [`Stream::PEEK`]), fewer before damage or the end.
    pub fn peek(&mut self, bytes: usize) -> &[u8] {
        let bytes = bytes.min(Self::PEEK);
        while self.end - self.start < bytes && self.more() {}
        &self.buffer[self.start..self.end.min(self.start + bytes)]
    }

    /// Damage that was met, even if bytes before it are still unread.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Whether a member begins here. Ask after [`Stream::fill`].
    pub fn at_member_start(&self) -> bool {
        self.layer.has_members() && self.member.content == self.position
    }

    /// Whether the damage lies in the member that was read last.
    pub fn is_here(&self, damage: &Damage) -> bool {
        damage.member == self.member.file
    }

    /// Where a record that begins here lies. Ask after [`Stream::fill`]. The same, whatever part
    /// of the file is read.
    pub fn place(&self) -> Place {
        let inside = self.position - self.member.content;
        let place = Place {
            inside_member: self.layer.has_members() && inside > 0,
            ..Place::default()
        };
        match place.inside_member {
            false if !self.layer.has_members() => Place {
                offset: self.position,
                ..place
            },
            // A file of one member: where in it says more than that it is in it.
            true if self.member.file == 0 => Place {
                offset: inside,
                ..place
            },
            _ => Place {
                offset: self.member.file,
                within: inside,
                ..place
            },
        }
    }

    /// Offset in the decompressed stream.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// After damage: goes to the next member whose content begins with `prefix`.
    /// Returns whether there is one; without compression there is none.
    pub fn resume(&mut self, prefix: &[u8]) -> bool {
        self.consume(self.end - self.start);
        let is_bomb = |damage: &Damage| damage.rule == Damage::BOMB;
        let found = !self.damage.as_ref().is_some_and(is_bomb) && self.layer.resume(prefix);
        self.damage = None;
        self.upcoming.clear();
        self.ended = !found;
        found
    }

    /// Copies next bytes; 0 at the end.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let chunk = self.fill()?;
        let read = chunk.len().min(out.len());
        if let (Some(out), Some(chunk)) = (out.get_mut(..read), chunk.get(..read)) {
            out.copy_from_slice(chunk);
        }
        self.consume(read);
        Ok(read)
    }

    /// Goes over so many bytes, fewer at the end; without reading them where the file is not
    /// compressed. Returns how many there were.
    pub fn skip(&mut self, bytes: u64) -> Result<u64, Damage> {
        let mut skipped = 0;
        while skipped < bytes {
            let buffered = (self.end - self.start) as u64;
            if buffered == 0
                && bytes - skipped > BUFFER as u64
                && self.skip_by_seek(bytes - skipped)
            {
                return Ok(bytes);
            }
            let chunk = self.fill()?.len() as u64;
            if chunk == 0 {
                break;
            }
            let by = chunk.min(bytes - skipped);
            self.consume(by as usize);
            skipped += by;
        }
        Ok(skipped)
    }

    /// Seeks in a file that is not compressed, if it has so many bytes. The buffer is empty.
    fn skip_by_seek(&mut self, bytes: u64) -> bool {
        let Layer::Plain(input) = &mut self.layer else {
            return false;
        };
        if self.once || self.damage.is_some() {
            return false;
        }
        let seek = |input: &mut Box<dyn Input>| -> io::Result<bool> {
            let here = input.stream_position()?;
            let end = input.seek(SeekFrom::End(0))?;
            let is_there = end.saturating_sub(here) >= bytes;
            let to = if is_there { here + bytes } else { here };
            input.seek(SeekFrom::Start(to))?;
            Ok(is_there)
        };
        let sought = seek(input).unwrap_or(false);
        if sought {
            self.position += bytes;
        }
        sought
    }

    /// Reads what is left as one record, or tells why it is none.
    pub fn read_record(&mut self, limit: u64) -> Result<Vec<u8>, Reason> {
        match self.read_all(limit) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(too_large(limit + 1, limit)),
            Err(damage) => Err(damage.reason()),
        }
    }

    /// Reads what is left, or `None` when it is more than `limit` bytes.
    pub fn read_all(&mut self, limit: u64) -> Result<Option<Vec<u8>>, Damage> {
        let mut all = Vec::new();
        loop {
            let chunk = self.fill()?;
            if chunk.is_empty() {
                return Ok(Some(all));
            }
            if (all.len() + chunk.len()) as u64 > limit {
                return Ok(None);
            }
            all.extend_from_slice(chunk);
            let read = chunk.len();
            self.consume(read);
        }
    }

    /// Decodes more bytes behind those in the buffer; false when there are none to be had.
    fn more(&mut self) -> bool {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.damage.is_none() && !self.ended && self.end < self.buffer.len() {
            match self.layer.step(&mut self.buffer[self.end..]) {
                Ok(Step::Data(0)) => {}
                Ok(Step::Data(bytes)) => {
                    self.end += bytes;
                    self.damage = self.bomb();
                    return true;
                }
                Ok(Step::Member(file)) => {
                    let content = self.position + self.end as u64;
                    // Of members without content only the last one matters.
                    if self
                        .upcoming
                        .back()
                        .is_some_and(|last| last.content == content)
                    {
                        self.upcoming.pop_back();
                    }
                    self.upcoming.push_back(Member { content, file });
                }
                Ok(Step::End) => self.ended = true,
                Err(damage) => self.damage = Some(damage),
            }
        }
        false
    }

    /// The damage of a file that gives more bytes than an honest one.
    fn bomb(&self) -> Option<Damage> {
        let given = self.position + (self.end - self.start) as u64;
        if given <= FREE {
            return None;
        }
        let taken = self.layer.consumed()?;
        let start = self.part.as_ref().map_or(0, |part| part.start);
        let limit = taken.saturating_sub(start).saturating_mul(self.max_ratio);
        (given > FREE.saturating_add(limit)).then(|| Damage {
            rule: Damage::BOMB,
            detail: format!(
                "{given} bytes out of {taken}; see collect.max_ratio ({})",
                self.max_ratio
            ),
            member: self.member.file,
        })
    }
}

#[cfg(test)]
mod tests;
