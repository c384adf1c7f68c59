//! Micro-batches of rows that a stream is read into.

use tch::Tensor;
use textmill_model::NO_TARGET;
use textmill_packing::Piece;

use crate::Error;
use crate::corpus::TokenStream;

/// How rows become tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowFormat {
    /// Tokens a row.
    pub context: u64,
    /// The token that fills rows up.
    pub padding: u32,
    /// Whether documents of a row are kept apart.
    pub apart: bool,
    /// Whether tokens see those behind them, so that padding must be hidden from them.
    pub both_ways: bool,
}

/// Token ids and what follows each: int64, `[rows, tokens]` both.
#[derive(Debug)]
pub(crate) struct Batch {
    pub tokens: Tensor,
    pub targets: Tensor,
    /// Where each token stands in its document, int64 `[rows, tokens]`, if documents are kept
    /// apart.
    pub positions: Option<Tensor>,
    /// Tokens of each row without its padding, int64 `[rows]`, if there is some that must be
    /// hidden.
    pub lengths: Option<Tensor>,
}

impl Batch {
    /// Reads rows, each of pieces of a stream. What follows the last token of a piece is what
    /// follows it in the stream: the rest of its document, or the end of it. The rest of a row is
    /// padding, without targets.
    pub fn read(
        stream: &TokenStream,
        rows: &[Vec<Piece>],
        format: RowFormat,
    ) -> Result<Self, Error> {
        let (mut tokens, mut targets) = (Vec::<i64>::new(), Vec::<i64>::new());
        let mut positions = Vec::<i64>::new();
        let mut lengths = Vec::<i64>::new();
        for (row, pieces) in (1..).zip(rows) {
            for piece in pieces {
                let read = stream.read(piece.start, u64::from(piece.length) + 1)?;
                tokens.extend(read.iter().take(piece.length as usize));
                targets.extend(read.iter().skip(1));
                positions.extend(0..i64::from(piece.length));
            }
            let end = row * format.context as usize;
            let padding = end.saturating_sub(tokens.len()) as i64;
            lengths.push(format.context as i64 - padding);
            positions.extend(0..padding);
            tokens.resize(end, format.padding.into());
            targets.resize(end, NO_TARGET);
        }
        let padded = lengths.iter().any(|length| *length < format.context as i64);
        let hidden = padded && format.both_ways && !format.apart;
        let lengths = hidden.then(|| Tensor::f_from_slice(&lengths));
        let shape = [rows.len() as i64, format.context as i64];
        let tensor = |values: &[i64]| Tensor::f_from_slice(values)?.f_reshape(shape);
        Ok(Self {
            tokens: tensor(&tokens)?,
            targets: tensor(&targets)?,
            positions: format.apart.then(|| tensor(&positions)).transpose()?,
            lengths: lengths.transpose()?,
        })
    }

    /// Its rows in batches of at most so many, each with the number of its first row.
    pub fn split(&self, rows: u64) -> Result<Vec<(u64, Self)>, Error> {
        let (all, rows) = (self.tokens.size()[0], rows.max(1) as i64);
        let mut parts = Vec::new();
        for first in (0..all).step_by(rows as usize) {
            let part = |tensor: &Tensor| tensor.f_narrow(0, first, rows.min(all - first));
            let batch = Self {
                tokens: part(&self.tokens)?,
                targets: part(&self.targets)?,
                positions: self.positions.as_ref().map(part).transpose()?,
                lengths: self.lengths.as_ref().map(part).transpose()?,
            };
            parts.push((first as u64, batch));
        }
        Ok(parts)
    }
}

impl Batch {
    /// How many tokens have a target.
    pub fn count_targets(&self) -> Result<u64, Error> {
        let count = self.targets.f_ne(NO_TARGET)?.f_sum(tch::Kind::Int64)?;
        Ok(count.f_int64_value(&[])? as u64)
    }
}

/// Tokens in some rows, without padding.
pub(crate) fn tokens(rows: &[Vec<Piece>]) -> u64 {
    let pieces = rows.iter().flatten();
    pieces.map(|piece| u64::from(piece.length)).sum()
}

/// Up to `limit` (0 for all) disjoint windows, spread evenly: the same ones at every measurement.
pub(crate) fn validation_windows(length: u64, context: u64, limit: u64) -> Vec<Piece> {
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
    (0..count).map(window).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contents::Times;
    use crate::corpus::Vocabulary;
    use crate::test_support::{context, write_shard};

    proptest! {
        #[test]
        fn validation_windows_are_disjoint(
            length in 1u64..5000, context in 1u64..64, limit in 0u64..40,
        ) {
            let windows = validation_windows(length, context, limit);
            let starts: Vec<u64> = windows.iter().map(|window| window.start).collect();
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
        let format = |apart| RowFormat {
            context: 5,
            padding: 9,
            apart,
            both_ways: true,
        };
        let stream = stream.unwrap();
        let batch = Batch::read(&stream, &rows, format(false)).unwrap();
        assert!(batch.positions.is_none());
        assert_eq!(batch.count_targets().unwrap(), 13);
        let lengths = Vec::<i64>::try_from(batch.lengths.as_ref().unwrap()).unwrap();
        assert_eq!(lengths, [5, 3, 5]);
        let values = |tensor: &Tensor| Vec::<Vec<i64>>::try_from(tensor).unwrap();
        let none = NO_TARGET;
        let expected = [[9, 1, 2, 9, 6], [9, 3, 4, 9, 9], [5, 9, 6, 9, 1]];
        assert_eq!(values(&batch.tokens), expected);
        let expected = [[1, 2, 9, 6, 9], [3, 4, 5, none, none], [9, 6, 9, 1, 2]];
        assert_eq!(values(&batch.targets), expected);

        let batch = Batch::read(&stream, &rows, format(true)).unwrap();
        let expected = [[0, 1, 2, 0, 1], [0, 1, 2, 0, 1], [0, 1, 2, 3, 4]];
        assert_eq!(values(batch.positions.as_ref().unwrap()), expected);
        let parts = batch.split(2).unwrap();
        let shapes: Vec<_> = parts
            .iter()
            .map(|(first, b)| (*first, b.tokens.size()))
            .collect();
        assert_eq!(shapes, [(0, vec![2, 5]), (2, vec![1, 5])]);
        let last = parts[1].1.positions.as_ref().unwrap();
        assert_eq!(values(last), [[0, 1, 2, 3, 4]]);
    }
}
