//! What separates values, by the first lines of a table.

use super::Separator;
use super::record::{Dialect, Machine, Record};
use crate::fields::Fields;

/// What may separate values.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Records that are looked at.
const RECORDS: usize = 64;

impl Dialect {
    /// Values between these.
    pub fn separated(separator: u8) -> Self {
        Self {
            separator,
            loose: separator == b'\t',
        }
    }

    /// The dialect of a table that begins so: that in which the first record names a column that
    /// is looked for, then that in which most records have as many values as the first.
    pub fn found(expected: Separator, head: &[u8], fields: &Fields) -> Self {
        if let Some(separator) = named(head) {
            return Self::separated(separator);
        }
        if expected == Separator::Tab {
            return Self::separated(b'\t');
        }
        let scores = SEPARATORS.map(|separator| {
            let dialect = Self::separated(separator);
            (score(dialect, head, fields), dialect)
        });
        // Of equal ones the first.
        let best = scores
            .into_iter()
            .reduce(|best, next| match next.0 > best.0 {
                true => next,
                false => best,
            });
        best.map_or(Self::separated(b','), |(_, dialect)| dialect)
    }
}

/// The separator that a first line `sep=;` names, as spreadsheets write it.
fn named(head: &[u8]) -> Option<u8> {
    match head.strip_prefix(b"sep=")? {
        [separator, b'\r' | b'\n', ..] => Some(*separator),
        _ => None,
    }
}

/// How well a dialect fits: whether a column is known, the share of records with as many values
/// as the first in thousandths, and their number.
fn score(dialect: Dialect, head: &[u8], fields: &Fields) -> (bool, usize, usize) {
    let mut rest = head;
    let mut record = Record::default();
    let (mut columns, mut known) = (0, false);
    let (mut records, mut even) = (0, 0);
    while records < RECORDS {
        let mut machine = Machine::new(dialect, false);
        record.clear();
        let bytes = machine.feed(rest, &mut record);
        rest = rest.get(bytes..).unwrap_or_default();
        if !machine.is_done() {
            machine.finish(&mut record);
        }
        if records == 0 {
            columns = record.len();
            let names = record.iter().map(String::from_utf8_lossy);
            known = columns > 1
                && names
                    .filter(|name| fields.wanted_as(name).is_some())
                    .count()
                    > 0;
        } else if rest.is_empty() {
            break; // it may be cut
        }
        let is_blank = record.iter().all(<[u8]>::is_empty);
        records += usize::from(!is_blank);
        even += usize::from(!is_blank && record.len() == columns);
        if rest.is_empty() {
            break;
        }
    }
    match columns {
        0 | 1 => (false, 0, 0),
        _ => (known, even * 1000 / records.max(1), columns),
    }
}
