//! Apache Parquet. One document a row; a row group that is damaged costs its rows only.

use std::io::{self, Read, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use textmill_schemas::Reason;

use super::columns::Columns;
use crate::input::Input;
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Bytes of decoded rows that a batch should have.
const BATCH_BYTES: i64 = 8 << 20;
/// Most rows of a batch.
const BATCH_ROWS: i64 = 1024;
/// First bytes of a file whose directory is encrypted.
const ENCRYPTED: &[u8] = b"PARE";

/// Whether bytes begin a table.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"PAR1") || head.starts_with(ENCRYPTED)
}

/// Reads the rows of a table: all, or those groups of them that begin in a part of the file.
pub(crate) fn read(
    input: Box<dyn Input>,
    part: Option<&Range<u64>>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let fields = settings.fields_of(&file.source.config);
    let opened = Table::open(input).and_then(|table| {
        let schema = table.metadata.schema();
        let columns = Columns::find(schema, file, &fields, settings.max_record)?;
        Ok((table, columns))
    });
    match opened {
        Ok((table, columns)) => table.read(&columns, part, file, out),
        // The first part tells.
        Err(_) if part.is_some_and(|part| part.start > 0) => Ok(()),
        Err(reason) => out.reject(file.dropped(Place::default(), None, reason)),
    }
}

/// An open table.
struct Table {
    input: Shared,
    metadata: ArrowReaderMetadata,
}

impl Table {
    fn open(input: Box<dyn Input>) -> Result<Self, Reason> {
        let input = Shared::new(input)
            .map_err(|error| Reason::new("collect.unreadable").detail(error.to_string()))?;
        let mut magic = Vec::new();
        let first = input.get_read(0).map(|reader| reader.take(4));
        if let Ok(mut first) = first {
            let _ = first.read_to_end(&mut magic);
        }
        if magic == ENCRYPTED {
            return Err(Reason::new("collect.encrypted").detail("Parquet: the file is encrypted"));
        }
        let metadata = guarded(|| ArrowReaderMetadata::load(&input, ArrowReaderOptions::new()))?;
        Ok(Self { input, metadata })
    }

    fn read(
        &self,
        columns: &Columns,
        part: Option<&Range<u64>>,
        file: &FileRef,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let mut first = 0_u64;
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            // The numbers of rows are those that the directory says, read or not.
            let mut rows = first..first.saturating_add(rows);
            first = rows.end;
            let start = self.start(group);
            if part.is_some_and(|part| !part.contains(&start)) {
                continue;
            }
            if let Err(reason) = self.read_group(index, columns, &mut rows, out)? {
                let at = rows.start;
                let place = Place {
                    offset: at,
                    within: index as u64 + 1, // the row at this place was not read
                    ..Place::default()
                };
                let detail = reason.detail.clone().unwrap_or_default();
                let reason = reason.detail(format!("row group {index} at row {at}: {detail}"));
                out.reject(file.dropped(place, None, reason))?;
            }
        }
        Ok(())
    }

    /// Offset of a row group's first byte; inside the file whatever the directory says, so that
    /// one part has it.
    fn start(&self, group: &RowGroupMetaData) -> u64 {
        let pages = group.columns().iter().flat_map(|column| {
            [
                column.dictionary_page_offset(),
                Some(column.data_page_offset()),
            ]
        });
        let first = pages.flatten().min().unwrap_or(0);
        let last = self.input.length.saturating_sub(1);
        u64::try_from(first).unwrap_or(0).min(last)
    }

    /// Reads a row group, whose rows not yet read are left.
    fn read_group(
        &self,
        index: usize,
        columns: &Columns,
        rows: &mut Range<u64>,
        out: &mut impl Output,
    ) -> Result<Result<(), Reason>, Stop> {
        let mut reader = match self.group(index, columns) {
            Ok(reader) => reader,
            Err(reason) => return Ok(Err(reason)),
        };
        loop {
            out.check()?;
            match guarded(|| reader.next().transpose()) {
                Ok(None) if rows.is_empty() => return Ok(Ok(())),
                Ok(None) => {
                    let detail = "Parquet: fewer rows than the directory says";
                    return Ok(Err(Reason::new("collect.corrupt").detail(detail)));
                }
                Ok(Some(batch)) => {
                    let room = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
                    let known = batch.num_rows().min(room);
                    columns.read(&batch.slice(0, known), rows.start, out)?;
                    rows.start += known as u64;
                    if known < batch.num_rows() {
                        let detail = "Parquet: more rows than the directory says";
                        return Ok(Err(Reason::new("collect.corrupt").detail(detail)));
                    }
                }
                Err(reason) => return Ok(Err(reason)),
            }
        }
    }

    fn group(&self, index: usize, columns: &Columns) -> Result<ParquetRecordBatchReader, Reason> {
        let groups = self.metadata.metadata().row_groups();
        let average = groups.get(index).map_or(0, |group| {
            group.total_byte_size().max(0) / group.num_rows().max(1)
        });
        let batch = BATCH_BYTES / average.max(1);
        let batch = usize::try_from(batch.clamp(1, BATCH_ROWS)).unwrap_or(1);
        let (input, metadata) = (self.input.clone(), self.metadata.clone());
        guarded(|| {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata);
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.indices());
            let builder = builder.with_projection(mask).with_batch_size(batch);
            builder.with_row_groups(vec![index]).build()
        })
    }
}

/// What the library makes of hostile bytes. It panics at some (a length that does not fit, a page
/// of another type), which is the only reason to catch panics here.
fn guarded<T, E: ToString>(read: impl FnOnce() -> Result<T, E>) -> Result<T, Reason> {
    let corrupt = |what: &str| {
        let rule = match what.to_ascii_lowercase().contains("encrypt") {
            true => "collect.encrypted",
            false => "collect.corrupt",
        };
        Reason::new(rule).detail(format!("Parquet: {what}"))
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(corrupt(&error.to_string())),
        Err(_) => Err(corrupt("the decoder failed")),
    }
}

/// A file that several readers read.
#[derive(Clone)]
struct Shared {
    input: Arc<Mutex<Box<dyn Input>>>,
    length: u64,
}

/// A place in it.
struct Reader {
    shared: Shared,
    position: u64,
}

impl Shared {
    fn new(mut input: Box<dyn Input>) -> io::Result<Self> {
        let length = input.seek(SeekFrom::End(0))?;
        Ok(Self {
            input: Arc::new(Mutex::new(input)),
            length,
        })
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::Start(position))?;
        input.read(buffer)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.shared.read_at(self.position, buffer)?;
        self.position += bytes as u64;
        Ok(bytes)
    }
}

impl Length for Shared {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Shared {
    type T = io::BufReader<Reader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let shared = self.clone();
        Ok(io::BufReader::new(Reader {
            shared,
            position: start,
        }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // Before memory is asked for: lengths are what the file says.
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            let problem = format!("{length} bytes at {start} go over the end of the file");
            return Err(ParquetError::EOF(problem));
        }
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests;
