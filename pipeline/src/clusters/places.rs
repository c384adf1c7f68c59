//! Where rows are, and reading single ones.

use std::path::PathBuf;

use anyhow::{Context, Result};
use textmill_schemas::{Row, ShardReader};

/// Where a row is: shard, row group, and row in that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub shard: usize,
    pub group: usize,
    pub row: usize,
}

/// Reads these columns of the rows at sorted places, a row group at a time.
pub fn read_at<R: Row>(
    shards: &[PathBuf],
    places: &[Place],
    columns: &[&str],
    mut see: impl FnMut(Place, R),
) -> Result<()> {
    for same_group in places.chunk_by(|a, b| (a.shard, a.group) == (b.shard, b.group)) {
        let Some(first) = same_group.first() else {
            continue;
        };
        let path = shards.get(first.shard).context("shards of the run")?;
        let changed = || format!("{}: changed while it was read", path.display());
        let mut groups = ShardReader::<R>::open(path)?.with_columns(columns);
        let mut rows = groups.nth(first.group).with_context(changed)??;
        for place in same_group {
            let row = rows.get_mut(place.row).with_context(changed)?;
            see(*place, std::mem::take(row));
        }
    }
    Ok(())
}
