//! Bytes of a dump as UTF-8.

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use crate::input::{Damage, Stream};
use crate::record::Place;

/// A stream, from UTF-16 if its byte order mark says so.
pub(super) struct Source<'s> {
    stream: &'s mut Stream,
    wide: Option<Box<Wide>>,
}

struct Wide {
    /// Until the stream has ended.
    decoder: Option<Decoder>,
    text: String,
    start: usize,
    /// Bytes of the stream up to `start`.
    offset: u64,
}

impl<'s> Source<'s> {
    /// Looks at the beginning of a stream.
    pub fn new(stream: &'s mut Stream) -> Self {
        let encoding = match stream.peek(2) {
            [0xff, 0xfe] => Some(UTF_16LE),
            [0xfe, 0xff] => Some(UTF_16BE),
            _ => None,
        };
        let wide = encoding.map(|encoding| {
            Box::new(Wide {
                decoder: Some(encoding.new_decoder()),
                text: String::new(),
                start: 0,
                offset: 2,
            })
        });
        Self { stream, wide }
    }

    /// The next bytes, none at the end.
    pub fn fill(&mut self) -> Result<&[u8], Damage> {
        let Some(wide) = &mut self.wide else {
            return self.stream.fill();
        };
        while wide.start == wide.text.len() {
            wide.text.clear();
            wide.start = 0;
            if !wide.more(self.stream)? {
                break;
            }
        }
        Ok(wide.rest())
    }

    /// Up to so many next bytes.
    pub fn peek(&mut self, bytes: usize) -> &[u8] {
        let Some(wide) = &mut self.wide else {
            return self.stream.peek(bytes);
        };
        while wide.rest().len() < bytes && wide.more(self.stream).unwrap_or(false) {}
        let rest = wide.rest();
        rest.get(..bytes).unwrap_or(rest)
    }

    /// Marks bytes as read.
    pub fn consume(&mut self, bytes: usize) {
        match &mut self.wide {
            Some(wide) => wide.consume(bytes),
            None => self.stream.consume(bytes),
        }
    }

    /// After damage: goes to the next stream of a compressed file; whether there is one.
    pub fn resume(&mut self) -> bool {
        self.wide.is_none() && self.stream.resume(b"")
    }

    /// Where what comes next lies.
    pub fn place(&self) -> Place {
        match &self.wide {
            Some(wide) => Place {
                offset: wide.offset,
                ..Place::default()
            },
            None => self.stream.place(),
        }
    }

    /// Whether what comes next belongs to the next part of the file.
    pub fn is_over(&self) -> bool {
        self.wide.is_none() && self.stream.is_over()
    }
}

impl Wide {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.start..).unwrap_or_default()
    }

    /// Decodes more; false at the end.
    fn more(&mut self, stream: &mut Stream) -> Result<bool, Damage> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(false);
        };
        let chunk = stream.fill()?;
        let is_last = chunk.is_empty();
        let needed = decoder.max_utf8_buffer_length(chunk.len());
        self.text.reserve(needed.unwrap_or(chunk.len() * 3));
        let (_, read, _) = decoder.decode_to_string(chunk, &mut self.text, is_last);
        stream.consume(read);
        if is_last {
            self.decoder = None;
        }
        Ok(!is_last)
    }

    fn consume(&mut self, bytes: usize) {
        let end = (self.start + bytes).min(self.text.len());
        let read = self.text.get(self.start..end).unwrap_or_default();
        self.offset += read.encode_utf16().count() as u64 * 2;
        self.start = end;
    }
}
