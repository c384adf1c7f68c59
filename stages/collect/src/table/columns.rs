//! Rows of Arrow batches as records, for Parquet and Arrow files alike.

use arrow::array::types::{Float32Type, Float64Type};
use arrow::array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow::array::types::{UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value};
use textmill_schemas::Reason;

use crate::charset;
use crate::fields::Fields;
use crate::record::{FileRef, Output, Place, Stop, too_large};

/// Deepest nesting of lists and structures that is looked into.
const MAX_DEPTH: usize = 16;
/// What a value counts in a record beside its bytes.
const VALUE_BYTES: u64 = 8;

/// Which columns of a table are looked at.
pub(super) struct Columns<'a> {
    file: &'a FileRef<'a>,
    fields: &'a Fields,
    limit: u64,
    /// Index in the schema and name as it is looked for.
    wanted: Vec<(usize, String)>,
}

/// Lists of a row's values are too long.
struct TooLong;

impl<'a> Columns<'a> {
    /// Finds the columns in a schema.
    ///
    /// # Errors
    /// When none may hold a text: the reason of the file.
    pub fn find(
        schema: &Schema,
        file: &'a FileRef<'a>,
        fields: &'a Fields,
        limit: u64,
    ) -> Result<Self, Reason> {
        let columns = schema.fields().iter().enumerate();
        let wanted = columns
            .filter_map(|(index, field)| Some((index, fields.wanted_as(field.name())?)))
            .collect::<Vec<_>>();
        if !fields.can_hold_text(wanted.iter().map(|(_, name)| name)) {
            let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
            return Err(Reason::new("collect.no_text").detail(format!(
                "no column may hold the text ({} were looked for); the columns are {}; set \
                 `text_fields` of the source to one of them",
                fields.text_names(),
                super::shown(&names),
            )));
        }
        Ok(Self {
            file,
            fields,
            limit,
            wanted,
        })
    }

    /// The columns' indices in the schema.
    pub fn indices(&self) -> impl Iterator<Item = usize> {
        self.wanted.iter().map(|(index, _)| *index)
    }

    /// Reads the rows of a batch, of which the first has this number in the file. The batch has
    /// all columns of the schema, or only those of [`Columns::indices`].
    pub fn read(&self, batch: &RecordBatch, first: u64, out: &mut impl Output) -> Result<(), Stop> {
        let is_projected = batch.num_columns() == self.wanted.len();
        let columns: Vec<(&String, &ArrayRef)> = (self.wanted.iter().enumerate())
            .filter_map(|(at, (index, name))| {
                let index = if is_projected { at } else { *index };
                Some((name, batch.columns().get(index)?))
            })
            .collect();
        for row in 0..batch.num_rows() {
            out.check()?;
            self.read_row(&columns, row, first + row as u64, out)?;
        }
        Ok(())
    }

    fn read_row(
        &self,
        columns: &[(&String, &ArrayRef)],
        row: usize,
        number: u64,
        out: &mut impl Output,
    ) -> Result<(), Stop> {
        let place = Place {
            offset: number,
            ..Place::default()
        };
        let mut record = Map::new();
        let mut room = self.limit;
        for (name, array) in columns {
            match value(array, row, MAX_DEPTH, &mut room) {
                Ok(value) => record.insert((*name).clone(), value),
                Err(TooLong) => {
                    let reason = too_large(self.limit + 1, self.limit);
                    return out.reject(self.file.dropped(place, None, reason));
                }
            };
        }
        let mut document = self.file.document(place);
        match self
            .fields
            .fill(record, &mut document, &self.file.source.config)
        {
            Ok(()) => out.keep(document),
            Err(names) => {
                let detail = format!("row {number}: no text in any of {names}");
                let reason = Reason::new("collect.no_text").detail(detail);
                out.reject(self.file.dropped(place, None, reason))
            }
        }
    }
}

/// A value of an array as JSON: texts, numbers, times, lists and structures; null for the rest.
fn value(array: &dyn Array, row: usize, depth: usize, room: &mut u64) -> Result<Value, TooLong> {
    use DataType as T;
    *room = room.checked_sub(VALUE_BYTES).ok_or(TooLong)?;
    if depth == 0 || row >= array.len() || array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        T::Utf8 => text(array.as_string::<i32>().value(row).as_bytes(), room)?,
        T::LargeUtf8 => text(array.as_string::<i64>().value(row).as_bytes(), room)?,
        T::Utf8View => text(array.as_string_view().value(row).as_bytes(), room)?,
        T::Binary => text(array.as_binary::<i32>().value(row), room)?,
        T::LargeBinary => text(array.as_binary::<i64>().value(row), room)?,
        T::BinaryView => text(array.as_binary_view().value(row), room)?,
        T::FixedSizeBinary(_) => text(array.as_fixed_size_binary().value(row), room)?,
        T::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let Some(key) = dictionary.normalized_keys().get(row).copied() else {
                return Ok(Value::Null);
            };
            value(dictionary.values(), key, depth - 1, room)?
        }
        T::List(_) => list(&array.as_list::<i32>().value(row), depth, room)?,
        T::LargeList(_) => list(&array.as_list::<i64>().value(row), depth, room)?,
        T::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row), depth, room)?,
        T::Struct(fields) => {
            let mut object = Map::new();
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                let inner = value(column, row, depth - 1, room)?;
                object.insert(field.name().clone(), inner);
            }
            Value::Object(object)
        }
        T::Boolean => Value::Bool(array.as_boolean().value(row)),
        T::Int8 => number::<Int8Type>(array, row),
        T::Int16 => number::<Int16Type>(array, row),
        T::Int32 => number::<Int32Type>(array, row),
        T::Int64 => number::<Int64Type>(array, row),
        T::UInt8 => number::<UInt8Type>(array, row),
        T::UInt16 => number::<UInt16Type>(array, row),
        T::UInt32 => number::<UInt32Type>(array, row),
        T::UInt64 => number::<UInt64Type>(array, row),
        T::Float32 => number::<Float32Type>(array, row),
        T::Float64 => number::<Float64Type>(array, row),
        T::Timestamp(..) | T::Date32 | T::Date64 => time(array, row),
        _ => Value::Null,
    })
}

fn text(bytes: &[u8], room: &mut u64) -> Result<Value, TooLong> {
    *room = room.checked_sub(bytes.len() as u64).ok_or(TooLong)?;
    Ok(Value::String(charset::text(bytes).into_owned()))
}

fn list(items: &dyn Array, depth: usize, room: &mut u64) -> Result<Value, TooLong> {
    let values = (0..items.len()).map(|row| value(items, row, depth - 1, room));
    Ok(Value::Array(values.collect::<Result<_, _>>()?))
}

fn number<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Value
where
    T::Native: Into<Value>,
{
    array.as_primitive::<T>().value(row).into()
}

fn time(array: &dyn Array, row: usize) -> Value {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options);
    let text = formatter
        .ok()
        .and_then(|formatter| formatter.value(row).try_to_string().ok());
    text.map_or(Value::Null, Value::String)
}
