//! Which pairs of tokens merge, and when.

/// A merge: of what rank it is (the lower, the earlier; from 1 on), and the token that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merge {
    pub rank: u32,
    pub token: u32,
}

/// A hash table from pairs to merges, by open addressing. Most lookups find nothing: a bit for each
/// hash, in memory that stays in the processor's cache, answers nearly all of those.
pub(super) struct Pairs {
    slots: Vec<(u64, Merge)>,
    shift: u32,
    bits: Vec<u64>,
    bits_shift: u32,
}

const EMPTY: u64 = u64::MAX;
const NOTHING: Merge = Merge { rank: 0, token: 0 };

impl Pairs {
    /// The merges, in the order of their ranks: left, right, and what they make. Where a pair
    /// stands twice, the later one counts.
    pub fn new(merges: &[(u32, u32, u32)]) -> Self {
        let bits = (merges.len() * 2)
            .next_power_of_two()
            .trailing_zeros()
            .max(4);
        let mut pairs = Self {
            slots: vec![(EMPTY, NOTHING); 1 << bits],
            shift: 64 - bits,
            // Eight bits a slot: a pair that is none passes by chance in one case of sixteen.
            bits: vec![0; (8 << bits) / 64],
            bits_shift: 64 - (bits + 3),
        };
        for (rank, &(left, right, token)) in (1..).zip(merges) {
            let (key, place) = (key(left, right), pairs.find(left, right));
            pairs.slots[place] = (key, Merge { rank, token });
            let bit = pairs.bit(key);
            pairs.bits[bit / 64] |= 1 << (bit % 64);
        }
        pairs
    }

    /// The merge of two neighbours.
    #[inline]
    pub fn get(&self, left: u32, right: u32) -> Option<Merge> {
        let bit = self.bit(key(left, right));
        if self.bits[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        let (found, merge) = self.slots[self.find(left, right)];
        (found != EMPTY).then_some(merge)
    }

    #[inline]
    fn bit(&self, key: u64) -> usize {
        (hash(key) >> self.bits_shift) as usize
    }

    /// Where the pair stands, or would.
    #[inline]
    fn find(&self, left: u32, right: u32) -> usize {
        let key = key(left, right);
        let mut place = (hash(key) >> self.shift) as usize;
        loop {
            let found = self.slots[place].0;
            if found == key || found == EMPTY {
                return place;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }
}

#[inline]
fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

#[inline]
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
