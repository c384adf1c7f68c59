use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;

fn record(kind: &str, fields: &str, block: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://x/{kind}\r\nWARC-Date: 2020-02-03T04:05:06Z\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn response(status: &str, fields: &str, body: &str) -> String {
    let block = format!("HTTP/1.1 {status}\r\n{fields}\r\n{body}");
    record(
        "response",
        "Content-Type: application/http; msgtype=response\r\n",
        &block,
    )
}

fn page(body: &str) -> String {
    response("200 OK", "Content-Type: text/html; charset=GBK\r\n", body)
}

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: impl Into<Vec<u8>>) -> Memory {
    read_bytes(&source("auto"), "a.warc", bytes.into())
}

#[test]
fn records_of_every_type() {
    let file = [
        record(
            "warcinfo",
            "Content-Type: application/warc-fields\r\n",
            "software: x\r\n",
        ),
        record(
            "request",
            "Content-Type: application/http; msgtype=request\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ),
        page("<p>one"),
        response("404 Not Found", "Content-Type: text/html\r\n", "<p>none"),
        response("200 OK", "Content-Type: image/png\r\n", "PNG"),
        record("revisit", "", ""),
        record("resource", "Content-Type: text/plain\r\n", "two"),
        record(
            "conversion",
            "WARC-Identified-Content-Language: zho,eng\r\nContent-Type: text/plain\r\n",
            "三",
        ),
        response("200 OK", "Content-Type: text/html\r\n", ""),
        response(
            "200 OK",
            "Transfer-Encoding: chunked\r\n",
            "5\r\n<html\r\n1\r\n>\r\n0\r\n\r\n",
        ),
        record("response", "Content-Type: text/dns\r\n", "1.2.3.4"),
        record("response", "Content-Type: application/http\r\n", "not http"),
    ]
    .concat();
    let out = read(file.clone());
    assert_eq!(out.bodies(), ["<p>one", "two", "三", "<html>"]);
    assert_eq!(
        out.rules(),
        [
            "collect.http_status",
            "collect.media_type",
            "collect.revisit",
            "collect.empty",
            "collect.media_type",
            "collect.invalid_http"
        ]
    );
    assert_eq!(out.counts["warc_other_records"], 2);
    let first = &out.kept[0];
    assert_eq!(first.url.as_deref(), Some("http://x/response"));
    assert_eq!(first.charset.as_deref(), Some("gbk"));
    assert_eq!(first.time.as_deref(), Some("2020-02-03T04:05:06Z"));
    assert!(file[first.offset as usize..].starts_with("WARC/1.0\r\nWARC-Type: response"));
    assert_eq!(
        (out.kept[2].lang.as_deref(), out.kept[2].charset.as_deref()),
        (Some("zho"), Some("utf-8"))
    );
    assert_eq!(out.kept[3].media_type, "text/html");
    assert_eq!(
        (out.dropped[0].value, out.dropped[0].limit),
        (Some(404.0), Some(200.0))
    );
    assert_eq!(out.dropped[0].url.as_deref(), Some("http://x/response"));
}

#[test]
fn gzip_by_record_as_a_whole_and_zstandard_give_the_same() {
    let records = [page("<p>1"), page("<p>2"), page("<p>3")];
    let whole = records.concat();
    let members: Vec<Vec<u8>> = records.iter().map(|record| gzip(record)).collect();
    let by_record = read(members.concat());
    let second = members[0].len() as u64;
    assert_eq!(by_record.kept[1].offset, second);
    let plain = read(whole.clone());
    let other = [
        read(gzip(&whole)),
        read(zstd::encode_all(whole.as_bytes(), 1).unwrap()),
        read(
            whole
                .as_bytes()
                .chunks(100)
                .flat_map(|part| gzip(std::str::from_utf8(part).unwrap()))
                .collect::<Vec<u8>>(),
        ),
    ];
    for out in other.iter().chain([&by_record]) {
        assert_eq!(out.dropped, []);
        assert_eq!(out.bodies(), plain.bodies());
    }
}

#[test]
fn a_damaged_member_costs_only_its_record() {
    let members = [
        gzip(&page("<p>1")),
        gzip(&page(&"<p>2 ".repeat(50))),
        gzip(&page("<p>3")),
    ];
    let (start, length) = (members[0].len(), members[1].len());
    let file = members.concat();
    let mut cut = file.clone();
    cut.drain(start + length / 2..start + length);
    let mut flipped = file.clone();
    flipped[start + length - 6] ^= 1; // the checksum
    for damaged in [cut, flipped] {
        let out = read(damaged);
        assert_eq!(out.bodies(), ["<p>1", "<p>3"]);
        assert_eq!(out.rules(), ["collect.corrupt"]);
        assert_eq!(out.dropped[0].offset, start as u64);
    }
    let out = read(&file[..file.len() - 20]);
    assert_eq!(out.kept.len(), 2);
    assert_eq!(out.rules(), ["collect.truncated"]);
    assert!(
        out.dropped[0]
            .detail
            .as_deref()
            .unwrap()
            .contains("gzip member")
    );
}

#[test]
fn a_bad_record_is_skipped() {
    let bad = [
        page("<p>x").replace("Content-Length: ", "Content-Length: x"),
        page("<p>x").replace("Content-Length: ", "No-Length: "),
        page("<p>x\r\nmore").replace("Content-Length: ", "Content-Length: 1\r\nX: "),
        "garbage\r\nof lines\r\n\r\n".to_owned(),
    ];
    for bad in bad {
        let out = read([page("<p>1"), bad.clone(), page("<p>3")].concat());
        assert_eq!(out.bodies(), ["<p>1", "<p>3"], "{bad}");
        assert_eq!(out.rules(), ["collect.invalid_record"], "{bad}");
    }
}

#[test]
fn shortened_records() {
    let file = page("<p>1") + &page("<p>2");
    let out = read(&file.as_bytes()[..file.len() - 6]);
    assert_eq!(out.bodies(), ["<p>1"]);
    assert_eq!(out.rules(), ["collect.truncated"]);
    let long = page("<p>x").replace("Content-Length: ", "Content-Length: 9");
    let out = read([gzip(&long), gzip(&page("<p>2"))].concat());
    assert_eq!(out.bodies(), ["<p>2"]);
    assert_eq!(out.rules(), ["collect.truncated"]);
}

#[test]
fn long_records_are_dropped_unread() {
    let mut source = source("warc");
    source.settings.max_record = 1000;
    let file = [page(&"x".repeat(2000)), page("<p>2")].concat();
    let out = read_bytes(&source, "a", file.into_bytes());
    assert_eq!(out.bodies(), ["<p>2"]);
    assert_eq!(out.rules(), ["collect.too_large"]);
    assert_eq!(out.dropped[0].value, Some(2000.0));
}

#[test]
fn addresses_in_angle_brackets() {
    let out = read(page("<p>1").replace("http://x/response", "<http://x/a b>"));
    assert_eq!(out.kept[0].url.as_deref(), Some("http://x/a b"));
}

proptest! {
    #[test]
    fn any_damage_ends_in_rows(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 0..20),
        packed in any::<bool>(),
    ) {
        let records = [page("<p>1"), page("<p>2"), page("<p>3"), page("<p>4")];
        let mut file: Vec<u8> = if packed {
            records.iter().flat_map(|record| gzip(record)).collect()
        } else {
            records.concat().into_bytes()
        };
        // Without its magic number the file is not gzip at all.
        let first = if packed { 3 } else { 0 };
        let at = first + at.index(file.len() - first);
        let end = (at + 10).min(file.len());
        file.splice(at..end, with);
        let out = read_bytes(&source("warc"), "a", file);
        prop_assert!(out.kept.len() + out.dropped.len() >= 2);
        let least = if packed { 2 } else { 1 };
        prop_assert!(out.kept.len() >= least);
    }
}
