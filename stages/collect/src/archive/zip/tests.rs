use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;

fn pack(members: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, method) in members {
        let options = SimpleFileOptions::default().compression_method(*method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn deflated(name: &str, content: &[u8]) -> Vec<u8> {
    pack(&[(name, content, CompressionMethod::Deflated)])
}

fn read(bytes: Vec<u8>) -> Memory {
    read_bytes(&source("auto"), "a.zip", bytes)
}

fn at(bytes: &[u8], magic: &[u8]) -> Vec<usize> {
    memchr::memmem::find_iter(bytes, magic).collect()
}

#[test]
fn members_are_read_like_files() {
    let out = read(pack(&[
        ("dir/page.html", b"<html>one", CompressionMethod::Deflated),
        (
            "../../rows.jsonl",
            b"{\"text\":\"two\"}\n{oops}\n",
            CompressionMethod::Stored,
        ),
        ("dir/", b"", CompressionMethod::Stored),
        ("a.png", b"\x89PNG\r\n\x1a\n", CompressionMethod::Stored),
        (
            "inner.zip",
            &deflated("x.txt", b"three"),
            CompressionMethod::Deflated,
        ),
        (
            "stored.zip",
            &deflated("y.txt", b"four"),
            CompressionMethod::Stored,
        ),
    ]));
    assert_eq!(out.bodies(), ["<html>one", "two", "three", "four"]);
    let files: Vec<&str> = out.kept.iter().map(|row| row.file.as_str()).collect();
    let expected = [
        "a.zip!/dir/page.html",
        "a.zip!/rows.jsonl",
        "a.zip!/inner.zip!/x.txt",
        "a.zip!/stored.zip!/y.txt",
    ];
    assert_eq!(files, expected);
    assert_eq!(out.rules(), ["collect.invalid_json", "collect.media_type"]);
    let detail = out.dropped[0].detail.as_deref().unwrap();
    assert!(detail.ends_with("(byte 15 of the member)"), "{detail}");
    assert_eq!(out.counts["archive_folders"], 1);
}

#[test]
fn places_are_offsets_of_members() {
    let bytes = pack(&[
        ("a.txt", b"one", CompressionMethod::Stored),
        ("b.txt", b"two", CompressionMethod::Stored),
    ]);
    let headers = at(&bytes, b"PK\x03\x04");
    let out = read([b"#!/bin/unpack\n", &bytes[..]].concat());
    assert_eq!(
        out.bodies(),
        Vec::<&str>::new(),
        "a program is not an archive"
    );
    let out = read(bytes);
    let offsets: Vec<u64> = out.kept.iter().map(|row| row.offset).collect();
    assert_eq!(offsets, [headers[0] as u64, headers[1] as u64]);
    assert_ne!(out.kept[0].id, out.kept[1].id);
}

#[test]
fn excluded_members_are_counted() {
    let mut config = source("auto").source.config.clone();
    config.exclude = vec!["*.css".into(), "a.zip!/skip/**".into()];
    let mut narrowed = source("auto");
    narrowed.source = crate::listing::Source::new(&config).unwrap();
    let bytes = pack(&[
        ("keep.txt", b"kept", CompressionMethod::Stored),
        ("dir/a.css", b"p {}", CompressionMethod::Stored),
        ("skip/a.txt", b"skipped", CompressionMethod::Stored),
    ]);
    let out = read_bytes(&narrowed, "a.zip", bytes);
    assert_eq!(out.bodies(), ["kept"]);
    assert_eq!((out.dropped.len(), out.counts["archive_excluded"]), (0, 2));
}

#[test]
fn links_keys_and_methods_are_rows() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    writer
        .start_file("pipe", options.unix_permissions(0o644))
        .unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let mut piped = bytes.clone();
    // The mode of the second entry: a FIFO.
    let entry = at(&piped, b"PK\x01\x02")[1];
    piped[entry + 40..entry + 42].copy_from_slice(&0o010_644_u16.to_le_bytes());
    assert_eq!(read(piped).rules(), ["collect.link", "collect.media_type"]);

    let plain = deflated("a.txt", b"words words");
    let entry = at(&plain, b"PK\x01\x02")[0];
    let mut locked = plain.clone();
    locked[entry + 8] |= 1;
    assert_eq!(read(locked).rules(), ["collect.encrypted"]);
    let mut other = plain;
    for method in [entry + 10, 8] {
        other[method] = 14;
    }
    let out = read(other);
    assert_eq!(out.rules(), ["collect.content_encoding"]);
    assert!(out.dropped[0].detail.as_deref().unwrap().contains("LZMA"));
}

#[test]
fn damage_is_told() {
    let text = "words and more words\n".repeat(500);
    let bytes = pack(&[
        ("a.txt", text.as_bytes(), CompressionMethod::Deflated),
        ("b.txt", b"fine", CompressionMethod::Stored),
    ]);
    let mut wrong = bytes.clone();
    wrong[60] ^= 0x55;
    let out = read(wrong);
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["fine"], vec!["collect.corrupt"])
    );
    let mut stored = bytes.clone();
    let fine = at(&stored, b"fine")[0];
    stored[fine] = b'F';
    let out = read(stored);
    assert_eq!((out.kept.len(), out.rules()), (1, vec!["collect.corrupt"]));
    // Without the directory, what is whole is read.
    let cut = bytes[..at(&bytes, b"PK\x01\x02")[0]].to_vec();
    let out = read(cut);
    assert_eq!(
        (out.kept.len(), out.rules()),
        (2, vec!["collect.truncated"])
    );
    let out = read(bytes[..70].to_vec());
    assert_eq!(out.rules(), ["collect.truncated"; 2]);
    assert_eq!(
        read(b"PK\x05\x06".iter().chain(&[0; 18]).copied().collect()).rules(),
        ["collect.empty"]
    );
}

