use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use textmill_schemas::{Cancelled, NoProgress, ShardReader};

use super::*;
use crate::config::SourceConfig;

fn config(path: &Path) -> Config {
    let source = SourceConfig {
        name: "mixed".into(),
        path: path.display().to_string(),
        license: Some("CC0-1.0".into()),
        ..SourceConfig::default()
    };
    Config {
        source: vec![source],
        ..Config::default()
    }
}

fn run(stage: &Collect, out: &Path) -> StageResult<TaskReport> {
    let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(false));
    let ctx = TaskContext {
        out,
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let mut sum = TaskReport::default();
    for rank in (0..stage.world("read", &ctx)?).rev() {
        sum.merge(stage.task("read", rank, &ctx)?);
    }
    Ok(sum)
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("a.html", "<html><p>页"),
        ("b/notes.md", "# Notes"),
        (
            "b/rows.jsonl",
            "{\"text\": \"one\"}\n{oops}\n{\"text\": \"two\"}\n",
        ),
        ("empty.txt", ""),
        ("style.css", "p {}"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn rows<R: textmill_schemas::Row>(out: &Path, name: &str) -> Vec<R> {
    let reader = ShardReader::open(&out.join(name)).unwrap();
    reader.flat_map(|group| group.unwrap()).collect()
}

#[test]
fn a_mixed_folder_becomes_shards() {
    let (dir, out) = (folder(), tempfile::tempdir().unwrap());
    let stage = Collect::new(&config(dir.path())).unwrap();
    let report = run(&stage, out.path()).unwrap();
    assert_eq!((report.read, report.kept_rows), (7, 4));
    assert_eq!(report.read, report.kept_rows + report.dropped_total());
    let kept: Vec<RawDocument> = rows(out.path(), "part-00000.parquet");
    let files: Vec<_> = kept
        .iter()
        .map(|row| (row.file.as_str(), row.offset))
        .collect();
    assert_eq!(
        files,
        [
            ("a.html", 0),
            ("b/notes.md", 0),
            ("b/rows.jsonl", 0),
            ("b/rows.jsonl", 23)
        ]
    );
    assert_eq!(kept[0].license.as_deref(), Some("CC0-1.0"));
    let dropped: Vec<Dropped> = rows(out.path(), "dropped/part-00000.parquet");
    let rules: Vec<_> = dropped.iter().map(|row| row.rule.as_str()).collect();
    assert_eq!(
        rules,
        [
            "collect.invalid_json",
            "collect.empty",
            "collect.media_type"
        ]
    );
    assert_eq!(report.stats["files"], 5);
}

#[test]
fn cutting_into_tasks_changes_only_the_cut() {
    let (dir, one, many) = (
        folder(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let whole = run(&Collect::new(&config(dir.path())).unwrap(), one.path()).unwrap();
    let mut fine = config(dir.path());
    fine.task_bytes = 1;
    let stage = Collect::new(&fine).unwrap();
    let parts = run(&stage, many.path()).unwrap();
    // The lines too: each of their bytes is a part.
    assert_eq!(parts.kept.len(), 4 + 38);
    assert_eq!(parts.dropped_rows, whole.dropped_rows);
    assert_eq!(parts.stats["files"], 5);
    let all: Vec<RawDocument> = (0..parts.kept.len())
        .flat_map(|rank| rows(many.path(), &shard_name(rank)))
        .collect();
    assert_eq!(all, rows::<RawDocument>(one.path(), "part-00000.parquet"));
    let again = tempfile::tempdir().unwrap();
    assert_eq!(run(&stage, again.path()).unwrap(), parts);
}

#[test]
fn a_limit_counts_documents() {
    let (dir, out) = (folder(), tempfile::tempdir().unwrap());
    let mut config = config(dir.path());
    config.source[0].limit = Some(3);
    config.source[0].name = "few".into();
    let all = SourceConfig {
        name: "all".into(),
        limit: None,
        ..config.source[0].clone()
    };
    config.source.push(all);
    let report = run(&Collect::new(&config).unwrap(), out.path()).unwrap();
    assert_eq!(
        report.kept.iter().map(|shard| shard.rows).sum::<u64>(),
        3 + 4
    );
    assert_eq!(report.kept.len(), 2);
    assert_eq!(report.read, report.kept_rows + report.dropped_total());
}

#[test]
fn bad_settings_are_named() {
    let message = |change: fn(&mut Config)| {
        let mut config = config(Path::new("x"));
        change(&mut config);
        Collect::new(&config).err().unwrap().to_string()
    };
    assert!(message(|config| config.source.clear()).contains("[[collect.source]]"));
    assert!(message(|config| config.source.push(config.source[0].clone())).contains("same name"));
    assert!(
        message(|config| config.source[0].path = "${TEXTMILL_UNSET}/a".into()).contains("export")
    );
    assert!(message(|config| config.source[0].include = vec!["[".into()]).contains("mixed"));
    assert!(message(|config| config.task_bytes = 0).contains("task_bytes"));
}

#[test]
fn stops_on_request() {
    let (dir, out) = (folder(), tempfile::tempdir().unwrap());
    let stage = Collect::new(&config(dir.path())).unwrap();
    let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(true));
    let ctx = TaskContext {
        out: out.path(),
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    let error = stage.task("read", 0, &ctx).unwrap_err();
    assert!(error.downcast_ref::<Cancelled>().is_some());
    assert!(!out.path().join("part-00000.parquet").exists());
}

/// Kept and dropped rows without those details that may differ with the cut.
fn read_in_parts(file: &Path, task_bytes: u64) -> (Vec<RawDocument>, Vec<String>) {
    let out = tempfile::tempdir().unwrap();
    let mut config = config(file);
    config.task_bytes = task_bytes;
    let report = run(&Collect::new(&config).unwrap(), out.path()).unwrap();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for rank in 0..report.kept.len() {
        kept.extend(rows(out.path(), &shard_name(rank)));
        let name = format!("dropped/{}", shard_name(rank));
        if out.path().join(&name).exists() {
            let rows = rows::<Dropped>(out.path(), &name);
            dropped.extend(
                rows.iter()
                    .map(|row| format!("{} {} {}", row.id, row.offset, row.rule)),
            );
        }
    }
    (kept, dropped)
}

fn check_parts(name: &str, content: &[u8], least: usize) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    fs::write(&file, content).unwrap();
    let whole = read_in_parts(&file, u64::MAX);
    assert!(whole.0.len() >= least, "{name}: {}", whole.0.len());
    for task_bytes in [1009, 4096, 20_000] {
        assert_eq!(
            read_in_parts(&file, task_bytes),
            whole,
            "{name} by {task_bytes}"
        );
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Text that does not compress well, different for each number.
fn words(number: usize) -> String {
    (0..number % 50)
        .map(|word| {
            format!(
                "{:x} ",
                (number * 7919 + word * 104_729) * 2_654_435_761 % 1_000_003
            )
        })
        .collect()
}

fn record(number: usize) -> Vec<u8> {
    let body = format!("body {number} {}", words(number));
    format!(
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://x/{number}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}\r\n\r\n",
        body.len()
    )
    .into_bytes()
}

#[test]
fn crawls_in_parts() {
    let records: Vec<Vec<u8>> = (0..300).map(record).collect();
    let by_record: Vec<u8> = records.iter().flat_map(|record| gzip(record)).collect();
    check_parts("a.warc.gz", &by_record, 300);
    check_parts("whole.warc.gz", &gzip(&records.concat()), 300);
    // Members that have nothing to do with records.
    let anyhow: Vec<u8> = records.concat().chunks(777).flat_map(gzip).collect();
    check_parts("anyhow.warc.gz", &anyhow, 300);
    let mut damaged = by_record;
    for at in (3000..damaged.len()).step_by(5000) {
        damaged[at] ^= 0x55;
    }
    check_parts("damaged.warc.gz", &damaged, 200);
}

#[test]
fn lines_in_parts() {
    let line = |number| format!("{{\"text\": \"line {number} {}\"}}\n", words(number));
    let mut text: String = (0..400).map(line).collect();
    text += "{oops}\n\n{\"text\": \"no line feed\"}";
    check_parts("a.jsonl", text.as_bytes(), 401);
    check_parts("a.jsonl.bz2", &bzip2(text.as_bytes()), 401);
    let streams: Vec<u8> = text.as_bytes().chunks(555).flat_map(bzip2).collect();
    check_parts("b.jsonl.bz2", &streams, 401);
    let mut damaged = streams;
    for at in (2000..damaged.len()).step_by(3000) {
        damaged[at] ^= 0x55;
    }
    check_parts("damaged.jsonl.bz2", &damaged, 100);
    let by_line: Vec<u8> = text
        .split_inclusive('\n')
        .flat_map(|line| bzip2(line.as_bytes()))
        .collect();
    check_parts("c.jsonl.bz2", &by_line, 401);
}

#[test]
fn dumps_in_parts() {
    let head =
        "<mediawiki xml:lang=\"en\"><siteinfo><base>http://w.example/wiki/M</base></siteinfo>\n";
    let page = |number| match number % 7 {
        3 => format!("<page><title>P{number}</title><redirect title=\"P1\" /></page>\n"),
        _ => format!(
            "<page><title>P{number}</title><revision><text>Page {number}. {}</text></revision></page>\n",
            words(number)
        ),
    };
    let pages: Vec<String> = (0..300).map(page).collect();
    let end = "</mediawiki>\n";
    let xml = format!("{head}{}{end}", pages.concat());
    check_parts("a.xml", xml.as_bytes(), 250);
    check_parts("whole.xml.bz2", &bzip2(xml.as_bytes()), 250);
    // As the multistream dumps: a stream for the head, for some pages each, for the end.
    let groups = pages
        .chunks(10)
        .map(|group| bzip2(group.concat().as_bytes()));
    let streams: Vec<Vec<u8>> = std::iter::once(bzip2(head.as_bytes()))
        .chain(groups)
        .chain([bzip2(end.as_bytes())])
        .collect();
    check_parts("multi.xml.bz2", &streams.concat(), 250);
    let without_end = &streams[..streams.len() - 1];
    check_parts("no-end.xml.bz2", &without_end.concat(), 250);
    check_parts("cut.xml", &xml.as_bytes()[..xml.len() - 40], 250);
    // Streams that have nothing to do with pages.
    let anyhow: Vec<u8> = xml.as_bytes().chunks(777).flat_map(bzip2).collect();
    check_parts("anyhow.xml.bz2", &anyhow, 250);
    let mut damaged = streams;
    for stream in damaged.iter_mut().skip(3).step_by(4) {
        let middle = stream.len() / 2;
        stream[middle] ^= 0x55;
    }
    check_parts("damaged.xml.bz2", &damaged.concat(), 150);
}

#[test]
fn tables_in_parts() {
    use arrow::array::{RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;
    let texts = StringArray::from_iter_values((0..400).map(|row| format!("{row} {}", words(row))));
    let column: arrow::array::ArrayRef = std::sync::Arc::new(texts);
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(7));
    let writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()));
    let mut writer = writer.unwrap();
    writer.write(&batch).unwrap();
    let mut table = writer.into_inner().unwrap();
    check_parts("a.parquet", &table, 400);
    check_parts("a.parquet.gz", &gzip(&table), 400);
    let directory = table.len() - 20_000;
    for at in (500..directory).step_by(3000) {
        table[at..at + 30].fill(0x55);
    }
    check_parts("damaged.parquet", &table, 1);
    table.truncate(table.len() - 9);
    check_parts("cut.parquet", &table, 0);
}
