//! Values separated by commas, tabs, semicolons or bars (RFC 4180 and its kin). One document a
//! row; the header says what the columns hold.

mod dialect;
mod record;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use textmill_schemas::{RawDocument, Reason};

use crate::charset::{self, Charset};
use crate::fields::Fields;
use crate::input::{Mark, Stream, TextStream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use record::{Dialect, Record, Records, Row};

/// What separates values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// A comma, or what the content says.
    Comma,
    /// A tab.
    Tab,
}

/// Reads a table.
pub(crate) fn read(
    stream: &mut Stream,
    separator: Separator,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let source = &file.source.config;
    let head = stream.peek(Stream::PEEK);
    let declared = source.charset.as_deref().and_then(Charset::for_label);
    let charset = declared.unwrap_or_else(|| Charset::found(head));
    let fields = settings.fields_of(source);
    let sample = charset.decode(head);
    let sample = sample.strip_prefix('\u{feff}').unwrap_or(&sample);
    let dialect = match source.delimiter {
        Some(separator) => Dialect::separated(u8::try_from(separator).unwrap_or(b',')),
        None => Dialect::found(separator, sample.as_bytes(), &fields),
    };
    let text = TextStream::open(stream, charset);
    let table = Table {
        records: Records::new(text, dialect, settings.max_record),
        record: Record::default(),
        columns: Vec::new(),
        file,
        fields: &fields,
        limit: settings.max_record,
    };
    table.read(out)
}

struct Table<'a, 's> {
    records: Records<'s>,
    record: Record,
    /// For each column its name as it is looked for, if it is.
    columns: Vec<Option<String>>,
    file: &'a FileRef<'a>,
    fields: &'a Fields,
    limit: u64,
}

impl Table<'_, '_> {
    fn read(mut self, out: &mut impl Output) -> Result<(), Stop> {
        let mut is_header = true;
        loop {
            out.check()?;
            let row = match self.records.next(&mut self.record) {
                Ok(row) => row,
                Err(damage) => {
                    // A record that was begun is not whole.
                    let mark = self.records.mark().max(self.records.begin());
                    return self.drop(mark, damage.reason(), out);
                }
            };
            let begin = self.records.begin();
            let reason = match row {
                Row::End => return Ok(()),
                Row::TooLong(bytes) => too_large(bytes, self.limit),
                Row::Unclosed => Reason::new("collect.invalid_csv").detail(format!(
                    "line {}: a quote is not closed; reading went on behind the line",
                    begin.line + 1
                )),
                Row::Whole if is_header => {
                    if self.is_separator() {
                        continue;
                    }
                    is_header = false;
                    match self.header() {
                        Ok(true) => continue,
                        Ok(false) => match self.document(begin) {
                            Ok(row) => {
                                out.keep(row)?;
                                continue;
                            }
                            Err(reason) => reason,
                        },
                        Err(reason) => return self.drop(begin, reason, out),
                    }
                }
                Row::Whole => match self.even_row(begin) {
                    Ok(row) => {
                        out.keep(row)?;
                        continue;
                    }
                    Err(reason) => reason,
                },
            };
            self.drop(begin, reason, out)?;
            if is_header {
                return Ok(()); // the columns are not known
            }
        }
    }

    /// Whether the record is a spreadsheet's `sep=;`.
    fn is_separator(&self) -> bool {
        self.record.len() == 2
            && self.record.get(0) == Some(b"sep=")
            && self.record.get(1) == Some(b"")
    }

    /// Takes the names of columns from the record at hand or from the settings. Returns whether
    /// the record holds names.
    fn header(&mut self) -> Result<bool, Reason> {
        let named = &self.file.source.config.columns;
        let found = self.record.iter().map(charset::text);
        let found: Vec<String> = found.map(|name| name.trim().to_owned()).collect();
        let names = if named.is_empty() { &found } else { named };
        let wanted = |name: &String| self.fields.wanted_as(name);
        self.columns = names.iter().map(wanted).collect();
        if !self.fields.can_hold_text(self.columns.iter().flatten()) {
            let detail = format!(
                "no column may hold the text ({} were looked for); the first row is {}; set \
                 `text_fields` of the source, or `columns` if there is no header",
                self.fields.text_names(),
                super::shown(names),
            );
            return Err(Reason::new("collect.no_text").detail(detail));
        }
        Ok(*names == found)
    }

    /// The document of the record at hand, which may be a line with quotes that mean nothing.
    fn even_row(&mut self, begin: Mark) -> Result<RawDocument, Reason> {
        if !self.is_even() && self.records.has_lines() && self.records.is_loose() {
            let again = self.records.again_without_quotes(&mut self.record);
            again.map_err(|damage| damage.reason())?;
        }
        self.document(begin)
    }

    /// Whether the record has as many values as there are columns, or further empty ones.
    fn is_even(&self) -> bool {
        let beyond = self.record.iter().skip(self.columns.len());
        self.record.len() >= self.columns.len() && beyond.into_iter().all(<[u8]>::is_empty)
    }

    fn document(&self, begin: Mark) -> Result<RawDocument, Reason> {
        let line = begin.line + 1;
        if !self.is_even() {
            let detail = format!(
                "line {line}: {} values in {} columns; a value that holds the separator needs \
                 quotes",
                self.record.len(),
                self.columns.len(),
            );
            return Err(Reason::new("collect.ragged_row").detail(detail));
        }
        let mut record = Map::new();
        for (name, value) in self.columns.iter().zip(self.record.iter()) {
            if let Some(name) = name {
                let value = Value::String(charset::text(value).into_owned());
                record.insert(name.clone(), value);
            }
        }
        let mut row = self.file.document(place(begin));
        let source = &self.file.source.config;
        match self.fields.fill(record, &mut row, source) {
            Ok(()) => Ok(row),
            Err(names) => {
                let detail = format!("line {line}: no text in any of {names}");
                Err(Reason::new("collect.no_text").detail(detail))
            }
        }
    }

    fn drop(&self, mark: Mark, reason: Reason, out: &mut impl Output) -> Result<(), Stop> {
        out.reject(self.file.dropped(place(mark), None, reason))
    }
}

fn place(mark: Mark) -> Place {
    Place {
        offset: mark.offset,
        ..Place::default()
    }
}
