use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;

fn header(size: u64, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header
}

fn pack(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = header(content.len() as u64, EntryType::Regular);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A header with a name that the crate refuses to write.
fn raw(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = header(content.len() as u64, EntryType::new(kind));
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn read(bytes: Vec<u8>) -> Memory {
    read_bytes(&source("auto"), "a.tar", bytes)
}

fn files(out: &Memory) -> Vec<&str> {
    out.kept.iter().map(|row| row.file.as_str()).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn members_are_read_like_files() {
    let packed = gzip(b"three");
    let long = format!("{}/page.html", "long".repeat(60));
    let bytes = pack(&[
        ("000.txt", b"one"),
        ("000.json", b"{\"text\":\"two\"}"),
        ("000.jpg", b"\xff\xd8\xff\xe0 picture"),
        ("b/c.txt.gz", &packed),
        (&long, b"<html>four"),
        ("inner.tar", &pack(&[("x.txt", b"five")])),
    ]);
    let gz = read_bytes(&source("auto"), "a.tar.gz", gzip(&bytes));
    let out = read(bytes);
    assert_eq!(out.bodies(), ["one", "two", "three", "<html>four", "five"]);
    let expected = [
        "a.tar!/000.txt",
        "a.tar!/000.json",
        "a.tar!/b/c.txt.gz",
        &format!("a.tar!/{long}"),
        "a.tar!/inner.tar!/x.txt",
    ];
    assert_eq!(files(&out), expected);
    assert_eq!(out.rules(), ["collect.media_type"]);
    let offsets: Vec<u64> = out.kept.iter().take(3).map(|row| row.offset).collect();
    assert_eq!(offsets, [0, 1024, 3072]);
    assert_eq!(gz.bodies(), out.bodies());
    assert_eq!(gz.kept[2].offset, 3072);
}

#[test]
fn names_lead_nowhere_and_links_are_rows() {
    let bytes = [
        raw(b"/etc/passwd", b'0', b"root"),
        raw(b"../../.ssh/config", b'0', b"host"),
        raw(b"link", b'2', b""),
        raw(b"hard", b'1', b""),
        raw(b"fifo", b'6', b""),
        raw(b"sda", b'4', b""),
        raw(b"folder", b'5', b""),
        raw(b"old/", 0, b""),
        raw(b"odd", b'Z', b"of a kind of its own"),
    ]
    .concat();
    let out = read(bytes);
    assert_eq!(
        files(&out),
        ["a.tar!/etc/passwd", "a.tar!/.ssh/config", "a.tar!/odd"]
    );
    let rules = [
        "collect.link",
        "collect.link",
        "collect.media_type",
        "collect.media_type",
    ];
    assert_eq!(out.rules(), rules);
    assert_eq!(out.counts["archive_folders"], 2);
}

#[test]
fn names_that_occur_twice_stay_apart() {
    let out = read(pack(&[("a.txt", b"old"), ("a.txt", b"new")]));
    assert_eq!(out.bodies(), ["old", "new"]);
    assert_ne!(out.kept[0].id, out.kept[1].id);
}

#[test]
fn pax_records_are_obeyed() {
    let mut builder = Builder::new(Vec::new());
    let records = [
        ("path", "页/文.txt".as_bytes()),
        ("mtime", b"1.5"),
        ("comment", b"a=b\nc"),
    ];
    builder.append_pax_extensions(records).unwrap();
    let mut header = header(3, EntryType::Regular);
    builder
        .append_data(&mut header, "short", &b"one"[..])
        .unwrap();
    let out = read(builder.into_inner().unwrap());
    assert_eq!(files(&out), ["a.tar!/页/文.txt"]);

    let wrong = [
        raw(b"x", b'x', b"99 path=a\n"),
        raw(b"b.txt", b'0', b"kept"),
    ]
    .concat();
    let out = read(wrong);
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["kept"], vec!["collect.corrupt"])
    );
    let huge = [
        raw(b"x", b'L', &vec![b'a'; 2 << 20]),
        raw(b"b.txt", b'0', b"kept"),
    ]
    .concat();
    let out = read(huge);
    assert_eq!(
        (files(&out), out.rules()),
        (vec!["a.tar!/b.txt"], vec!["collect.corrupt"])
    );
}

#[test]
fn holes_are_zeros() {
    // Format 1.0: the map stands before the content.
    let records = |pairs: &[(&str, &str)]| {
        pairs.iter().fold(Vec::new(), |mut all, (key, value)| {
            let rest = format!(" {key}={value}\n");
            let length = (rest.len()..)
                .find(|n| *n == rest.len() + n.to_string().len())
                .unwrap();
            all.extend(format!("{length}{rest}").bytes());
            all
        })
    };
    let mut stored = b"2\n0\n3\n600\n3\n".to_vec();
    stored.resize(512, 0);
    stored.extend(b"onetwo");
    let pax = records(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "s.txt"),
        ("GNU.sparse.realsize", "603"),
    ]);
    let new = [
        raw(b"p", b'x', &pax),
        raw(b"GNUSparseFile.0/s.txt", b'0', &stored),
    ]
    .concat();
    let pax = records(&[("GNU.sparse.size", "603"), ("GNU.sparse.map", "0,3,600,3")]);
    let older = [raw(b"p", b'x', &pax), raw(b"s.txt", b'0', b"onetwo")].concat();
    let mut old = raw(b"s.txt", b'S', b"onetwo");
    for (at, value) in [
        (386, "0"),
        (398, "3"),
        (410, "1130"),
        (422, "3"),
        (483, "1133"),
    ] {
        let field = format!("{value:0>11}");
        old[at..at + 11].copy_from_slice(field.as_bytes());
    }
    let mut fixed = Header::from_byte_slice(&old[..512]).clone();
    fixed.set_cksum();
    old[..512].copy_from_slice(fixed.as_bytes());
    let mut content = b"one".to_vec();
    content.resize(600, 0);
    content.extend(b"two");
    let mut text = source("auto");
    text.settings.max_record = 1000;
    for bytes in [&new, &older, &old] {
        let bytes = [&bytes[..], &raw(b"b.txt", b'0', b"next")].concat();
        let out = read_bytes(&text, "a.tar", bytes);
        assert_eq!(files(&out).last(), Some(&"a.tar!/b.txt"));
        // Zeros are no text, so the row says so; what counts is that all is in step.
        assert_eq!(
            (out.kept.len(), out.rules()),
            (1, vec!["collect.media_type"])
        );
    }
    use std::io::Read;
    let map = super::Map(vec![
        super::sparse::Segment {
            offset: 0,
            length: 3,
        },
        super::sparse::Segment {
            offset: 600,
            length: 3,
        },
    ]);
    let mut read = Vec::new();
    super::Sparse::new(&b"onetwo"[..], map, 603)
        .read_to_end(&mut read)
        .unwrap();
    assert_eq!(read, content);
    // A hole of 8 EiB.
    let pax = records(&[
        ("GNU.sparse.size", "9223372036854775807"),
        ("GNU.sparse.map", "0,3"),
    ]);
    let bomb = [
        raw(b"p", b'x', &pax),
        raw(b"s.jsonl", b'0', b"one"),
        raw(b"b.txt", b'0', b"next"),
    ]
    .concat();
    let out = self::read(bomb);
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["next"], vec!["collect.bomb"])
    );
}

