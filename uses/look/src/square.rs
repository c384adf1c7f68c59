//! Square matrices of a causal model: row i is what position i says of positions 0 to i.

use serde::ser::{Serialize, SerializeSeq, Serializer};

/// A square matrix, row by row, nothing above the diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    side: usize,
    values: Vec<f32>,
}

impl Square {
    /// A matrix of `side` rows from its values, row by row; missing ones are 0.
    #[must_use]
    pub fn new(side: usize, mut values: Vec<f32>) -> Self {
        values.resize(side * side, 0.0);
        Self { side, values }
    }

    /// The number of rows.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// The rows, whole.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.side.max(1))
    }

    /// The rows up to the diagonal.
    pub fn causal_rows(&self) -> impl Iterator<Item = &[f32]> {
        self.rows()
            .enumerate()
            .map(|(row, values)| values.get(..=row).unwrap_or(values))
    }
}

/// As a list of rows.
impl Serialize for Square {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.side))?;
        for row in self.rows() {
            rows.serialize_element(row)?;
        }
        rows.end()
    }
}
