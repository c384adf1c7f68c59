use std::io::Cursor;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn open(bytes: Vec<u8>) -> Stream {
    Stream::open(Box::new(Cursor::new(bytes))).unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn members_are_told_apart() {
    let (first, second) = (gzip(b"one"), gzip(b"two"));
    let mut stream = open([&first[..], &gzip(b""), &[0; 7], &second].concat());
    assert_eq!(stream.fill().unwrap(), b"one");
    assert_eq!(stream.place(), Place::default());
    stream.consume(1);
    assert!(stream.place().inside_member);
    assert_eq!(stream.peek(4), b"netw");
    stream.consume(2);
    assert_eq!(stream.fill().unwrap(), b"two");
    let offset = (first.len() + gzip(b"").len() + 7) as u64;
    assert!(stream.at_member_start());
    assert_eq!(stream.place().offset, offset);
    stream.consume(3);
    assert_eq!(stream.fill().unwrap(), b"");
}

#[test]
fn a_damaged_member_is_skipped_and_its_neighbours_are_kept() {
    let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
    let (first, third) = (gzip(b"WARC/1"), gzip(b"WARC/3"));
    let mut middle = gzip(&text);
    middle.truncate(middle.len() / 2);
    let mut stream = open([&first[..], &middle, &third].concat());
    assert_eq!(stream.fill().unwrap(), b"WARC/1");
    stream.consume(6);
    let damage = loop {
        match stream.fill() {
            Ok(chunk) => {
                assert!(!chunk.is_empty());
                let read = chunk.len();
                stream.consume(read);
            }
            Err(damage) => break damage,
        }
    };
    assert_eq!(damage.member, first.len() as u64);
    assert!(stream.resume(b"WARC/"));
    assert_eq!(stream.fill().unwrap(), b"WARC/3");
    assert_eq!(stream.place().offset, (first.len() + middle.len()) as u64);
    stream.consume(6);
    assert_eq!(stream.fill().unwrap(), b"");
}

#[test]
fn truncation_and_wrong_checksums_are_told() {
    let whole = gzip(b"some text to be cut");
    for cut in 4..whole.len() {
        let damage = open(whole[..cut].to_vec()).read_all(1000).unwrap_err();
        assert_eq!(damage.rule, Damage::TRUNCATED, "{cut}");
    }
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(
        open(wrong).read_all(1000).unwrap_err().rule,
        Damage::CORRUPT
    );
    let tail = [&whole[..], b"tail"].concat();
    assert_eq!(open(tail).read_all(1000).unwrap_err().rule, Damage::CORRUPT);
    let frame = zstd::encode_all(&b"some text to be cut"[..], 3).unwrap();
    let damage = open(frame[..frame.len() - 3].to_vec()).read_all(1000);
    assert_eq!(damage.unwrap_err().rule, Damage::TRUNCATED);
}

#[test]
fn long_lines_are_skipped_and_bombs_stop() {
    let bomb = gzip(&vec![b' '; 10 << 20]);
    assert_eq!(open(bomb.clone()).read_all(1 << 20), Ok(None));
    let mut stream = open([bomb, gzip(b"\nshort")].concat());
    let mut line = Vec::new();
    assert_eq!(
        stream.read_line(&mut line, 100),
        Ok(Line::TooLong(10 << 20))
    );
    assert!(line.capacity() < 1 << 20);
    assert_eq!(stream.read_line(&mut line, 100), Ok(Line::Whole));
    assert_eq!(line, b"short");
    assert_eq!(stream.read_line(&mut line, 100), Ok(Line::End));
}

proptest! {
    #[test]
    fn every_layer_gives_the_bytes_back(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 1..5)) {
        let content = parts.concat();
        let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
        let frames: Vec<u8> = parts.iter().flat_map(|part| zstd::encode_all(&part[..], 1).unwrap()).collect();
        prop_assert_eq!(open(members).read_all(1 << 20).unwrap(), Some(content.clone()));
        prop_assert_eq!(open(frames).read_all(1 << 20).unwrap(), Some(content));
    }

    #[test]
    fn damage_ends(mut content in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        content.extend(gzip(b"WARC/"));
        let mut file = gzip(&content);
        file.extend(gzip(b"WARC/"));
        let at = at.index(file.len() - 3) + 3;
        file[at] = with;
        let mut stream = open(file);
        for _ in 0..100 {
            if stream.read_all(1 << 20).is_ok() || !stream.resume(b"WARC/") {
                return Ok(());
            }
        }
        prop_assert!(false, "endless");
    }
}
