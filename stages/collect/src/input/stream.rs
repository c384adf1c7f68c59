//! One buffer over plain, gzip and Zstandard files.

use std::collections::VecDeque;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};

use memchr::memchr;
use textmill_schemas::Reason;

use super::gzip::{Gzip, Step};
use super::{Damage, Forward, Input};
use crate::record::Place;

const BUFFER: usize = 64 << 10;

enum Layer {
    Plain(Box<dyn Input>),
    Gzip(Box<Gzip>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Box<dyn Input>>>>),
    Bzip2(Box<bzip2::bufread::MultiBzDecoder<BufReader<Box<dyn Input>>>>),
}

/// A gzip member, by where its content and itself begin.
#[derive(Clone, Copy, Default)]
struct Member {
    /// Offset of its first byte in the decompressed stream.
    content: u64,
    /// Offset of its header in the file.
    file: u64,
}

/// What [`Stream::read_line`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, now in the buffer, without its line feed.
    Whole,
    /// A line of so many bytes, over the limit; it was skipped.
    TooLong(u64),
    /// There are no more lines.
    End,
}

/// Decompressed bytes of a file.
///
/// Damage stays until [`Stream::resume`]; bytes before it are handed out first.
pub(crate) struct Stream {
    layer: Layer,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Offset of `buffer[start]` in the decompressed stream.
    position: u64,
    /// The member that the last byte handed out belongs to.
    member: Member,
    /// Members that begin further on in the buffer.
    upcoming: VecDeque<Member>,
    damage: Option<Damage>,
    ended: bool,
    /// Whether the bytes come only once.
    once: bool,
}

impl Stream {
    /// Most bytes that [`Stream::peek`] can show.
    pub const PEEK: usize = 8 << 10;

