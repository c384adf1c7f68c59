//! Token shards: ids in the smallest type that holds the vocabulary, and which tokenizer they are of.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt16Type, UInt32Type};

use crate::error::Error;
use crate::rows::Tokens;
use crate::shard::{ShardReader, ShardWriter};
use crate::stage::StageInput;

/// What a token shard's metadata say of the tokenizer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenizerStamp {
    /// BLAKE3 of tokenizer.json, in hexadecimal: key `textmill.tokenizer`.
    pub hash: String,
    /// One more than the greatest id: key `textmill.vocab_size`.
    pub vocab_size: u64,
    /// The token that ends documents: key `textmill.document_end`.
    pub document_end: u32,
}

const HASH: &str = "textmill.tokenizer";
const VOCAB_SIZE: &str = "textmill.vocab_size";
const DOCUMENT_END: &str = "textmill.document_end";

impl TokenizerStamp {
    /// Starts a shard of tokens of this tokenizer: ids take two bytes up to 65,536 of them, else
    /// four.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create_shard(
        &self,
        stage_dir: &Path,
        relative: &str,
    ) -> Result<ShardWriter<Tokens>, Error> {
        let mut writer = match self.vocab_size <= 1 << 16 {
            true => ShardWriter::create_as(stage_dir, relative, narrow_schema, narrow)?,
            false => ShardWriter::create(stage_dir, relative)?,
        };
        writer.add_metadata(HASH, self.hash.clone());
        writer.add_metadata(VOCAB_SIZE, self.vocab_size.to_string());
        writer.add_metadata(DOCUMENT_END, self.document_end.to_string());
        Ok(writer)
    }

    /// What a shard says of its tokenizer; `None` for shards of an earlier version.
    #[must_use]
    pub fn of(reader: &ShardReader<Tokens>) -> Option<Self> {
        Some(Self {
            hash: reader.metadata(HASH)?.to_owned(),
            vocab_size: reader.metadata(VOCAB_SIZE)?.parse().ok()?,
            document_end: reader.metadata(DOCUMENT_END)?.parse().ok()?,
        })
    }
}

/// Opens a shard of tokens of the tokenizer with this hash.
///
/// # Errors
/// When its tokens are of another tokenizer, or it does not say; and as [`ShardReader::open`].
pub fn open_tokens(path: &Path, tokenizer: &str) -> Result<ShardReader<Tokens>, Error> {
    let reader = ShardReader::open(path)?;
    let found = TokenizerStamp::of(&reader).map(|stamp| stamp.hash);
    if found.as_deref() == Some(tokenizer) {
        return Ok(reader);
    }
    Err(Error::OtherTokenizer {
        path: path.to_path_buf(),
        expected: tokenizer.to_owned(),
        found: found.unwrap_or_else(|| "none".to_owned()),
    })
}

/// Checks that all shards of a tokenize stage are of the tokenizer.json that it wrote.
///
/// # Errors
/// When one is not, or cannot be opened.
pub fn check_tokenizer(tokenized: &StageInput) -> Result<(), Error> {
    let mut files = tokenized.manifest.files.iter();
    let Some(tokenizer) = files.find(|file| file.path == "tokenizer.json") else {
        return Ok(());
    };
    for (path, _) in tokenized.shards() {
        open_tokens(&path, &tokenizer.hash)?;
    }
    Ok(())
}

fn narrow_type() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::UInt16, false)))
}

/// The schema with the ids in two bytes.
fn narrow_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema
        .fields()
        .iter()
        .map(|field| match field.name() == "tokens" {
            true => Arc::new(field.as_ref().clone().with_data_type(narrow_type())),
            false => field.clone(),
        });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The batch likewise. Ids beyond two bytes are refused.
fn narrow(batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = batch.schema();
    let columns = columns.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, column)| match field.name() == "tokens" {
        true => narrow_list(column),
        false => Ok(column.clone()),
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(narrow_schema(&batch.schema()), columns)
}

fn narrow_list(column: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let wrong = || arrow::error::ArrowError::CastError("token ids beyond 16 bits".to_owned());
    let list = column
        .as_any()
        .downcast_ref::<ListArray>()
        .ok_or_else(wrong)?;
    let ids = list.values().as_any();
    let ids = ids
        .downcast_ref::<PrimitiveArray<UInt32Type>>()
        .ok_or_else(wrong)?;
    if ids.values().iter().any(|id| *id > u32::from(u16::MAX)) {
        return Err(wrong());
    }
    let ids: PrimitiveArray<UInt16Type> = ids.unary(|id| id as u16);
    let field = Arc::new(Field::new("item", DataType::UInt16, false));
    let narrow = ListArray::try_new(field, list.offsets().clone(), Arc::new(ids), None)?;
    Ok(Arc::new(narrow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShardDescription;

    fn write(dir: &Path, vocab_size: u64, ids: &[u32]) -> Result<(), Error> {
        let stamp = TokenizerStamp {
            hash: "abc".to_owned(),
            vocab_size,
            document_end: 7,
        };
        let mut writer = stamp.create_shard(dir, "part-00000.parquet")?;
        writer.write(Tokens {
            tokens: ids.to_vec(),
            ..Tokens::default()
        })?;
        writer.write(Tokens::default())?;
        writer.finish().map(|_| ())
    }

    #[test]
    fn ids_take_the_smallest_type_that_fits_and_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("part-00000.parquet");
        for (vocab_size, ids, expected) in [
            (65_536, [0, 7, 65_535], "UInt16"),
            (65_537, [0, 7, 65_536], "UInt32"),
        ] {
            write(dir.path(), vocab_size, &ids).unwrap();
            let reader = open_tokens(&path, "abc").unwrap();
            let stamp = TokenizerStamp::of(&reader).unwrap();
            assert_eq!((stamp.vocab_size, stamp.document_end), (vocab_size, 7));
            let rows: Vec<Tokens> = reader.flat_map(Result::unwrap).collect();
            assert_eq!(rows[0].tokens, ids);
            assert!(rows[1].tokens.is_empty());
            let columns = ShardDescription::read(&path).unwrap().columns;
            let column = columns
                .iter()
                .find(|column| column.name == "tokens")
                .unwrap();
            assert!(column.data_type.contains(expected), "{}", column.data_type);
        }
        let error = write(dir.path(), 100, &[65_536]).unwrap_err().to_string();
        assert!(error.contains("beyond 16 bits"), "{error}");
    }

    #[test]
    fn tokens_of_another_tokenizer_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 100, &[1]).unwrap();
        let path = dir.path().join("part-00000.parquet");
        let error = open_tokens(&path, "def").err().unwrap().to_string();
        assert!(
            error.contains("part-00000.parquet") && error.contains("abc"),
            "{error}"
        );
        let old = dir.path().join("old.parquet");
        ShardWriter::<Tokens>::create(dir.path(), "old.parquet")
            .unwrap()
            .finish()
            .unwrap();
        let error = open_tokens(&old, "abc").err().unwrap().to_string();
        assert!(error.contains("none"), "{error}");
    }
}
