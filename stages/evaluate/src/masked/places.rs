//! Which tokens are hidden.

use std::collections::BTreeSet;

use textmill_schemas::Tokens;
use tokenizers::Tokenizer;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Draws the tokens of a document that are hidden together: a function of the seed, the document's
/// id and the tokens' places, and of nothing else.
///
/// Special tokens are never hidden, as in training.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    share: f64,
    seed: u64,
    special: BTreeSet<u32>,
}

impl Places {
    pub fn new(share: f64, seed: u64, tokenizer: &Tokenizer, further: [u32; 2]) -> Self {
        let added = tokenizer.get_added_tokens_decoder().into_iter();
        let special = added.filter_map(|(id, token)| token.special.then_some(id));
        Self {
            share,
            seed,
            special: special.chain(further).collect(),
        }
    }

    /// All places that can be hidden, in order.
    pub fn all(&self, document: &Tokens) -> Vec<usize> {
        let tokens = document.tokens.iter().enumerate();
        let plain = tokens.filter(|(_, token)| !self.special.contains(token));
        plain.map(|(place, _)| place).collect()
    }

    /// A share of them, at least one: those with the least hashes, in order.
    pub fn drawn(&self, document: &Tokens) -> Vec<usize> {
        let seed = xxh3_64_with_seed(document.id.as_bytes(), self.seed);
        let mut places = self.all(document);
        let count = (self.share * places.len() as f64).round().max(1.0) as usize;
        let hash = |place: &usize| xxh3_64_with_seed(&(*place as u64).to_le_bytes(), seed);
        places.sort_by_cached_key(|place| (hash(place), *place));
        places.truncate(count);
        places.sort_unstable();
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_support::{document, tokenizer};

    const MASK: u32 = 7;
    const END: u32 = 0;

    fn places(share: f64, seed: u64) -> Places {
        Places::new(share, seed, &tokenizer(), [END, MASK])
    }

    proptest! {
        #[test]
        fn a_share_is_drawn_and_nothing_special(
            tokens in proptest::collection::vec(0u32..12, 0..200), share in 0.01f64..0.99,
        ) {
            let (places, document) = (places(share, 3), document(&tokens));
            let (all, drawn) = (places.all(&document), places.drawn(&document));
            let plain = tokens.iter().filter(|token| ![END, MASK].contains(token)).count();
            prop_assert_eq!(all.len(), plain);
            prop_assert!(drawn.is_sorted_by(|a, b| a < b));
            prop_assert!(drawn.iter().all(|place| all.contains(place)));
            let count = (share * plain as f64).round().max(1.0) as usize;
            prop_assert_eq!(drawn.len(), count.min(plain));
        }
    }

    #[test]
    fn seed_and_document_decide() {
        let text: Vec<u32> = (0..300).map(|i| 20 + i % 9).collect();
        let (one, mut other) = (document(&text), document(&text));
        other.id = "other".to_owned();
        let drawn = places(0.15, 1).drawn(&one);
        assert_eq!(drawn.len(), 45);
        assert_eq!(drawn, places(0.15, 1).drawn(&one));
        assert_ne!(drawn, places(0.15, 2).drawn(&one));
        assert_ne!(drawn, places(0.15, 1).drawn(&other));
        // Neither the beginning nor the end is favoured.
        let first = drawn.iter().filter(|place| **place < 150).count();
        assert!((12..34).contains(&first), "{first}");
    }

    #[test]
    fn the_tokenizers_special_tokens_count() {
        let special = tokenizer().token_to_id("<|endoftext|>").unwrap();
        let places = Places::new(0.5, 1, &tokenizer(), [MASK, MASK]);
        let found = places.all(&document(&[special, 20, special, 21]));
        assert_eq!(found, [1, 3]);
    }
}
