//! The text of a stream as UTF-8, with lines and columns, and a way to give text back.

use encoding_rs::{CoderResult, Decoder};
use memchr::{memchr_iter, memrchr};

use super::{Damage, Stream};
use crate::charset::{Charset, from_utf32};

enum Decode {
    /// As it is.
    Utf8,
    Encoding(Box<Decoder>),
    /// Bytes of a character that is not whole yet.
    Utf32 {
        big: bool,
        partial: Vec<u8>,
    },
}

/// A place in a text, all from 0, in bytes of UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// From the start of the text.
    pub offset: u64,
    /// Line feeds before it.
    pub line: u64,
    /// From the start of its line.
    pub column: u64,
}

/// The text of a stream, without a byte order mark.
pub(crate) struct TextStream<'a> {
    stream: &'a mut Stream,
    decode: Decode,
    /// Text that comes before the stream's: decoded, or given back.
    buffer: Vec<u8>,
    start: usize,
    mark: Mark,
    ended: bool,
}

impl<'a> TextStream<'a> {
    /// Reads what follows in this charset.
    pub fn open(stream: &'a mut Stream, charset: Charset) -> Self {
        let mut mark = Mark::default();
        let decode = match charset {
            _ if charset.is_utf8() => {
                if stream.peek(3) == b"\xef\xbb\xbf" {
                    stream.consume(3);
                    mark.offset = 3;
                    mark.column = 3;
                }
                Decode::Utf8
            }
            Charset::Encoding(encoding) => {
                Decode::Encoding(Box::new(encoding.new_decoder_with_bom_removal()))
            }
            Charset::Utf32 { big } => Decode::Utf32 {
                big,
                partial: Vec::new(),
            },
        };
        Self {
            stream,
            decode,
            buffer: Vec::new(),
            start: 0,
            mark,
            ended: false,
        }
    }

    /// The next bytes, none at the end. What is not valid in another charset than UTF-8 is a
    /// replacement character; UTF-8 comes unchecked.
    pub fn fill(&mut self) -> Result<&[u8], Damage> {
        while self.start == self.buffer.len() && !self.ended {
            if matches!(self.decode, Decode::Utf8) {
                return self.stream.fill();
            }
            self.more()?;
        }
        Ok(self.buffer.get(self.start..).unwrap_or_default())
    }

    /// The next byte; none at the end.
    pub fn first(&mut self) -> Result<Option<u8>, Damage> {
        Ok(self.fill()?.first().copied())
    }

    /// Marks bytes that [`TextStream::fill`] showed as read.
    pub fn consume(&mut self, bytes: usize) {
        if self.start < self.buffer.len() {
            let end = self.buffer.len().min(self.start + bytes);
            let read = self.buffer.get(self.start..end).unwrap_or_default();
            self.mark.pass(read);
            self.start = end;
        } else if let Ok(read) = self.stream.fill() {
            let bytes = bytes.min(read.len());
            self.mark.pass(read.get(..bytes).unwrap_or_default());
            self.stream.consume(bytes);
        }
    }

    /// Where the next byte lies.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// Gives back text that was read from a place on to here.
    pub fn unread(&mut self, from: Mark, mut text: Vec<u8>) {
        text.extend_from_slice(self.buffer.get(self.start..).unwrap_or_default());
        self.buffer = text;
        self.start = 0;
        self.mark = from;
    }

    fn more(&mut self) -> Result<(), Damage> {
        self.buffer.clear();
        self.start = 0;
        let read = self.stream.fill()?;
        let last = read.is_empty();
        let used = match &mut self.decode {
            Decode::Utf8 => 0,
            Decode::Encoding(decoder) => {
                let most = decoder.max_utf8_buffer_length(read.len());
                self.buffer.resize(most.unwrap_or(4 * read.len() + 16), 0);
                let (result, used, written, _) =
                    decoder.decode_to_utf8(read, &mut self.buffer, last);
                self.buffer.truncate(written);
                self.ended = last && result == CoderResult::InputEmpty;
                used
            }
            Decode::Utf32 { big, partial } => {
                partial.extend_from_slice(read);
                let whole = partial.len() - partial.len() % 4;
                let units = partial.get(..whole).unwrap_or_default();
                self.buffer = from_utf32(units, *big).into_bytes();
                partial.drain(..whole);
                self.ended = last;
                read.len()
            }
        };
        self.stream.consume(used);
        Ok(())
    }
}

impl Mark {
    /// Goes on over bytes.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        match memrchr(b'\n', bytes) {
            Some(feed) => {
                self.line += memchr_iter(b'\n', bytes).count() as u64;
                self.column = (bytes.len() - feed - 1) as u64;
            }
            None => self.column += bytes.len() as u64,
        }
    }
}

impl std::fmt::Display for Mark {
    /// As people count.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self {
            offset,
            line,
            column,
        } = self;
        write!(f, "line {}, column {}, byte {offset}", line + 1, column + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use encoding_rs::{GBK, UTF_8, UTF_16BE};
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: Vec<u8>, charset: Charset) -> String {
        let mut stream = Stream::open(Box::new(Cursor::new(bytes))).unwrap();
        let mut text = TextStream::open(&mut stream, charset);
        let mut all = Vec::new();
        loop {
            let chunk = text.fill().unwrap();
            if chunk.is_empty() {
                break;
            }
            let bytes = chunk.len().div_ceil(2);
            all.extend_from_slice(&chunk[..bytes]);
            text.consume(bytes);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn marks_count_lines_and_text_can_be_given_back() {
        let bytes = "\u{feff}ab\nc中d\n".as_bytes().to_vec();
        let mut stream = Stream::open(Box::new(Cursor::new(bytes))).unwrap();
        let mut text = TextStream::open(&mut stream, Charset::Encoding(UTF_8));
        text.consume(4);
        let mark = text.mark();
        assert_eq!(mark.to_string(), "line 2, column 2, byte 7");
        let rest = text.fill().unwrap().to_vec();
        text.consume(rest.len());
        assert_eq!((text.mark().line, text.mark().column), (2, 0));
        text.unread(mark, rest.clone());
        assert_eq!(text.mark(), mark);
        assert_eq!(text.fill().unwrap(), rest);
        text.consume(usize::MAX);
        assert_eq!(text.first().unwrap(), None);
    }

    proptest! {
        #[test]
        fn every_charset_gives_the_text_back(text in "[a-z中文\n\u{1f600}]{0,300}", repeat in 1usize..400) {
            let text = text.repeat(repeat);
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(&read_all(wide, Charset::Encoding(UTF_16BE)), &text);
            let wider: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
            prop_assert_eq!(&read_all(wider, Charset::Utf32 { big: false }), &text);
            let plain = text.replace('\u{1f600}', "");
            prop_assert_eq!(&read_all(GBK.encode(&plain).0.into_owned(), Charset::Encoding(GBK)), &plain);
            prop_assert_eq!(&read_all(plain.clone().into_bytes(), Charset::Encoding(UTF_8)), &plain);
        }
    }
}
