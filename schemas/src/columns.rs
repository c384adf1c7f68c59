//! The bytes of a shard that a reader asks for: from the disk as it asks, from a store in few
//! requests.

use std::io::{self, BufReader, Read};

use bytes::{Buf, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use textmill_storage::Source;

/// Column chunks that lie no farther apart are asked for together.
const GAP: u64 = 1 << 20;
/// Headers of pages are smaller.
const HEADER_BYTES: usize = 4 << 10;

/// A shard, some of whose bytes are at hand.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    source: Source,
    /// Place and content of what is at hand.
    held: Vec<(u64, Bytes)>,
}

impl Window {
    /// For the footer, which a source has at hand.
    pub fn of_footer(source: &Source) -> Self {
        Self {
            source: source.clone(),
            held: Vec::new(),
        }
    }

    /// For a row group: the columns that are read of it.
    pub fn of_group(
        source: &Source,
        group: &RowGroupMetaData,
        columns: &ProjectionMask,
    ) -> io::Result<Self> {
        let mut window = Self::of_footer(source);
        if !source.is_remote() {
            return Ok(window);
        }
        let chunks = group.columns().iter().enumerate();
        let wanted = chunks.filter(|(leaf, _)| columns.leaf_included(*leaf));
        let mut ranges: Vec<(u64, u64)> = wanted.map(|(_, chunk)| chunk.byte_range()).collect();
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, length) in ranges {
            let end = start.saturating_add(length);
            match joined.last_mut() {
                Some((_, last)) if start <= last.saturating_add(GAP) => *last = end.max(*last),
                _ => joined.push((start, end)),
            }
        }
        for (start, end) in joined {
            let length = usize::try_from(end - start).unwrap_or(usize::MAX);
            window.held.push((start, source.bytes(start, length)?));
        }
        Ok(window)
    }

    /// What is at hand from a place on.
    fn at_hand(&self, start: u64) -> Option<Bytes> {
        self.held.iter().find_map(|(from, bytes)| {
            let offset = usize::try_from(start.checked_sub(*from)?).ok()?;
            (offset < bytes.len()).then(|| bytes.slice(offset..))
        })
    }
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.source.size()
    }
}

impl ChunkReader for Window {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(match self.at_hand(start) {
            Some(bytes) => Box::new(bytes.reader()),
            None => {
                let reader = self.source.reader(start);
                Box::new(BufReader::with_capacity(HEADER_BYTES, reader))
            }
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if let Some(bytes) = self.at_hand(start).filter(|bytes| bytes.len() >= length) {
            return Ok(bytes.slice(..length));
        }
        let read = self.source.bytes(start, length);
        read.map_err(|error| ParquetError::External(error.into()))
    }
}
