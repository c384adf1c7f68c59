//! Cuts the items out of a JSON Feed without holding the feed.

use textmill_schemas::Reason;

use crate::input::{Damage, Stream};
use crate::record::{Stop, too_large};

/// Longest member of the feed itself, with its name; longer ones are passed over.
const MAX_MEMBER: usize = 64 << 10;

/// A piece of a feed.
pub(crate) enum Piece<'a> {
    /// A member of the feed's object, as `"name": value`.
    Member(&'a [u8]),
    /// An element of `items`, with its offset.
    Item(&'a [u8], u64),
    /// One of so many bytes, which is too long.
    TooLong(Reason, u64),
}

/// How a feed ended.
pub(crate) enum End {
    /// As it should.
    Whole,
    /// In the middle of something that begins at an offset.
    Cut(u64),
    /// The bytes end too early.
    Damaged(Damage, u64),
}

#[derive(Default)]
struct Scanner {
    depth: u64,
    in_string: bool,
    escaped: bool,
    /// Whether the array at depth 2 is that of the items.
    in_items: bool,
    text: Vec<u8>,
    length: u64,
    start: u64,
}

/// Walks the feed's object.
pub(crate) fn pieces(
    stream: &mut Stream,
    max_item: u64,
    take: &mut dyn FnMut(Piece) -> Result<(), Stop>,
) -> Result<End, Stop> {
    let mut scanner = Scanner::default();
    let mut offset = stream.position();
    loop {
        let chunk = match stream.fill() {
            Ok([]) => break,
            Ok(chunk) => chunk,
            Err(damage) => return Ok(End::Damaged(damage, scanner.start)),
        };
        let mut used = 0;
        for byte in chunk {
            scanner.byte(*byte, offset, max_item, take)?;
            offset += 1;
            used += 1;
        }
        stream.consume(used);
    }
    Ok(match scanner.depth {
        0 => End::Whole,
        _ => End::Cut(scanner.start),
    })
}

impl Scanner {
    /// The depth at which a piece ends: items lie in the array, members in the object.
    fn level(&self) -> u64 {
        if self.in_items { 2 } else { 1 }
    }

    fn byte(
        &mut self,
        byte: u8,
        offset: u64,
        max_item: u64,
        take: &mut dyn FnMut(Piece) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            self.push(byte, offset, max_item);
            return Ok(());
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 1 {
                    return Ok(());
                }
                if self.depth == 2 && byte == b'[' && self.names_items() {
                    self.in_items = true;
                    self.clear();
                    return Ok(());
                }
            }
            b'}' | b']' => {
                let leaves = self.depth <= self.level();
                if leaves {
                    self.flush(max_item, take)?;
                }
                self.depth = self.depth.saturating_sub(1);
                if leaves {
                    self.in_items = false;
                    return Ok(());
                }
            }
            b',' if self.depth == self.level() => return self.flush(max_item, take),
            byte if byte.is_ascii_whitespace() && self.length == 0 => return Ok(()),
            _ => {}
        }
        if self.depth > 0 {
            self.push(byte, offset, max_item);
        }
        Ok(())
    }

    fn push(&mut self, byte: u8, offset: u64, max_item: u64) {
        if self.length == 0 {
            self.start = offset;
        }
        self.length += 1;
        let room = if self.in_items {
            max_item
        } else {
            MAX_MEMBER as u64
        };
        if self.length <= room {
            self.text.push(byte);
        }
    }

    /// Whether the text so far is `"items":`.
    fn names_items(&self) -> bool {
        let text = self.text.trim_ascii_end();
        text.strip_suffix(b":")
            .is_some_and(|name| name.trim_ascii_end() == b"\"items\"")
    }

    fn clear(&mut self) {
        self.text.clear();
        self.length = 0;
    }

    fn flush(
        &mut self,
        max_item: u64,
        take: &mut dyn FnMut(Piece) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let whole = self.length == self.text.len() as u64;
        let result = match (self.in_items, whole) {
            _ if self.length == 0 => Ok(()),
            (true, true) => take(Piece::Item(&self.text, self.start)),
            (true, false) => take(Piece::TooLong(too_large(self.length, max_item), self.start)),
            (false, true) => take(Piece::Member(&self.text)),
            (false, false) => Ok(()),
        };
        self.clear();
        result
    }
}
