//! The bytes of a file as they lie there, with the offset of each.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use memchr::memmem;

use super::Input;

const BUFFER: usize = 128 << 10;

/// A buffered file that knows where it stands and can look ahead.
pub(super) struct Bytes {
    input: Box<dyn Input>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Offset in the file of `buffer[start]`.
    offset: u64,
}

impl Bytes {
    /// Starts at the beginning of a file.
    pub fn new(input: Box<dyn Input>) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            offset: 0,
        }
    }

    /// Offset in the file of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next bytes, none at the end of the file.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Up to `bytes` next bytes, fewer at the end of the file. For a few bytes.
    pub fn peek(&mut self, bytes: usize) -> io::Result<&[u8]> {
        let bytes = bytes.min(BUFFER / 2);
        while self.end - self.start < bytes {
            if self.buffer.len() - self.start < bytes {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if !self.more()? {
                break;
            }
        }
        Ok(&self.buffer[self.start..self.end.min(self.start + bytes)])
    }

    /// Marks bytes as read.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// The next byte.
    pub fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.fill()?.first().copied();
        self.consume(1);
        Ok(byte)
    }

    /// Reads over bytes; false when the file ends before.
    pub fn skip(&mut self, mut bytes: u64) -> io::Result<bool> {
        while bytes > 0 {
            let here = self.fill()?.len();
            if here == 0 {
                return Ok(false);
            }
            let skipped = usize::try_from(bytes).unwrap_or(usize::MAX).min(here);
            self.consume(skipped);
            bytes -= skipped as u64;
        }
        Ok(true)
    }

    /// Goes to an offset of the file.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        let first = self.offset - self.start as u64;
        let last = first + self.end as u64;
        if (first..=last).contains(&offset) {
            self.start = (offset - first) as usize;
        } else {
            self.input.seek(SeekFrom::Start(offset))?;
            self.start = 0;
            self.end = 0;
        }
        self.offset = offset;
        Ok(())
    }

    /// Goes to the next place before `until` where `magic` stands; false when there is none.
    pub fn find(&mut self, magic: &memmem::Finder, until: u64) -> io::Result<bool> {
        let length = magic.needle().len();
        while self.offset < until {
            let here = self.peek(length)?.len();
            if here < length {
                self.consume(here);
                return Ok(false);
            }
            let found = magic.find(&self.buffer[self.start..self.end]);
            // The last bytes may be the beginning of it.
            let skipped = found.unwrap_or(self.end - self.start + 1 - length);
            self.consume(skipped);
            if found.is_some() {
                return Ok(self.offset < until);
            }
        }
        Ok(false)
    }

    /// Reads behind what is in the buffer; false at the end of the file.
    fn more(&mut self) -> io::Result<bool> {
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn finds_over_the_edge_of_the_buffer() {
        let mut file = vec![b'.'; BUFFER - 2];
        file.extend_from_slice(b"magic....");
        let mut bytes = Bytes::new(Box::new(Cursor::new(file)));
        let finder = memmem::Finder::new(b"magic");
        let at = (BUFFER - 2) as u64;
        assert!(!bytes.find(&finder, at).unwrap());
        bytes.seek(0).unwrap();
        assert!(bytes.find(&finder, at + 1).unwrap());
        assert_eq!(bytes.offset(), at);
        assert_eq!(bytes.peek(5).unwrap(), b"magic");
        bytes.consume(1);
        assert!(!bytes.find(&finder, u64::MAX).unwrap());
        bytes.seek(at + 4).unwrap();
        assert_eq!(bytes.byte().unwrap(), Some(b'c'));
        assert!(!bytes.skip(5).unwrap());
    }
}
