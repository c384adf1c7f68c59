//! Hashes of the last units of a text, for several lengths at once.

use super::units::{Kind, Unit};

/// Longest window.
pub(super) const MAX_WINDOW: usize = 63;
const RING: usize = MAX_WINDOW + 1;
/// Odd, so that no unit's hash is lost.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// The last [`MAX_WINDOW`] units of a text. Each window's hash is a difference of two polynomial
/// hashes of all units so far, so any length costs the same.
pub(super) struct Window {
    /// Hash of all units before each of the last ones.
    prefixes: [u64; RING],
    starts: [usize; RING],
    powers: [u64; RING],
    prefix: u64,
    /// Number of units so far.
    len: usize,
    /// Number of units up to the last one of each kind.
    last: [usize; Kind::ALL.len()],
}

impl Window {
    pub(super) fn new() -> Self {
        let mut powers = [1u64; RING];
        for length in 1..RING {
            powers[length] = powers[length - 1].wrapping_mul(BASE);
        }
        Self {
            prefixes: [0; RING],
            starts: [0; RING],
            powers,
            prefix: 0,
            len: 0,
            last: [0; Kind::ALL.len()],
        }
    }

    #[inline]
    pub(super) fn push(&mut self, unit: &Unit) {
        let place = self.len % RING;
        self.prefixes[place] = self.prefix;
        self.starts[place] = unit.start;
        self.prefix = self.prefix.wrapping_mul(BASE).wrapping_add(unit.hash);
        self.len += 1;
        self.last[unit.kind as usize] = self.len;
    }

    /// Whether one of the last `length` units is of a kind.
    #[inline]
    pub(super) fn has(&self, kind: Kind, length: usize) -> bool {
        let last = self.last[kind as usize];
        last > 0 && self.len - last < length
    }

    /// Number of units so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The hash of the last `length` units, if there are so many.
    #[inline]
    pub(super) fn hash(&self, length: usize) -> Option<u64> {
        let before = self.prefixes[self.first(length)?];
        let hash = self
            .prefix
            .wrapping_sub(before.wrapping_mul(self.powers[length]));
        let mixed = (hash ^ length as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Some(mixed ^ (mixed >> 32))
    }

    /// Where the last `length` units begin, in bytes.
    pub(super) fn start(&self, length: usize) -> Option<usize> {
        Some(self.starts[self.first(length)?])
    }

    fn first(&self, length: usize) -> Option<usize> {
        let kept = length <= MAX_WINDOW;
        let first = self.len.checked_sub(length)?;
        kept.then_some(first % RING)
    }
}
