//! Indexes of earlier runs, as the stage reads them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use textmill_schemas::{IndexEntry, ShardReader, StageResult};

use crate::index::Index;
use crate::{Config, Error};

/// Bytes of a shard's end that stand for it: the end holds offsets, sizes and statistics of all
/// columns.
const END: u64 = 64 << 10;

/// The shards of all reference indexes, each with its number of entries.
///
/// # Errors
/// When an index is missing, or was made with other parameters than the configuration's.
pub(crate) fn shards(config: &Config) -> StageResult<Vec<(PathBuf, u64)>> {
    let mut shards = Vec::new();
    for folder in &config.reference {
        let index = Index::open(folder)?;
        index.check(config)?;
        for path in index.shards() {
            let rows = ShardReader::<IndexEntry>::open(path)?.rows();
            shards.push((path.clone(), rows));
        }
    }
    Ok(shards)
}

/// Names what the indexes hold, without reading all of them.
pub(crate) fn hash(shards: &[(PathBuf, u64)]) -> Result<String, Error> {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for (path, rows) in shards {
        hasher.update(&rows.to_le_bytes());
        hasher.update(&end_of(path)?);
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

fn end_of(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let length = file.metadata().map_err(Error::io(path))?.len();
    let mut end = vec![0; length.min(END) as usize];
    file.read_exact_at(&mut end, length - length.min(END))
        .map_err(Error::io(path))?;
    end.extend(length.to_le_bytes());
    Ok(end)
}