    /// Finds the compression by content and starts reading.
    pub fn open(mut input: Box<dyn Input>) -> io::Result<Self> {
        let mut magic = Vec::new();
        input.by_ref().take(4).read_to_end(&mut magic)?;
        input.seek(SeekFrom::Start(0))?;
        let layer = match magic.as_slice() {
            [0x1f, 0x8b, 8, _] => Layer::Gzip(Box::new(Gzip::new(input))),
            // a frame, or a skippable frame before it
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                Layer::Zstd(Box::new(zstd::stream::read::Decoder::new(input)?))
            }
            [b'B', b'Z', b'h', b'1'..=b'9'] => {
                let input = BufReader::with_capacity(BUFFER, input);
                Layer::Bzip2(Box::new(bzip2::bufread::MultiBzDecoder::new(input)))
            }
            _ => Layer::Plain(input),
        };
        Ok(Self {
            layer,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            position: 0,
            member: Member::default(),
            upcoming: VecDeque::new(),
            damage: None,
            ended: false,
            once: false,
        })
    }

    /// The same for bytes that come only once, such as a member of an archive.
    pub fn open_once(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut stream = Self::open(Box::new(Forward::new(input)))?;
        stream.once = true;
        Ok(stream)
    }

    /// Whether the file is compressed.
    pub fn is_compressed(&self) -> bool {
        !matches!(self.layer, Layer::Plain(_))
    }

    /// The next bytes, none at the end of the file; never over the start of a gzip member.
    pub fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.start == self.end && !self.more() {
            return match &self.damage {
                Some(damage) => Err(damage.clone()),
                None => Ok(&[]),
            };
        }
        while let Some(next) = self.upcoming.front() {
            if next.content > self.position {
                let until = self.start + (next.content - self.position) as usize;
                return Ok(&self.buffer[self.start..until.min(self.end)]);
            }
            self.member = *next;
            self.upcoming.pop_front();
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Marks bytes that [`Stream::fill`] showed as read.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.position += bytes as u64;
    }

    /// Shows up to `bytes` next bytes (at most [`Stream::PEEK`]), fewer before damage or the end.
    pub fn peek(&mut self, bytes: usize) -> &[u8] {
        let bytes = bytes.min(Self::PEEK);
        while self.end - self.start < bytes && self.more() {}
        &self.buffer[self.start..self.end.min(self.start + bytes)]
    }

    /// Damage that was met, even if bytes before it are still unread.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Whether a gzip member begins here. Ask after [`Stream::fill`].
    pub fn at_member_start(&self) -> bool {
        matches!(self.layer, Layer::Gzip(_)) && self.member.content == self.position
    }

    /// Whether the damage lies in the member that was read last.
    pub fn is_here(&self, damage: &Damage) -> bool {
        damage.member == self.member.file
    }

    /// Where a record that begins here lies. Ask after [`Stream::fill`].
    pub fn place(&self) -> Place {
        if self.at_member_start() {
            return Place {
                offset: self.member.file,
                inside_member: false,
                ..Place::default()
            };
        }
        Place {
            offset: self.position,
            inside_member: matches!(self.layer, Layer::Gzip(_)),
            ..Place::default()
        }
    }

    /// Offset in the decompressed stream.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// After damage: goes to the next gzip member whose content begins with `prefix`.
    /// Returns whether there is one; without gzip there is none.
    pub fn resume(&mut self, prefix: &[u8]) -> bool {
        self.consume(self.end - self.start);
        let found = match &mut self.layer {
            Layer::Gzip(gzip) => gzip.resume(prefix).unwrap_or(false),
            _ => false,
        };
        self.damage = None;
        self.upcoming.clear();
        self.ended = !found;
        found
    }

    /// Reads a line into `line`. A line of over `limit` bytes is skipped, in bounded memory.
    pub fn read_line(&mut self, line: &mut Vec<u8>, limit: u64) -> Result<Line, Damage> {
        line.clear();
        let mut length = 0_u64;
        loop {
            let chunk = self.fill()?;
            if chunk.is_empty() {
                break;
            }
            let feed = memchr(b'\n', chunk);
            let content = chunk.get(..feed.unwrap_or(chunk.len())).unwrap_or(chunk);
            length += content.len() as u64;
            if length <= limit {
                line.extend_from_slice(content);
            }
            let read = content.len() + usize::from(feed.is_some());
            self.consume(read);
            if feed.is_some() {
                return Ok(Self::measure(length, limit));
            }
        }
        Ok(if length == 0 {
            Line::End
        } else {
            Self::measure(length, limit)
        })
    }

    fn measure(length: u64, limit: u64) -> Line {
        if length <= limit {
            Line::Whole
        } else {
            Line::TooLong(length)
        }
    }

    /// Copies next bytes; 0 at the end.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let chunk = self.fill()?;
        let read = chunk.len().min(out.len());
        if let (Some(out), Some(chunk)) = (out.get_mut(..read), chunk.get(..read)) {
            out.copy_from_slice(chunk);
        }
        self.consume(read);
        Ok(read)
    }

    /// Goes over so many bytes, fewer at the end; without reading them where the file is not
    /// compressed. Returns how many there were.
    pub fn skip(&mut self, bytes: u64) -> Result<u64, Damage> {
        let mut skipped = 0;
        while skipped < bytes {
            let buffered = (self.end - self.start) as u64;
            if buffered == 0
                && bytes - skipped > BUFFER as u64
                && self.skip_by_seek(bytes - skipped)
            {
                return Ok(bytes);
            }
            let chunk = self.fill()?.len() as u64;
            if chunk == 0 {
                break;
            }
            let by = chunk.min(bytes - skipped);
            self.consume(by as usize);
            skipped += by;
        }
        Ok(skipped)
    }

    /// Seeks in a file that is not compressed, if it has so many bytes. The buffer is empty.
    fn skip_by_seek(&mut self, bytes: u64) -> bool {
        let Layer::Plain(input) = &mut self.layer else {
            return false;
        };
        if self.once || self.damage.is_some() {
            return false;
        }
        let seek = |input: &mut Box<dyn Input>| -> io::Result<bool> {
            let here = input.stream_position()?;
            let end = input.seek(SeekFrom::End(0))?;
            let is_there = end.saturating_sub(here) >= bytes;
            let to = if is_there { here + bytes } else { here };
            input.seek(SeekFrom::Start(to))?;
            Ok(is_there)
        };
        let sought = seek(input).unwrap_or(false);
        if sought {
            self.position += bytes;
        }
        sought
    }

    /// Reads what is left, or `None` when it is more than `limit` bytes.
    pub fn read_all(&mut self, limit: u64) -> Result<Option<Vec<u8>>, Damage> {
        let mut all = Vec::new();
        loop {
            let chunk = self.fill()?;
            if chunk.is_empty() {
                return Ok(Some(all));
            }
            if (all.len() + chunk.len()) as u64 > limit {
                return Ok(None);
            }
            all.extend_from_slice(chunk);
            let read = chunk.len();
            self.consume(read);
        }
    }

    /// The file's bytes from the beginning, decompressed, to be read at any place: the file itself,
    /// or what is compressed or comes only once in a temporary file.
    pub fn into_seekable(mut self) -> Result<Box<dyn Input>, Reason> {
        let unreadable = |error: io::Error| {
            Reason::new(Damage::rule(&error, Damage::UNREADABLE)).detail(error.to_string())
        };
        match self.layer {
            Layer::Plain(mut input) if !self.once => {
                input.seek(SeekFrom::Start(0)).map_err(unreadable)?;
                return Ok(input);
            }
            packed => self.layer = packed,
        }
        let mut spool = tempfile::tempfile().map_err(unreadable)?;
        loop {
            let chunk = self.fill().map_err(|damage| damage.reason())?;
            if chunk.is_empty() {
                break;
            }
            let read = chunk.len();
            spool.write_all(chunk).map_err(unreadable)?;
            self.consume(read);
        }
        spool.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(Box::new(spool))
    }

    /// Decodes more bytes behind those in the buffer; false when there are none to be had.
    fn more(&mut self) -> bool {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.damage.is_none() && !self.ended && self.end < self.buffer.len() {
            match self.layer.step(&mut self.buffer[self.end..]) {
                Ok(Step::Data(0)) => {}
                Ok(Step::Data(bytes)) => {
                    self.end += bytes;
                    return true;
                }
                Ok(Step::Member(file)) => self.upcoming.push_back(Member {
                    content: self.position + self.end as u64,
                    file,
                }),
                Ok(Step::End) => self.ended = true,
                Err(damage) => self.damage = Some(damage),
            }
        }
        false
    }
}

impl Layer {
    fn step(&mut self, out: &mut [u8]) -> Result<Step, Damage> {
        let read = match self {
            Self::Plain(input) => input.read(out),
            Self::Gzip(gzip) => return gzip.step(out),
            Self::Zstd(decoder) => decoder.read(out),
            Self::Bzip2(decoder) => decoder.read(out),
        };
        match read {
            Ok(0) => Ok(Step::End),
            Ok(bytes) => Ok(Step::Data(bytes)),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Step::Data(0)),
            Err(error) => Err(self.failure(&error)),
        }
    }

    fn failure(&self, error: &io::Error) -> Damage {
        let rule = match (self, error.kind()) {
            (Self::Plain(_), _) => Damage::UNREADABLE,
            (_, ErrorKind::UnexpectedEof) => Damage::TRUNCATED,
            _ => Damage::CORRUPT,
        };
        let layer = match self {
            Self::Plain(_) => "reading",
            Self::Gzip(_) => "gzip",
            Self::Zstd(_) => "Zstandard",
            Self::Bzip2(_) => "bzip2",
        };
        Damage {
            rule: Damage::rule(error, rule),
            detail: format!("{layer}: {error}"),
            member: 0,
        }
    }
}

#[cfg(test)]
mod tests {
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
}
