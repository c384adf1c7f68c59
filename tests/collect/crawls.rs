//! Crawls: WARC, WET, WAT and ARC in every container, whole, damaged and hostile; lists of them.

use std::fs;
use std::io::Write;

use super::{collect, collect_bytes, collect_path, fixture};

fn record(kind: &str, fields: &str, block: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://x/{kind}\r\nWARC-Date: 2020-02-03T04:05:06Z\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn page(number: usize) -> String {
    let block = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>page {number}</p>"
    );
    record(
        "response",
        "Content-Type: application/http; msgtype=response\r\n",
        &block,
    )
}

fn crawl() -> Vec<String> {
    let mut records: Vec<String> = (0..8).map(page).collect();
    records.insert(0, record("warcinfo", "", "software: x\r\n"));
    records
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

fn zstandard(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

fn by_record(pack: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let records = crawl();
    records
        .iter()
        .flat_map(|record| pack(record.as_bytes()))
        .collect()
}

#[test]
fn every_container_gives_the_same_pages() {
    let whole = crawl().concat().into_bytes();
    let expected: Vec<String> = (0..8)
        .map(|number| format!("<p>page {number}</p>"))
        .collect();
    for (name, bytes) in [
        ("a.warc", whole.clone()),
        ("a.warc.gz", by_record(gzip)),
        ("whole.warc.gz", gzip(&whole)),
        ("a.warc.zst", by_record(zstandard)),
        ("whole.warc.zst", zstandard(&whole)),
        ("a.warc.bz2", bzip2(&whole)),
        ("no_ending", by_record(gzip)),
    ] {
        let out = collect_bytes("auto", name, &bytes);
        assert!(out.ok, "{name}: {}", out.stderr);
        assert_eq!(out.bodies(), expected, "{name}");
        assert_eq!(out.rules(), [""; 0], "{name}");
        assert_eq!(out.kept[0].time.as_deref(), Some("2020-02-03T04:05:06Z"));
        assert_eq!(out.kept[0].url.as_deref(), Some("http://x/response"));
    }
}

#[test]
fn zstandard_with_a_dictionary() {
    for name in ["dictionary.warc.zst", "packed_dictionary.warc.zst"] {
        let out = collect_path("auto", &fixture("crawls").join(name), "");
        assert!(out.ok, "{name}: {}", out.stderr);
        let expected: Vec<String> = (0..5)
            .map(|number| format!("<p>page {number}</p>"))
            .collect();
        assert_eq!(out.bodies(), expected, "{name}");
        assert_eq!(out.rules(), [""; 0], "{name}");
    }
}

#[test]
fn records_that_are_no_pages_say_why() {
    let file = [
        page(1),
        record(
            "revisit",
            "WARC-Refers-To-Target-URI: http://x/response\r\n",
            "",
        ),
        record(
            "response",
            "Content-Type: application/http\r\n",
            "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n",
        ),
        record(
            "response",
            "Content-Type: application/http\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nPNG",
        ),
        record(
            "resource",
            "WARC-Block-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\nContent-Type: text/plain\r\n",
            "not what was stored",
        ),
        record(
            "metadata",
            "Content-Type: application/json\r\n",
            r#"{"Envelope": {"WARC-Header-Metadata": {"WARC-Type": "response"}}}"#,
        ),
        record(
            "conversion",
            "WARC-Truncated: length\r\nWARC-Block-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\nContent-Type: text/plain\r\n",
            "what there was room for",
        ),
    ]
    .concat();
    let out = collect_bytes("warc", "a.warc", file.as_bytes());
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.bodies(), ["<p>page 1</p>", "what there was room for"]);
    assert_eq!(
        out.rules(),
        [
            "collect.revisit",
            "collect.http_status",
            "collect.media_type",
            "collect.digest",
            "collect.metadata"
        ]
    );
}

#[test]
fn cut_and_damaged_files_end_in_rows() {
    for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstandard] {
        let file = by_record(pack);
        let out = collect_bytes("auto", "cut.warc", &file[..file.len() - 15]);
        assert!(out.ok, "{}", out.stderr);
        assert_eq!(out.kept.len(), 7);
        assert_eq!(out.rules(), ["collect.truncated"]);
        let mut damaged = file.clone();
        let middle = file.len() / 2;
        damaged[middle..middle + 8].fill(0xff);
        let out = collect_bytes("auto", "damaged.warc", &damaged);
        assert!(out.ok, "{}", out.stderr);
        assert!(out.kept.len() >= 6, "{:?}", out.rules());
        assert!(!out.dropped.is_empty());
    }
}

#[test]
fn a_bomb_ends_in_a_row() {
    let bomb = zstandard(&vec![b' '; 100 << 20]);
    let out = collect_bytes("jsonl", "bomb.jsonl.zst", &bomb);
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.rules(), ["collect.bomb"]);
}

#[test]
fn how_a_file_is_cut_does_not_show_in_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let lines: String = (0..200)
        .map(|number| format!("{{\"text\": \"line {number} {}\"}}\n", number * 7919 % 1013))
        .collect();
    let streams: Vec<u8> = lines.as_bytes().chunks(999).flat_map(bzip2).collect();
    for (name, bytes) in [
        ("a.warc.gz", by_record(gzip)),
        ("a.jsonl", lines.clone().into_bytes()),
        ("a.jsonl.bz2", streams),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let of = |task_bytes: u64| {
            collect(&format!(
                "[collect]\ntask_bytes = {task_bytes}\n[[collect.source]]\nname = \"s\"\npath = \"{}\"\n",
                path.display()
            ))
        };
        let whole = of(1 << 30);
        assert!(whole.ok && !whole.kept.is_empty(), "{}", whole.stderr);
        assert_eq!(of(700).kept, whole.kept, "{name}");
    }
}

#[test]
fn a_list_of_paths_names_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("base");
    fs::create_dir_all(base.join("crawl/1")).unwrap();
    fs::write(base.join("crawl/1/b.warc.gz"), by_record(gzip)).unwrap();
    fs::write(base.join("crawl/a.warc"), page(9)).unwrap();
    let list = "crawl/1/b.warc.gz\ncrawl/a.warc\n\ncrawl/a.warc\ncrawl/none.warc\n../outside\n";
    let path = dir.path().join("warc.paths.gz");
    fs::write(&path, gzip(list.as_bytes())).unwrap();
    let more = format!("base = \"{}\"", base.display());
    let out = collect_path("paths", &path, &more);
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.kept.len(), 9);
    assert_eq!(out.kept[0].file, "crawl/1/b.warc.gz");
    assert_eq!(out.kept[8].file, "crawl/a.warc");
    assert_eq!(out.rules(), ["collect.unreadable", "collect.path"]);
}
