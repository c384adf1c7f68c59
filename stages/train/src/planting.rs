//! Canaries among the training documents.

use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use textmill_privacy::Canary;
use tokenizers::Tokenizer;

use crate::Error;

/// The canaries that a run has planted, as a JSON list: what measures their exposure reads it.
pub(crate) const CANARIES_FILE: &str = "canaries.json";

/// Documents that stand among those of the shards, each copy at a place drawn by the seed.
///
/// They come behind the stages that would leave them out: a sentence is too short for the filter,
/// and a repeated one is what dedupe is there for.
#[derive(Debug, Default)]
pub(crate) struct Plants {
    documents: Vec<Plant>,
    /// How many documents of the shards stand before each copy, and its document; last first.
    places: Vec<(u64, usize)>,
}

/// A document to plant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plant {
    pub id: String,
    pub tokens: Vec<u32>,
}

impl Plants {
    /// Canaries, as often as each is wanted, among so many documents.
    pub fn new(
        canaries: &[Canary],
        tokenizer: &Path,
        documents: u64,
        seed: u64,
    ) -> Result<Self, Error> {
        if canaries.is_empty() {
            return Ok(Self::default());
        }
        let wrong = |error: tokenizers::Error| Error::Tokenizer {
            path: tokenizer.to_path_buf(),
            message: error.to_string(),
        };
        let mut encoder = Tokenizer::from_file(tokenizer).map_err(wrong)?;
        // as the tokenize stage has it: text that spells a special token is text
        encoder.set_encode_special_tokens(true);
        let plant = |canary: &Canary| -> Result<Plant, Error> {
            let encoding = encoder.encode_fast(canary.text(), false).map_err(wrong)?;
            Ok(Plant {
                id: canary.id.clone(),
                tokens: encoding.get_ids().to_vec(),
            })
        };
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..14].copy_from_slice(b"plants");
        let mut rng = ChaCha8Rng::from_seed(key);
        let mut places = Vec::new();
        for (index, canary) in canaries.iter().enumerate() {
            for _ in 0..canary.repeats {
                places.push((rng.next_u64() % documents.max(1), index));
            }
        }
        places.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Self {
            documents: canaries.iter().map(plant).collect::<Result<_, _>>()?,
            places,
        })
    }

    /// The next copy that stands behind no more than `read` documents of the shards, once.
    pub fn due(&mut self, read: u64) -> Option<Plant> {
        let (_, index) = self.places.pop_if(|(place, _)| *place < read)?;
        self.documents.get(index).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::tokenizer;
    use textmill_privacy::Canaries;

    #[test]
    fn each_canary_stands_as_often_as_wanted_at_places_of_the_seed() {
        let dir = tempfile::tempdir().unwrap();
        let tokenizer = tokenizer(dir.path());
        let canaries = Canaries {
            repeats: vec![1, 5, 30],
            each: 2,
            ..Canaries::default()
        };
        let canaries = canaries.all(4);
        let planted = |seed| {
            let mut plants = Plants::new(&canaries, &tokenizer, 40, seed).unwrap();
            let mut found = Vec::new();
            for read in 1..=40 {
                while let Some(plant) = plants.due(read) {
                    assert!(!plant.tokens.is_empty());
                    found.push((read, plant.id));
                }
            }
            found
        };
        let found = planted(1);
        assert_eq!(planted(1), found);
        assert_ne!(planted(2), found);
        for canary in &canaries {
            let copies = found.iter().filter(|(_, id)| *id == canary.id);
            assert_eq!(copies.count(), canary.repeats as usize, "{}", canary.id);
        }
        let first = found.iter().filter(|(read, _)| *read <= 20).count();
        assert!((40..110).contains(&first), "{first} of {}", found.len());
    }
}
