//! Vectors as files that others read.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::Error;

/// Rows that are written together.
const GROUP: usize = 4096;

/// The text format of word2vec: a line with the number of vectors and of their numbers, then a
/// line for each with its name and its numbers. gensim, fastText and spaCy read it. Numbers are
/// written so that the same float32 is read back.
///
/// # Errors
/// When the file cannot be written.
pub fn write_word2vec<'v, Rows: Iterator<Item = (&'v str, &'v [f32])>>(
    path: &Path,
    width: usize,
    rows: impl Fn() -> Rows,
) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        writeln!(out, "{} {width}", rows().count())?;
        for (name, vector) in rows() {
            out.write_all(name.as_bytes())?;
            for x in vector {
                write!(out, " {x}")?;
            }
            writeln!(out)?;
        }
        out.into_inner()?.sync_all()
    };
    write().map_err(Error::io(path))
}

/// A Parquet file with columns `id` (int64), one of text, and `vector` (list of `width` float32).
///
/// # Errors
/// When the file cannot be written.
pub fn write_parquet<'v>(
    path: &Path,
    text_column: &str,
    width: usize,
    rows: impl Iterator<Item = (i64, &'v str, &'v [f32])>,
) -> Result<(), Error> {
    let rows: Vec<_> = rows.collect();
    let first = batch(text_column, width, &[])?;
    // Numbers of vectors do not repeat: a dictionary of them only costs time.
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_dictionary_enabled(false)
        .build();
    let file = File::create(path).map_err(Error::io(path))?;
    let writer = ArrowWriter::try_new(file, first.schema(), Some(properties));
    let mut writer = writer.map_err(Error::parquet(path))?;
    for rows in rows.chunks(GROUP) {
        let batch = batch(text_column, width, rows)?;
        writer.write(&batch).map_err(Error::parquet(path))?;
    }
    let file = writer.into_inner().map_err(Error::parquet(path))?;
    file.sync_all().map_err(Error::io(path))
}

fn batch(
    text_column: &str,
    width: usize,
    rows: &[(i64, &str, &[f32])],
) -> Result<RecordBatch, Error> {
    let ids: Int64Array = rows.iter().map(|(id, _, _)| Some(*id)).collect();
    let texts: StringArray = rows.iter().map(|(_, text, _)| Some(*text)).collect();
    let numbers = rows
        .iter()
        .flat_map(|(_, _, vector)| vector.iter().copied());
    let numbers: Float32Array = Float32Array::from_iter_values(numbers);
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let width = i32::try_from(width).unwrap_or(i32::MAX);
    let vectors = FixedSizeListArray::try_new(item, width, Arc::new(numbers), None)?;
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(ids)),
        (text_column, Arc::new(texts)),
        ("vector", Arc::new(vectors)),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}
