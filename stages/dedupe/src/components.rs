//! The step `components`: the forests of verified pairs become connected components.
//!
//! With 8 bytes a row at hand, by union-find; else by passes over the pairs through the shuffle
//! (large-star and small-star: Kiveris et al., *Connected Components in MapReduce and Beyond*,
//! SoCC 2014). Both give each row the smallest row of its component.

use std::path::{Path, PathBuf};

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::candidates::pair_partitions;
use crate::corpus::Corpus;
use crate::paths::Kind;
use crate::shingles::mix;
use crate::shuffle::{ShuffleWriter, Sorted};
use crate::unionfind::UnionFind;

/// Bytes that union-find takes of a row.
const UNION_FIND: u64 = 8;

/// Partitions of the components, by their smallest row.
pub(crate) fn component_partitions(corpus: &Corpus) -> usize {
    pair_partitions(corpus)
}

/// Writes [smallest row of the component, row] of each row in a verified pair.
pub(crate) fn connect(corpus: &Corpus, ctx: &TaskContext) -> StageResult<()> {
    let edges = corpus.paths.files(Kind::Edges, pair_partitions(corpus));
    let partitions = component_partitions(corpus);
    let path = corpus.paths.file(Kind::Components, 0);
    let memory = corpus.budget.global();
    let mut members = ShuffleWriter::<2>::create(&path, partitions, memory / 8)?;
    let mut push = |root, row| members.push(corpus.range_of(root, partitions), [root, row]);
    if UNION_FIND * corpus.rows.total() <= memory / 2 {
        by_union_find(corpus, &edges, ctx, &mut push)?;
    } else {
        let partitions = corpus.partitions::<2>(2);
        let scratch = corpus.paths.scratch();
        std::fs::create_dir_all(&scratch).map_err(Error::io(&scratch))?;
        let folder = tempfile::Builder::new()
            .prefix("stars")
            .tempdir_in(&scratch);
        let folder = folder.map_err(Error::io(&scratch))?;
        let stars = Stars {
            work: folder.path().to_path_buf(),
            scratch: corpus.paths.scratch(),
            memory,
            partitions,
            range: &|row| corpus.range_of(row, partitions),
        };
        stars.connect(&edges, &mut push)?;
    }
    members.finish()?;
    Ok(())
}

fn by_union_find(
    corpus: &Corpus,
    edges: &[PathBuf],
    ctx: &TaskContext,
    push: &mut impl FnMut(u64, u64) -> Result<(), Error>,
) -> StageResult<()> {
    let mut sets = UnionFind::new(corpus.rows.total());
    for file in edges {
        ctx.check_cancelled()?;
        let mut pairs = open(std::slice::from_ref(file), 0, corpus)?;
        while let Some([a, b]) = pairs.next_record()? {
            sets.union(a, b);
        }
    }
    for row in 0..corpus.rows.total() {
        let root = sets.find(row);
        if root != row {
            push(root, root)?;
            push(root, row)?;
        }
    }
    Ok(())
}

fn open(files: &[PathBuf], partition: usize, corpus: &Corpus) -> Result<Sorted<2>, Error> {
    let memory = corpus.budget.global() / 8;
    Sorted::open(files, partition, memory, &corpus.paths.scratch())
}

/// Passes over pairs until each is a row and the smallest row of its component.
struct Stars<'a> {
    work: PathBuf,
    scratch: PathBuf,
    memory: u64,
    partitions: usize,
    range: &'a dyn Fn(u64) -> usize,
}

