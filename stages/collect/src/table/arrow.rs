//! Arrow IPC streams, which Hugging Face `datasets` writes, and Arrow (Feather) files, which are a
//! stream between two magic words. One document a row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use textmill_schemas::Reason;

use super::columns::Columns;
use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Begins an Arrow file; a stream follows.
const MAGIC: &[u8] = b"ARROW1\0\0";
/// Most zeros between the magic word and the stream.
const MAX_PADDING: usize = 256;
/// Begins each message of a stream.
const CONTINUATION: &[u8] = &[0xff; 4];
/// Longest batch of rows that is held, in records of the greatest length.
const MAX_BATCH: u64 = 16;

/// Whether bytes begin an Arrow file or a stream, whose first message is the schema.
pub(crate) fn begins(head: &[u8]) -> bool {
    let length = head.get(4..8).and_then(|bytes| bytes.try_into().ok());
    let is_message = length
        .map(u32::from_le_bytes)
        .is_some_and(|length| (8..1 << 24).contains(&length) && length.is_multiple_of(8));
    head.starts_with(MAGIC) || (head.starts_with(CONTINUATION) && is_message)
}

/// Reads the rows of a file.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let fields = settings.fields_of(&file.source.config);
    if stream.peek(MAGIC.len()) == MAGIC {
        stream.consume(MAGIC.len());
        // Up to a boundary that the writer chose.
        for _ in 0..MAX_PADDING {
            if stream.peek(1) == [0] {
                stream.consume(1);
            }
        }
    }
    let mut batches = Batches {
        stream,
        decoder: StreamDecoder::new(),
        rest: Buffer::from(Vec::<u8>::new()),
        limit: settings.max_record.saturating_mul(MAX_BATCH),
    };
    let mut columns: Option<Columns> = None;
    let mut row = 0;
    loop {
        out.check()?;
        let next = batches.next();
        let reason = match (next, &columns) {
            (Ok(None), Some(_)) => return Ok(()),
            (Ok(Some(batch)), Some(columns)) => {
                columns.read(&batch, row, out)?;
                row += batch.num_rows() as u64;
                continue;
            }
            (Ok(batch), None) => match batches.decoder.schema() {
                Some(schema) => match Columns::find(&schema, file, &fields, settings.max_record) {
                    Ok(found) => {
                        if let Some(batch) = batch {
                            found.read(&batch, row, out)?;
                            row += batch.num_rows() as u64;
                        }
                        columns = Some(found);
                        continue;
                    }
                    Err(reason) => reason,
                },
                None => Reason::new("collect.corrupt").detail("Arrow: there is no schema"),
            },
            (Err(reason), _) => reason,
        };
        let place = Place {
            offset: row,
            within: 1, // the row at this place was not read
            ..Place::default()
        };
        return out.reject(file.dropped(place, None, reason));
    }
}

/// The batches of a stream.
struct Batches<'s> {
    stream: &'s mut Stream,
    decoder: StreamDecoder,
    /// Bytes that are read and not decoded.
    rest: Buffer,
    /// Most bytes of a batch.
    limit: u64,
}

impl Batches<'_> {
    /// The next batch, none at the end.
    fn next(&mut self) -> Result<Option<RecordBatch>, Reason> {
        let mut read = 0;
        loop {
            if self.rest.is_empty() {
                let chunk = self.stream.fill().map_err(|damage| damage.reason())?;
                if chunk.is_empty() {
                    return match self.decoder.finish() {
                        Ok(()) => Ok(None),
                        Err(_) => Err(Reason::new("collect.truncated")
                            .detail("Arrow: the file ends inside a batch of rows")),
                    };
                }
                self.rest = Buffer::from(chunk.to_vec());
                self.stream.consume(self.rest.len());
                read += self.rest.len() as u64;
                if read > self.limit {
                    return Err(too_large(read, self.limit));
                }
            }
            // The decoder is made for files that its own library wrote.
            let decoded = catch_unwind(AssertUnwindSafe(|| self.decoder.decode(&mut self.rest)));
            match decoded {
                Ok(Ok(Some(batch))) => return Ok(Some(batch)),
                Ok(Ok(None)) => {}
                // Behind its end a file has a directory.
                Ok(Err(_)) if self.decoder.finish().is_ok() => return Ok(None),
                Ok(Err(error)) => {
                    let detail = format!("Arrow: {error}");
                    return Err(Reason::new("collect.corrupt").detail(detail));
                }
                Err(_) => {
                    return Err(Reason::new("collect.corrupt").detail("Arrow: the decoder failed"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::types::Int32Type;
    use arrow::array::{ArrayRef, Int64Array, StringArray, StringDictionaryBuilder};
    use arrow::ipc::writer::{FileWriter, StreamWriter};
    use proptest::prelude::*;

    use super::*;
    use crate::reader::testing::{read_bytes, source};

    fn batch() -> RecordBatch {
        let mut langs = StringDictionaryBuilder::<Int32Type>::new();
        langs.extend([Some("en"), Some("zh"), Some("en")]);
        RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
            (
                "text",
                Arc::new(StringArray::from(vec![Some("a"), None, Some("c")])),
            ),
            ("lang", Arc::new(langs.finish())),
        ])
        .unwrap()
    }

    fn streamed() -> Vec<u8> {
        let mut writer = StreamWriter::try_new(Vec::new(), &batch().schema()).unwrap();
        writer.write(&batch()).unwrap();
        writer.write(&batch().slice(2, 1)).unwrap();
        writer.finish().unwrap();
        writer.into_inner().unwrap()
    }

    #[test]
    fn streams_and_files() {
        let mut writer = FileWriter::try_new(Vec::new(), &batch().schema()).unwrap();
        writer.write(&batch()).unwrap();
        writer.write(&batch().slice(2, 1)).unwrap();
        writer.finish().unwrap();
        for bytes in [streamed(), writer.into_inner().unwrap()] {
            let out = read_bytes(&source("auto"), "data.arrow", bytes);
            assert_eq!(
                (out.bodies(), out.rules()),
                (vec!["a", "c", "c"], vec!["collect.no_text"])
            );
            assert_eq!(out.kept[1].lang.as_deref(), Some("en"));
            let offsets: Vec<u64> = out.kept.iter().map(|row| row.offset).collect();
            assert_eq!((offsets, out.dropped[0].offset), (vec![0, 2, 3], 1));
        }
    }

    #[test]
    fn cut_streams_keep_whole_batches() {
        let whole = streamed();
        let out = read_bytes(&source("auto"), "a", whole[..whole.len() - 40].to_vec());
        assert_eq!(out.bodies(), ["a", "c"]);
        assert_eq!(out.rules(), ["collect.no_text", "collect.truncated"]);
    }

    proptest! {
        #[test]
        fn damage_ends_in_rows(at in any::<prop::sample::Index>(), with in any::<u8>()) {
            let mut bytes = streamed();
            let at = at.index(bytes.len());
            bytes[at] = with;
            read_bytes(&source("auto"), "a", bytes);
        }
    }
}
