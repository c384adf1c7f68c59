//! Records inside arrays, and arrays inside objects.

use textmill_schemas::Reason;

use super::scan::{self, Extent, Hold, invalid};
use super::{Ended, Halt, Reader};
use crate::input::Mark;
use crate::record::Output;

/// Longest name of a member that is looked at.
const MAX_NAME: u64 = 1 << 10;
/// Members that describe a table and are not its rows, by their names as written.
const DESCRIPTIONS: [&[u8]; 4] = [
    b"\"features\"",
    b"\"columns\"",
    b"\"fields\"",
    b"\"schema\"",
];

/// What an array may go on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value or the end.
    Any,
    /// A value.
    Value,
    /// A comma or the end.
    Comma,
}

impl<O: Output> Reader<'_, '_, O> {
    /// Reads the arrays of objects that are members of an object, or of an object in it.
    pub(super) fn inside(&mut self, has_records: &mut bool, depth: usize) -> Result<Ended, Halt> {
        self.text.consume(1);
        if self.next()? == Some(b'}') {
            self.text.consume(1);
            return Ok(Ended::Well);
        }
        loop {
            if self.next()? != Some(b'"') || self.value(MAX_NAME, false)? == Extent::Cut {
                return Ok(self.lost("expected the name of a member"));
            }
            let is_description = DESCRIPTIONS.contains(&self.value.as_slice());
            if self.next()? != Some(b':') {
                return Ok(self.lost("expected `:`"));
            }
            self.text.consume(1);
            let ended = self.member(is_description, has_records, depth)?;
            if matches!(ended, Ended::Lost(..)) {
                return Ok(ended);
            }
            let next = self.next()?;
            if !matches!(next, Some(b',' | b'}')) {
                return Ok(self.lost("expected `,` or `}`"));
            }
            self.text.consume(1);
            if next == Some(b'}') {
                return Ok(Ended::Well);
            }
        }
    }

    /// Reads the value of a member: an array of records, or an object that may hold one.
    fn member(
        &mut self,
        is_description: bool,
        has_records: &mut bool,
        depth: usize,
    ) -> Result<Ended, Halt> {
        let mut hold = Hold {
            limit: 0,
            to_end: true,
            at_lines: false,
            in_array: false,
        };
        match self.next()? {
            Some(b'{') if depth > 0 && !is_description => {
                return self.inside(has_records, depth - 1);
            }
            Some(b'[') if !is_description => {
                self.text.consume(1);
                if self.next()? == Some(b'{') {
                    *has_records = true;
                    return self.array();
                }
                hold.in_array = true;
            }
            _ => {}
        }
        let begin = self.text.mark();
        Ok(match scan::value(&mut self.text, &mut self.value, hold)? {
            extent @ (Extent::Cut | Extent::Mismatch) => {
                Ended::Lost(begin, self.broken(begin, extent))
            }
            _ => Ended::Well,
        })
    }

    /// Reads the values of an array up to its end, from behind its bracket.
    pub(super) fn array(&mut self) -> Result<Ended, Halt> {
        let mut indent = Vec::new();
        let mut expect = Expect::Any;
        loop {
            let found = scan::blank(&mut self.text)?;
            let begin = self.text.mark();
            let problem = match (self.text.first()?, expect) {
                (None, _) => return Ok(self.lost("the file ends inside an array")),
                (Some(b']'), Expect::Any | Expect::Comma) => {
                    self.text.consume(1);
                    return Ok(Ended::Well);
                }
                (Some(b','), Expect::Comma) => {
                    self.text.consume(1);
                    expect = Expect::Value;
                    None
                }
                (Some(byte @ (b',' | b']')), _) => {
                    self.text.consume(1);
                    self.drop(begin, invalid(begin, "expected a value"))?;
                    if byte == b']' {
                        return Ok(Ended::Well);
                    }
                    None
                }
                (Some(b'{'), _) => {
                    if expect == Expect::Comma {
                        self.out.count("missing_commas");
                    }
                    expect = Expect::Comma;
                    let at_lines = found.is_some();
                    indent = found.unwrap_or(indent);
                    self.element(at_lines, begin, &indent)?
                }
                (Some(_), Expect::Comma) => Some(invalid(begin, "expected `,` or `]`")),
                (Some(_), _) => {
                    expect = Expect::Comma;
                    self.other_element(begin)?
                }
            };
            if let Some(reason) = problem {
                if !scan::next_line(&mut self.text, &indent, true)? {
                    return Ok(Ended::Lost(begin, reason));
                }
                self.drop(begin, reason)?;
                expect = Expect::Any;
            }
        }
    }

    /// Reads an object of an array. Gives a reason if its end is not found.
    fn element(
        &mut self,
        at_lines: bool,
        begin: Mark,
        indent: &[u8],
    ) -> Result<Option<Reason>, Halt> {
        let extent = self.value(self.limit, at_lines)?;
        let reason = match extent {
            Extent::Whole => self.record(begin)?,
            extent => Some(self.broken(begin, extent)),
        };
        match extent {
            Extent::Whole | Extent::TooLong(_) => {
                reason.map_or(Ok(()), |reason| self.drop(begin, reason))?;
                Ok(None)
            }
            Extent::BrokenLine => Ok(reason),
            Extent::Cut | Extent::Mismatch => {
                // A bracket may be missing, and the objects behind are swallowed.
                let from = self.next_object(indent);
                if let Some(from) = from {
                    self.again(begin, from);
                }
                Ok(reason)
            }
        }
    }

    /// Where behind its first mistake the value at hand has a line that ends before an object
    /// such as the array's others.
    fn next_object(&self, indent: &[u8]) -> Option<usize> {
        let error = self.fields.parse(&self.value).err()?;
        let line = [b"\n", indent, b"{"].concat();
        let from = scan::stop(&self.value, &error).saturating_sub(line.len());
        let rest = self.value.get(from..)?;
        memchr::memmem::find(rest, &line).map(|found| from + found)
    }

    /// Reads a value of an array that is no object. Gives a reason if its end is not found.
    fn other_element(&mut self, begin: Mark) -> Result<Option<Reason>, Halt> {
        let extent = self.value(self.limit, false)?;
        let mut reason = self.other(begin, extent);
        if extent == Extent::Cut {
            return Ok(reason);
        }
        if reason.is_none() && !self.has_others {
            self.has_others = true;
            let detail = format!("{begin}: not an object; further ones are counted");
            reason = Some(Reason::new("collect.no_text").detail(detail));
        } else if reason.is_none() {
            self.out.count("values_that_are_no_objects");
        }
        reason.map_or(Ok(()), |reason| self.drop(begin, reason))?;
        Ok(None)
    }

    /// Skips white space and shows the next byte.
    fn next(&mut self) -> Result<Option<u8>, Halt> {
        scan::blank(&mut self.text)?;
        Ok(self.text.first()?)
    }

    fn lost(&self, what: &str) -> Ended {
        let mark = self.text.mark();
        Ended::Lost(mark, invalid(mark, what))
    }
}
