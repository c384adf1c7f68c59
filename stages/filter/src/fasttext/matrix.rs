//! Matrices of vectors, dense or product-quantized.

use std::io::{Read, Write};

use super::file::{Damage, Sink, Source};

/// Centroids of each part of a quantized vector: one byte tells which.
const CENTROIDS: usize = 256;

/// Vectors as the rows of a matrix.
#[derive(Clone, Debug)]
pub(crate) enum Matrix {
    /// Row after row.
    Dense { dim: usize, values: Vec<f32> },
    /// Jégou et al. 2011, "Product quantization for nearest neighbor search".
    Quantized(Quantized),
}

/// Vectors in parts, each of which is the nearest of 256.
#[derive(Clone, Debug)]
pub(crate) struct Quantized {
    rows: usize,
    codes: Vec<u8>,
    parts: Quantizer,
    /// Codes of the vectors' lengths, if these are kept apart.
    norms: Option<(Vec<u8>, Quantizer)>,
}

/// The centroids that codes stand for.
#[derive(Clone, Debug)]
struct Quantizer {
    /// Number of parts of a vector, and the lengths of all but the last and of the last.
    parts: usize,
    length: usize,
    last: usize,
    centroids: Vec<f32>,
}

impl Matrix {
    pub(super) fn read(
        source: &mut Source<impl Read>,
        quantized: bool,
        dim: usize,
    ) -> Result<Self, Damage> {
        if quantized {
            return Quantized::read(source, dim).map(Self::Quantized);
        }
        let (rows, columns) = (source.i64()?, source.i64()?);
        check_dim(columns, dim)?;
        let count = rows.checked_mul(columns).filter(|_| rows >= 0);
        let values = source.floats(count.unwrap_or(i64::MAX))?;
        Ok(Self::Dense { dim, values })
    }

    /// Writes a dense matrix; only such are ever written.
    pub(super) fn write(&self, sink: &mut Sink<impl Write>) -> std::io::Result<()> {
        let Self::Dense { dim, values } = self else {
            return Err(std::io::Error::other("quantized models are not written"));
        };
        sink.i64((values.len() / dim) as i64)?;
        sink.i64(*dim as i64)?;
        values.iter().try_for_each(|value| sink.f32(*value))
    }

    pub fn rows(&self) -> usize {
        match self {
            Self::Dense { dim, values } => values.len() / dim,
            Self::Quantized(quantized) => quantized.rows,
        }
    }

    /// Adds a row to `sum`.
    #[inline]
    pub fn add_row(&self, row: usize, sum: &mut [f32]) {
        match self {
            Self::Dense { dim, values } => {
                let row = &values[row * dim..(row + 1) * dim];
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            Self::Quantized(quantized) => {
                let norm = quantized.norm(row);
                quantized.each_part(row, |start, part| {
                    for (sum, value) in sum[start..].iter_mut().zip(part) {
                        *sum += norm * value;
                    }
                });
            }
        }
    }

    /// The dot product of a row and `vector`.
    pub fn dot_row(&self, row: usize, vector: &[f32]) -> f32 {
        match self {
            Self::Dense { dim, values } => dot(&values[row * dim..(row + 1) * dim], vector),
            Self::Quantized(quantized) => {
                let mut sum = 0.0;
                quantized.each_part(row, |start, part| sum += dot(part, &vector[start..]));
                sum * quantized.norm(row)
            }
        }
    }
}

/// Sums in eight lanes, which compilers turn into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<8>();
    let (b_lanes, b_rest) = b[..a.len().min(b.len())].as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

fn check_dim(columns: i64, dim: usize) -> Result<(), Damage> {
    match dim > 0 && columns == dim as i64 {
        true => Ok(()),
        false => Err(Damage(format!(
            "a matrix has {columns} columns, its vectors {dim}"
        ))),
    }
}

impl Quantized {
    fn read(source: &mut Source<impl Read>, dim: usize) -> Result<Self, Damage> {
        let with_norms = source.flag()?;
        let (rows, columns) = (source.i64()?, source.i64()?);
        check_dim(columns, dim)?;
        let code_size = i64::from(source.i32()?);
        let codes = source.bytes(code_size)?;
        let parts = Quantizer::read(source, dim)?;
        if rows < 0 || rows.checked_mul(parts.parts as i64) != Some(code_size) {
            return Err(Damage(
                "a quantized matrix has codes for other rows than its own".into(),
            ));
        }
        let norms = match with_norms {
            true => Some((source.bytes(rows)?, Quantizer::read(source, 1)?)),
            false => None,
        };
        let rows = rows as usize;
        Ok(Self {
            rows,
            codes,
            parts,
            norms,
        })
    }

    fn norm(&self, row: usize) -> f32 {
        match &self.norms {
            Some((codes, quantizer)) => quantizer.centroids[usize::from(codes[row])],
            None => 1.0,
        }
    }

    /// Hands over the parts of a row, each with its place in the vector.
    #[inline]
    fn each_part(&self, row: usize, mut each: impl FnMut(usize, &[f32])) {
        let parts = &self.parts;
        let codes = &self.codes[row * parts.parts..(row + 1) * parts.parts];
        for (number, &code) in codes.iter().enumerate() {
            let length = if number + 1 == parts.parts {
                parts.last
            } else {
                parts.length
            };
            let start = number * parts.length;
            let at = start * CENTROIDS + usize::from(code) * length;
            each(start, &parts.centroids[at..at + length]);
        }
    }
}

impl Quantizer {
    fn read(source: &mut Source<impl Read>, dim: usize) -> Result<Self, Damage> {
        let mut sizes = [0; 4];
        for size in &mut sizes {
            *size = usize::try_from(source.i32()?).unwrap_or(0);
        }
        let [all, parts, length, last] = sizes;
        let whole = parts
            .checked_sub(1)
            .and_then(|full| full.checked_mul(length)?.checked_add(last));
        if all != dim || whole != Some(dim) || last > length {
            return Err(Damage(format!(
                "a quantizer parts vectors of {all} into {parts} of {length} and {last}"
            )));
        }
        let centroids = source.floats((dim as i64).saturating_mul(CENTROIDS as i64))?;
        Ok(Self {
            parts,
            length,
            last,
            centroids,
        })
    }
}
