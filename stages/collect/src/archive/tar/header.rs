//! Headers of 512 bytes (POSIX.1-1988 ustar, GNU, and before).

/// Bytes of a block: headers and contents are made of them.
pub(super) const BLOCK: usize = 512;

/// A block of an archive.
pub(super) type Block = [u8; BLOCK];

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Path, with the prefix of ustar joined.
    pub name: Vec<u8>,
    /// Bytes of content that follow.
    pub size: u64,
    /// Type of the member.
    pub kind: u8,
}

impl Header {
    /// Reads a header; `None` when its checksum or a number is wrong.
    pub fn read(block: &Block) -> Option<Self> {
        if !has_checksum(block) {
            return None;
        }
        let name = text(block, 0, 100);
        let prefix = match block.get(257..263)? {
            b"ustar\0" => text(block, 345, 155),
            // GNU keeps other things there.
            _ => &[],
        };
        let name = match prefix {
            [] => name.to_vec(),
            prefix => [prefix, b"/", name].concat(),
        };
        Some(Self {
            name,
            size: number(block.get(124..136)?)?,
            kind: *block.get(156)?,
        })
    }
}

/// Whether bytes begin with a header, of an archive without magic too.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.first_chunk()
        .and_then(Header::read)
        .is_some_and(|header| !header.name.is_empty())
}

/// The checksum is the sum of all bytes with its own as blanks; some old programs summed signed
/// bytes.
fn has_checksum(block: &Block) -> bool {
    let Some(stated) = block.get(148..156).and_then(number) else {
        return false;
    };
    let mut sum = 8 * u64::from(b' ');
    let mut high = 0_u64;
    for (at, byte) in block.iter().enumerate() {
        if !(148..156).contains(&at) {
            sum += u64::from(*byte);
            high += u64::from(*byte >> 7);
        }
    }
    // An empty block has no checksum, so its sum is that of the blanks and matches nothing.
    stated == sum || (high > 0 && i128::from(stated) == i128::from(sum) - 256 * i128::from(high))
}

/// A number in octal digits, or in base 256 when its first bit is set (GNU).
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let Some((first @ 0x80.., rest)) = field.split_first() {
        let mut value = u64::from(first & 0x3f);
        if first & 0x40 != 0 {
            return None;
        }
        for byte in rest {
            value = value.checked_mul(256)?.checked_add((*byte).into())?;
        }
        return Some(value);
    }
    let end = field
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(field.len());
    let digits = field.get(..end)?.trim_ascii();
    let mut value = 0_u64;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 8)?;
        value = value.checked_mul(8)?.checked_add(digit.into())?;
    }
    Some(value)
}

/// A text up to its NUL.
fn text(block: &Block, at: usize, length: usize) -> &[u8] {
    let field = block.get(at..at + length).unwrap_or_default();
    let end = field.iter().position(|byte| *byte == 0);
    field.get(..end.unwrap_or(length)).unwrap_or_default()
}
