//! ZIP and TAR, whole and hostile.

use std::io::{Cursor, Write};

use super::{Collected, collect_bytes};

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A member of a TAR (POSIX.1-1988), of a type such as `0` for a file.
fn member(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

fn tar(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members
        .iter()
        .flat_map(|(name, kind, content)| member(name, *kind, content))
        .collect();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn files(collected: &Collected) -> Vec<&str> {
    assert!(collected.ok, "{}", collected.stderr);
    collected.kept.iter().map(|row| row.file.as_str()).collect()
}

#[test]
fn members_are_read_like_files() {
    let inner = zip(&[("deep.txt", b"deep")]);
    let rows = b"{\"text\":\"one\"}\n{oops}\n{\"text\":\"two\"}\n";
    let read = collect_bytes(
        "auto",
        "a.zip",
        &zip(&[
            ("page.html", b"<html>page"),
            ("rows.jsonl", rows),
            ("inner.zip", &inner),
        ]),
    );
    let expected = [
        "a.zip!/page.html",
        "a.zip!/rows.jsonl",
        "a.zip!/rows.jsonl",
        "a.zip!/inner.zip!/deep.txt",
    ];
    assert_eq!(files(&read), expected);
    assert_eq!(read.rules(), ["collect.invalid_json"]);
    let packed = zstd_frame(&tar(&[
        ("000.txt", b'0', b"caption"),
        ("000.jpg", b'0', b"\xff\xd8\xff"),
        ("inner.zip", b'0', &inner),
    ]));
    let read = collect_bytes("auto", "a.tar.zst", &packed);
    assert_eq!(
        files(&read),
        ["a.tar.zst!/000.txt", "a.tar.zst!/inner.zip!/deep.txt"]
    );
    assert_eq!(read.rules(), ["collect.media_type"]);
}

/// A Zstandard frame (RFC 8878) of raw blocks.
fn zstd_frame(content: &[u8]) -> Vec<u8> {
    // No checksum, a window of 1 MiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3];
    for block in content.chunks(100_000) {
        frame.extend(&((block.len() as u32) << 3).to_le_bytes()[..3]);
        frame.extend(block);
    }
    frame.extend([1, 0, 0]);
    frame
}

#[test]
fn names_and_links_lead_nowhere() {
    let bytes = tar(&[
        ("/etc/passwd", b'0', b"root"),
        ("../../up.txt", b'0', b"up"),
        ("link", b'2', b""),
        ("pipe", b'6', b""),
    ]);
    let read = collect_bytes("auto", "a.tar", &bytes);
    assert_eq!(files(&read), ["a.tar!/etc/passwd", "a.tar!/up.txt"]);
    assert_eq!(read.rules(), ["collect.link", "collect.media_type"]);
    let read = collect_bytes(
        "auto",
        "a.zip",
        &zip(&[("..\\..\\up.txt", b"up"), ("/root.txt", b"root")]),
    );
    assert_eq!(files(&read), ["a.zip!/up.txt", "a.zip!/root.txt"]);
}

#[test]
fn cut_and_damaged_archives_give_what_is_whole() {
    let text = "words ".repeat(500);
    let bytes = zip(&[("a.txt", text.as_bytes()), ("b.txt", b"end")]);
    let read = collect_bytes("auto", "a.zip", &bytes[..bytes.len() - 30]);
    assert_eq!(
        (files(&read).len(), read.rules()),
        (2, vec!["collect.truncated"])
    );
    let mut wrong = bytes;
    wrong[50] ^= 0x55;
    let read = collect_bytes("auto", "a.zip", &wrong);
    // A changed bit may also make it seem to end too late.
    let rule = read.rules().pop();
    assert!(matches!(
        rule,
        Some("collect.corrupt" | "collect.truncated")
    ));
    assert_eq!((read.bodies(), read.rules().len()), (vec!["end"], 1));
    let bytes = tar(&[("a.txt", b'0', b"one"), ("b.txt", b'0', b"two")]);
    let read = collect_bytes("auto", "a.tar", &bytes[..1100]);
    assert_eq!(
        (read.bodies(), read.rules()),
        (vec!["one"], vec!["collect.truncated"])
    );
}

#[test]
fn bombs_and_nests_stop() {
    let bomb = zip(&[("zeros.jsonl", &vec![b'\n'; 100 << 20])]);
    assert_eq!(
        collect_bytes("auto", "a.zip", &bomb).rules(),
        ["collect.bomb"]
    );
    let mut nest = zip(&[("a.txt", b"deep")]);
    for _ in 0..5 {
        nest = zip(&[("nest.zip", &nest)]);
    }
    let read = collect_bytes("auto", "a.zip", &nest);
    assert_eq!(
        (files(&read).len(), read.rules()),
        (0, vec!["collect.nesting"])
    );
}