#[test]
fn damage_is_told_and_what_is_whole_is_kept() {
    let bytes = pack(&[("a.txt", b"one"), ("b.txt", b"two"), ("c.txt", b"three")]);
    let mut wrong = bytes.clone();
    wrong[1024 + 3] ^= 1;
    let out = read(wrong);
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["one", "three"], vec!["collect.corrupt"])
    );
    assert_eq!(out.dropped[0].offset, 1024);
    let out = read(bytes[..1024 + 514].to_vec());
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["one"], vec!["collect.truncated"; 2])
    );
    let out = read(bytes[..1024 + 100].to_vec());
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["one"], vec!["collect.truncated"])
    );
    // Without the empty blocks at the end, and with another archive behind them.
    assert_eq!(read(bytes[..3072].to_vec()).rules(), Vec::<&str>::new());
    let out = read([&bytes[..], &pack(&[("d.txt", b"four")])].concat());
    assert_eq!((out.kept.len(), out.dropped.len()), (4, 0));
    let out = read_bytes(&source("auto"), "a.tar.gz", gzip(&bytes)[..80].to_vec());
    assert_eq!(out.rules().last(), Some(&"collect.truncated"));
}

#[test]
fn archives_of_old_have_no_magic() {
    let mut old = raw(b"a.txt", 0, b"one");
    old[257..265].fill(0);
    let mut header = Header::from_byte_slice(&old[..512]).clone();
    header.set_cksum();
    old[..512].copy_from_slice(header.as_bytes());
    assert_eq!(read(old).bodies(), ["one"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn texts_come_back(texts in prop::collection::vec("[a-z]{1,2000}", 1..6)) {
        let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.txt")).collect();
        let members: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let out = read(pack(&members));
        prop_assert_eq!(out.bodies(), texts);
    }

    #[test]
    fn damaged_archives_end_in_rows(
        texts in prop::collection::vec("[a-z ]{0,1200}", 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        kind in prop::sample::select(b"05xgLKSM1".to_vec()),
    ) {
        let mut bytes: Vec<u8> = texts.iter().flat_map(|text| raw(b"a.txt", b'0', text.as_bytes())).collect();
        bytes.extend(raw(b"special", kind, b"12 path=ab\n 1\n2\n3\n"));
        bytes.extend(raw(b"z.txt", b'0', b"end"));
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        for row in &read(bytes).dropped {
            prop_assert!(row.rule.starts_with("collect."));
        }
    }
}