impl Stars<'_> {
    fn connect(
        &self,
        edges: &[PathBuf],
        push: &mut impl FnMut(u64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // Two names, written in turn.
        let (path, other) = (self.work.join("a.bin"), self.work.join("b.bin"));
        let mut writer = self.writer(&path)?;
        for file in edges {
            let mut pairs = Sorted::open(
                std::slice::from_ref(file),
                0,
                self.memory / 4,
                &self.scratch,
            )?;
            while let Some([a, b]) = pairs.next_record()? {
                self.both(&mut writer, a, b)?;
            }
        }
        writer.finish()?;
        let mut before = None;
        loop {
            self.large_star(&path, &other)?;
            let after = self.small_star(&other, &path)?;
            if before == Some(after) {
                break;
            }
            before = Some(after);
        }
        for partition in 0..self.partitions {
            let mut pairs = self.open(&path, partition)?;
            while let Some([row, root]) = pairs.next_record()? {
                if root < row {
                    push(root, root)?;
                    push(root, row)?;
                }
            }
        }
        Ok(())
    }

    /// Each row's larger neighbours are tied to the smallest row around it. Reads pairs in both
    /// directions, writes each as [larger, smaller].
    fn large_star(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let mut writer = self.writer(to)?;
        for partition in 0..self.partitions {
            let mut pairs = self.open(from, partition)?;
            let (mut row, mut least) = (None, 0);
            while let Some([u, v]) = pairs.next_record()? {
                if row != Some(u) {
                    (row, least) = (Some(u), u.min(v));
                }
                if v > u {
                    writer.push((self.range)(v), [v, least])?;
                }
            }
        }
        writer.finish()
    }

    /// Each row and its smaller neighbours are tied to the smallest of them. Writes pairs in both
    /// directions; returns their number and a hash of their set.
    fn small_star(&self, from: &Path, to: &Path) -> Result<(u64, u64), Error> {
        let mut writer = self.writer(to)?;
        let mut state = (0_u64, 0_u64);
        for partition in 0..self.partitions {
            let mut pairs = self.open(from, partition)?;
            let (mut row, mut least) = (None, 0);
            while let Some([u, v]) = pairs.next_record()? {
                state.0 += 1;
                state.1 = state.1.wrapping_add(mix(mix(u) ^ v));
                if row != Some(u) {
                    (row, least) = (Some(u), v);
                    self.both(&mut writer, u, least)?;
                } else {
                    self.both(&mut writer, v, least)?;
                }
            }
        }
        writer.finish()?;
        Ok(state)
    }

    fn both(&self, writer: &mut ShuffleWriter<2>, a: u64, b: u64) -> Result<(), Error> {
        if a == b {
            return Ok(());
        }
        writer.push((self.range)(a), [a, b])?;
        writer.push((self.range)(b), [b, a])
    }

    fn writer(&self, path: &Path) -> Result<ShuffleWriter<2>, Error> {
        ShuffleWriter::create(path, self.partitions, self.memory / 4)
    }

    fn open(&self, path: &Path, partition: usize) -> Result<Sorted<2>, Error> {
        let files = [path.to_path_buf()];
        Sorted::open(&files, partition, self.memory / 4, &self.scratch)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stars_are_the_components_of_union_find(
            edges in prop::collection::vec((0_u64..60, 0_u64..60), 0..80), partitions in 1_usize..4
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("edges.bin");
            let mut writer = ShuffleWriter::<2>::create(&path, 1, 1000).unwrap();
            let mut sets = UnionFind::new(60);
            for &(a, b) in edges.iter().filter(|(a, b)| a != b) {
                writer.push(0, [a.min(b), a.max(b)]).unwrap();
                sets.union(a, b);
            }
            writer.finish().unwrap();
            let stars = Stars {
                work: dir.path().join("stars"),
                scratch: dir.path().to_path_buf(),
                memory: 4000,
                partitions,
                range: &|row| row as usize * partitions / 60,
            };
            let mut found = BTreeSet::new();
            let pushed = stars.connect(&[path], &mut |root, row| {
                found.insert((root, row));
                Ok(())
            });
            pushed.unwrap();
            let mut expected = BTreeSet::new();
            for row in 0..60 {
                let root = sets.find(row);
                if root != row {
                    expected.extend([(root, root), (root, row)]);
                }
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_long_chain_takes_few_passes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("edges.bin");
        let mut writer = ShuffleWriter::<2>::create(&path, 1, 1 << 20).unwrap();
        (1..20_000).for_each(|row| writer.push(0, [row - 1, row]).unwrap());
        writer.finish().unwrap();
        let stars = Stars {
            work: dir.path().join("stars"),
            scratch: dir.path().to_path_buf(),
            memory: 1 << 22,
            partitions: 1,
            range: &|_| 0,
        };
        let started = std::time::Instant::now();
        let mut roots = BTreeSet::new();
        let pushed = stars.connect(&[path], &mut |root, _| {
            roots.insert(root);
            Ok(())
        });
        pushed.unwrap();
        assert_eq!(roots, BTreeSet::from([0]));
        assert!(started.elapsed().as_secs() < 20);
    }
}
