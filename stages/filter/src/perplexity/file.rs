//! The binary format of models.
//!
//! All numbers are little-endian. `TMKN`, version (one byte), units (one byte), order (one byte),
//! length of the language code (one byte) and the code; two 8-byte cut-offs of the buckets (NaN if
//! there are none); for each order its number of n-grams (8 bytes); then for each order its n-grams
//! by ascending hash: distance from the hash before as a variable-length integer, probability and,
//! below the highest order, back-off (4 bytes each); XXH3 of all that (8 bytes). An n-gram takes 10
//! to 16 bytes.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use super::MAX_ORDER;
use super::buckets::Buckets;
use super::model::KneserNey;
use super::table::{Table, Weights};
use super::units::Units;
use crate::error::Error;
use crate::text_file::unreadable;

const MAGIC: &[u8; 4] = b"TMKN";
const VERSION: u8 = 1;
const BUFFER: usize = 1 << 18;
/// Fewest bytes of an n-gram in the file.
const MIN_NGRAM: u64 = 5;

impl KneserNey {
    /// Writes the model in its binary format. The same model gives the same bytes. While it sorts
    /// an order's n-grams it takes 16 bytes for each.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.write(path).map_err(|error| Error::Write {
            path: path.to_path_buf(),
            message: error.to_string(),
        })
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut out = Summing::new(BufWriter::with_capacity(BUFFER, File::create(path)?));
        let language = &self.language.as_bytes()[..self.language.len().min(255)];
        out.put(MAGIC)?;
        out.put(&[
            VERSION,
            self.units.number(),
            self.order() as u8,
            language.len() as u8,
        ])?;
        out.put(language)?;
        let buckets = self.buckets.map_or([f64::NAN; 2], |b| [b.head, b.tail]);
        for cut_off in buckets {
            out.put(&cut_off.to_le_bytes())?;
        }
        for table in &self.tables {
            out.put(&(table.len() as u64).to_le_bytes())?;
        }
        for (order, table) in (1..).zip(&self.tables) {
            let mut before = 0;
            for (key, weights) in table.sorted() {
                let mut distance = key - before;
                before = key;
                while distance >= 0x80 {
                    out.put(&[distance as u8 | 0x80])?;
                    distance >>= 7;
                }
                out.put(&[distance as u8])?;
                out.put(&weights.probability.to_le_bytes())?;
                if order < self.order() {
                    out.put(&weights.backoff.to_le_bytes())?;
                }
            }
        }
        let sum = out.sum.digest();
        out.put(&sum.to_le_bytes())?;
        out.inner.flush()?;
        out.inner.get_ref().sync_all()
    }

    /// Reads a model in the binary format.
    ///
    /// # Errors
    /// The file cannot be read, is no model, is of another version, or is damaged.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let length = file
            .metadata()
            .map_err(|error| unreadable(path, &error))?
            .len();
        let mut input = Summing::new(BufReader::with_capacity(BUFFER, file));
        parse(&mut input, length).map_err(|fault| match fault {
            Fault::Read(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                unreadable(path, &error)
            }
            Fault::Read(_) => damaged(path, "it ends too early; copy or train it again"),
            Fault::Content(problem) => damaged(path, problem),
        })
    }
}

fn damaged(path: &Path, problem: &str) -> Error {
    Error::Model {
        path: path.to_path_buf(),
        problem: problem.to_string(),
    }
}

enum Fault {
    Read(std::io::Error),
    Content(&'static str),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

fn parse(input: &mut Summing<impl Read>, length: u64) -> Result<KneserNey, Fault> {
    if input.take::<4>()? != *MAGIC {
        return Err(Fault::Content("it is no perplexity model of textmill"));
    }
    let [version, units, order, language_len] = input.take()?;
    if version != VERSION {
        return Err(Fault::Content(
            "its version is unknown; train it again with this version",
        ));
    }
    let units = Units::from_number(units).ok_or(DAMAGED)?;
    let order = usize::from(order);
    if !(1..=MAX_ORDER).contains(&order) {
        return Err(DAMAGED);
    }
    let mut language = vec![0; usize::from(language_len)];
    input.get(&mut language)?;
    let [head, tail] = [input.take()?, input.take()?].map(f64::from_le_bytes);
    let mut counts = Vec::new();
    for _ in 0..order {
        counts.push(u64::from_le_bytes(input.take()?));
    }
    let total = counts
        .iter()
        .try_fold(0u64, |sum, count| sum.checked_add(*count));
    // Before anything is reserved for them.
    if total.is_none_or(|total| total > length / MIN_NGRAM) {
        return Err(DAMAGED);
    }
    let mut tables = Vec::new();
    for (number, &count) in (1..).zip(&counts) {
        tables.push(read_table(input, count as usize, number < order)?);
    }
    let sum = input.sum.digest();
    if u64::from_le_bytes(input.take()?) != sum {
        return Err(DAMAGED);
    }
    let mut model = KneserNey::new(units, tables);
    model.language = String::from_utf8(language).map_err(|_| DAMAGED)?;
    model.buckets = (!head.is_nan() && !tail.is_nan()).then_some(Buckets { head, tail });
    Ok(model)
}

const DAMAGED: Fault = Fault::Content("it is damaged; copy or train it again");

fn read_table(
    input: &mut Summing<impl Read>,
    count: usize,
    backoffs: bool,
) -> Result<Table, Fault> {
    let mut table = Table::with_capacity(count);
    let mut key = 0u64;
    for _ in 0..count {
        let distance = input.integer()?.ok_or(DAMAGED)?;
        key = key.checked_add(distance).ok_or(DAMAGED)?;
        let probability = f32::from_le_bytes(input.take()?);
        let backoff = match backoffs {
            true => f32::from_le_bytes(input.take()?),
            false => 0.0,
        };
        // A distance of 0 would be the same n-gram again, or a free slot.
        if distance == 0 {
            return Err(DAMAGED);
        }
        table.insert(
            key,
            Weights {
                probability,
                backoff,
            },
        );
    }
    Ok(table)
}

/// Reads or writes, and sums up what went by.
struct Summing<I> {
    inner: I,
    sum: Xxh3,
}

impl<I> Summing<I> {
    fn new(inner: I) -> Self {
        Self {
            inner,
            sum: Xxh3::new(),
        }
    }
}

impl<W: Write> Summing<W> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<R: Read> Summing<R> {
    fn get(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.sum.update(bytes);
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.get(&mut bytes)?;
        Ok(bytes)
    }

    /// A variable-length integer, seven bits a byte, lowest first; `None` if it is too long.
    fn integer(&mut self) -> std::io::Result<Option<u64>> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}
