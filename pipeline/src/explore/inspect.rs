//! `textmill inspect`: schema, sizes, rows, SQL.

use std::path::{Path, PathBuf};

use anyhow::Result;
use polars::prelude::{AnyValue, DataFrame};
use textmill_schemas::ShardDescription;

use super::shards;
use super::terminal::{bytes, cut, escape, table};
use crate::output::{say, sayln};

/// Prints what a shard or a folder of shards holds.
pub fn inspect(path: &Path, sql: Option<&str>, rows: usize, width: usize) -> Result<()> {
    let files = shards::shards(path)?;
    if let Some(query) = sql {
        say!("{}", frame(&shards::sql(&files, query)?, width));
        return Ok(());
    }
    describe(&files)?;
    if rows > 0 {
        let frame = shards::scan(&files)?.limit(rows as u32).collect()?;
        for row in 0..frame.height() {
            sayln!("\n  row {row}");
            print_row(&frame, row, width);
        }
    }
    Ok(())
}

fn describe(files: &[PathBuf]) -> Result<()> {
    let descriptions = files
        .iter()
        .map(|file| ShardDescription::read(file))
        .collect::<Result<Vec<_>, _>>()?;
    let total = |count: fn(&ShardDescription) -> u64| descriptions.iter().map(count).sum::<u64>();
    let row_type = descriptions
        .first()
        .and_then(|first| first.row_type.clone());
    sayln!(
        "{} rows of {} in {} shard(s), {} row group(s), {} on disk\n",
        total(|d| d.rows),
        row_type.as_deref().unwrap_or("a foreign type"),
        files.len(),
        total(|d| d.groups),
        bytes(total(|d| d.bytes)),
    );
    for (file, description) in files.iter().zip(&descriptions).take(10) {
        sayln!(
            "  {}  {} rows",
            escape(&file.display().to_string()),
            description.rows
        );
    }
    if files.len() > 10 {
        sayln!("  … and {} more", files.len() - 10);
    }
    sayln!();
    let head = ["column", "type", "on disk", "before zstd", "meaning"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (index, column) in descriptions
        .first()
        .into_iter()
        .flat_map(|d| d.columns.iter().enumerate())
    {
        let sizes = descriptions.iter().filter_map(|d| d.columns.get(index));
        let (on_disk, before) = sizes.fold((0, 0), |(disk, before), c| {
            (disk + c.compressed, before + c.uncompressed)
        });
        let null = if column.nullable { "?" } else { "" };
        rows.push(vec![
            escape(&column.name),
            format!("{}{null}", column.data_type),
            bytes(on_disk),
            bytes(before),
            escape(&column.doc),
        ]);
    }
    say!("{}", table(&rows, &[false, false, true, true, false]));
    Ok(())
}

fn print_row(frame: &DataFrame, row: usize, width: usize) {
    for column in frame.columns() {
        let value = column
            .get(row)
            .map_or_else(|error| error.to_string(), |v| show(&v));
        sayln!("  {:>16}  {}", escape(column.name()), cut(&value, width));
    }
}

/// A whole frame as a table.
fn frame(frame: &DataFrame, width: usize) -> String {
    let columns = frame.columns();
    let head = columns.iter().map(|column| escape(column.name())).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    for row in 0..frame.height() {
        let cell = |value: AnyValue| cut(&show(&value), width);
        let cells = columns
            .iter()
            .map(|column| column.get(row).map_or_else(|e| e.to_string(), cell));
        rows.push(cells.collect());
    }
    let right: Vec<bool> = columns
        .iter()
        .map(|c| c.dtype().is_primitive_numeric())
        .collect();
    table(&rows, &right)
}

/// A value in one line, safe for a terminal.
fn show(value: &AnyValue) -> String {
    match value {
        AnyValue::Null => "null".to_owned(),
        AnyValue::String(text) => escape(text),
        AnyValue::StringOwned(text) => escape(text),
        AnyValue::Binary(body) => show_bytes(body),
        AnyValue::BinaryOwned(body) => show_bytes(body),
        AnyValue::List(list) => {
            let items: Vec<String> = list.iter().take(40).map(|item| show(&item)).collect();
            let more = if list.len() > items.len() {
                ", …"
            } else {
                ""
            };
            format!("[{}{more}] ({} items)", items.join(", "), list.len())
        }
        other => escape(&other.to_string()),
    }
}

fn show_bytes(body: &[u8]) -> String {
    let start = body.get(..body.len().min(2000)).unwrap_or(body);
    format!(
        "{} bytes: {}",
        body.len(),
        escape(&String::from_utf8_lossy(start))
    )
}
