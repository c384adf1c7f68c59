//! What a task looks up of single documents, fetched before it begins.
//!
//! Documents that meet in a pair lie in any two shards. On a disk they are looked up where they lie; a
//! store would be asked for each of them, and answers as slowly as it hands over some megabytes. So what a
//! task is going to look up is fetched in the order of shards, many of them at a time, onto the disk
//! of this machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use textmill_schemas::{StageResult, TaskContext};

use crate::Error;
use crate::corpus::Corpus;
use crate::facts::{Column, FactsReader};
use crate::intermediate::words_of;
use crate::shuffle::Sorted;
use crate::sorter::Sorter;
use crate::together::together;

/// Rows that are fetched before any of them is written.
const ROWS: usize = 1 << 14;
/// Of so many rows one is known without a look at the disk.
const STRIDE: usize = 64;

/// Columns of some rows, on this machine's disk.
pub(crate) struct Gathered {
    columns: Vec<Column>,
    /// Of each row: its number, where its bytes start, and the length of each column.
    index: File,
    rows: usize,
    /// The numbers of the first row, the 64th and so on.
    firsts: Vec<u64>,
    bytes: File,
    scratch: PathBuf,
}

impl Gathered {
    /// A column of a row; `None` when it was not gathered.
    pub fn bytes(&self, column: Column, row: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(place) = self.columns.iter().position(|other| *other == column) else {
            return Ok(None);
        };
        let stride = self.firsts.partition_point(|first| *first <= row);
        let Some(from) = stride.checked_sub(1).map(|stride| stride * STRIDE) else {
            return Ok(None);
        };
        let width = 2 + self.columns.len();
        let mut entries = vec![0; 8 * width * STRIDE.min(self.rows - from)];
        self.read(&self.index, &mut entries, (8 * width * from) as u64)?;
        let entries = words_of(&entries);
        let entry = entries
            .chunks(width)
            .find(|entry| entry.first() == Some(&row));
        let Some([_, start, lengths @ ..]) = entry else {
            return Ok(None);
        };
        let before: u64 = lengths.iter().take(place).sum();
        let length = lengths.get(place).copied().unwrap_or_default();
        let mut bytes = vec![0; length as usize];
        self.read(&self.bytes, &mut bytes, start + before)?;
        Ok(Some(bytes))
    }

    fn read(&self, file: &File, buffer: &mut [u8], at: u64) -> Result<(), Error> {
        let read = file.read_exact_at(buffer, at);
        read.map_err(Error::io(&self.scratch))
    }
}

/// Fetches columns of some rows, in an eighth of a task's memory.
pub(crate) fn gather(
    corpus: &Corpus,
    mut rows: Sorted<1>,
    columns: &[Column],
    ctx: &TaskContext,
) -> StageResult<Gathered> {
    let mut gatherer = Gatherer::create(corpus, columns)?;
    loop {
        let mut some = Vec::new();
        while some.len() < ROWS
            && let Some([row]) = rows.next_record()?
        {
            some.push(row);
        }
        ctx.check_cancelled()?;
        if some.is_empty() {
            return Ok(gatherer.finish()?);
        }
        gatherer.fetch(&some)?;
    }
}

/// Fetches what is looked up of all rows that some records name, when they lie in a store. Gives the
/// records back, and who looks documents up.
pub(crate) fn gather_named<'a>(
    corpus: &'a Corpus,
    mut records: Sorted<2>,
    columns: &[Column],
    ctx: &TaskContext,
) -> StageResult<(Sorted<2>, FactsReader<'a>)> {
    if !corpus.far {
        return Ok((records, FactsReader::new(corpus)));
    }
    let (memory, scratch) = (corpus.budget.task(), corpus.paths.scratch());
    let mut again = Sorter::<2>::new(memory / 4, &scratch);
    let mut rows = Sorter::<1>::new(memory / 8, &scratch);
    while let Some([a, b]) = records.next_record()? {
        again.extend(&[[a, b]])?;
        rows.extend(&[[a], [b]])?;
    }
    drop(records);
    let again = again.finish()?.into();
    let gathered = gather(corpus, rows.finish()?.into(), columns, ctx)?;
    Ok((again, FactsReader::with(corpus, gathered)))
}

struct Gatherer<'a> {
    corpus: &'a Corpus,
    columns: &'a [Column],
    /// For what is fetched row by row.
    reader: FactsReader<'a>,
    index: BufWriter<File>,
    bytes: BufWriter<File>,
    /// Bytes written.
    end: u64,
    rows: usize,
    firsts: Vec<u64>,
    scratch: PathBuf,
}

/// The columns of a row.
type Values = Vec<Vec<u8>>;

impl<'a> Gatherer<'a> {
    fn create(corpus: &'a Corpus, columns: &'a [Column]) -> Result<Self, Error> {
        let scratch = corpus.paths.scratch();
        fs::create_dir_all(&scratch).map_err(Error::io(&scratch))?;
        Ok(Self {
            corpus,
            columns,
            reader: FactsReader::new(corpus),
            index: nameless(&scratch)?,
            bytes: nameless(&scratch)?,
            end: 0,
            rows: 0,
            firsts: Vec::new(),
            scratch,
        })
    }

