//! Lines of a stream.

use memchr::memchr;

use super::Stream;
use crate::input::Damage;
use crate::input::layer::Layer;
use crate::record::Place;

/// What [`Stream::read_line`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, now in the buffer, without its line feed.
    Whole,
    /// A line of so many bytes, over the limit; it was skipped.
    TooLong(u64),
    /// There are no more lines.
    End,
}

impl Stream {
    /// [`Stream::is_over`] for lines. A part that begins inside the file skips its first line, because
    /// nothing tells whether it is whole; the part before it reads it, even if it begins right
    /// where the next part does.
    pub fn is_line_over(&self) -> bool {
        self.over.is_some_and(|over| self.position > over)
    }

    /// Where a line that begins here lies: in the decompressed text, except for bzip2, whose
    /// streams may be read apart.
    pub fn place_of_line(&self) -> Place {
        match self.layer {
            Layer::Bzip2(_) => self.place(),
            _ => Place {
                offset: self.position,
                ..Place::default()
            },
        }
    }

    /// Goes over the line that the part before this one reads; not further than the part goes.
    pub fn skip_line(&mut self) -> Result<(), Damage> {
        loop {
            let chunk = self.fill()?;
            let feed = memchr(b'\n', chunk);
            let read = feed.map_or(chunk.len(), |feed| feed + 1);
            self.consume(read);
            if read == 0 || feed.is_some() || self.is_line_over() {
                return Ok(());
            }
        }
    }

    /// Reads a line and shows it where it lies, or in `spare` when it goes over the buffer's end.
    pub fn line<'a>(
        &'a mut self,
        spare: &'a mut Vec<u8>,
        limit: u64,
    ) -> Result<(Line, &'a [u8]), Damage> {
        let Some(length) = memchr(b'\n', self.fill()?) else {
            let found = self.read_line(spare, limit)?;
            return Ok((found, spare));
        };
        let start = self.start;
        self.consume(length + 1);
        let line = self.buffer.get(start..start + length).unwrap_or_default();
        Ok((Self::measure(length as u64, limit), line))
    }

    /// Reads a line into `line`. A line of over `limit` bytes is skipped, in bounded memory.
    pub fn read_line(&mut self, line: &mut Vec<u8>, limit: u64) -> Result<Line, Damage> {
        line.clear();
        let mut length = 0_u64;
        loop {
            let chunk = self.fill()?;
            if chunk.is_empty() {
                break;
            }
            let feed = memchr(b'\n', chunk);
            let content = chunk.get(..feed.unwrap_or(chunk.len())).unwrap_or(chunk);
            length += content.len() as u64;
            if length <= limit {
                line.extend_from_slice(content);
            }
            let read = content.len() + usize::from(feed.is_some());
            self.consume(read);
            if feed.is_some() {
                return Ok(Self::measure(length, limit));
            }
        }
        Ok(if length == 0 {
            Line::End
        } else {
            Self::measure(length, limit)
        })
    }

    fn measure(length: u64, limit: u64) -> Line {
        if length <= limit {
            Line::Whole
        } else {
            Line::TooLong(length)
        }
    }
}
