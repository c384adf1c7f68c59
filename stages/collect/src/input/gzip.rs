//! Gzip (RFC 1952).

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::bytes::Bytes;
use super::members::{Codec, Decoded, Fault, Header, needed, skip};

/// Decodes gzip members.
pub(super) struct Gzip {
    inflate: Decompress,
    crc: Crc,
}

impl Gzip {
    /// Makes a decoder.
    pub fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            crc: Crc::new(),
        }
    }
}

impl Codec for Gzip {
    const NAME: &'static str = "gzip member";
    const MAGIC: &'static [u8] = &[0x1f, 0x8b, 8];
    const REWIND: u64 = 256 << 10;

    fn is_start(head: &[u8]) -> bool {
        head.get(3).is_some_and(|flags| flags & 0xe0 == 0)
    }

    fn header(&mut self, bytes: &mut Bytes) -> Result<Header, Fault> {
        for expected in Self::MAGIC {
            if needed(bytes)? != *expected {
                return Err(Fault::Corrupt("bytes that are not gzip".into()));
            }
        }
        let flags = needed(bytes)?;
        if flags & 0xe0 != 0 {
            return Err(Fault::Corrupt("a header with reserved flags".into()));
        }
        skip(bytes, 6)?; // time, level, system
        if flags & 4 != 0 {
            let length = u16::from_le_bytes([needed(bytes)?, needed(bytes)?]);
            skip(bytes, length.into())?;
        }
        for flag in [8, 16] {
            // file name, comment
            while flags & flag != 0 && needed(bytes)? != 0 {}
        }
        if flags & 2 != 0 {
            skip(bytes, 2)?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        Ok(Header::Member)
    }

    fn decode(&mut self, input: &[u8], out: &mut [u8]) -> Result<Decoded, String> {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, out, FlushDecompress::None);
        let status = status.map_err(|error| error.to_string())?;
        let read = (self.inflate.total_in() - read) as usize;
        let written = (self.inflate.total_out() - written) as usize;
        self.crc.update(out.get(..written).unwrap_or_default());
        Ok(Decoded {
            read,
            written,
            ends: status == Status::StreamEnd,
        })
    }

    fn trailer(&mut self, bytes: &mut Bytes) -> Result<(), Fault> {
        let mut fields = [0_u32; 2];
        for field in &mut fields {
            let mut word = [0; 4];
            for byte in &mut word {
                *byte = needed(bytes)?;
            }
            *field = u32::from_le_bytes(word);
        }
        if fields != [self.crc.sum(), self.crc.amount()] {
            return Err(Fault::Corrupt("checksum or length do not match".into()));
        }
        Ok(())
    }
}
