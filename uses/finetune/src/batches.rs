//! Rows of token ids, and the batches that they make.

use tch::{Device, Tensor};
use textmill_model::NO_TARGET;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;

/// What a row is to teach.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The token behind each token, or [`NO_TARGET`].
    Next(Vec<i64>),
    /// A class, read off the last token.
    Class(i64),
    /// First and last token of an answer that lies behind `from`.
    Span { from: i64, first: i64, last: i64 },
}

/// A row of token ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub tokens: Vec<i64>,
    pub goal: Goal,
}

impl Row {
    /// What the loss is counted by: targets.
    pub fn weight(&self) -> usize {
        match &self.goal {
            Goal::Next(targets) => targets
                .iter()
                .filter(|target| **target != NO_TARGET)
                .count(),
            Goal::Class(_) | Goal::Span { .. } => 1,
        }
    }
}

/// Batches that are sorted by length together: rows of a batch are about as long as each other.
const POOL: usize = 32;

/// The rows of an epoch, as batches of row numbers: an order by seed and epoch, rows of about the
/// same length together, batches in an order by seed again.
pub(crate) fn batches(rows: &[Row], batch: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let hash = |what: u64, index: usize| {
        let place = [
            what.to_le_bytes(),
            epoch.to_le_bytes(),
            (index as u64).to_le_bytes(),
        ];
        xxh3_64_with_seed(&place.concat(), seed)
    };
    let length = |index: usize| rows.get(index).map_or(0, |row| row.tokens.len());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| (hash(0, index), index));
    let mut all = Vec::new();
    for pool in order.chunks_mut(batch.max(1) * POOL) {
        pool.sort_by_key(|&index| length(index));
        all.extend(pool.chunks(batch.max(1)).map(<[usize]>::to_vec));
    }
    let mut numbered: Vec<(usize, Vec<usize>)> = all.into_iter().enumerate().collect();
    numbered.sort_by_key(|(index, _)| (hash(1, *index), *index));
    numbered.into_iter().map(|(_, batch)| batch).collect()
}

/// All rows in batches of about the same length, as row numbers; for measuring.
pub(crate) fn by_length(rows: &[Row], batch: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| rows.get(index).map_or(0, |row| row.tokens.len()));
    order.chunks(batch.max(1)).map(<[usize]>::to_vec).collect()
}

/// Token ids `[rows, longest]`, int64; what stands behind a row no token of it sees.
pub(crate) fn tokens(rows: &[&Row], device: Device) -> Result<Tensor, Error> {
    padded(rows, device, 0, |row| &row.tokens)
}

/// Targets of the same shape; [`NO_TARGET`] behind the rows and where they have none.
pub(crate) fn targets(rows: &[&Row], device: Device) -> Result<Tensor, Error> {
    padded(rows, device, NO_TARGET, |row| match &row.goal {
        Goal::Next(targets) => targets,
        _ => &[],
    })
}

fn padded<'a>(
    rows: &[&'a Row],
    device: Device,
    padding: i64,
    values: impl Fn(&'a Row) -> &'a [i64],
) -> Result<Tensor, Error> {
    let longest = rows.iter().map(|row| row.tokens.len()).max().unwrap_or(0);
    let mut ids = Vec::with_capacity(rows.len() * longest);
    for row in rows {
        let end = ids.len() + longest;
        ids.extend(values(row));
        ids.resize(end, padding);
    }
    let ids = Tensor::f_from_slice(&ids)?.f_reshape([rows.len() as i64, longest as i64])?;
    Ok(ids.f_to_device(device)?)
}

/// Tokens of each row without its padding, int64 `[rows]`.
pub(crate) fn lengths(rows: &[&Row], device: Device) -> Result<Tensor, Error> {
    let lengths: Vec<i64> = rows.iter().map(|row| row.tokens.len() as i64).collect();
    Ok(Tensor::f_from_slice(&lengths)?.f_to_device(device)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(lengths: &[usize]) -> Vec<Row> {
        let row = |&length: &usize| Row {
            tokens: vec![1; length],
            goal: Goal::Class(0),
        };
        lengths.iter().map(row).collect()
    }

    proptest! {
        #[test]
        fn each_row_is_in_one_batch_of_every_epoch(
            lengths in prop::collection::vec(1usize..50, 1..300),
            batch in 1usize..9,
        ) {
            let rows = rows(&lengths);
            for batches in [batches(&rows, batch, 1, 0), batches(&rows, batch, 1, 1), by_length(&rows, batch)] {
                prop_assert!(batches.iter().all(|one| one.len() <= batch && !one.is_empty()));
                let mut all: Vec<usize> = batches.concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn epochs_and_seeds_have_orders_of_their_own() {
        let rows = rows(&(1..200).collect::<Vec<_>>());
        let first = batches(&rows, 4, 1, 0);
        assert_eq!(batches(&rows, 4, 1, 0), first);
        assert_ne!(batches(&rows, 4, 1, 1), first);
        assert_ne!(batches(&rows, 4, 2, 0), first);
    }

    #[test]
    fn rows_are_padded_at_their_ends() {
        let row = Row {
            tokens: vec![5, 6],
            goal: Goal::Next(vec![6, NO_TARGET]),
        };
        let long = Row {
            tokens: vec![7, 8, 9],
            goal: Goal::Next(vec![8, 9, 1]),
        };
        assert_eq!((row.weight(), long.weight()), (1, 3));
        let rows = [&row, &long];
        let ids = |tensor: Tensor| Vec::<i64>::try_from(tensor.reshape([-1])).unwrap();
        assert_eq!(ids(tokens(&rows, Device::Cpu).unwrap()), [5, 6, 0, 7, 8, 9]);
        assert_eq!(
            ids(targets(&rows, Device::Cpu).unwrap()),
            [6, -100, -100, 8, 9, 1]
        );
        assert_eq!(ids(lengths(&rows, Device::Cpu).unwrap()), [2, 3]);
    }
}