/// An archive whose sizes stand behind the content, as programs that write to a pipe make it.
#[test]
fn a_cut_stream_is_read_up_to_the_cut() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, content) in [
        ("a.txt", &b"one"[..]),
        ("b.jsonl", &b"{\"text\":\"two\"}\n".repeat(3000)),
    ] {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read(bytes.clone()).kept.len(), 3001);
    let directory = at(&bytes, b"PK\x01\x02")[0];
    let out = read(bytes[..directory].to_vec());
    assert_eq!(
        (out.kept.len(), out.rules()),
        (3001, vec!["collect.truncated"])
    );
    let out = read(bytes[..directory - 40].to_vec());
    assert_eq!(out.bodies()[0], "one");
    assert_eq!(out.rules(), ["collect.truncated"; 2]);
}

#[test]
fn bombs_stop() {
    let mut small = source("auto");
    small.settings.max_record = 1 << 20;
    let bomb = deflated("a.jsonl", &vec![b'\n'; 20 << 20]);
    let out = read_bytes(&small, "a.zip", bomb.clone());
    assert_eq!(out.rules(), ["collect.bomb"]);
    // The same bytes again and again: directory entries that all lead to one member.
    let one = deflated("a.txt", b"words");
    let directory = at(&one, b"PK\x01\x02")[0];
    let end = at(&one, b"PK\x05\x06")[0];
    let mut many = one[..directory].to_vec();
    for _ in 0..100 {
        many.extend(&one[directory..end]);
    }
    let mut record = one[end..].to_vec();
    record[10..12].copy_from_slice(&100_u16.to_le_bytes());
    record[12..16].copy_from_slice(&((end - directory) as u32 * 100).to_le_bytes());
    many.extend(record);
    let out = read(many);
    assert_eq!(out.bodies(), ["words"]);
    assert_eq!(out.rules(), ["collect.bomb"; 99]);
}

#[test]
fn nests_end() {
    let mut nest = deflated("a.txt", b"deep");
    for _ in 0..3 {
        nest = deflated("nest.zip", &nest);
    }
    assert_eq!(read(nest.clone()).bodies(), ["deep"]);
    let out = read(deflated("nest.zip", &nest));
    assert_eq!((out.kept.len(), out.rules()), (0, vec!["collect.nesting"]));
}

#[test]
fn spreadsheets_are_no_text() {
    let out = read(pack(&[
        (
            "[Content_Types].xml",
            b"<Types/>",
            CompressionMethod::Stored,
        ),
        ("xl/workbook.xml", b"<workbook/>", CompressionMethod::Stored),
    ]));
    assert_eq!(out.rules(), ["collect.media_type"]);
    assert!(
        out.dropped[0]
            .detail
            .as_deref()
            .unwrap()
            .contains("spreadsheet")
    );
    let media_type = b"application/vnd.oasis.opendocument.presentation";
    let out = read(pack(&[("mimetype", media_type, CompressionMethod::Stored)]));
    assert!(
        out.dropped[0]
            .detail
            .as_deref()
            .unwrap()
            .ends_with("presentation")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_archives_end_in_rows(
        texts in prop::collection::vec("[a-z ]{0,200}", 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.txt")).collect();
        let members: Vec<_> = names.iter().zip(&texts)
            .map(|(name, text)| (name.as_str(), text.as_bytes(), CompressionMethod::Deflated)).collect();
        let mut bytes = pack(&members);
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        let out = read(bytes);
        prop_assert!(out.kept.len() + out.dropped.len() > 0);
        for row in &out.dropped {
            prop_assert!(row.rule.starts_with("collect."));
        }
    }
}
