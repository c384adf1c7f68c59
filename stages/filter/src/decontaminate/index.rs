//! Finds the places of the evaluation sets at which a window's hash stands.

/// A place in the evaluation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub hash: u64,
    /// Number of the text.
    pub text: u32,
    /// Number of the window's first unit, among the units of all texts.
    pub unit: u32,
}

/// Places by hash: 16 bytes each, and 1 to 2 bytes of a filter that nearly every window of a clean
/// document fails.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    places: Vec<Place>,
    /// A Bloom filter in blocks of one word, two bits a hash.
    filter: Vec<u64>,
}

impl Index {
    /// An index of places, of which those with one hash and one text count once.
    pub(super) fn new(mut places: Vec<Place>) -> Self {
        places.sort_unstable();
        places.dedup_by_key(|place| (place.hash, place.text));
        Self::of_sorted(places)
    }

    fn of_sorted(mut places: Vec<Place>) -> Self {
        places.shrink_to_fit();
        let mut filter = vec![0u64; (places.len() / 8 + 1).next_power_of_two()];
        let mask = filter.len() - 1;
        for place in &places {
            filter[(place.hash >> 20) as usize & mask] |= bits(place.hash);
        }
        Self { places, filter }
    }

    /// Without the hashes that stand at more than `most` places.
    pub(super) fn without_common(self, most: usize) -> Self {
        let groups = self.places.chunk_by(|a, b| a.hash == b.hash);
        let rare = groups.filter(|group| group.len() <= most);
        Self::of_sorted(rare.flatten().copied().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The texts of all places.
    pub(super) fn texts(&self) -> impl Iterator<Item = u32> {
        self.places.iter().map(|place| place.text)
    }

    /// Bytes that the index takes.
    pub(super) fn bytes(&self) -> usize {
        self.places.len() * size_of::<Place>() + self.filter.len() * size_of::<u64>()
    }

    /// The places of a hash.
    #[inline]
    pub(super) fn find(&self, hash: u64) -> &[Place] {
        let Some(word) = self
            .filter
            .get((hash >> 20) as usize & self.filter.len().wrapping_sub(1))
        else {
            return &[];
        };
        if word & bits(hash) != bits(hash) {
            return &[];
        }
        let first = self.places.partition_point(|place| place.hash < hash);
        let rest = &self.places[first..];
        let count = rest.iter().take_while(|place| place.hash == hash).count();
        &rest[..count]
    }
}

#[inline]
fn bits(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn finds_what_is_there_and_nothing_else(hashes in proptest::collection::vec(0u64..500, 0..200)) {
            let place = |(text, hash): (u32, &u64)| Place { hash: hash << 40, text, unit: 0 };
            let index = Index::new((0..).zip(&hashes).map(place).collect()).without_common(2);
            for hash in 0..500 {
                let count = hashes.iter().filter(|other| **other == hash).count();
                let expected = if count <= 2 { count } else { 0 };
                proptest::prop_assert_eq!(index.find(hash << 40).len(), expected);
            }
        }
    }
}
