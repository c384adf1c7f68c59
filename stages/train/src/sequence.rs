//! All documents of a corpus in the order of one epoch.

use rand_chacha::rand_core::Rng;
use textmill_packing::Piece;

use crate::documents::Documents;
use crate::order::shuffle;

/// Documents between two marks.
const MARK_EVERY: usize = 64;

/// A permutation of the documents, read as one circular stream.
///
/// Memory: 4 bytes a document, and an eighth of a byte for the marks that places are found by.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    order: Vec<u32>,
    /// Where every 64th document begins.
    marks: Vec<u64>,
}

impl Sequence {
    /// Any order is as likely as any other. There are at most 2³² documents, none without
    /// tokens.
    pub fn shuffled(documents: &Documents, rng: &mut impl Rng) -> Self {
        let mut order: Vec<u32> = (0..documents.count() as u32).collect();
        shuffle(&mut order, rng);
        let (mut marks, mut at) = (Vec::with_capacity(order.len() / MARK_EVERY + 1), 0);
        for (place, document) in order.iter().enumerate() {
            if place.is_multiple_of(MARK_EVERY) {
                marks.push(at);
            }
            at += documents.span(*document as usize).1;
        }
        Self { order, marks }
    }

    /// `count` tokens from `start` on, going round at the end.
    pub fn pieces(&self, documents: &Documents, start: u64, count: u64) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mark = self.marks.partition_point(|mark| *mark <= start);
        let mark = mark.saturating_sub(1);
        let mut skip = start - self.marks.get(mark).copied().unwrap_or(start);
        let mut left = count;
        let places = self.order.iter().cycle().skip(mark * MARK_EVERY);
        for document in places {
            if left == 0 {
                break;
            }
            let (first, tokens) = documents.span(*document as usize);
            if tokens <= skip {
                skip -= tokens;
                continue;
            }
            let length = (tokens - skip).min(left);
            pieces.push(Piece {
                start: first + skip,
                length: length as u32, // no more than a row has
            });
            (skip, left) = (0, left - length);
        }
        pieces
    }
}
