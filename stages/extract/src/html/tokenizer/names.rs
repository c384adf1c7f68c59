//! Names of elements and attributes.

use html5ever::LocalName;

/// Names up to this length are stored in the [`LocalName`] itself and need no look-up.
const INLINE_BYTES: usize = 7;
const SLOTS: usize = 256;

/// Remembers names: pages use few, and to intern one takes a slow hash and, if it is not a name
/// of the standard, a lock. Two names that share a slot only cost time.
pub(super) struct Names {
    slots: [LocalName; SLOTS],
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| LocalName::default()),
        }
    }

    #[inline]
    pub(super) fn get(&mut self, name: &str) -> LocalName {
        if name.len() <= INLINE_BYTES {
            return LocalName::from(name);
        }
        let slot = &mut self.slots[slot_of(name.as_bytes())];
        if **slot != *name {
            *slot = LocalName::from(name);
        }
        slot.clone()
    }
}

/// A cheap hash of both ends of a name.
#[inline]
fn slot_of(name: &[u8]) -> usize {
    let first = name
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let last = name
        .last_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed = (first ^ last.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % SLOTS
}
