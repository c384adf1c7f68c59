//! The bytes of a member.

use std::io::{self, BufReader, Read};

use textmill_schemas::Reason;

use super::entry::Entry;
use super::fields::u16_at;
use crate::archive::Content;
use crate::archive::measured::{Measured, Stated};
use crate::archive::window::{Shared, Window};
use crate::input::{Broken, Damage};

/// Where the compressed bytes of a member begin, by its own header.
pub(super) fn data_start(shared: &Shared, entry: &Entry) -> Result<u64, Reason> {
    let length = Entry::LOCAL_HEADER as u64;
    let mut header = Vec::new();
    let mut window = shared.window(entry.offset, length);
    if let Err(error) = window.read_to_end(&mut header) {
        let rule = Damage::rule(&error, Damage::UNREADABLE);
        return Err(Reason::new(rule).detail(error.to_string()));
    }
    if header.len() < Entry::LOCAL_HEADER {
        return Err(Reason::new(Damage::TRUNCATED).detail("the archive ends before this member"));
    }
    if !header.starts_with(b"PK\x03\x04") || u16_at(&header, 8) != entry.method {
        let detail = "its header is not where the directory says";
        return Err(Reason::new(Damage::CORRUPT).detail(detail));
    }
    let behind = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    Ok(entry.offset.saturating_add(length + behind))
}

/// The content of a member whose compressed bytes begin here.
pub(super) fn open(shared: &Shared, entry: &Entry, start: u64) -> Result<Content, Reason> {
    let packed = shared.window(start, entry.packed);
    let stated = match entry.is_cut {
        true => Stated::AtMost(entry.size),
        false => Stated::Whole {
            size: entry.size,
            crc: entry.crc,
        },
    };
    if entry.method == 0 && !entry.is_cut {
        if entry.packed != entry.size {
            let detail = "two lengths for content that is not compressed";
            return Err(Reason::new(Damage::CORRUPT).detail(detail));
        }
        return Ok(Content::Anywhere(Box::new(Measured::new(packed, stated))));
    }
    let packed = Whole(packed, entry.is_cut);
    let decoder = decoder(entry.method, packed)?;
    Ok(Content::Once(Box::new(Measured::new(decoder, stated))))
}

fn decoder(method: u16, packed: Whole) -> Result<Box<dyn Read + Send>, Reason> {
    let packed = BufReader::with_capacity(64 << 10, packed);
    match method {
        0 => Ok(Box::new(packed)),
        8 => Ok(Box::new(flate2::bufread::DeflateDecoder::new(packed))),
        12 => Ok(Box::new(bzip2::bufread::BzDecoder::new(packed))),
        93 | 20 => match zstd::stream::read::Decoder::with_buffer(packed) {
            Ok(decoder) => Ok(Box::new(decoder)),
            Err(error) => Err(Reason::new(Damage::UNREADABLE).detail(error.to_string())),
        },
        _ => Err(Reason::new("collect.content_encoding").detail(method_name(method))),
    }
}

/// Names of the methods of APPNOTE 4.4.5 that are not read.
fn method_name(method: u16) -> String {
    let name = match method {
        1 => "Shrink",
        2..=5 => "Reduce",
        6 => "Implode",
        9 => "Deflate64",
        14 => "LZMA",
        95 => "XZ",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        _ => return format!("compression method {method}"),
    };
    format!("compression method {name}; pack the archive again with Deflate")
}

/// Compressed bytes that must all be there; whether the archive is cut inside of them.
struct Whole(Window, bool);

impl Read for Whole {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(out)?;
        if read == 0 && !out.is_empty() && (self.1 || self.0.left() > 0) {
            return Err(Broken::error(
                Damage::TRUNCATED,
                "the archive ends inside this member",
            ));
        }
        Ok(read)
    }
}
