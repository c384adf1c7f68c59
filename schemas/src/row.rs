//! Rows: a Rust struct and the Arrow schema of its shards, declared once.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// Where a row came from: what stays the same from collect to tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The document's identity.
    pub id: String,
    /// Name of the source in the configuration.
    pub source: String,
    /// File inside the source.
    pub file: String,
    /// Byte offset of the record in that file.
    pub offset: u64,
    /// Address that the document was fetched from.
    pub url: Option<String>,
}

/// One row of a shard.
pub trait Row: Clone + Default + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The row type's name, as it stands in the shard's metadata.
    const NAME: &'static str;

    /// Columns that came later than the row type. A shard written before them is read all the
    /// same: its rows have the default value there.
    const MAY_LACK: &'static [&'static str] = &[];

    /// The Arrow schema of this row type; each field's metadata holds its meaning under `doc`.
    fn schema() -> SchemaRef;

    /// Where the row came from.
    fn origin(&self) -> Origin;

    /// About how many bytes the row takes in memory; cuts row groups.
    fn size(&self) -> usize;

    /// Turns rows into one Arrow batch.
    ///
    /// # Errors
    /// When a column would pass Arrow's 2 GiB limit.
    fn to_batch(rows: &[Self]) -> Result<RecordBatch, Error>;

    /// Reads rows back from a batch, column by name. Further columns are ignored; columns that the
    /// batch lacks have the default value ([`crate::ShardReader`] checks that none is missing).
    ///
    /// # Errors
    /// When a column is of another type.
    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, Error>;
}

/// Declares a row type: the struct, its Arrow schema and the way between them. A column that came
/// later than the row type says with `= value` what it is where a shard lacks it.
macro_rules! row {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ pub $field:ident: $type:ty $(= $lacking:literal)?, )*
        }
        origin($self:ident) $origin:block
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::row::default_value!($type $(, $lacking)?), )* }
            }
        }

        impl $crate::row::Row for $name {
            const NAME: &'static str = stringify!($name);
            const MAY_LACK: &'static [&'static str] =
                &[$($( $crate::row::name_of!($field, $lacking), )?)*];

            fn schema() -> arrow::datatypes::SchemaRef {
                use arrow::datatypes::{Field, Schema};
                use $crate::column::Column;
                static SCHEMA: std::sync::LazyLock<arrow::datatypes::SchemaRef> =
                    std::sync::LazyLock::new(|| {
                        std::sync::Arc::new(Schema::new(vec![$(
                            Field::new(
                                stringify!($field),
                                <$type as Column>::data_type(),
                                <$type as Column>::NULLABLE,
                            )
                            .with_metadata(
                                [("doc".to_owned(), concat!($($doc),+).trim().to_owned())],
                            ),
                        )*]))
                    });
                SCHEMA.clone()
            }

            fn origin(&$self) -> $crate::row::Origin $origin

            fn size(&self) -> usize {
                use $crate::column::Column;
                0 $( + Column::size(&self.$field) )*
            }

            fn to_batch(rows: &[Self]) -> Result<arrow::array::RecordBatch, $crate::Error> {
                use $crate::column::Column;
                let columns = vec![$(
                    <$type as Column>::to_array(rows.iter().map(|row| &row.$field)),
                )*];
                arrow::array::RecordBatch::try_new(Self::schema(), columns).map_err(|source| {
                    $crate::Error::Arrow { path: Default::default(), source }
                })
            }

            fn from_batch(
                batch: &arrow::array::RecordBatch,
            ) -> Result<Vec<Self>, $crate::Error> {
                let mut rows = vec![Self::default(); batch.num_rows()];
                $(
                    let column = $crate::row::read_column::<$type>(batch, stringify!($field))?;
                    for (row, value) in rows.iter_mut().zip(column.unwrap_or_default()) {
                        row.$field = value;
                    }
                )*
                Ok(rows)
            }
        }
    };
}

macro_rules! default_value {
    ($type:ty) => {
        <$type>::default()
    };
    ($type:ty, $lacking:literal) => {
        $lacking
    };
}

macro_rules! name_of {
    ($field:ident, $lacking:literal) => {
        stringify!($field)
    };
}

pub(crate) use {default_value, name_of, row};

/// Reads one column of a batch, or says how it differs from what the row type asks for. `None`
/// when the batch lacks it.
pub(crate) fn read_column<C: crate::column::Column>(
    batch: &RecordBatch,
    name: &str,
) -> Result<Option<Vec<C>>, Error> {
    let Some(array) = batch.column_by_name(name) else {
        return Ok(None);
    };
    let column = C::from_array(array.as_ref());
    column.map(Some).ok_or_else(|| Error::Column {
        path: Default::default(),
        column: name.to_owned(),
        expected: C::data_type().to_string(),
        found: array.data_type().to_string(),
    })
}
