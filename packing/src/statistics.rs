//! What a packing costs: padding, and documents cut.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::best_fit::best_fit;
use crate::{Error, Packing};

/// Documents by length: all that the statistics need of a corpus.
///
/// Memory: some 16 bytes for each length that occurs.
#[derive(Clone, Debug, Default)]
pub struct Lengths {
    counts: BTreeMap<u64, u64>,
}

/// What a packing makes of some documents in rows of one context.
///
/// A document counts with the token that ends it; one that is seen several times counts as often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Tokens of a row.
    pub context: u32,
    /// How the rows are filled.
    pub packing: Packing,
    /// Rows.
    pub rows: u64,
    /// Documents.
    pub documents: u64,
    /// Tokens of the documents.
    pub tokens: u64,
    /// Places in rows that hold no token.
    pub padding: u64,
    /// Documents that do not stand in one row as a whole.
    pub cut: f64,
    /// Documents that would fit into a row.
    pub shorter: u64,
    /// Those of them that do not stand in one row as a whole all the same.
    pub shorter_cut: f64,
}

impl Lengths {
    /// Counts a document of `tokens` ids, without the document-end token, `times` times.
    pub fn add(&mut self, tokens: u64, times: u64) {
        if times > 0 {
            let length = tokens.saturating_add(1);
            *self.counts.entry(length).or_default() += times;
        }
    }

    /// What a packing makes of these documents.
    ///
    /// Concatenation cuts by chance: the trainer draws the place of the first cut anew for each
    /// epoch, and a document of n ≤ context tokens is then cut with probability (n − 1) / context.
    /// `cut` and `shorter_cut` are the expected numbers.
    ///
    /// # Errors
    /// [`Error::NoContext`] for a context of 0 tokens.
    pub fn pack(&self, context: u32, packing: Packing) -> Result<Statistics, Error> {
        if context == 0 {
            return Err(Error::NoContext);
        }
        let row = u64::from(context);
        let fitting = || self.counts.range(..=row);
        let documents: u64 = self.counts.values().sum();
        let shorter: u64 = fitting().map(|(_, count)| count).sum();
        let tokens = self
            .counts
            .iter()
            .map(|(length, count)| length * count)
            .sum();
        let (rows, padding, shorter_cut) = match packing {
            // The last row goes on with the beginning of the stream.
            Packing::Concatenate => {
                let inner = fitting().map(|(length, count)| (length - 1) * count);
                let cut = inner.sum::<u64>() as f64 / row as f64;
                (u64::div_ceil(tokens, row), 0, cut)
            }
            Packing::BestFit => {
                let rooms = best_fit(&self.pieces(context), context, |_| {});
                let padding = rooms.iter().map(|(room, rows)| u64::from(*room) * rows);
                (rooms.values().sum(), padding.sum(), 0.0)
            }
        };
        Ok(Statistics {
            context,
            packing,
            rows,
            documents,
            tokens,
            padding,
            cut: shorter_cut + (documents - shorter) as f64,
            shorter,
            shorter_cut,
        })
    }

    /// The same as [`crate::Pieces`] would cut, by length.
    fn pieces(&self, context: u32) -> BTreeMap<u32, u64> {
        let row = u64::from(context);
        let mut pieces: BTreeMap<u32, u64> = BTreeMap::new();
        for (length, count) in &self.counts {
            if length / row > 0 {
                *pieces.entry(context).or_default() += length / row * count;
            }
            if length % row > 0 {
                *pieces.entry((length % row) as u32).or_default() += count;
            }
        }
        pieces
    }
}

impl Statistics {
    /// Share of the places in rows that hold no token.
    #[must_use]
    pub fn padding_share(&self) -> f64 {
        self.padding as f64 / (self.padding + self.tokens).max(1) as f64
    }

    /// Share of the documents that are cut.
    #[must_use]
    pub fn cut_share(&self) -> f64 {
        self.cut / self.documents.max(1) as f64
    }

