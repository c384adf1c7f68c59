//! The n-grams of one order, by hash.

/// Logarithms to base 10 of an n-gram's probability and of what backing off from it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weights {
    pub probability: f32,
    pub backoff: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// 0 in a free slot.
    key: u64,
    weights: Weights,
}

/// An open-addressing table from an n-gram's hash to its weights: 16 bytes a slot, at most two of
/// three slots filled. Two n-grams with one 64-bit hash would be one; of 100 million n-grams that
/// happens to any pair with a chance of 1 in 3,700.
#[derive(Clone, Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    len: usize,
}

impl Table {
    /// A table with room for `len` n-grams.
    pub(super) fn with_capacity(len: usize) -> Self {
        Self {
            slots: vec![Slot::default(); len + len / 2 + 2],
            len: 0,
        }
    }

    /// Number of n-grams.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes that the table takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>()
    }

    /// Where `key` stands, or the free slot where it would.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mut at = ((u128::from(key) * self.slots.len() as u128) >> 64) as usize;
        while self.slots[at].key != key && self.slots[at].key != 0 {
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
        at
    }

    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<Weights> {
        let slot = &self.slots[self.place(key)];
        (slot.key != 0).then_some(slot.weights)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Weights> {
        let at = self.place(key);
        let slot = &mut self.slots[at];
        (slot.key != 0).then_some(&mut slot.weights)
    }

    /// Puts an n-gram in; `false` if it is there already.
    pub(super) fn insert(&mut self, key: u64, weights: Weights) -> bool {
        if (self.len + 1) * 3 > self.slots.len() * 2 {
            self.grow();
        }
        let at = self.place(key);
        let slot = &mut self.slots[at];
        if slot.key != 0 {
            return false;
        }
        *slot = Slot { key, weights };
        self.len += 1;
        true
    }

    fn grow(&mut self) {
        let mut larger = Self::with_capacity(self.len * 2 + 8);
        for slot in self.slots.iter().filter(|slot| slot.key != 0) {
            larger.insert(slot.key, slot.weights);
        }
        *self = larger;
    }

    /// The n-grams in ascending order of their hashes.
    pub(super) fn sorted(&self) -> Vec<(u64, Weights)> {
        let filled = self.slots.iter().filter(|slot| slot.key != 0);
        let mut ngrams: Vec<(u64, Weights)> = filled.map(|slot| (slot.key, slot.weights)).collect();
        ngrams.sort_unstable_by_key(|ngram| ngram.0);
        ngrams
    }
}

/// The hash of the n-gram whose last units have the hash `ngram` and that begins with `unit`.
/// Never 0, which marks a free slot.
#[inline]
pub(super) fn prepend(ngram: u64, unit: u64) -> u64 {
    let mixed = (ngram ^ unit.rotate_left(32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    (mixed ^ (mixed >> 29)).max(1)
}

/// The hash of a single unit as an n-gram.
#[inline]
pub(super) fn unigram(unit: u64) -> u64 {
    prepend(0, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn holds_what_was_put_in(keys in proptest::collection::btree_set(1u64.., 0..200)) {
            let mut table = Table::with_capacity(3);
            for &key in &keys {
                let weights = Weights { probability: key as f32, backoff: 0.5 };
                proptest::prop_assert!(table.insert(key, weights));
                proptest::prop_assert!(!table.insert(key, Weights::default()));
            }
            let found: Vec<u64> = table.sorted().into_iter().map(|ngram| ngram.0).collect();
            proptest::prop_assert_eq!(&found, &keys.iter().copied().collect::<Vec<_>>());
            for &key in &keys {
                proptest::prop_assert_eq!(table.get(key).map(|w| w.probability), Some(key as f32));
                proptest::prop_assert!(keys.contains(&(key ^ 1)) || table.get(key ^ 1).is_none() );
            }
        }
    }

    #[test]
    fn order_matters_in_an_ngram() {
        assert_ne!(prepend(unigram(5), 6), prepend(unigram(6), 5));
        assert_ne!(prepend(unigram(5), 5), unigram(5));
    }
}
