//! Parquet.

use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, List, Row};
use serde_json::{Map, Value};

use super::{Raw, Refused, Rows, open};
use crate::Error;

/// A row a row; nested columns become lists and objects.
pub fn parquet(path: &Path) -> Result<Rows, Error> {
    let wrong = |error| Error::file(path, error);
    let reader = SerializedFileReader::new(open(path)?).map_err(wrong)?;
    let mut found = Rows::default();
    for (number, row) in (1..).zip(reader.get_row_iter(None).map_err(wrong)?) {
        let place = format!("{} (row {number})", path.display());
        match row {
            Ok(row) => found.rows.push(Raw {
                place,
                fields: object(&row),
            }),
            Err(error) => found.refused.push(Refused {
                place,
                reason: error.to_string(),
            }),
        }
    }
    Ok(found)
}

fn object(row: &Row) -> Map<String, Value> {
    let columns = row.get_column_iter();
    columns
        .map(|(name, field)| (name.clone(), value(field)))
        .collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(*value),
        Field::Str(text) => Value::String(text.clone()),
        Field::Group(row) => Value::Object(object(row)),
        Field::ListInternal(list) => list_of(list),
        Field::Bytes(bytes) => Value::String(String::from_utf8_lossy(bytes.data()).into_owned()),
        number => {
            let text = number.to_string();
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
    }
}

fn list_of(list: &List) -> Value {
    list.elements().iter().map(value).collect()
}
