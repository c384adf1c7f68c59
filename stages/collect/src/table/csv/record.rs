//! Records of separated values (RFC 4180), as they stream by.
//!
//! The `csv` crate would hold all that an unclosed quote swallows, and cannot say that a quote was
//! not closed. This reader takes what is well-formed as it does.

use memchr::{memchr, memchr3};

use crate::input::{Damage, Mark, TextStream};

/// Most values of a record.
const MAX_VALUES: usize = 1 << 16;
/// Bytes of one file that are looked at twice, in all: keeps the work linear.
const AGAIN_BUDGET: u64 = 256 << 20;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What stands between values.
    pub separator: u8,
    /// Whether what looks like a quoted value may be none: between tabs quotes mean nothing as
    /// IANA registered them, but many programs write them.
    pub loose: bool,
}

/// The values of one record.
#[derive(Default)]
pub(super) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A value.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(index)?)
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Forgets the values.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end_value(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// Where in a record the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a value.
    Start,
    /// In a value without quotes.
    Bare,
    /// In quotes.
    Quoted,
    /// Behind a quote in quotes: the last one, or the first of two.
    Quote,
    /// Behind the record.
    End,
    /// Where it shows that a quote was not closed.
    Unclosed,
}

/// Reads one record.
pub(super) struct Machine {
    dialect: Dialect,
    /// Whether quotes mean nothing.
    literal: bool,
    state: State,
    /// Whether a line ended in quotes.
    has_lines: bool,
    /// The last byte in quotes.
    last: u8,
}

impl Machine {
    /// Before a record.
    pub fn new(dialect: Dialect, literal: bool) -> Self {
        Self {
            dialect,
            literal,
            state: State::Start,
            has_lines: false,
            last: 0,
        }
    }

    /// Whether the record is over.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::End | State::Unclosed)
    }

    /// Takes bytes up to the end of the record, and says how many.
    pub fn feed(&mut self, bytes: &[u8], record: &mut Record) -> usize {
        let mut at = 0;
        while let Some((byte, rest)) = bytes.get(at..).and_then(|rest| Some((rest.first()?, rest)))
        {
            at += match self.state {
                State::Start if *byte == b'"' && !self.literal => {
                    self.state = State::Quoted;
                    self.last = 0;
                    1
                }
                State::Start | State::Bare => self.bare(rest, record),
                State::Quoted => self.quoted(rest, record),
                State::Quote => self.behind_quote(*byte, record),
                State::End | State::Unclosed => return at,
            };
        }
        at
    }

    fn bare(&mut self, rest: &[u8], record: &mut Record) -> usize {
        let end = memchr3(self.dialect.separator, b'\r', b'\n', rest);
        let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        record.text.extend_from_slice(value);
        let Some(end) = end else {
            self.state = State::Bare;
            return rest.len();
        };
        record.end_value();
        self.state = match rest.get(end) {
            Some(byte) if *byte == self.dialect.separator => State::Start,
            _ => State::End,
        };
        end + 1
    }

    fn quoted(&mut self, rest: &[u8], record: &mut Record) -> usize {
        let end = memchr(b'"', rest);
        let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        record.text.extend_from_slice(value);
        self.has_lines |= memchr(b'\n', value).is_some();
        self.last = value.last().copied().unwrap_or(self.last);
        match end {
            Some(end) => {
                self.state = State::Quote;
                end + 1
            }
            None => rest.len(),
        }
    }

    fn behind_quote(&mut self, byte: u8, record: &mut Record) -> usize {
        let separator = self.dialect.separator;
        // On a later line a quote that opens a value: the quote before was never closed.
        let opens = self.has_lines && (self.last == separator || self.last == b'\n');
        self.state = match byte {
            b'"' => {
                record.text.push(b'"');
                self.last = b'"';
                State::Quoted
            }
            byte if byte == separator => State::Start,
            b'\r' | b'\n' => State::End,
            _ if self.dialect.loose || opens => State::Unclosed,
            _ => {
                // A quote in a quoted value that should have been written twice.
                record.text.push(b'"');
                self.last = b'"';
                State::Quoted
            }
        };
        if matches!(self.state, State::Start | State::End) {
            record.end_value();
        }
        usize::from(self.state == State::Start || self.state == State::End || byte == b'"')
    }

    /// Ends the record with the text.
    pub fn finish(&mut self, record: &mut Record) {
        self.state = match self.state {
            State::Quoted | State::Unclosed => State::Unclosed,
            State::End => return,
            State::Start | State::Bare | State::Quote => {
                record.end_value();
                State::End
            }
        };
    }
}

