//! What lies between a file's bytes and its content.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use super::bytes::Bytes;
use super::bzip2::Bzip2;
use super::gzip::Gzip;
use super::members::{Members, Step};
use super::zstandard::Zstandard;
use super::{Damage, Input};

/// A file's compression, found by content.
pub(super) enum Layer {
    Plain(Box<dyn Input>),
    Gzip(Box<Members<Gzip>>),
    Zstandard(Box<Members<Zstandard>>),
    Bzip2(Box<Members<Bzip2>>),
    Lz4(Box<lz4_flex::frame::FrameDecoder<Tailed>>),
}

/// Bytes whose last ones are known, because the decoder takes a file that ends between two blocks
/// for whole.
pub(super) struct Tailed {
    bytes: Bytes,
    last: [u8; 8],
}

impl Tailed {
    fn new(input: Box<dyn Input>) -> Self {
        Self {
            bytes: Bytes::new(input),
            last: [1; 8],
        }
    }

    /// Whether they can end a frame: four zeros, and perhaps a checksum of four bytes.
    fn ends_a_frame(&self) -> bool {
        self.last.ends_with(&[0; 4]) || self.last.starts_with(&[0; 4])
    }
}

impl Read for Tailed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(out)?;
        let new = out.get(..read).unwrap_or_default();
        let new = new.get(read.saturating_sub(8)..).unwrap_or_default();
        let last = [&self.last[..], new].concat();
        if let Some(last) = last.last_chunk() {
            self.last = *last;
        }
        Ok(read)
    }
}

impl Layer {
    /// Looks at the first bytes.
    pub fn open(mut input: Box<dyn Input>) -> io::Result<Self> {
        let mut magic = Vec::new();
        input.by_ref().take(4).read_to_end(&mut magic)?;
        input.seek(SeekFrom::Start(0))?;
        Ok(match magic.as_slice() {
            [0x1f, 0x8b, 8, _] => Self::Gzip(Box::new(Members::new(input, Gzip::new()))),
            // a frame, or a skippable frame before it
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                Self::Zstandard(Box::new(Members::new(input, Zstandard::new()?)))
            }
            [b'B', b'Z', b'h', b'1'..=b'9'] => {
                Self::Bzip2(Box::new(Members::new(input, Bzip2::new())))
            }
            [0x04, 0x22, 0x4d, 0x18] => Self::Lz4(Box::new(lz4_flex::frame::FrameDecoder::new(
                Tailed::new(input),
            ))),
            _ => Self::Plain(input),
        })
    }

    /// Whether the file is made of members whose places are known.
    pub fn has_members(&self) -> bool {
        matches!(self, Self::Gzip(_) | Self::Zstandard(_) | Self::Bzip2(_))
    }

    /// Compressed bytes that were consumed; `None` without compression.
    pub fn consumed(&self) -> Option<u64> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(members) => Some(members.offset()),
            Self::Zstandard(members) => Some(members.offset()),
            Self::Bzip2(members) => Some(members.offset()),
            Self::Lz4(decoder) => Some(decoder.get_ref().bytes.offset()),
        }
    }

    /// Goes one step.
    pub fn step(&mut self, out: &mut [u8]) -> Result<Step, Damage> {
        let read = match self {
            Self::Gzip(members) => return members.step(out),
            Self::Zstandard(members) => return members.step(out),
            Self::Bzip2(members) => return members.step(out),
            Self::Plain(input) => input.read(out),
            Self::Lz4(decoder) => match decoder.read(out) {
                // Only a frame may end here.
                Ok(0) => match decoder.get_mut().bytes.fill().map(<[u8]>::len) {
                    Ok(0) if decoder.get_ref().ends_a_frame() => Ok(0),
                    Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => return Ok(Step::Data(0)),
                    Err(error) => Err(error),
                },
                read => read,
            },
        };
        match read {
            Ok(0) => Ok(Step::End),
            Ok(bytes) => Ok(Step::Data(bytes)),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Step::Data(0)),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// After damage: goes to the next member whose content begins with `prefix`.
    pub fn resume(&mut self, prefix: &[u8]) -> bool {
        match self {
            Self::Gzip(members) => members.resume(prefix),
            Self::Zstandard(members) => members.resume(prefix),
            Self::Bzip2(members) => members.resume(prefix),
            Self::Plain(_) | Self::Lz4(_) => false,
        }
    }

    /// Goes to the first place in a part of the file where reading can begin: any byte without
    /// compression, else a member whose content begins with `prefix`.
    pub fn enter(&mut self, part: &Range<u64>, prefix: &[u8]) -> bool {
        match self {
            Self::Plain(input) => input.seek(SeekFrom::Start(part.start)).is_ok(),
            Self::Gzip(members) => members.enter(part.start, part.end, prefix),
            Self::Zstandard(members) => members.enter(part.start, part.end, prefix),
            Self::Bzip2(members) => members.enter(part.start, part.end, prefix),
            Self::Lz4(_) => false,
        }
    }

    fn failure(&self, error: &io::Error) -> Damage {
        let (layer, rule) = match (self, error.kind()) {
            (Self::Lz4(_), ErrorKind::UnexpectedEof) => ("LZ4", Damage::TRUNCATED),
            (Self::Lz4(_), _) => ("LZ4", Damage::CORRUPT),
            _ => ("reading", Damage::UNREADABLE),
        };
        Damage {
            rule: Damage::rule(error, rule),
            detail: format!("{layer}: {error}"),
            member: 0,
        }
    }
}
