//! What a Parquet file says of itself, without reading its rows.

use std::path::Path;

use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use textmill_storage::Source;

use crate::Error;
use crate::columns::Window;

/// A Parquet file's own account of what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardDescription {
    /// Row type, for shards of ours.
    pub row_type: Option<String>,
    /// Number of rows.
    pub rows: u64,
    /// Number of row groups.
    pub groups: u64,
    /// Size on disk in bytes.
    pub bytes: u64,
    /// The columns, in order.
    pub columns: Vec<ColumnDescription>,
}

/// One column of a Parquet file.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
    /// Whether it may hold nulls.
    pub nullable: bool,
    /// Its meaning, for shards of ours.
    pub doc: String,
    /// Bytes on disk.
    pub compressed: u64,
    /// Bytes before compression.
    pub uncompressed: u64,
}

impl ShardDescription {
    /// Reads a Parquet file's metadata; any Parquet file will do.
    ///
    /// # Errors
    /// When the file is missing or no Parquet file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let source = Source::open(path).map_err(Error::io(path))?;
        let bytes = source.size();
        let footer = Window::of_footer(&source);
        let metadata =
            ArrowReaderMetadata::load(&footer, Default::default()).map_err(Error::parquet(path))?;
        let parquet = metadata.metadata();
        let entries = parquet.file_metadata().key_value_metadata();
        let row_type = entries
            .into_iter()
            .flatten()
            .find(|entry| entry.key == "textmill.row")
            .and_then(|entry| entry.value.clone());
        let columns = metadata.schema().fields().iter().map(|field| {
            let chunks = || {
                parquet
                    .row_groups()
                    .iter()
                    .flat_map(|group| group.columns())
                    .filter(|chunk| chunk.column_path().parts().first() == Some(field.name()))
            };
            let sum = |sizes: &mut dyn Iterator<Item = i64>| {
                sizes.map(|size| u64::try_from(size).unwrap_or(0)).sum()
            };
            ColumnDescription {
                name: field.name().clone(),
                data_type: field.data_type().to_string(),
                nullable: field.is_nullable(),
                doc: field.metadata().get("doc").map_or("", |doc| doc).to_owned(),
                compressed: sum(&mut chunks().map(|chunk| chunk.compressed_size())),
                uncompressed: sum(&mut chunks().map(|chunk| chunk.uncompressed_size())),
            }
        });
        Ok(Self {
            row_type,
            rows: u64::try_from(parquet.file_metadata().num_rows()).unwrap_or(0),
            groups: parquet.num_row_groups() as u64,
            bytes,
            columns: columns.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, ShardWriter};

    #[test]
    fn a_shard_describes_itself() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = ShardWriter::<Document>::create(dir.path(), "part.parquet").unwrap();
        let text = "a text".repeat(100);
        writer
            .write(Document {
                text,
                ..Document::default()
            })
            .unwrap();
        let entry = writer.finish().unwrap();
        let description = ShardDescription::read(&dir.path().join("part.parquet")).unwrap();
        assert_eq!(description.row_type.as_deref(), Some("Document"));
        assert_eq!((description.rows, description.groups), (1, 1));
        assert_eq!(description.bytes, entry.bytes);
        let text = description
            .columns
            .iter()
            .find(|c| c.name == "text")
            .unwrap();
        assert_eq!(text.doc, "The text.");
        assert!(!text.nullable && text.uncompressed >= 600 && text.compressed < 600);
    }
}
