//! Several indexes as one.

use std::fs;
use std::path::{Path, PathBuf};

use textmill_schemas::{IndexEntry, shard_name};

use super::sorter::Sorter;
use super::{Index, IndexError, IndexWriter, Parameters};

/// A shard of a merged index ends behind the entry with which it has this many bytes, before
/// compression.
const SHARD_BYTES: usize = 256 << 20;

/// Bytes of an entry besides its signature, about.
const OTHER_BYTES: usize = 192;

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Entries read.
    pub read: u64,
    /// Entries written: one for each text.
    pub written: u64,
    /// Shards written.
    pub shards: u64,
}

/// Merges indexes with equal parameters into the folder `out`, which must not exist or be empty.
/// The entries are sorted by text hash. Of entries with the same text one stays: one with an
/// address, if any, else the first by source, id and address. So the shards depend on what is in
/// the inputs, but neither on their order nor on how they are cut.
///
/// `out` appears when it is whole. Memory is bounded by the shuffle's partitions; beside `out` lies
/// meanwhile a folder of about twice the size of the entries.
///
/// # Errors
/// When an input is missing, is no index or has other parameters, when `out` is in use, or when
/// the disk refuses; the message names the file and the mend.
pub fn merge(inputs: &[PathBuf], out: &Path) -> Result<Merged, IndexError> {
    merge_into_shards(inputs, out, SHARD_BYTES)
}

pub(super) fn merge_into_shards(
    inputs: &[PathBuf],
    out: &Path,
    shard_bytes: usize,
) -> Result<Merged, IndexError> {
    let indexes = inputs.iter().map(|folder| Index::open(folder));
    let indexes = indexes.collect::<Result<Vec<Index>, _>>()?;
    let Some(first) = indexes.first() else {
        return Ok(Merged::default());
    };
    indexes
        .iter()
        .try_for_each(|index| index.check_like(first))?;
    check_free(out)?;
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(IndexError::io(parent))?;
    let scratch = tempfile::Builder::new()
        .prefix(".index-merge-")
        .tempdir_in(parent);
    let scratch = scratch.map_err(IndexError::io(parent))?;
    let whole = scratch.path().join("index");
    let merged = write_merged(
        &indexes,
        first.parameters(),
        &whole,
        scratch.path(),
        shard_bytes,
    )?;
    fs::rename(&whole, out).map_err(IndexError::io(out))?;
    Ok(merged)
}

fn check_free(out: &Path) -> Result<(), IndexError> {
    let used = out.exists()
        && fs::read_dir(out)
            .map_err(IndexError::io(out))?
            .next()
            .is_some();
    match used {
        true => Err(IndexError::Occupied {
            path: out.to_path_buf(),
        }),
        false => Ok(()),
    }
}

fn write_merged(
    indexes: &[Index],
    parameters: &Parameters,
    out: &Path,
    scratch: &Path,
    shard_bytes: usize,
) -> Result<Merged, IndexError> {
    let rows = indexes.iter().map(Index::rows).fold(0, u64::saturating_add);
    let mut sorter = Sorter::create(scratch, rows, parameters.hashes() * 4 + OTHER_BYTES)?;
    let mut read = 0;
    for group in indexes.iter().flat_map(Index::entries) {
        for entry in group? {
            sorter.push(&entry)?;
            read += 1;
        }
    }
    let mut writer = MergeWriter::create(out, parameters, shard_bytes)?;
    let mut best: Option<IndexEntry> = None;
    sorter.finish(|entry| {
        match &mut best {
            Some(best) if best.text_hash == entry.text_hash => {
                if rank(&entry) < rank(best) {
                    *best = entry;
                }
            }
            best => {
                if let Some(whole) = best.replace(entry) {
                    writer.write(whole)?;
                }
            }
        }
        Ok(())
    })?;
    if let Some(last) = best {
        writer.write(last)?;
    }
    let (written, shards) = writer.finish()?;
    Ok(Merged {
        read,
        written,
        shards,
    })
}

/// Of entries with the same text the one of the lowest rank stays.
fn rank(entry: &IndexEntry) -> impl Ord {
    let IndexEntry {
        id,
        source,
        url,
        length,
        url_hash,
        signature,
        ..
    } = entry;
    (
        url_hash.is_empty(),
        source,
        id,
        url,
        length,
        url_hash,
        signature,
    )
}

/// Writes one shard after the other.
struct MergeWriter<'a> {
    out: &'a Path,
    parameters: &'a Parameters,
    shard_bytes: usize,
    writer: IndexWriter,
    bytes: usize,
    shards: usize,
    written: u64,
}

impl<'a> MergeWriter<'a> {
    fn create(
        out: &'a Path,
        parameters: &'a Parameters,
        shard_bytes: usize,
    ) -> Result<Self, IndexError> {
        Ok(Self {
            out,
            parameters,
            shard_bytes,
            writer: IndexWriter::create(out, &shard_name(0), parameters)?,
            bytes: 0,
            shards: 1,
            written: 0,
        })
    }

    fn write(&mut self, entry: IndexEntry) -> Result<(), IndexError> {
        if self.bytes >= self.shard_bytes {
            let next = IndexWriter::create(self.out, &shard_name(self.shards), self.parameters)?;
            std::mem::replace(&mut self.writer, next).finish()?;
            self.shards += 1;
            self.bytes = 0;
        }
        self.bytes += textmill_schemas::Row::size(&entry);
        self.written += 1;
        self.writer.write(entry)
    }

    fn finish(self) -> Result<(u64, u64), IndexError> {
        self.writer.finish()?;
        Ok((self.written, self.shards as u64))
    }
}
