//! What the pieces met lately were encoded to.
//!
//! Natural text repeats its words: most pieces are short and were met before. A cache belongs to
//! one thread at a time, has a fixed size, and never decides what comes out.

/// Bytes of a piece at most, and tokens of it.
pub(super) const SHORT: usize = 15;
pub(super) const LONG: usize = 31;
const SHORT_TOKENS: usize = 3;
const LONG_TOKENS: usize = 7;

/// Two tables, for pieces of up to 15 and up to 31 bytes.
pub(super) struct Cache {
    short: Vec<[Entry<1, SHORT_TOKENS>; 2]>,
    long: Vec<Entry<2, LONG_TOKENS>>,
}

/// The bytes of a piece, zeros behind them, and its length in the highest byte. No piece is empty:
/// all zeros is nobody's key.
pub(super) type Key<const N: usize> = [u128; N];

#[derive(Clone, Copy)]
#[repr(align(32))]
struct Entry<const N: usize, const T: usize> {
    key: Key<N>,
    tokens: [u32; T],
    count: u32,
}

const SHORT_BITS: u32 = 16;
const LONG_BITS: u32 = 13;

impl Default for Cache {
    fn default() -> Self {
        Self {
            short: vec![[Entry::EMPTY; 2]; 1 << SHORT_BITS],
            long: vec![Entry::EMPTY; 1 << LONG_BITS],
        }
    }
}

impl<const N: usize, const T: usize> Entry<N, T> {
    const EMPTY: Self = Self {
        key: [0; N],
        tokens: [0; T],
        count: 0,
    };

    /// Appends the tokens; all places are written, for that is faster than to count them.
    #[inline]
    fn append(&self, tokens: &mut Vec<u32>) {
        let length = tokens.len() + self.count as usize;
        tokens.extend_from_slice(&self.tokens);
        tokens.truncate(length);
    }

    fn new(key: Key<N>, found: &[u32]) -> Option<Self> {
        let mut tokens = [0; T];
        tokens.get_mut(..found.len())?.copy_from_slice(found);
        Some(Self {
            key,
            tokens,
            count: found.len() as u32,
        })
    }
}

impl Cache {
    /// Appends the tokens of a short piece, if it is known.
    #[inline]
    pub fn append_short(&self, key: Key<1>, tokens: &mut Vec<u32>) -> bool {
        let [first, second] = &self.short[place(key, SHORT_BITS)];
        if first.key == key {
            first.append(tokens);
        } else if second.key == key {
            second.append(tokens);
        } else {
            return false;
        }
        true
    }

    /// Keeps a short piece; of the two at its place the older one goes.
    pub fn keep_short(&mut self, key: Key<1>, tokens: &[u32]) {
        if let Some(entry) = Entry::new(key, tokens) {
            let places = &mut self.short[place(key, SHORT_BITS)];
            *places = [entry, places[0]];
        }
    }

    /// The same for longer pieces.
    #[inline]
    pub fn append_long(&self, key: Key<2>, tokens: &mut Vec<u32>) -> bool {
        let entry = &self.long[place(key, LONG_BITS)];
        let known = entry.key == key;
        if known {
            entry.append(tokens);
        }
        known
    }

    pub fn keep_long(&mut self, key: Key<2>, tokens: &[u32]) {
        if let Some(entry) = Entry::new(key, tokens) {
            self.long[place(key, LONG_BITS)] = entry;
        }
    }
}

/// The key of the piece at `start`, of a length below 16 (N = 1) or 32 (N = 2).
#[inline]
pub(super) fn key<const N: usize>(bytes: &[u8], start: usize, length: usize) -> Key<N> {
    let whole = bytes
        .get(start..start + N * 16)
        .map(<[u8]>::as_chunks::<16>);
    let mut key = [0; N];
    match whole {
        Some((chunks, _)) => {
            for (to, from) in key.iter_mut().zip(chunks) {
                *to = u128::from_le_bytes(*from);
            }
            // Of the last part only what belongs to the piece.
            let last = length - (N - 1) * 16;
            key[N - 1] &= !(u128::MAX << (last * 8));
        }
        None => {
            let piece = bytes.get(start..start + length).unwrap_or_default();
            for (place, byte) in piece.iter().enumerate() {
                key[place / 16] |= u128::from(*byte) << (place % 16 * 8);
            }
        }
    }
    key[N - 1] |= (length as u128) << 120;
    key
}

/// Where a piece belongs: folded multiplication, as in wyhash.
#[inline]
fn place<const N: usize>(key: Key<N>, bits: u32) -> usize {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for part in key {
        let (low, high) = (part as u64, (part >> 64) as u64);
        let product = u128::from(low ^ hash) * u128::from(high ^ 0xa076_1d64_78bd_642f);
        hash = product as u64 ^ (product >> 64) as u64;
    }
    (hash >> (64 - bits)) as usize
}
