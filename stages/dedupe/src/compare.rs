//! How similar two candidates are.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::FactsReader;
use crate::shingles::jaccard;
use crate::{Error, estimate};

/// By what documents are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The Jaccard similarity of their shingle sets.
    Sets,
    /// The share of equal MinHash values.
    Signatures,
}

/// Compares documents by row; keeps those that it read for the next comparisons.
pub(crate) struct Comparer<'a> {
    pub facts: FactsReader<'a>,
    sets: Cache<Vec<u64>>,
    signatures: Cache<Vec<u32>>,
    /// Comparisons made.
    pub compared: u64,
}

impl<'a> Comparer<'a> {
    /// With caches of `memory` bytes at most, together.
    pub fn new(facts: FactsReader<'a>, memory: u64) -> Self {
        Self {
            facts,
            sets: Cache::new(memory / 2),
            signatures: Cache::new(memory / 2),
            compared: 0,
        }
    }

    /// Similarity of two documents, when it is at least `min_similarity`. Documents of a
    /// reference index have no text here and are always compared by signature.
    pub fn similarity(&mut self, a: u64, b: u64, by: By) -> Result<Option<f64>, Error> {
        self.compared += 1;
        let corpus = self.facts.corpus;
        let least = corpus.config.min_similarity;
        let indexed = corpus.is_reference(a) || corpus.is_reference(b);
        let similarity = if by == By::Signatures || indexed {
            estimate(&self.signature(a)?, &self.signature(b)?)
        } else {
            let (a, b) = (self.set(a)?, self.set(b)?);
            // The similarity is at most the quotient of the sizes.
            let (small, large) = (a.len().min(b.len()), a.len().max(b.len()));
            if (small as f64) < large as f64 * least {
                return Ok(None);
            }
            jaccard(&a, &b)
        };
        Ok((similarity >= least).then_some(similarity))
    }

    pub fn signature(&mut self, row: u64) -> Result<Arc<Vec<u32>>, Error> {
        let facts = &mut self.facts;
        self.signatures.get(row, || facts.signature(row))
    }

    fn set(&mut self, row: u64) -> Result<Arc<Vec<u64>>, Error> {
        let facts = &mut self.facts;
        self.sets.get(row, || facts.set(row))
    }
}

/// What was read last, up to a number of bytes.
struct Cache<T> {
    values: HashMap<u64, Arc<T>>,
    bytes: u64,
    most: u64,
}

/// Bytes of an entry besides its values.
const ENTRY: u64 = 96;

impl<V> Cache<Vec<V>> {
    fn new(most: u64) -> Self {
        Self {
            values: HashMap::new(),
            bytes: 0,
            most,
        }
    }

    fn get(
        &mut self,
        row: u64,
        read: impl FnOnce() -> Result<Vec<V>, Error>,
    ) -> Result<Arc<Vec<V>>, Error> {
        if let Some(value) = self.values.get(&row) {
            return Ok(value.clone());
        }
        let value = Arc::new(read()?);
        if self.bytes > self.most {
            self.values.clear();
            self.bytes = 0;
        }
        self.bytes += ENTRY + (value.len() * size_of::<V>()) as u64;
        self.values.insert(row, value.clone());
        Ok(value)
    }
}
