//! JSON (RFC 8259): an array of objects, one object or several in a row, or an object with arrays
//! of objects inside. One document an object.
//!
//! The brackets of each value are counted while it streams by, and only values that are records
//! are held and parsed, so neither a long array nor a deep one takes memory.

mod inside;
mod scan;
#[cfg(test)]
mod tests;

use serde::de::IgnoredAny;
use textmill_schemas::Reason;

use crate::charset::Charset;
use crate::fields::Fields;
use crate::input::{Damage, Mark, Stream, TextStream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use scan::{Extent, Hold, invalid, refused};

/// Bytes of one file that are looked at twice, in all: keeps the work linear.
const AGAIN_BUDGET: u64 = 256 << 20;
/// Objects inside each other that are searched for arrays of records.
const MAX_DEPTH: usize = 4;

/// Reads a file.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let source = &file.source.config;
    let declared = source.charset.as_deref().and_then(Charset::for_label);
    let charset = declared.or_else(|| Charset::wide(stream.peek(Stream::PEEK)));
    let fields = settings.fields_of(source);
    let mut reader = Reader {
        text: TextStream::open(stream, charset.unwrap_or(Charset::UTF_8)),
        file,
        fields: &fields,
        limit: settings.max_record,
        out,
        value: Vec::new(),
        budget: AGAIN_BUDGET,
        around: true,
        has_others: false,
    };
    match reader.values() {
        Err(Halt::Damage(damage)) => reader
            .drop(reader.text.mark(), damage.reason())
            .or_else(Halt::stop),
        halt => halt.or_else(Halt::stop),
    }
}

/// Why reading ends.
enum Halt {
    Stop(Stop),
    Damage(Damage),
}