    /// The next rows, in ascending order.
    fn fetch(&mut self, rows: &[u64]) -> Result<(), Error> {
        let corpus = self.corpus;
        let of_shards = rows.chunk_by(|a, b| corpus.shard_of(*a) == corpus.shard_of(*b));
        let of_shards: Vec<&[u64]> = of_shards.collect();
        let held = AtomicU64::new(0);
        let fetched = together(&of_shards, |rows| self.fetch_shard(rows, &held))?;
        for (&row, values) in rows.iter().zip(fetched.into_iter().flatten()) {
            let values = match values {
                Some(values) => values,
                None => read_row(&mut self.reader, self.columns, row)?,
            };
            let written = self.write(row, &values);
            written.map_err(Error::io(&self.scratch))?;
        }
        Ok(())
    }

    /// Rows of one shard, each as long as there is room for more.
    fn fetch_shard(&self, rows: &[u64], held: &AtomicU64) -> Result<Vec<Option<Values>>, Error> {
        let most = self.corpus.budget.task() / 8;
        let mut reader = FactsReader::new(self.corpus);
        let fetch = |row: &u64| {
            if held.load(Ordering::Relaxed) >= most {
                return Ok(None);
            }
            let values = read_row(&mut reader, self.columns, *row)?;
            let bytes: usize = values.iter().map(Vec::len).sum();
            held.fetch_add(bytes as u64, Ordering::Relaxed);
            Ok(Some(values))
        };
        rows.iter().map(fetch).collect()
    }

    fn write(&mut self, row: u64, values: &Values) -> io::Result<()> {
        if self.rows.is_multiple_of(STRIDE) {
            self.firsts.push(row);
        }
        self.rows += 1;
        let lengths = values.iter().map(|value| value.len() as u64);
        for word in [row, self.end].into_iter().chain(lengths) {
            self.index.write_all(&word.to_le_bytes())?;
        }
        for value in values {
            self.bytes.write_all(value)?;
            self.end += value.len() as u64;
        }
        Ok(())
    }

    fn finish(self) -> Result<Gathered, Error> {
        let whole = |file: BufWriter<File>| {
            let file = file.into_inner().map_err(|error| error.into_error());
            file.map_err(Error::io(&self.scratch))
        };
        Ok(Gathered {
            columns: self.columns.to_vec(),
            index: whole(self.index)?,
            rows: self.rows,
            firsts: self.firsts,
            bytes: whole(self.bytes)?,
            scratch: self.scratch.clone(),
        })
    }
}

fn read_row(reader: &mut FactsReader, columns: &[Column], row: u64) -> Result<Values, Error> {
    let values = columns.iter().map(|column| reader.read(*column, row));
    values.collect()
}

/// A file without a name: it is gone when the task ends, however it ends.
fn nameless(scratch: &Path) -> Result<BufWriter<File>, Error> {
    let file = tempfile::tempfile_in(scratch).map_err(Error::io(scratch))?;
    Ok(BufWriter::with_capacity(1 << 16, file))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Config;
    use crate::budget::Budget;
    use crate::corpus::{Rows, Shard};
    use crate::facts::{Facts, FactsWriter};
    use crate::paths::Paths;
    use crate::rank::Rank;
    use crate::sets::SetsWriter;

    const COLUMNS: [Column; 4] = [Column::Facts, Column::Id, Column::Signature, Column::Set];

    /// Shards of so many rows, whose documents differ in everything.
    fn corpus(work: &Path, shard_rows: &[u64]) -> Corpus {
        let shards = shard_rows.iter().enumerate().map(|(index, rows)| Shard {
            index,
            path: PathBuf::new(),
            rows: *rows,
        });
        Corpus {
            config: Config::default(),
            own: shard_rows.len(),
            shards: shards.collect(),
            bytes: 0,
            rows: Rows::new(shard_rows.iter().copied()),
            paths: Paths::new(work),
            far: true,
            // A few rows' room, so that some are fetched one by one.
            budget: Budget::new(0, 1),
        }
    }

    fn write(corpus: &Corpus) {
        for shard in &corpus.shards {
            let mut facts = FactsWriter::create(corpus, shard.index).unwrap();
            let mut sets = SetsWriter::create(corpus, shard.index).unwrap();
            for row in (0..shard.rows).map(|place| corpus.rows.first_of(shard.index) + place) {
                let of_row = Facts {
                    exact: u128::from(row) << 70 | 1,
                    length: row * 3,
                    rank: Rank([row, 0, 1]),
                };
                let id = "x".repeat(row as usize % 7) + &row.to_string();
                facts.write(of_row, &id, &[row as u32; 112]).unwrap();
                let set: Vec<u64> = (0..row % 90).map(|at| at * row).collect();
                sets.write(&set).unwrap();
            }
            facts.finish().unwrap();
            sets.finish().unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn what_was_gathered_is_what_the_shards_hold(
            shard_rows in prop::collection::vec(0_u64..60, 1..50),
            picked in prop::collection::btree_set(0_u64..1500, 0..300),
            at_once in 1_usize..200,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let corpus = corpus(dir.path(), &shard_rows);
            write(&corpus);
            let total = corpus.rows.total();
            let picked: Vec<u64> = picked.into_iter().filter(|row| *row < total).collect();
            let mut gatherer = Gatherer::create(&corpus, &COLUMNS).unwrap();
            for rows in picked.chunks(at_once) {
                gatherer.fetch(rows).unwrap();
            }
            let gathered = gatherer.finish().unwrap();
            let mut reader = FactsReader::new(&corpus);
            for row in 0..total {
                for column in COLUMNS {
                    let found = gathered.bytes(column, row).unwrap();
                    let expected = picked.contains(&row).then(|| reader.read(column, row).unwrap());
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
