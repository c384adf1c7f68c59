//! WARC (ISO 28500) and WET: records of a web crawl. ARC is in a module below.

pub(crate) mod arc;
mod block;
mod content;
mod digest;

use textmill_schemas::{RawDocument, Reason};

use crate::http;
use crate::input::{Damage, Line, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop};
use block::Blocks;
use content::{Contents, Head};

/// First bytes of every record.
pub(crate) const MAGIC: &[u8] = b"WARC/";
/// Bytes of a record's or response's head at most.
const MAX_HEAD: usize = 256 << 10;

/// Reads the records of a file. A damaged one is a dropped row, and reading goes on at the next.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let blocks = Blocks {
        stream,
        magic: MAGIC,
    };
    let mut reader = Reader {
        blocks,
        file,
        settings,
    };
    loop {
        out.check()?;
        let found = reader.blocks.find_record();
        let place = match &found {
            Ok(true) if reader.is_over() => return Ok(()),
            Ok(true) => reader.blocks.stream.place(),
            Ok(false) => return Ok(()),
            Err(damage) => reader.place_of(damage),
        };
        let record = found.map_err(Fault::Damage);
        match record.and_then(|_| reader.record(place, out)) {
            Ok(Record::Document(row)) => out.keep(*row)?,
            Ok(Record::Unfit(url, reason)) => out.reject(file.dropped(place, url, reason))?,
            Ok(Record::Other) => out.count("warc_other_records"),
            Err(fault) => {
                let (damaged, invalid) = match fault {
                    Fault::Damage(_) => (true, false),
                    Fault::Cut(_) => (false, false),
                    Fault::Invalid(_) => (false, true),
                };
                reject_fault(fault, place, file, out)?;
                let is_lost = (damaged && !reader.resume()) || (invalid && !reader.find_next());
                if is_lost {
                    return Ok(());
                }
            }
        }
    }
}

/// What became of a whole record.
enum Record {
    Document(Box<RawDocument>),
    Unfit(Option<String>, Reason),
    Other,
}

/// Why a record is not whole.
enum Fault {
    /// The bytes of the file are damaged.
    Damage(Damage),
    /// The record ends before its length; the next one begins here.
    Cut(String),
    /// It is no valid record; where the next one begins is not known.
    Invalid(String),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// Makes the row of a record that is not whole.
fn reject_fault(
    fault: Fault,
    place: Place,
    file: &FileRef,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let reason = match fault {
        Fault::Damage(damage) => damage.reason(),
        Fault::Cut(detail) => Reason::new(Damage::TRUNCATED).detail(detail),
        Fault::Invalid(detail) => Reason::new("collect.invalid_record").detail(detail),
    };
    out.reject(file.dropped(place, None, reason))
}

struct Reader<'a> {
    blocks: Blocks<'a>,
    file: &'a FileRef<'a>,
    settings: &'a Settings,
}

impl Reader<'_> {
    /// Whether the record that begins here belongs to the next part of the file, which begins
    /// with a member that begins with a record.
    fn is_over(&mut self) -> bool {
        let stream = &mut self.blocks.stream;
        stream.is_over()
            && (!stream.is_compressed()
                || (stream.at_member_start() && stream.peek(MAGIC.len()) == MAGIC))
    }

    fn place_of(&self, damage: &Damage) -> Place {
        if self.blocks.stream.is_here(damage) {
            return self.blocks.stream.place();
        }
        Place {
            offset: damage.member,
            inside_member: false,
            ..Place::default()
        }
    }

    fn resume(&mut self) -> bool {
        self.blocks.stream.resume(MAGIC)
    }

    /// Goes to the next line that begins a record.
    fn find_next(&mut self) -> bool {
        let mut line = Vec::new();
        loop {
            if self.blocks.stream.peek(MAGIC.len()) == MAGIC {
                return true;
            }
            match self.blocks.stream.read_line(&mut line, 0) {
                Ok(Line::End) => return false,
                Ok(_) => {}
                // The row for the record stands for this damage too.
                Err(_) => return self.resume(),
            }
        }
    }

    fn record(&mut self, place: Place, out: &mut impl Output) -> Result<Record, Fault> {
        let head = self.head()?;
        let mut contents = Contents {
            blocks: &mut self.blocks,
            file: self.file,
            settings: self.settings,
        };
        let record = contents.read(place, &head)?;
        if head.is_truncated() && matches!(record, Record::Document(_)) {
            out.count("warc_truncated_records");
        }
        Ok(record)
    }

    fn head(&mut self) -> Result<Head, Fault> {
        if self.blocks.stream.peek(MAGIC.len()) != MAGIC {
            return Err(Fault::Invalid(
                "no WARC version line where a record should begin".into(),
            ));
        }
        let mut unbounded = u64::MAX;
        let (bytes, whole) = self.blocks.head_bytes(&mut unbounded)?;
        if !whole {
            return Err(Fault::Invalid(format!(
                "the record's head does not end within {MAX_HEAD} bytes"
            )));
        }
        let lines = bytes.split(|byte| *byte == b'\n').skip(1);
        let fields = http::fields(lines);
        let mut head = Head { fields, length: 0 };
        let length = head.get("content-length").map(str::parse);
        head.length = match length {
            Some(Ok(length)) => length,
            Some(Err(_)) => return Err(Fault::Invalid("Content-Length is not a number".into())),
            None => return Err(Fault::Invalid("no Content-Length".into())),
        };
        Ok(head)
    }
}

#[cfg(test)]
mod tests;
