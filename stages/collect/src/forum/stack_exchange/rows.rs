//! The `row` elements of a table, one at a time in bounded memory.

use crate::input::{Damage, Stream};

/// What [`Rows::next`] found.
pub(super) enum Found {
    /// A row, from `<row` to before its `>`.
    Whole,
    /// A row of so many bytes, over the limit.
    TooLong(u64),
    /// No row that XML allows.
    Malformed(&'static str),
    /// There are no more.
    End,
}

/// Finds rows. Everything else (the root, comments, a document type with its entities) is passed
/// over; no entity is ever defined, so that none can grow.
pub(super) struct Rows<'a> {
    stream: &'a mut Stream,
    limit: u64,
}

impl<'a> Rows<'a> {
    /// Starts where the stream stands.
    pub fn new(stream: &'a mut Stream, limit: u64) -> Self {
        Self { stream, limit }
    }

    /// The next row's offset and what it is; its bytes go to `row`.
    pub fn next(&mut self, row: &mut Vec<u8>) -> Result<(u64, Found), Damage> {
        loop {
            if !self.skip_to_tag()? {
                return Ok((self.stream.position(), Found::End));
            }
            let offset = self.stream.position();
            self.stream.consume(1);
            let found = self.element(row)?;
            if row.starts_with(b"<row") && row.get(4).is_none_or(|c| !c.is_ascii_alphanumeric()) {
                return Ok((offset, found));
            }
        }
    }

    /// Goes to the next `<`.
    fn skip_to_tag(&mut self) -> Result<bool, Damage> {
        loop {
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let tag = memchr::memchr(b'<', chunk);
            let skipped = tag.unwrap_or(chunk.len());
            self.stream.consume(skipped);
            if tag.is_some() {
                return Ok(true);
            }
        }
    }

    /// Reads on to the `>` outside of quotes. A `<` never stands inside of a tag: there the next
    /// one begins.
    fn element(&mut self, row: &mut Vec<u8>) -> Result<Found, Damage> {
        row.clear();
        row.push(b'<');
        let (mut length, mut quote) = (1_u64, None);
        loop {
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Ok(Found::Malformed("the file ends inside of a row"));
            }
            let (read, end) = scan(chunk, &mut quote);
            length += read as u64;
            // The first bytes always, as they tell a row.
            let most = usize::try_from(self.limit).unwrap_or(usize::MAX).max(8);
            let kept = read.min(most.saturating_sub(row.len()));
            row.extend_from_slice(chunk.get(..kept).unwrap_or_default());
            self.stream.consume(read);
            match end {
                None => {}
                Some(b'>') => {
                    self.stream.consume(1);
                    break;
                }
                Some(_) => return Ok(Found::Malformed("`<` inside of a row")),
            }
        }
        if length > self.limit {
            return Ok(Found::TooLong(length));
        }
        Ok(Found::Whole)
    }
}

/// How many bytes belong to the element, and what ends it: `>` or `<`, if either is here.
fn scan(chunk: &[u8], quote: &mut Option<u8>) -> (usize, Option<u8>) {
    let mut at = 0;
    while let Some(rest) = chunk.get(at..).filter(|rest| !rest.is_empty()) {
        let found = match *quote {
            Some(open) => memchr::memchr2(open, b'<', rest),
            None => rest
                .iter()
                .position(|b| matches!(b, b'"' | b'\'' | b'<' | b'>')),
        };
        let Some(found) = found else {
            break;
        };
        at += found;
        match (chunk.get(at).copied(), *quote) {
            (Some(b'<'), _) => return (at, Some(b'<')),
            (Some(b'>'), None) => return (at, Some(b'>')),
            (Some(_), Some(_)) => *quote = None,
            (mark, None) => *quote = mark,
            (None, _) => break,
        }
        at += 1;
    }
    (chunk.len(), None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn rows(text: &str, limit: u64) -> Vec<String> {
        let mut stream = Stream::open(Box::new(Cursor::new(text.as_bytes().to_vec()))).unwrap();
        let mut rows = Rows::new(&mut stream, limit);
        let (mut row, mut all) = (Vec::new(), Vec::new());
        loop {
            let (offset, found) = rows.next(&mut row).unwrap();
            all.push(match found {
                Found::End => return all,
                Found::Whole => format!("{offset} {}", String::from_utf8_lossy(&row)),
                Found::TooLong(bytes) => format!("{offset} too long {bytes}"),
                Found::Malformed(why) => format!("{offset} {why}"),
            });
        }
    }

    #[test]
    fn rows_are_found_wherever_they_begin() {
        let text = "<?xml?><!DOCTYPE a [<!ENTITY b 'c'>]><posts>\n<row A='1>' />x<row B=\"<row C='2'/><rows/><row D='";
        assert_eq!(
            rows(text, 100),
            [
                "45 <row A='1>' /",
                "60 `<` inside of a row",
                "68 <row C='2'/",
                "87 the file ends inside of a row"
            ]
        );
        assert_eq!(
            rows("<row A='0123456789'/><row/>", 12),
            ["0 too long 20", "21 <row/"]
        );
    }
}
