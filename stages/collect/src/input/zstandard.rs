//! Zstandard (RFC 8878) frame by frame, with the dictionary that `.warc.zst` files begin with
//! (IIPC, "Zstandard Compression for WARC Files 1.0").

use std::io::{self, Read};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::bytes::Bytes;
use super::members::{Codec, Decoded, Fault, Header, skip};

/// Skippable frame that holds the dictionary of a `.warc.zst`, when it comes first.
const DICTIONARY_FRAME: [u8; 4] = [0x5d, 0x2a, 0x4d, 0x18];
/// First bytes of a dictionary.
const DICTIONARY: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
/// Bytes of a dictionary at most; those in use have some hundred KiB.
const MAX_DICTIONARY: u64 = 32 << 20;
/// Windows of up to 2 GiB, as `zstd --long=31` makes them.
const WINDOW_LOG: u32 = 31;

/// Decodes Zstandard frames.
pub(super) struct Zstandard {
    decoder: Decoder<'static>,
}

impl Zstandard {
    /// Makes a decoder.
    pub fn new() -> io::Result<Self> {
        let decoder = wide(Decoder::new()?)?;
        Ok(Self { decoder })
    }

    fn skippable(&mut self, bytes: &mut Bytes) -> Result<(), Fault> {
        let is_first = bytes.offset() == 0;
        let Ok(head) = <[u8; 8]>::try_from(bytes.peek(8)?) else {
            return Err(Fault::Truncated);
        };
        let [magic @ .., a, b, c, d] = head;
        let mut length = u64::from(u32::from_le_bytes([a, b, c, d]));
        bytes.consume(8);
        let first = <[u8; 4]>::try_from(bytes.peek(4)?).unwrap_or_default();
        let is_dictionary = first == DICTIONARY || first == Self::MAGIC;
        if is_first && magic == DICTIONARY_FRAME && is_dictionary && length <= MAX_DICTIONARY {
            let mut dictionary = Vec::new();
            while length > 0 {
                let here = bytes.fill()?;
                let here = here.get(..length as usize).unwrap_or(here);
                if here.is_empty() {
                    return Err(Fault::Truncated);
                }
                dictionary.extend_from_slice(here);
                let read = here.len();
                length -= read as u64;
                bytes.consume(read);
            }
            self.decoder = with_dictionary(dictionary)
                .map_err(|error| Fault::Corrupt(format!("dictionary: {error}")))?;
        }
        skip(bytes, length)
    }
}

fn wide(mut decoder: Decoder<'static>) -> io::Result<Decoder<'static>> {
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
    Ok(decoder)
}

/// A decoder with a dictionary, which may itself be compressed.
fn with_dictionary(mut dictionary: Vec<u8>) -> io::Result<Decoder<'static>> {
    if !dictionary.starts_with(&DICTIONARY) {
        let packed = zstd::stream::read::Decoder::new(dictionary.as_slice())?;
        let mut plain = Vec::new();
        packed.take(MAX_DICTIONARY).read_to_end(&mut plain)?;
        dictionary = plain;
    }
    wide(Decoder::with_dictionary(&dictionary)?)
}

/// Whether bytes begin with a skippable frame.
fn is_skippable(head: &[u8]) -> bool {
    matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl Codec for Zstandard {
    const NAME: &'static str = "Zstandard frame";
    const MAGIC: &'static [u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    const REWIND: u64 = 256 << 10;

    fn is_start(head: &[u8]) -> bool {
        // a bit that the format reserves
        head.get(4).is_some_and(|descriptor| descriptor & 8 == 0)
    }

    fn header(&mut self, bytes: &mut Bytes) -> Result<Header, Fault> {
        let head = bytes.peek(4)?;
        if is_skippable(head) {
            self.skippable(bytes)?;
            return Ok(Header::Nothing);
        }
        if !Self::MAGIC.starts_with(head) {
            return Err(Fault::Corrupt("bytes that are not Zstandard".into()));
        }
        // Something may be left of a damaged frame.
        self.decoder.reinit()?;
        Ok(Header::Member)
    }

    fn decode(&mut self, input: &[u8], out: &mut [u8]) -> Result<Decoded, String> {
        let (mut input, mut out) = (InBuffer::around(input), OutBuffer::around(out));
        let left = self.decoder.run(&mut input, &mut out);
        let left = left.map_err(|error| error.to_string())?;
        Ok(Decoded {
            read: input.pos(),
            written: out.pos(),
            ends: left == 0,
        })
    }

    fn trailer(&mut self, _bytes: &mut Bytes) -> Result<(), Fault> {
        Ok(())
    }
}
