//! Matrices in few bytes, for a page: a byte a number.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::square::Square;

/// Shares of 0 to 1 as bytes, row by row up to the diagonal: 255 · √share, rounded. The root
/// keeps small shares apart: the error is below 1/255 · √share + 1/4 · 1/255².
pub(crate) fn shares<'a>(squares: impl IntoIterator<Item = &'a Square>) -> Vec<u8> {
    let rows = squares.into_iter().flat_map(Square::causal_rows);
    rows.flatten().map(|share| byte(*share)).collect()
}

fn byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0).sqrt() * 255.0).round() as u8
}

/// Signed numbers as bytes, −127 to 127, and what one step is worth.
pub(crate) fn signed(values: &[f32]) -> (f32, Vec<u8>) {
    let largest = values
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    let steps = values.iter().map(|value| (value / step).round() as i8);
    (step, steps.map(|steps| steps as u8).collect())
}

/// Bytes as text.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Numbers of four bytes each, little-endian.
pub(crate) fn floats(values: impl Iterator<Item = f32>) -> String {
    base64(&values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
}

/// The same of ids.
pub(crate) fn integers(values: impl Iterator<Item = u32>) -> String {
    base64(&values.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_diagonal_ends_a_row() {
        let square = Square::new(2, vec![1.0, 0.5, 0.25, 0.75]);
        assert_eq!(shares([&square, &square]), [255, 128, 221, 255, 128, 221]);
        assert_eq!(signed(&[0.0, 0.0]), (1.0, vec![0, 0]));
        assert_eq!(signed(&[-2.54, 1.27]), (0.02, vec![129, 64]));
    }

    proptest! {
        #[test]
        fn shares_come_back_to_a_255th(share in 0.0f32..=1.0) {
            let back = (f32::from(byte(share)) / 255.0).powi(2);
            let bound = share.sqrt() / 255.0 + 0.25 / (255.0 * 255.0) + 1e-6;
            prop_assert!((back - share).abs() <= bound, "{} {}", share, back);
        }

        #[test]
        fn signed_numbers_come_back_to_half_a_step(values in prop::collection::vec(-1e3f32..1e3, 1..20)) {
            let (step, bytes) = signed(&values);
            for (value, byte) in values.iter().zip(bytes) {
                let back = f32::from(byte as i8) * step;
                prop_assert!((back - value).abs() <= step * 0.501);
            }
        }
    }
}
