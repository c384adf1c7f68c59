//! Entries in the order of their texts' hashes, by way of the shuffle.
//!
//! The shuffle's records have one size and entries have not, so that an entry goes through it in
//! pieces. A record holds the text's hash (two words), the number of the entry, the place of the
//! piece, and the piece.

use std::path::{Path, PathBuf};

use textmill_schemas::IndexEntry;

use super::IndexError;
use super::entry::{read, text_hash, write};
use crate::Error;
use crate::shuffle::{Record, ShuffleWriter, partitions_for, range_partition, read_partition};

const WORDS: usize = 16;
/// Bytes in a piece: what the first four words leave.
const PIECE: usize = (WORDS - 4) * 8;

/// Takes entries in any order.
pub(super) struct Sorter {
    file: PathBuf,
    writer: ShuffleWriter<WORDS>,
    partitions: usize,
    entries: u64,
    bytes: Vec<u8>,
}

impl Sorter {
    /// A sorter of about so many entries of about so many bytes; its file goes into `scratch`.
    pub fn create(scratch: &Path, entries: u64, bytes: usize) -> Result<Self, IndexError> {
        let file = scratch.join("entries.bin");
        let pieces = entries.saturating_mul(bytes.div_ceil(PIECE) as u64);
        let partitions = partitions_for::<WORDS>(pieces);
        Ok(Self {
            writer: ShuffleWriter::create(&file, partitions)?,
            file,
            partitions,
            entries: 0,
            bytes: Vec::new(),
        })
    }

    pub fn push(&mut self, entry: &IndexEntry) -> Result<(), IndexError> {
        let hash = text_hash(entry).unwrap_or_default();
        let (high, low) = ((hash >> 64) as u64, hash as u64);
        self.bytes.clear();
        write(entry, &mut self.bytes);
        let mut left = self.bytes.len();
        for (place, piece) in self.bytes.chunks(PIECE).enumerate() {
            let mut record = [0; WORDS];
            let head = [high, low, self.entries, pack(place, left)];
            for (word, value) in record.iter_mut().zip(head.into_iter().chain(words(piece))) {
                *word = value;
            }
            self.writer
                .push(range_partition(high, self.partitions), record)?;
            left -= piece.len();
        }
        self.entries += 1;
        Ok(())
    }

    /// Hands over the entries, sorted by text hash.
    pub fn finish(
        self,
        mut to: impl FnMut(IndexEntry) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.writer.finish()?;
        let mut bytes = Vec::new();
        for partition in 0..self.partitions {
            for record in sorted(&self.file, partition)? {
                let [_, _, _, place, ref piece @ ..] = record?;
                bytes.extend(piece.iter().flat_map(|word| word.to_le_bytes()));
                let left = left_of(place);
                if left <= PIECE {
                    bytes.truncate(bytes.len() - (PIECE - left));
                    let entry = read(&bytes);
                    to(entry.ok_or_else(|| Error::damaged(&self.file, "entry of an index"))?)?;
                    bytes.clear();
                }
            }
        }
        Ok(())
    }
}

/// A partition's records in order.
fn sorted(
    file: &Path,
    partition: usize,
) -> Result<impl Iterator<Item = Result<Record<WORDS>, Error>>, Error> {
    let records = read_partition(&[file.to_path_buf()], partition)?;
    Ok(records.into_iter().map(Ok))
}

/// The place of a piece and the bytes from it to the entry's end, ordered by place. Columns of a
/// row group have less than 2 GiB together, so both fit.
fn pack(place: usize, left: usize) -> u64 {
    (place as u64) << 32 | left as u64 & u64::from(u32::MAX)
}

fn left_of(place: u64) -> usize {
    (place & u64::from(u32::MAX)) as usize
}

/// Little-endian words, the last one filled up with zeros.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks(8).map(|chunk| {
        let bytes = chunk.iter().rev();
        bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
    })
}
