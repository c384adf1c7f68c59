//! Patterns of paths, with `*` for anything and `$` for the end (RFC 9309, 2.2.3).

use memchr::memmem;

/// A pattern, in the one form in which paths are compared.
#[derive(Debug, PartialEq)]
pub(crate) struct Pattern {
    /// What stands between the asterisks.
    pieces: Vec<Vec<u8>>,
    /// Whether the path must end where the pattern does.
    ends: bool,
    len: usize,
}

impl Pattern {
    /// Reads a pattern; `None` for an empty one.
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (text, ends) = match text.strip_suffix('$') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut normal = normalize(text.as_bytes(), true);
        // Paths begin with a slash, and who leaves it out means it.
        if !matches!(normal.first(), Some(b'/' | b'*')) {
            normal.insert(0, b'/');
        }
        let mut pieces: Vec<Vec<u8>> = normal
            .split(|byte| *byte == b'*')
            .map(<[u8]>::to_vec)
            .collect();
        // Several asterisks in a row are one.
        let last = pieces.len() - 1;
        let mut index = 0;
        pieces.retain(|piece| {
            index += 1;
            index == 1 || index == last + 1 || !piece.is_empty()
        });
        Some(Self {
            pieces,
            ends,
            len: normal.len() + usize::from(ends),
        })
    }

    /// Octets of the pattern: the longest one decides.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it matches a path from its beginning. Looks for each piece at the first place where
    /// it occurs, which leaves most room for the next.
    pub fn matches(&self, path: &[u8]) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else {
            return true;
        };
        let Some(mut left) = path.strip_prefix(first.as_slice()) else {
            return false;
        };
        let Some((last, between)) = rest.split_last() else {
            return !self.ends || left.is_empty();
        };
        for piece in between {
            match memmem::find(left, piece) {
                Some(at) => left = left.get(at + piece.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        match self.ends {
            true => left.ends_with(last),
            false => memmem::find(left, last).is_some(),
        }
    }
}

/// The one form in which paths are compared (RFC 9309, 2.2.2): unreserved characters as they are,
/// all that is not ASCII, and what was encoded though reserved, as `%` and upper-case digits. In a
/// pattern `*` stays special; elsewhere it is encoded, as `$` is.
pub(crate) fn normalize(text: &[u8], is_pattern: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let encoded = (*byte == b'%').then(|| hex(after)).flatten();
        match (encoded, *byte) {
            (Some(byte), _) => {
                rest = after.get(2..).unwrap_or_default();
                let unreserved =
                    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
                if unreserved {
                    out.push(byte);
                } else {
                    encode(byte, &mut out);
                }
            }
            (None, b'*') if is_pattern => out.push(b'*'),
            (None, byte @ (b'*' | b'$')) => encode(byte, &mut out),
            (None, byte) if byte.is_ascii_graphic() => out.push(byte),
            (None, byte) => encode(byte, &mut out),
        }
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

fn encode(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'%');
    out.extend(
        [byte >> 4, byte & 15]
            .map(|digit| DIGITS.get(usize::from(digit)).copied().unwrap_or_default()),
    );
}