impl Halt {
    fn stop(self) -> Result<(), Stop> {
        match self {
            Self::Stop(stop) => Err(stop),
            Self::Damage(_) => Ok(()),
        }
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Damage> for Halt {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

struct Reader<'a, 's, O> {
    text: TextStream<'s>,
    file: &'a FileRef<'a>,
    fields: &'a Fields,
    limit: u64,
    out: &'a mut O,
    /// The value at hand.
    value: Vec<u8>,
    /// Bytes that may still be looked at twice.
    budget: u64,
    /// Whether objects outside of arrays may be what is around records: so long as none was a
    /// record.
    around: bool,
    /// Whether a value of an array was met that is no object.
    has_others: bool,
}

/// How an array or an object ended.
enum Ended {
    /// With its bracket.
    Well,
    /// Where it ends cannot be told, since this place, because of this.
    Lost(Mark, Reason),
}

impl<O: Output> Reader<'_, '_, O> {
    /// The values of the file: one, or objects in a row.
    fn values(&mut self) -> Result<(), Halt> {
        let mut is_first = true;
        loop {
            let indent = scan::blank(&mut self.text)?;
            let begin = self.text.mark();
            let ended = match self.text.first()? {
                Some(b'{') => self.object(indent.is_some())?,
                Some(_) if is_first => return self.one_value(),
                Some(_) => Ended::Lost(begin, invalid(begin, "neither an object nor the end")),
                None if is_first => return self.drop(begin, invalid(begin, "there is no value")),
                None => return Ok(()),
            };
            if let Ended::Lost(mark, reason) = ended {
                self.drop(mark, reason)?;
                if !scan::next_line(&mut self.text, b"", false)? {
                    return Ok(());
                }
            }
            is_first = false;
        }
    }

    /// A file that does not begin with an object: it may hold one value only.
    fn one_value(&mut self) -> Result<(), Halt> {
        let begin = self.text.mark();
        if self.text.first()? == Some(b'[') {
            self.text.consume(1);
            if let Ended::Lost(mark, reason) = self.array()? {
                return self.drop(mark, reason);
            }
        } else {
            let extent = self.value(self.limit, false)?;
            let reason = self.other(begin, extent);
            let none = || Reason::new("collect.no_text").detail("the file holds no object");
            self.drop(begin, reason.unwrap_or_else(none))?;
        }
        scan::blank(&mut self.text)?;
        let mark = self.text.mark();
        match self.text.first()? {
            Some(_) => self.drop(mark, invalid(mark, "something behind the end of the value")),
            None => Ok(()),
        }
    }

    /// An object outside of arrays: a record, or what is around arrays of records.
    fn object(&mut self, at_lines: bool) -> Result<Ended, Halt> {
        let begin = self.text.mark();
        let hold = Hold {
            limit: self.limit,
            to_end: !self.around,
            at_lines,
            in_array: false,
        };
        let extent = scan::value(&mut self.text, &mut self.value, hold)?;
        let reason = match extent {
            Extent::Whole => self.record(begin)?,
            extent => Some(self.broken(begin, extent)),
        };
        let Some(reason) = reason else {
            self.around = false;
            return Ok(Ended::Well);
        };
        if self.around && self.again(begin, 0) {
            return self.object_around(begin, extent, reason);
        }
        match extent {
            Extent::Whole | Extent::TooLong(_) => self.drop(begin, reason).map(|()| Ended::Well),
            _ => Ok(Ended::Lost(begin, reason)),
        }
    }

    /// Reads the records in an object that is none itself, because of `reason`.
    fn object_around(
        &mut self,
        begin: Mark,
        extent: Extent,
        reason: Reason,
    ) -> Result<Ended, Halt> {
        let mut has_records = false;
        let ended = self.inside(&mut has_records, MAX_DEPTH)?;
        if has_records {
            return Ok(ended);
        }
        let reason = match extent {
            Extent::TooLong(_) => too_large(self.text.mark().offset - begin.offset, self.limit),
            _ => reason,
        };
        match ended {
            Ended::Well => self.drop(begin, reason).map(|()| Ended::Well),
            Ended::Lost(..) => Ok(Ended::Lost(begin, reason)),
        }
    }

    /// Keeps the value at hand as a document, or tells why not.
    fn record(&mut self, begin: Mark) -> Result<Option<Reason>, Halt> {
        self.out.check()?;
        let record = match self.fields.parse(&self.value) {
            Ok(record) => record,
            Err(error) => return Ok(Some(refused(begin, &self.value, &error))),
        };
        let mut row = self.file.document(place(begin));
        match self.fields.fill(record, &mut row, &self.file.source.config) {
            Ok(()) => self.out.keep(row)?,
            Err(names) => {
                let detail = format!("{begin}: no text in any of {names}");
                return Ok(Some(Reason::new("collect.no_text").detail(detail)));
            }
        }
        Ok(None)
    }

    /// What is wrong with the value at hand, which is no object, if anything.
    fn other(&self, begin: Mark, extent: Extent) -> Option<Reason> {
        match extent {
            Extent::Whole => {
                let parsed = serde_json::from_slice::<IgnoredAny>(&self.value);
                parsed
                    .err()
                    .map(|error| refused(begin, &self.value, &error))
            }
            extent => Some(self.broken(begin, extent)),
        }
    }

    /// The reason of a value that is not whole.
    fn broken(&self, begin: Mark, extent: Extent) -> Reason {
        let mark = self.text.mark();
        match extent {
            Extent::TooLong(bytes) => too_large(bytes, self.limit),
            Extent::Mismatch => invalid(mark, "a bracket closes one of the other kind"),
            Extent::BrokenLine => invalid(mark, "a line ends inside a string"),
            Extent::Cut | Extent::Whole => {
                let what = format!("the file ends inside the value that begins at {begin}");
                invalid(mark, &what)
            }
        }
    }

    /// Reads the value that begins here, all of it, and holds its first bytes.
    fn value(&mut self, limit: u64, at_lines: bool) -> Result<Extent, Damage> {
        let hold = Hold {
            limit,
            to_end: true,
            at_lines,
            in_array: false,
        };
        scan::value(&mut self.text, &mut self.value, hold)
    }

    /// Gives the value at hand back, from this byte of it on, to be read again. False if it is not
    /// held as a whole, or if too much was read again already.
    fn again(&mut self, begin: Mark, from: usize) -> bool {
        let is_held = self.text.mark().offset - begin.offset == self.value.len() as u64;
        let rest = self.value.split_off(from.min(self.value.len()));
        if !is_held || rest.len() as u64 > self.budget {
            return false;
        }
        self.budget -= rest.len() as u64;
        let mut mark = begin;
        mark.pass(&self.value);
        self.text.unread(mark, rest);
        true
    }

    fn drop(&mut self, mark: Mark, reason: Reason) -> Result<(), Halt> {
        let dropped = self.file.dropped(place(mark), None, reason);
        Ok(self.out.reject(dropped)?)
    }
}

fn place(mark: Mark) -> Place {
    Place {
        offset: mark.offset,
        ..Place::default()
    }
}
