//! A moving window over a file's bytes, in an ASCII-compatible charset, with the offset of each.

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};

use crate::charset::from_utf32;
use crate::input::{Damage, Stream};
use crate::markup::{Charset, Layout, layout};

/// A window over a stream.
pub(crate) struct Window<'a> {
    stream: &'a mut Stream,
    buffer: Vec<u8>,
    start: usize,
    /// Offset in the stream of the window's first byte.
    offset: u64,
    wide: Wide,
    charset: Charset,
    ended: bool,
    damage: Option<Damage>,
}

/// Charsets that become UTF-8 on the way in.
enum Wide {
    No,
    Decoder(Box<Decoder>, u64),
    Utf32 { big: bool, pending: Vec<u8> },
}

impl<'a> Window<'a> {
    /// Finds out the charset and starts.
    pub fn new(stream: &'a mut Stream) -> Self {
        let head = stream.peek(Stream::PEEK);
        let (wide, charset) = match layout(head) {
            Layout::Ascii => (Wide::No, Charset::of(head)),
            Layout::Utf32(big) => (
                Wide::Utf32 {
                    big,
                    pending: Vec::new(),
                },
                Charset::UTF_8,
            ),
            Layout::Decoded(encoding) => {
                let unit = u64::from(encoding == UTF_16LE || encoding == UTF_16BE) * 2;
                let decoder = Box::new(encoding.new_decoder());
                (Wide::Decoder(decoder, unit), Charset::UTF_8)
            }
        };
        Self {
            offset: stream.position(),
            stream,
            buffer: Vec::new(),
            start: 0,
            wide,
            charset,
            ended: false,
            damage: None,
        }
    }

    /// What is in view, and whether nothing comes after it.
    pub fn view(&self) -> (&[u8], bool) {
        (
            self.buffer.get(self.start..).unwrap_or_default(),
            self.ended,
        )
    }

    /// How the bytes in view write characters.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Offset in the stream of what is in view.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Why the file ends too early.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Moves on.
    pub fn consume(&mut self, bytes: usize) {
        let end = self.buffer.len().min(self.start + bytes);
        self.offset += match &self.wide {
            Wide::No => bytes as u64,
            wide => {
                let text = self.buffer.get(self.start..end).unwrap_or_default();
                wide.length(&String::from_utf8_lossy(text))
            }
        };
        self.start = end;
    }

    /// Takes more into view: at least as much as there is, so that looking at all of it again
    /// costs no more than reading it did.
    pub fn more(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        let target = self.buffer.len() * 2 + 1;
        while self.buffer.len() < target && !self.ended {
            match self.stream.fill() {
                Ok([]) => {
                    self.ended = true;
                    self.wide.push(&[], true, &mut self.buffer);
                }
                Ok(chunk) => {
                    let length = chunk.len();
                    match &mut self.wide {
                        Wide::No => self.buffer.extend_from_slice(chunk),
                        wide => wide.push(chunk, false, &mut self.buffer),
                    }
                    self.stream.consume(length);
                }
                Err(damage) => {
                    self.ended = true;
                    self.damage = Some(damage);
                }
            }
        }
    }
}

impl Wide {
    /// Bytes of decoded text in the file; a byte order mark at its start is not counted.
    fn length(&self, text: &str) -> u64 {
        match self {
            Self::Utf32 { .. } => 4 * text.chars().count() as u64,
            Self::Decoder(_, 2) => 2 * text.encode_utf16().count() as u64,
            _ => text.len() as u64,
        }
    }

    fn push(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Self::No => {}
            Self::Decoder(decoder, _) => {
                let mut text = String::new();
                let mut rest = bytes;
                loop {
                    text.reserve(rest.len() * 2 + 32);
                    let (result, read, _) = decoder.decode_to_string(rest, &mut text, last);
                    rest = rest.get(read..).unwrap_or_default();
                    if result == CoderResult::InputEmpty {
                        break;
                    }
                }
                out.extend_from_slice(text.as_bytes());
            }
            Self::Utf32 { big, pending } => {
                pending.extend_from_slice(bytes);
                let whole = pending.len() / 4 * 4;
                let text = from_utf32(pending.get(..whole).unwrap_or_default(), *big);
                out.extend_from_slice(text.as_bytes());
                pending.drain(..whole);
            }
        }
    }
}
