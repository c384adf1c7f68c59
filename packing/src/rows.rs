//! Which documents stand in which row: best-fit packing of a stream of documents.
//!
//! Memory: 12 bytes a piece (a document, or a part of one that is longer than the context) and 4
//! a row; 16 and 8 while packing.

use std::collections::BTreeMap;

use crate::Error;
use crate::best_fit::{Placement, best_fit};

/// Bits of a key that hold the start; the others hold the length.
const START_BITS: u32 = 40;
/// The link of the first piece of a row, and of rows and rooms without any.
const NONE: u32 = u32::MAX;

/// Part of a stream of tokens, within one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first token.
    pub start: u64,
    /// Its tokens.
    pub length: u32,
}

/// The documents of a stream, cut where they are longer than the context.
#[derive(Debug)]
pub struct Pieces {
    context: u32,
    /// Room that a piece alone leaves in a row, and its start, in one number: in ascending order
    /// the longest ones come first, and those of a length in the order of the stream.
    keys: Vec<u64>,
    counts: BTreeMap<u32, u64>,
}

impl Pieces {
    /// No pieces yet, for rows of `context` tokens.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a context beyond 16,777,215.
    pub fn new(context: u32) -> Result<Self, Error> {
        let most = (1 << (64 - START_BITS)) - 1;
        if u64::from(context) > most {
            let what = "the context";
            return Err(Error::TooLarge { what, most });
        }
        Ok(Self {
            context: context.max(1),
            keys: Vec::new(),
            counts: BTreeMap::new(),
        })
    }

    /// Adds a document that takes these places of the stream: as one piece if it fits into a row,
    /// else cut into full rows and a rest.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2⁴⁰ tokens or 2³² − 1 pieces.
    pub fn add(&mut self, start: u64, length: u64) -> Result<(), Error> {
        let limit = 1 << START_BITS;
        if start.saturating_add(length) > limit {
            let what = "the number of tokens";
            return Err(Error::TooLarge { what, most: limit });
        }
        let context = u64::from(self.context);
        let mut at = 0;
        while at < length {
            let piece = (length - at).min(context);
            self.keys
                .push((context - piece) << START_BITS | (start + at));
            *self.counts.entry(piece as u32).or_default() += 1;
            at += piece;
        }
        if self.keys.len() >= NONE as usize {
            let (what, most) = ("the number of documents", u64::from(NONE - 1));
            return Err(Error::TooLarge { what, most });
        }
        Ok(())
    }

    /// Puts the pieces into rows.
    #[must_use]
    pub fn pack(mut self) -> Rows {
        self.keys.sort_unstable();
        let mut packing = Links {
            next: Vec::with_capacity(self.keys.len()),
            heads: Vec::new(),
            below: Vec::new(),
            rooms: BTreeMap::new(),
            context: self.context,
        };
        best_fit(&self.counts, self.context, |placement| {
            packing.place(placement);
        });
        Rows {
            context: self.context,
            keys: self.keys,
            next: packing.next,
            heads: packing.heads,
        }
    }
}

/// Rows as linked lists of pieces, and rows of the same room as stacks of rows.
struct Links {
    /// The piece that came into the same row before this one.
    next: Vec<u32>,
    /// The last piece of each row.
    heads: Vec<u32>,
    /// The row below this one in the stack of its room.
    below: Vec<u32>,
    /// The top of each stack, by room.
    rooms: BTreeMap<u32, u32>,
    context: u32,
}

impl Links {
    fn place(&mut self, placement: Placement) {
        let left = placement.room - placement.each * placement.length;
        for _ in 0..placement.rows {
            let row = self.take(placement.room);
            for _ in 0..placement.each {
                let piece = self.next.len() as u32; // as many as there are keys
                if let Some(head) = self.heads.get_mut(row as usize) {
                    self.next.push(std::mem::replace(head, piece));
                }
            }
            let top = self.rooms.insert(left, row).unwrap_or(NONE);
            if let Some(below) = self.below.get_mut(row as usize) {
                *below = top;
            }
        }
    }

    /// A row with this room: a new one where it is a whole row's.
    fn take(&mut self, room: u32) -> u32 {
        if room == self.context {
            self.heads.push(NONE);
            self.below.push(NONE);
            return self.heads.len() as u32 - 1;
        }
        let top = self.rooms.remove(&room).unwrap_or(NONE);
        let below = self.below.get(top as usize).copied().unwrap_or(NONE);
        if below != NONE {
            self.rooms.insert(room, below);
        }
        top
    }
}

/// Documents in rows.
#[derive(Debug)]
pub struct Rows {
    context: u32,
    /// As in [`Pieces`], sorted.
    keys: Vec<u64>,
    next: Vec<u32>,
    heads: Vec<u32>,
}

impl Rows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The pieces of a row, from the shortest to the longest; none beyond the last row.
    pub fn row(&self, index: usize) -> impl Iterator<Item = Piece> + '_ {
        let first = self.heads.get(index).copied();
        let links = std::iter::successors(first, |piece| self.next.get(*piece as usize).copied());
        links.map_while(|piece| {
            let key = *self.keys.get(piece as usize)?;
            Some(Piece {
                start: key & ((1 << START_BITS) - 1),
                length: self.context - (key >> START_BITS) as u32,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::best_fit::tests::by_looking;

    fn pack(documents: &[u64], context: u32) -> Rows {
        let mut pieces = Pieces::new(context).unwrap();
        let mut start = 0;
        for length in documents {
            pieces.add(start, *length).unwrap();
            start += length;
        }
        pieces.pack()
    }

    proptest! {
        #[test]
        fn every_token_once_and_no_document_cut_that_fits(
            context in 1u32..40,
            documents in proptest::collection::vec(1u64..100, 0..150),
        ) {
            let rows = pack(&documents, context);
            let mut pieces: Vec<Piece> = Vec::new();
            let mut rooms = BTreeMap::new();
            for row in 0..rows.len() {
                let row: Vec<Piece> = rows.row(row).collect();
                let used: u32 = row.iter().map(|piece| piece.length).sum();
                prop_assert!(used <= context && used > 0);
                *rooms.entry(context - used).or_default() += 1;
                pieces.extend(row);
            }
            pieces.sort_by_key(|piece| piece.start);
            // The documents, cut by hand, are the pieces in order.
            let mut expected = Vec::new();
            let mut start = 0;
            for length in &documents {
                let cuts = (0..*length).step_by(context as usize);
                expected.extend(cuts.map(|at| Piece {
                    start: start + at,
                    length: (length - at).min(context.into()) as u32,
                }));
                start += length;
            }
            prop_assert_eq!(&pieces, &expected);
            let lengths: Vec<u32> = pieces.iter().map(|piece| piece.length).collect();
            prop_assert_eq!(rooms, by_looking(&lengths, context));
            prop_assert_eq!(rows.row(rows.len()).count(), 0);
        }
    }

    #[test]
    fn what_numbers_cannot_hold_is_refused() {
        assert!(Pieces::new(1 << 24).is_err());
        let mut pieces = Pieces::new((1 << 24) - 1).unwrap();
        pieces.add((1 << 40) - 5, 5).unwrap();
        let error = pieces.add((1 << 40) - 5, 6).unwrap_err().to_string();
        assert!(
            error.contains("tokens") && error.contains("concatenate"),
            "{error}"
        );
        let rows = pieces.pack();
        let expected = Piece {
            start: (1 << 40) - 5,
            length: 5,
        };
        assert_eq!(rows.row(0).collect::<Vec<_>>(), [expected]);
        assert!(Pieces::new(8).unwrap().pack().is_empty());
    }
}
