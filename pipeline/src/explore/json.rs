//! `textmill inspect --json`: rows for other programs.

use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polars::prelude::{AnyValue, DataFrame};
use serde_json::{Map, Value};

use super::shards;

/// Prints rows as JSON lines: those of the SQL, or all, shard by shard.
pub fn print_json(path: &Path, sql: Option<&str>) -> Result<()> {
    let files = shards::shards(path)?;
    let mut out = BufWriter::new(stdout().lock());
    match sql {
        Some(query) => write_rows(&shards::sql(&files, query)?, &mut out)?,
        None => {
            for file in files {
                write_rows(&shards::scan(&[file])?.collect()?, &mut out)?;
            }
        }
    }
    Ok(out.flush()?)
}

fn write_rows(frame: &DataFrame, out: &mut impl Write) -> Result<()> {
    for row in 0..frame.height() {
        let mut object = Map::new();
        for column in frame.columns() {
            object.insert(column.name().to_string(), value(&column.get(row)?));
        }
        serde_json::to_writer(&mut *out, &object)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A value as JSON; bytes in Base64.
fn value(value_of: &AnyValue) -> Value {
    match value_of {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(value) => (*value).into(),
        AnyValue::String(text) => (*text).into(),
        AnyValue::StringOwned(text) => text.as_str().into(),
        AnyValue::Binary(bytes) => STANDARD.encode(bytes).into(),
        AnyValue::BinaryOwned(bytes) => STANDARD.encode(bytes).into(),
        AnyValue::List(list) => list.iter().map(|item| value(&item)).collect(),
        AnyValue::Float32(number) => f64::from(*number).into(),
        AnyValue::Float64(number) => (*number).into(),
        other => match (other.extract::<u64>(), other.extract::<i64>()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => other.to_string().into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, NamedFrom, Series};

    use super::*;

    #[test]
    fn every_type_of_column_is_written() {
        let lists = Series::new("l".into(), [Series::new("".into(), [1_u32, 2])]);
        let columns = [
            Series::new("u".into(), [u64::MAX]),
            Series::new("i".into(), [-3_i64]),
            Series::new("f".into(), [0.5_f32]),
            Series::new("s".into(), ["文"]),
            Series::new("n".into(), [None::<&str>]),
            Series::new("b".into(), [b"\xff".as_slice()]),
            lists,
        ];
        let frame = DataFrame::new_infer_height(columns.map(Into::into).to_vec());
        let frame = frame.unwrap().lazy().collect().unwrap();
        let mut out = Vec::new();
        write_rows(&frame, &mut out).unwrap();
        let row: Value = serde_json::from_slice(&out).unwrap();
        let expected = serde_json::json!({
            "u": u64::MAX, "i": -3, "f": 0.5, "s": "文", "n": null, "b": "/w==", "l": [1, 2],
        });
        assert_eq!(row, expected);
    }
}
