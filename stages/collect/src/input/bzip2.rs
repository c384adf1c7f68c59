//! bzip2, also of several streams, as MediaWiki's multistream dumps and `pbzip2` write it.

use bzip2::{Decompress, Status};

use super::bytes::Bytes;
use super::members::{Codec, Decoded, Fault, Header};

/// Begins a block, and ends a stream without one: the digits of pi and of its square root.
const BLOCKS: [&[u8]; 2] = [
    &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
];

/// Decodes bzip2 streams.
pub(super) struct Bzip2 {
    decoder: Option<Decompress>,
}

impl Bzip2 {
    /// Makes a decoder.
    pub fn new() -> Self {
        Self { decoder: None }
    }
}

impl Codec for Bzip2 {
    const NAME: &'static str = "bzip2 stream";
    const MAGIC: &'static [u8] = b"BZh";
    // A block, which is checked at its end.
    const REWIND: u64 = 1 << 20;

    fn is_start(head: &[u8]) -> bool {
        let level = head
            .get(3)
            .is_some_and(|level| (b'1'..=b'9').contains(level));
        level && head.get(4..10).is_some_and(|first| BLOCKS.contains(&first))
    }

    fn header(&mut self, bytes: &mut Bytes) -> Result<Header, Fault> {
        let head = bytes.peek(Self::MAGIC.len())?;
        if !Self::MAGIC.starts_with(head) {
            return Err(Fault::Corrupt("bytes that are not bzip2".into()));
        }
        self.decoder = Some(Decompress::new(false));
        Ok(Header::Member)
    }

    fn decode(&mut self, input: &[u8], out: &mut [u8]) -> Result<Decoded, String> {
        let Some(decoder) = &mut self.decoder else {
            return Err("data without a header".into());
        };
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(input, out);
        let status = status.map_err(|error| error.to_string())?;
        if status == Status::MemNeeded {
            return Err("not enough memory".into());
        }
        Ok(Decoded {
            read: (decoder.total_in() - read) as usize,
            written: (decoder.total_out() - written) as usize,
            ends: status == Status::StreamEnd,
        })
    }

    fn trailer(&mut self, _bytes: &mut Bytes) -> Result<(), Fault> {
        self.decoder = None;
        Ok(())
    }
}
