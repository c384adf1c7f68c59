//! Micro-batches of rows that a stream is read into.

use tch::Tensor;
use textmill_model::NO_TARGET;
use textmill_packing::Piece;

use crate::Error;
use crate::corpus::TokenStream;

/// Token ids and what follows each: int64, `[rows, tokens]` both.
#[derive(Debug)]
pub(crate) struct Batch {
    pub tokens: Tensor,
    pub targets: Tensor,
}

impl Batch {
    /// Reads rows of `context` tokens, each of pieces of a stream. What follows the last token of
    /// a piece is what follows it in the stream: the rest of its document, or the end of it. The
    /// rest of a row is `padding`, without targets.
    pub fn read(
        stream: &mut TokenStream,
        rows: &[Vec<Piece>],
        context: u64,
        padding: u32,
    ) -> Result<Self, Error> {
        let (mut tokens, mut targets) = (Vec::<i64>::new(), Vec::<i64>::new());
        for (row, pieces) in (1..).zip(rows) {
            for piece in pieces {
                let read = stream.read(piece.start, u64::from(piece.length) + 1)?;
                tokens.extend(read.iter().take(piece.length as usize));
                targets.extend(read.iter().skip(1));
            }
            tokens.resize(row * context as usize, padding.into());
            targets.resize(row * context as usize, NO_TARGET);
        }
        let shape = [rows.len() as i64, context as i64];
        Ok(Self {
            tokens: Tensor::f_from_slice(&tokens)?.f_reshape(shape)?,
            targets: Tensor::f_from_slice(&targets)?.f_reshape(shape)?,
        })
    }
}

/// Tokens in some rows, without padding.
pub(crate) fn tokens(rows: &[Vec<Piece>]) -> u64 {
    let pieces = rows.iter().flatten();
    pieces.map(|piece| u64::from(piece.length)).sum()
}

/// Up to `limit` (0 for all) disjoint windows, spread evenly: the same ones at every measurement.
pub(crate) fn validation_rows(length: u64, context: u64, limit: u64) -> Vec<Vec<Piece>> {
    let windows = (length / context).max(1);
    let count = if limit == 0 {
        windows
    } else {
        limit.min(windows)
    };
    let window = |i| Piece {
        start: i * windows / count * context,
        length: context as u32,
    };
    (0..count).map(|i| vec![window(i)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus::{Times, Vocabulary};
    use crate::test_support::{context, write_shard};

    proptest! {
        #[test]
        fn validation_windows_are_disjoint(
            length in 1u64..5000, context in 1u64..64, limit in 0u64..40,
        ) {
            let rows = validation_rows(length, context, limit);
            prop_assert!(rows.iter().all(|row| row.len() == 1));
            let starts: Vec<u64> = rows.iter().map(|row| row[0].start).collect();
            prop_assert!(!starts.is_empty());
            prop_assert!(starts.windows(2).all(|pair| pair[1] >= pair[0] + context));
            prop_assert!(starts.iter().all(|start| *start == 0 || start + context <= length));
        }
    }

    #[test]
    fn targets_go_on_in_the_stream_and_padding_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let documents = [vec![1, 2], vec![3, 4, 5], vec![6]];
        let shard = write_shard(dir.path(), "part-00000.parquet", &documents);
        let (path, ctx) = (dir.path().join("train.tokens"), context(dir.path()));
        let vocabulary = Vocabulary { size: 100, eot: 9 };
        let times = Times::Once;
        // 9 1 2  9 3 4 5  9 6
        let stream = TokenStream::pack(&path, &[shard], times, vocabulary, None, &ctx.borrow());
        let piece = |start, length| Piece { start, length };
        let rows = [
            vec![piece(0, 3), piece(7, 2)], // two whole documents, the last of the stream too
            vec![piece(3, 3)],              // cut
            vec![piece(6, 5)],              // around the end of the stream
        ];
        assert_eq!(tokens(&rows), 13);
        let batch = Batch::read(&mut stream.unwrap(), &rows, 5, 9).unwrap();
        let values = |tensor: &Tensor| Vec::<Vec<i64>>::try_from(tensor).unwrap();
        let none = NO_TARGET;
        let expected = [[9, 1, 2, 9, 6], [9, 3, 4, 9, 9], [5, 9, 6, 9, 1]];
        assert_eq!(values(&batch.tokens), expected);
        let expected = [[1, 2, 9, 6, 9], [3, 4, 5, none, none], [9, 6, 9, 1, 2]];
        assert_eq!(values(&batch.targets), expected);
    }
}
