//! What stands in front of a member when its header is too small for it: long names of GNU,
//! records of POSIX.1-2001 (pax).

use super::sparse::{Map, Segment};

/// Longest extension that is looked at.
pub(super) const LONGEST: u64 = 1 << 20;

/// What extensions say about the next member.
#[derive(Debug, Default)]
pub(super) struct Extended {
    /// Its path.
    pub name: Option<Vec<u8>>,
    /// Bytes of content that follow its header.
    pub size: Option<u64>,
    /// Where its content has holes (GNU formats 0.0 and 0.1).
    pub map: Map,
    /// Bytes of the content with its holes.
    pub real_size: Option<u64>,
    /// Whether the map stands before the content (GNU format 1.0).
    pub map_follows: bool,
    /// Whether there are pax records.
    pub is_pax: bool,
    /// Path of a sparse member, which a plain path may stand in for.
    sparse_name: Option<Vec<u8>>,
}

impl Extended {
    /// Takes a long name of GNU, which ends with a NUL.
    pub fn add_name(&mut self, content: &[u8]) {
        let end = content.iter().position(|byte| *byte == 0);
        let name = content.get(..end.unwrap_or(content.len()));
        self.name = name.map(<[u8]>::to_vec);
    }

    /// Takes pax records: `length key=value` and a line feed, the length being that of all this.
    /// Returns whether they are well-formed.
    pub fn add_records(&mut self, mut content: &[u8]) -> bool {
        self.is_pax = true;
        while !content.is_empty() && content.first() != Some(&0) {
            let Some((key, value, rest)) = record(content) else {
                return false;
            };
            self.add(key, value);
            content = rest;
        }
        if let Some(name) = self.sparse_name.take() {
            self.name = Some(name);
        }
        true
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        let number = || decimal(value);
        match key {
            b"path" if !value.is_empty() => self.name = Some(value.to_vec()),
            b"size" => self.size = number().or(self.size),
            b"GNU.sparse.name" => self.sparse_name = Some(value.to_vec()),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                self.real_size = number().or(self.real_size);
            }
            b"GNU.sparse.major" => self.map_follows = value == b"1",
            b"GNU.sparse.offset" => {
                let offset = number().unwrap_or(u64::MAX);
                self.map.push(Segment { offset, length: 0 });
            }
            b"GNU.sparse.numbytes" => {
                if let Some(last) = self.map.0.last_mut() {
                    last.length = number().unwrap_or(u64::MAX);
                }
            }
            b"GNU.sparse.map" => {
                let numbers: Vec<u64> = value
                    .split(|byte| *byte == b',')
                    .filter_map(decimal)
                    .collect();
                for pair in numbers.chunks_exact(2) {
                    if let [offset, length] = *pair {
                        self.map.push(Segment { offset, length });
                    }
                }
            }
            _ => {}
        }
    }
}

/// Takes a record off: key, value and what follows.
fn record(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = content.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(content.get(..blank)?)?).ok()?;
    let (pair, rest) = content.split_at_checked(length)?;
    let pair = pair.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', pair)?;
    Some((pair.get(..equals)?, pair.get(equals + 1..)?, rest))
}

/// A decimal number; `None` for anything else.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}
