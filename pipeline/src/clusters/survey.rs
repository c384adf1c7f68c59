//! How many clusters there are of which size, and which are the largest.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use textmill_schemas::{Document, ShardReader};

use super::places::Place;
use super::wanted::Wanted;

/// Ranges of cluster sizes, by the least.
const SIZES: [(u32, &str); 7] = [
    (1, "1"),
    (2, "2"),
    (3, "3"),
    (4, "4"),
    (5, "5-99"),
    (100, "100-999"),
    (1000, "1000+"),
];

/// A cluster of duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The id of the document that was kept.
    pub id: String,
    /// Documents, with the kept one.
    pub size: u32,
    /// Where the kept one is.
    pub place: Place,
}

/// Clusters and documents of a range of sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub clusters: u64,
    pub documents: u64,
}

/// What the kept documents say of their clusters.
#[derive(Debug, Default)]
pub struct Survey {
    counts: [Count; SIZES.len()],
    /// The largest clusters that are wanted, from the largest on; those of a size by id.
    pub largest: Vec<Cluster>,
}

impl Survey {
    /// Looks through the kept shards; `most` clusters are named.
    pub fn of(kept: &[PathBuf], wanted: &Wanted, most: usize) -> Result<Self> {
        let mut survey = Self::default();
        let mut largest: BTreeMap<(Reverse<u32>, String), Place> = BTreeMap::new();
        for (shard, path) in kept.iter().enumerate() {
            let groups = ShardReader::<Document>::open(path)?;
            for (group, rows) in groups.with_columns(&["id", "cluster_size"]).enumerate() {
                for (row, document) in rows?.into_iter().enumerate() {
                    let size = document.cluster_size.unwrap_or(1);
                    survey.count(size);
                    let last = largest.last_key_value().map(|((size, _), _)| size.0);
                    let small = largest.len() >= most && last.is_some_and(|last| size < last);
                    if size < 2 || most == 0 || small || !wanted.takes(&document.id) {
                        continue;
                    }
                    let place = Place { shard, group, row };
                    largest.insert((Reverse(size), document.id), place);
                    if largest.len() > most {
                        largest.pop_last();
                    }
                }
            }
        }
        let cluster = |((size, id), place): ((Reverse<u32>, String), Place)| Cluster {
            id,
            size: size.0,
            place,
        };
        survey.largest = largest.into_iter().map(cluster).collect();
        Ok(survey)
    }

    fn count(&mut self, size: u32) {
        let range = SIZES.partition_point(|(least, _)| *least <= size.max(1)) - 1;
        if let Some(count) = self.counts.get_mut(range) {
            count.clusters += 1;
            count.documents += u64::from(size);
        }
    }

    /// The ranges of sizes, with what is in them; the first one is of documents alone.
    pub fn sizes(&self) -> impl Iterator<Item = (&'static str, Count)> {
        let names = SIZES.iter().map(|(_, name)| *name);
        names.zip(self.counts)
    }

    /// Documents without a duplicate.
    pub fn alone(&self) -> u64 {
        self.counts.first().map_or(0, |count| count.documents)
    }

    /// Clusters of two documents and more.
    pub fn clusters(&self) -> Count {
        let several = self.counts.iter().skip(1);
        several.fold(Count::default(), |sum, count| Count {
            clusters: sum.clusters + count.clusters,
            documents: sum.documents + count.documents,
        })
    }
}

#[cfg(test)]
mod tests {
    use textmill_schemas::ShardWriter;

    use super::*;

    #[test]
    fn the_largest_are_found_over_all_shards_and_sizes_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let sizes = [
            &[Some(2), None, Some(7)][..],
            &[Some(2), Some(1200)],
            &[Some(4)],
        ];
        let write = |(shard, sizes): (usize, &&[Option<u32>])| {
            let name = format!("part-{shard}.parquet");
            let mut writer = ShardWriter::<Document>::create(dir.path(), &name).unwrap();
            for (row, cluster_size) in sizes.iter().enumerate() {
                let document = Document {
                    id: format!("{}{row}", 9 - shard),
                    cluster_size: *cluster_size,
                    ..Document::default()
                };
                writer.write(document).unwrap();
            }
            writer.finish().unwrap();
            dir.path().join(name)
        };
        let shards: Vec<PathBuf> = sizes.iter().enumerate().map(write).collect();
        let largest = |most| -> Vec<(String, u32, usize)> {
            let survey = Survey::of(&shards, &Wanted::all(), most).unwrap();
            let clusters = survey.largest.into_iter();
            clusters.map(|c| (c.id, c.size, c.place.shard)).collect()
        };
        let expected = [
            ("81".to_owned(), 1200, 1),
            ("92".to_owned(), 7, 0),
            ("70".to_owned(), 4, 2),
            ("80".to_owned(), 2, 1),
            ("90".to_owned(), 2, 0),
        ];
        assert_eq!(largest(9), expected);
        assert_eq!(largest(4), expected[..4]);
        assert_eq!(largest(0), []);
        let survey = Survey::of(&shards, &Wanted::all(), 0).unwrap();
        assert_eq!(survey.alone(), 1);
        let (clusters, documents) = (5, 2 + 7 + 2 + 1200 + 4);
        assert_eq!(
            survey.clusters(),
            Count {
                clusters,
                documents
            }
        );
        let counts: Vec<u64> = survey.sizes().map(|(_, count)| count.clusters).collect();
        assert_eq!(counts, [1, 2, 0, 1, 1, 0, 1]);
    }
}
