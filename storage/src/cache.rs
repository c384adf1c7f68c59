//! Blocks of objects that were read at random, as long as there is room for them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of a block: what a small read brings with it. A request costs about as much as the
/// transfer of so many bytes.
pub(crate) const BLOCK: u64 = 1 << 20;
/// Blocks that the process holds; the one that was not read for longest goes first.
const MOST: usize = 32;

/// A source's number and a block's place in it.
type Key = (u64, u64);

#[derive(Default)]
struct Blocks {
    clock: u64,
    blocks: HashMap<Key, (u64, Bytes)>,
    by_age: BTreeMap<u64, Key>,
}

static BLOCKS: Mutex<Option<Blocks>> = Mutex::new(None);

fn with<T>(work: impl FnOnce(&mut Blocks) -> T) -> T {
    let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    work(blocks.get_or_insert_default())
}

/// A block that is at hand.
pub(crate) fn get(key: Key) -> Option<Bytes> {
    with(|held| {
        held.clock += 1;
        let now = held.clock;
        let (age, bytes) = held.blocks.get_mut(&key)?;
        held.by_age.remove(&std::mem::replace(age, now));
        held.by_age.insert(now, key);
        Some(bytes.clone())
    })
}

/// Keeps a block.
pub(crate) fn put(key: Key, bytes: Bytes) {
    with(|held| {
        held.clock += 1;
        if let Some((age, _)) = held.blocks.insert(key, (held.clock, bytes)) {
            held.by_age.remove(&age);
        }
        held.by_age.insert(held.clock, key);
        while held.blocks.len() > MOST
            && let Some((_, oldest)) = held.by_age.pop_first()
        {
            held.blocks.remove(&oldest);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_for_longest_goes_first() {
        let block = |at: u64| Bytes::from(at.to_le_bytes().to_vec());
        let source = u64::MAX;
        (0..MOST as u64).for_each(|at| put((source, at), block(at)));
        assert_eq!(get((source, 0)), Some(block(0)));
        put((source, 99), block(99));
        assert_eq!(get((source, 0)), Some(block(0)), "it was just read");
        assert_eq!(get((source, 1)), None);
        assert_eq!(get((source, 99)), Some(block(99)));
    }
}