    /// Share of the documents cut, of those that would fit into a row.
    #[must_use]
    pub fn shorter_cut_share(&self) -> f64 {
        self.shorter_cut / self.shorter.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Pieces;

    fn lengths(documents: &[u64]) -> Lengths {
        let mut lengths = Lengths::default();
        documents
            .iter()
            .for_each(|length| lengths.add(length - 1, 1));
        lengths
    }

    /// Documents cut in a stream whose first row begins at `first`: all, and those that would fit.
    fn cut_by_hand(documents: &[u64], context: u64, first: u64) -> (u64, u64) {
        let (mut start, mut cut, mut shorter) = (0, 0, 0);
        for length in documents {
            // Rows before `first` count on from a whole context earlier.
            let row = |place: u64| (place + context - first) / context;
            if row(start) != row(start + length - 1) {
                cut += 1;
                shorter += u64::from(*length <= context);
            }
            start += length;
        }
        (cut, shorter)
    }

    proptest! {
        #[test]
        fn best_fit_is_counted_as_it_is_done(
            context in 1u32..40,
            documents in proptest::collection::vec(1u64..100, 0..150),
        ) {
            let found = lengths(&documents).pack(context, Packing::BestFit).unwrap();
            let mut pieces = Pieces::new(context).unwrap();
            documents.iter().for_each(|length| pieces.add(0, *length).unwrap());
            let rows = pieces.pack();
            let total: u64 = documents.iter().sum();
            prop_assert_eq!(found.rows, rows.len() as u64);
            prop_assert_eq!(found.tokens, total);
            prop_assert_eq!(found.padding, found.rows * u64::from(context) - total);
            let longer = documents.iter().filter(|length| **length > context.into()).count();
            prop_assert_eq!(found.cut, longer as f64);
            prop_assert_eq!((found.shorter_cut, found.shorter), (0.0, (documents.len() - longer) as u64));
        }

        #[test]
        fn cuts_of_concatenation_are_the_mean_over_all_places_of_the_first_one(
            context in 1u64..40,
            documents in proptest::collection::vec(1u64..100, 1..50),
        ) {
            let found = lengths(&documents).pack(context as u32, Packing::Concatenate).unwrap();
            let (mut cut, mut shorter) = (0, 0);
            for first in 0..context {
                let by_hand = cut_by_hand(&documents, context, first);
                cut += by_hand.0;
                shorter += by_hand.1;
            }
            prop_assert!((found.cut - cut as f64 / context as f64).abs() < 1e-9);
            prop_assert!((found.shorter_cut - shorter as f64 / context as f64).abs() < 1e-9);
            prop_assert_eq!(found.padding, 0);
        }
    }

    #[test]
    fn a_web_like_corpus_wastes_and_cuts_under_one_percent() {
        // Log-normal lengths, as documents of the web have: median 600, mean 990 tokens.
        let mut all = Lengths::default();
        for i in 0..20_000 {
            let normal: f64 = (0..12).map(|k| fraction(i * 12 + k)).sum::<f64>() - 6.0;
            all.add((600.0 * normal.exp()) as u64, 1);
        }
        for context in [512, 1024, 2048, 4096, 8192] {
            let fit = all.pack(context, Packing::BestFit).unwrap();
            assert!(
                fit.padding_share() < 0.01,
                "{context}: {}",
                fit.padding_share()
            );
            assert_eq!(fit.shorter_cut, 0.0);
            let cut = all.pack(context, Packing::Concatenate).unwrap();
            assert!(cut.shorter_cut_share() > 0.1);
            assert!(fit.cut < cut.cut);
        }
        assert!(all.pack(0, Packing::BestFit).is_err());
    }

    /// Numbers in [0, 1) without a generator (splitmix64).
    fn fraction(i: u64) -> f64 {
        let mut z = i.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
