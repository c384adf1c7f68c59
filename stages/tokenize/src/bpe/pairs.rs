//! Which pairs of tokens merge, and when.

/// A merge: of what rank it is (the lower, the earlier; from 1 on), and the token that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merge {
    pub rank: u32,
    pub token: u32,
}

/// A hash table from pairs to merges, by open addressing: two thirds of the lookups find nothing,
/// and mostly in one step.
pub(super) struct Pairs {
    slots: Vec<(u64, Merge)>,
    shift: u32,
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
        };
        for (rank, &(left, right, token)) in (1..).zip(merges) {
            let (key, place) = (key(left, right), pairs.find(left, right));
            pairs.slots[place] = (key, Merge { rank, token });
        }
        pairs
    }

    /// The merge of two neighbours.
    #[inline]
    pub fn get(&self, left: u32, right: u32) -> Option<Merge> {
        let (found, merge) = self.slots[self.find(left, right)];
        (found != EMPTY).then_some(merge)
    }

    /// Where the pair stands, or would.
    #[inline]
    fn find(&self, left: u32, right: u32) -> usize {
        let key = key(left, right);
        let mut place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
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
