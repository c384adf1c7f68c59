//! Which documents are scored, and in what portions.

use textmill_schemas::{ShardReader, Side, StageInput, Tokens};

use crate::Error;
use crate::inputs::{Vocabulary, shards};
use crate::scoring::Shape;

/// Some of a side's documents: `count` of `total`, evenly spread.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Draw {
    count: u64,
    total: u64,
}

impl Draw {
    /// At most so many documents of a side; 0 is all.
    pub fn new(tokenized: &StageInput, side: Side, most: u64) -> Self {
        let total: u64 = shards(tokenized, side).map(|(_, shard)| shard.rows).sum();
        let count = match most {
            0 => total,
            most => total.min(most),
        };
        Self { count, total }
    }

    /// Documents drawn.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    fn takes(self, number: u64) -> bool {
        let before =
            |n: u64| u128::from(n) * u128::from(self.count) / u128::from(self.total.max(1));
        before(number + 1) > before(number)
    }
}

/// Reads the drawn documents of a side, and gives them on in portions of about so many windows.
pub(crate) fn each_chunk(
    tokenized: &StageInput,
    vocabulary: Vocabulary,
    side: Side,
    draw: Draw,
    shape: Shape,
    most: usize,
    mut each: impl FnMut(&[Tokens]) -> Result<(), Error>,
) -> Result<(), Error> {
    if draw.is_empty() {
        return Ok(());
    }
    let (mut number, mut windows) = (0, 0);
    let mut chunk = Vec::new();
    for (path, _) in shards(tokenized, side) {
        for group in ShardReader::<Tokens>::open(&path)? {
            for document in group? {
                number += 1;
                if !draw.takes(number - 1) {
                    continue;
                }
                vocabulary.check(&path, &document)?;
                windows += shape.windows(&document);
                chunk.push(document);
                if windows >= most {
                    each(&std::mem::take(&mut chunk))?;
                    windows = 0;
                }
            }
        }
    }
    match chunk.is_empty() {
        true => Ok(()),
        false => each(&chunk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_drawn_evenly() {
        let taken = |count, total| -> Vec<u64> {
            let draw = Draw { count, total };
            (0..total).filter(|&number| draw.takes(number)).collect()
        };
        assert_eq!(taken(3, 10), [3, 6, 9]);
        assert_eq!(taken(4, 4), [0, 1, 2, 3]);
        assert!(taken(0, 4).is_empty());
    }
}
