//! Files larger than the memory that they may take, each read in a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod process;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use process::Done;

const MIB: u64 = 1 << 20;

fn read(path: &Path) -> Done {
    let path = path.display();
    let done = process::collect(
        &format!(r#"{{"source":[{{"name":"s","path":"{path}"}}]}}"#),
        &[],
    );
    assert!(done.ok, "{}", done.stderr);
    done
}

fn rules(done: &Done) -> Vec<&str> {
    done.dropped.iter().map(|row| row.rule.as_str()).collect()
}

fn assert_flat(done: &Done, limit: u64) {
    let peak = done.peak.unwrap();
    assert!(peak < limit * MIB, "{} MiB", peak / MIB);
}

fn frame(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

/// 64 MiB that unpack to about 200 times what they take.
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        b'a' + (state >> 59) as u8 % 26
    };
    let block: Vec<u8> = (0..256 << 10).map(|_| byte()).collect();
    block.repeat(256)
}

fn write(path: &Path, parts: &[&[u8]]) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for part in parts {
        file.write_all(part).unwrap();
    }
    file.flush().unwrap();
}

/// The header of a member of a tar.
fn tar_header(name: &str, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

#[test]
fn a_line_of_20_gib_out_of_few_bytes_is_a_bomb() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.jsonl.zst");
    let (start, middle) = (frame(b"{\"text\":\""), frame(&[b'x'; 64 << 20]));
    write(&path, &[&start, &middle.repeat(320), &frame(b"\"}\n")]);
    let done = read(&path);
    assert_eq!(rules(&done), ["collect.bomb"]);
    // A line is held up to the longest record, 64 MiB.
    assert_flat(&done, 160);
}

#[test]
fn a_long_line_is_dropped_with_its_length_and_the_next_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.jsonl.zst");
    let (start, middle) = (frame(b"{\"text\":\""), frame(&noise()));
    write(
        &path,
        &[
            &start,
            &middle.repeat(32),
            &frame(b"\"}\n{\"text\":\"short\"}\n"),
        ],
    );
    let done = read(&path);
    assert_eq!(rules(&done), ["collect.too_large"]);
    assert_eq!(done.dropped[0].value, Some((2048 * MIB + 11) as f64));
    assert_eq!(done.kept.len(), 1);
    // A line is held up to the longest record, 64 MiB.
    assert_flat(&done, 160);
}

#[test]
fn a_giant_member_of_a_tar_streams() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("giant.tar.zst");
    let first = frame(&[tar_header("giant.txt", 2048 * MIB), b"words ".to_vec()].concat());
    let rest = noise();
    let last = &rest[..rest.len() - 6];
    let mut next = tar_header("next.txt", 4);
    next.extend(b"next");
    next.resize(1024, 0);
    let middle = frame(&rest);
    write(
        &path,
        &[&first, &middle.repeat(31), &frame(last), &frame(&next)],
    );
    let done = read(&path);
    assert_eq!(rules(&done), ["collect.too_large"]);
    assert_eq!(done.kept[0].body, b"next");
    assert_flat(&done, 64);
}

#[test]
fn a_giant_hole_in_a_tar_is_gone_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hole.tar");
    // 100 GiB that take no room on the disk.
    let size = 100 << 30;
    let mut file = File::create(&path).unwrap();
    file.write_all(&tar_header("zeros.bin", size)).unwrap();
    file.set_len(512 + size).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
    let mut next = tar_header("next.txt", 4);
    next.extend(b"next");
    next.resize(1024, 0);
    file.write_all(&next).unwrap();
    let done = read(&path);
    assert_eq!(rules(&done), ["collect.media_type"]);
    assert_eq!((done.kept.len(), done.kept[0].offset), (1, 512 + size));
    assert_flat(&done, 64);
}

#[test]
fn archives_of_many_members_are_not_held() {
    const MEMBERS: usize = 60_000;
    let dir = tempfile::tempdir().unwrap();
    let picture = b"\x89PNG\r\n\x1a\n";
    let tar = dir.path().join("many.tar.zst");
    let mut encoder = zstd::Encoder::new(File::create(&tar).unwrap(), 1).unwrap();
    for number in 0..MEMBERS {
        let mut member = tar_header(&format!("folder/{number}.png"), picture.len() as u64);
        member.extend(picture);
        member.resize(1024, 0);
        encoder.write_all(&member).unwrap();
    }
    encoder.finish().unwrap();
    let zip = dir.path().join("many.zip");
    let mut writer = zip::ZipWriter::new(BufWriter::new(File::create(&zip).unwrap()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for number in 0..MEMBERS {
        // Names of 1,000 bytes: the directory alone is 60 MB.
        writer
            .start_file(format!("{number}/{}.png", "long".repeat(250)), options)
            .unwrap();
        writer.write_all(picture).unwrap();
    }
    writer.finish().unwrap();
    for path in [tar, zip] {
        let done = read(&path);
        assert_eq!(done.dropped.len(), MEMBERS, "{}", path.display());
        assert!(
            rules(&done)
                .iter()
                .all(|rule| *rule == "collect.media_type")
        );
        assert_flat(&done, 100);
    }
}