/// What [`Records::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A record.
    Whole,
    /// A record of so many bytes, over the limit, or of too many values; it was skipped.
    TooLong(u64),
    /// A quote that is never closed. Reading goes on behind its line.
    Unclosed,
    /// The end.
    End,
}

/// The records of a text.
pub(super) struct Records<'s> {
    text: TextStream<'s>,
    dialect: Dialect,
    limit: u64,
    /// The bytes of the record at hand.
    raw: Vec<u8>,
    begin: Mark,
    /// Whether a line feed that follows belongs to the carriage return before.
    after_return: bool,
    budget: u64,
}

impl<'s> Records<'s> {
    /// Reads records within a limit of bytes.
    pub fn new(text: TextStream<'s>, dialect: Dialect, limit: u64) -> Self {
        Self {
            begin: text.mark(),
            text,
            dialect,
            limit,
            raw: Vec::new(),
            after_return: false,
            budget: AGAIN_BUDGET,
        }
    }

    /// Where the record at hand begins.
    pub fn begin(&self) -> Mark {
        self.begin
    }

    /// Where the text was read up to.
    pub fn mark(&self) -> Mark {
        self.text.mark()
    }

    /// Whether quotes may mean nothing.
    pub fn is_loose(&self) -> bool {
        self.dialect.loose
    }

    /// Whether the record at hand goes over several lines.
    pub fn has_lines(&self) -> bool {
        self.text.mark().line > self.begin.line + 1
    }

    /// Reads the next record that is no blank line.
    pub fn next(&mut self, record: &mut Record) -> Result<Row, Damage> {
        loop {
            let row = self.read(record, false)?;
            if row == Row::Unclosed {
                if self.dialect.loose && self.again_without_quotes(record)? {
                    return Ok(Row::Whole);
                }
                let line = memchr(b'\n', &self.raw).map_or(self.raw.len(), |feed| feed + 1);
                self.give_back(line);
            }
            let is_blank = record.len() == 1 && matches!(*self.raw, [] | [b'\r' | b'\n']);
            if row != Row::Whole || !is_blank {
                return Ok(row);
            }
        }
    }

    /// Reads the record at hand again, as one line in which quotes mean nothing. False if that
    /// cannot be done.
    pub fn again_without_quotes(&mut self, record: &mut Record) -> Result<bool, Damage> {
        Ok(self.give_back(0) && self.read(record, true)? == Row::Whole)
    }

    /// Gives the record at hand back, from this byte of it on.
    fn give_back(&mut self, from: usize) -> bool {
        let rest = self.raw.split_off(from.min(self.raw.len()));
        if rest.is_empty() || rest.len() as u64 > self.budget {
            return false;
        }
        self.budget -= rest.len() as u64;
        let mut mark = self.begin;
        mark.pass(&self.raw);
        self.text.unread(mark, rest);
        self.after_return = false;
        true
    }

    fn read(&mut self, record: &mut Record, literal: bool) -> Result<Row, Damage> {
        if std::mem::take(&mut self.after_return) && self.text.first()? == Some(b'\n') {
            self.text.consume(1);
        }
        record.clear();
        self.raw.clear();
        self.begin = self.text.mark();
        let mut machine = Machine::new(self.dialect, literal);
        let mut length = 0_u64;
        let mut fits = true;
        while !machine.is_done() {
            let chunk = self.text.fill()?;
            if chunk.is_empty() {
                if length == 0 {
                    return Ok(Row::End);
                }
                machine.finish(record);
                break;
            }
            let bytes = machine.feed(chunk, record);
            length += bytes as u64;
            fits = fits && length <= self.limit && record.len() <= MAX_VALUES;
            if fits {
                self.raw
                    .extend_from_slice(chunk.get(..bytes).unwrap_or(chunk));
            } else {
                self.raw.clear();
                record.clear();
            }
            self.after_return = chunk.get(bytes.saturating_sub(1)) == Some(&b'\r');
            self.text.consume(bytes);
        }
        self.after_return &= machine.state == State::End;
        match (fits, machine.state) {
            (true, State::Unclosed) => Ok(Row::Unclosed),
            (true, _) => Ok(Row::Whole),
            (false, state) => {
                if state == State::Unclosed {
                    self.skip_line()?;
                }
                Ok(Row::TooLong(length))
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), Damage> {
        loop {
            let chunk = self.text.fill()?;
            if chunk.is_empty() {
                return Ok(());
            }
            let feed = memchr(b'\n', chunk);
            let bytes = feed.map_or(chunk.len(), |feed| feed + 1);
            self.text.consume(bytes);
            if feed.is_some() {
                return Ok(());
            }
        }
    }
}
