use std::io::Cursor;
use std::io::Write;

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

/// Frames with the dictionary before them that they were compressed with.
const WITH_DICTIONARY: &[u8] =
    include_bytes!("../../../../../tests/collect/fixtures/crawls/packed_dictionary.warc.zst");

#[test]
fn zstandard_frames_are_members() {
    let mut stream = open(WITH_DICTIONARY.to_vec());
    let mut places = Vec::new();
    loop {
        let chunk = stream.fill().unwrap();
        if chunk.is_empty() {
            break;
        }
        assert!(chunk.starts_with(b"WARC/1.0"));
        let read = chunk.len();
        places.push(stream.place());
        stream.consume(read);
    }
    assert_eq!(places.len(), 5);
    assert!(
        places
            .iter()
            .all(|place| !place.inside_member && place.offset > 300)
    );
}

#[test]
fn a_damaged_frame_is_skipped() {
    let frames = [b"one ", b"two ", b"six "].map(|text| zstd::encode_all(&text[..], 1).unwrap());
    let mut file = frames.concat();
    file[frames[0].len() + 4] ^= 0xff; // the descriptor of the second
    let mut stream = open(file);
    assert_eq!(stream.read_all(100).unwrap_err().rule, Damage::CORRUPT);
    assert!(stream.resume(b""));
    assert_eq!(stream.read_all(100), Ok(Some(b"six ".to_vec())));
}

#[test]
fn long_windows() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(b"a window of 256 MiB").unwrap();
    let file = encoder.finish().unwrap();
    let all = open(file).read_all(100).unwrap().unwrap();
    assert_eq!(all, b"a window of 256 MiB");
}

#[test]
fn lz4_and_bzip2() {
    let lz4 = |text: &[u8]| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let bzip2 = |text: &[u8]| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let frames = [lz4(b"one "), lz4(b""), lz4(b"two")].concat();
    assert_eq!(
        open(frames.clone()).read_all(100),
        Ok(Some(b"one two".to_vec()))
    );
    assert!(
        open(frames[..frames.len() - 9].to_vec())
            .read_all(100)
            .is_err()
    );
    let streams = [bzip2(b"one "), bzip2(b""), bzip2(b"two")].concat();
    assert_eq!(
        open(streams.clone()).read_all(100),
        Ok(Some(b"one two".to_vec()))
    );
    let mut stream = open(streams.clone());
    stream.fill().unwrap();
    stream.consume(1);
    assert_eq!(
        (stream.place().offset, stream.place().inside_member),
        (1, true)
    );
    stream.consume(3);
    assert_eq!(stream.fill().unwrap(), b"two");
    stream.consume(1);
    let third = (bzip2(b"one ").len() + bzip2(b"").len()) as u64;
    assert_eq!((stream.place().offset, stream.place().within), (third, 1));
    let mut damaged = streams;
    damaged[12] ^= 1; // checksum of the first block
    let mut stream = open(damaged);
    assert_eq!(stream.read_all(100).unwrap_err().rule, Damage::CORRUPT);
    assert!(stream.resume(b""));
    assert_eq!(stream.read_all(100), Ok(Some(b"two".to_vec())));
}

#[test]
fn a_ratio_that_no_honest_file_has() {
    let zeros = zstd::encode_all(io::repeat(0).take(100 << 20), 1).unwrap();
    let of = |ratio| {
        let mut stream = open(zeros.clone());
        stream.bound(ratio);
        loop {
            match stream.fill() {
                Ok([]) => return (stream.position(), None),
                Ok(chunk) => {
                    let read = chunk.len();
                    stream.consume(read);
                }
                Err(damage) => return (stream.position(), Some((damage.rule, stream.resume(b"")))),
            }
        }
    };
    assert_eq!(of(u64::MAX), (100 << 20, None));
    let (read, damage) = of(10);
    assert!((64 << 20..66 << 20).contains(&read), "{read}");
    assert_eq!(damage, Some((Damage::BOMB, false)));
}

#[test]
fn a_file_in_a_file_is_no_way_in() {
    // Members that another one holds unchanged, as deflate stores what does not compress.
    let inner: Vec<u8> = (0..2000_u32)
        .flat_map(|number| gzip(format!("WARC/ inner {number}").as_bytes()))
        .collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(b"WARC/ outer ").unwrap();
    encoder.write_all(&inner).unwrap();
    let outer = encoder.finish().unwrap();
    let before: Vec<u8> = (0..8000_u32)
        .flat_map(|number| gzip(format!("WARC/ before {number}").as_bytes()))
        .collect();
    let file = [&before[..], &outer, &gzip(b"WARC/ after")].concat();
    let start = (before.len() + 100) as u64;
    let mut stream = open(file.clone());
    stream.enter(start..file.len() as u64, b"WARC/");
    assert_eq!(stream.fill().unwrap(), b"WARC/ after");
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
