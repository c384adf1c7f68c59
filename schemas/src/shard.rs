//! Parquet shards: row groups that stream, names that mean whole files.

use std::io::{self, BufWriter, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use textmill_storage::Source;

use crate::columns::Window;
use crate::commit::Draft;
use crate::error::Error;
use crate::manifest::ShardEntry;
use crate::row::Row;

/// Rows are cut into row groups of about this many bytes: what a reader holds at a time.
const GROUP_BYTES: usize = 16 << 20;
/// Rows of a group at most, for rows that are nearly empty.
const GROUP_ROWS: usize = 64 << 10;
const ZSTD_LEVEL: i32 = 3;

/// Name of the shard that the task of this rank writes.
#[must_use]
pub fn shard_name(rank: usize) -> String {
    format!("part-{rank:05}.parquet")
}

/// Brings a batch to the schema that a shard is written in.
pub(crate) type Convert = fn(&RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError>;

/// Writes one shard. Until [`ShardWriter::finish`] it has a temporary name.
pub struct ShardWriter<R: Row> {
    path: PathBuf,
    relative: String,
    writer: ArrowWriter<HashingFile>,
    /// What becomes of a batch before it is written.
    convert: Convert,
    group: Vec<R>,
    group_bytes: usize,
    rows: u64,
}

impl<R: Row> ShardWriter<R> {
    /// Starts the shard `relative` (such as `dropped/part-00000.parquet`) in a stage's folder.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(stage_dir: &Path, relative: &str) -> Result<Self, Error> {
        Self::create_as(stage_dir, relative, SchemaRef::clone, |batch| {
            Ok(batch.clone())
        })
    }

    /// Starts it with a schema made of the row type's, which `convert` brings the batches to.
    pub(crate) fn create_as(
        stage_dir: &Path,
        relative: &str,
        schema: fn(&SchemaRef) -> SchemaRef,
        convert: Convert,
    ) -> Result<Self, Error> {
        let path = stage_dir.join(relative);
        let file = HashingFile {
            file: BufWriter::new(Draft::create(&path)?),
            hasher: blake3::Hasher::new(),
            bytes: 0,
        };
        let writer = ArrowWriter::try_new(file, schema(&R::schema()), Some(properties::<R>()))
            .map_err(Error::parquet(&path))?;
        Ok(Self {
            path,
            relative: relative.to_owned(),
            writer,
            convert,
            group: Vec::new(),
            group_bytes: 0,
            rows: 0,
        })
    }

    /// Adds an entry to the file's key-value metadata, besides the row type's.
    pub fn add_metadata(&mut self, key: &str, value: String) {
        let entry = KeyValue::new(key.to_owned(), value);
        self.writer.append_key_value_metadata(entry);
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When a row group cannot be written.
    pub fn write(&mut self, row: R) -> Result<(), Error> {
        self.group_bytes += row.size();
        self.group.push(row);
        if self.group_bytes >= GROUP_BYTES || self.group.len() >= GROUP_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.group.is_empty() {
            return Ok(());
        }
        let batch = R::to_batch(&self.group).map_err(|e| e.in_file(&self.path))?;
        let batch = (self.convert)(&batch).map_err(|source| Error::Arrow {
            path: self.path.clone(),
            source,
        })?;
        self.rows += self.group.len() as u64;
        self.group.clear();
        self.group_bytes = 0;
        let written = self.writer.write(&batch).and_then(|()| self.writer.flush());
        written.map_err(Error::parquet(&self.path))
    }

    /// Writes what is left, syncs, and gives the shard its final name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(mut self) -> Result<ShardEntry, Error> {
        self.flush()?;
        let file = self
            .writer
            .into_inner()
            .map_err(Error::parquet(&self.path))?;
        let (hash, bytes) = (file.hasher.finalize().to_hex().to_string(), file.bytes);
        let file = file
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        file.map_err(Error::io(&self.path))?.commit()?;
        Ok(ShardEntry {
            path: self.relative,
            rows: self.rows,
            bytes,
            hash,
        })
    }
}

fn properties<R: Row>() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(zstd(ZSTD_LEVEL))
        .set_created_by(concat!("textmill ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_truncate_length(Some(64))
        .set_key_value_metadata(Some(vec![
            KeyValue::new("textmill.row".to_owned(), R::NAME.to_owned()),
            KeyValue::new("textmill.schema".to_owned(), "1".to_owned()),
        ]));
    // Long values never repeat: a dictionary of them only costs time.
    for field in R::schema().fields() {
        if field.name() == "text" || matches!(field.data_type(), DataType::Binary) {
            let path = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_dictionary_enabled(path, false);
        }
    }
    // Token ids differ too much for a dictionary, and the high bytes of all are alike: split by
    // byte they compress as well at the lowest level, in half the time.
    if R::NAME == crate::rows::Tokens::NAME {
        let path = ["tokens", "list", "item"].map(str::to_owned).to_vec();
        let path = ColumnPath::from(path);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_compression(path.clone(), zstd(1))
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    properties.build()
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}

/// A file whose bytes are counted and hashed as they are written.
struct HashingFile {
    file: BufWriter<Draft>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for HashingFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buf)?;
        self.hasher.update(buf.get(..written).unwrap_or(buf));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a shard, one row group at a time.
pub struct ShardReader<R: Row> {
    path: PathBuf,
    source: Source,
    groups: std::ops::Range<usize>,
    metadata: ArrowReaderMetadata,
    columns: ProjectionMask,
    row: PhantomData<R>,
}

impl<R: Row> ShardReader<R> {
    /// Opens a shard and checks that it holds this row type.
    ///
    /// # Errors
    /// When the file is missing, is no Parquet file, or lacks a column that it must have; the
    /// message names it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let source = Source::open(path).map_err(Error::io(path))?;
        let metadata =
            ArrowReaderMetadata::load(&Window::of_footer(&source), ArrowReaderOptions::default())
                .map_err(Error::parquet(path))?;
        check_schema::<R>(metadata.schema()).map_err(|e| e.in_file(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            source,
            groups: 0..metadata.metadata().num_row_groups(),
            metadata,
            columns: ProjectionMask::all(),
            row: PhantomData,
        })
    }

    /// The value of a key in the file's key-value metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.metadata().file_metadata();
        let mut entries = entries.key_value_metadata().into_iter().flatten();
        let entry = entries.find(|entry| entry.key == key)?;
        entry.value.as_deref()
    }

    /// Number of rows, from the shard's metadata alone.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = self.metadata.metadata().file_metadata().num_rows();
        u64::try_from(rows).unwrap_or(0)
    }

    /// Number of row groups, which [`Iterator::nth`] reads one by one.
    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.groups.len()
    }

    /// Reads these columns alone; the others have their default value in each row.
    #[must_use]
    pub fn with_columns(mut self, names: &[&str]) -> Self {
        let schema = self.metadata.metadata().file_metadata().schema_descr();
        self.columns = ProjectionMask::columns(schema, names.iter().copied());
        self
    }

    /// Bytes of a column before compression, from the shard's metadata alone.
    #[must_use]
    pub fn column_bytes(&self, name: &str) -> u64 {
        let groups = self.metadata.metadata().row_groups().iter();
        groups
            .flat_map(|group| group.columns())
            .filter(|column| column.column_path().string() == name)
            .map(|column| u64::try_from(column.uncompressed_size()).unwrap_or(0))
            .sum()
    }

    fn read_group(&self, group: usize) -> Result<Vec<R>, Error> {
        let footer = self.metadata.metadata();
        let window = Window::of_group(&self.source, footer.row_group(group), &self.columns);
        let window = window.map_err(Error::io(&self.path))?;
        let reader: ParquetRecordBatchReader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(window, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(self.columns.clone())
                .with_batch_size(1024)
                .build()
                .map_err(Error::parquet(&self.path))?;
        let mut rows = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|source| Error::Arrow {
                path: self.path.clone(),
                source,
            })?;
            rows.extend(R::from_batch(&batch).map_err(|e| e.in_file(&self.path))?);
        }
        Ok(rows)
    }
}

impl<R: Row> Iterator for ShardReader<R> {
    type Item = Result<Vec<R>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.next()?;
        Some(self.read_group(group))
    }

    /// Passes over groups without reading them.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        let group = self.groups.nth(n)?;
        Some(self.read_group(group))
    }
}

fn check_schema<R: Row>(found: &SchemaRef) -> Result<(), Error> {
    for field in R::schema().fields() {
        let column = found.field_with_name(field.name()).ok();
        if column.is_none() && R::MAY_LACK.contains(&field.name().as_str()) {
            continue;
        }
        if column.is_none_or(|column| !is_readable(column.data_type(), field.data_type())) {
            return Err(Error::Column {
                path: PathBuf::new(),
                column: field.name().clone(),
                expected: field.data_type().to_string(),
                found: column.map_or("missing".to_owned(), |c| c.data_type().to_string()),
            });
        }
    }
    Ok(())
}

/// Whether a column of a type can be read as another: token ids may take two bytes.
fn is_readable(found: &DataType, wanted: &DataType) -> bool {
    let item = |list: &DataType| match list {
        DataType::List(item) => Some(item.data_type().clone()),
        _ => None,
    };
    let narrower = (Some(DataType::UInt16), Some(DataType::UInt32));
    found == wanted || (item(found), item(wanted)) == narrower
}

#[cfg(test)]
mod tests;
