//! Elements, sums and the exponential as the kernels need them: written so that the compiler
//! turns them into vector code for whatever the processor has.

use half::bf16;
use tch::Kind;

/// Sums are taken in this many lanes, so that they are the same on every processor.
const LANES: usize = 16;

/// A number format that activations are stored in; all arithmetic is fp32.
pub(crate) trait Element: Copy + Send + Sync + 'static {
    const KIND: Kind;
    fn get(self) -> f32;
    /// Rounded to nearest, ties to even.
    fn of(value: f32) -> Self;
}

impl Element for f32 {
    const KIND: Kind = Kind::Float;

    #[inline(always)]
    fn get(self) -> f32 {
        self
    }

    #[inline(always)]
    fn of(value: f32) -> Self {
        value
    }
}

impl Element for bf16 {
    const KIND: Kind = Kind::BFloat16;

    #[inline(always)]
    fn get(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn of(value: f32) -> Self {
        let bits = value.to_bits();
        // Branch-free, which bf16::from_f32 is not.
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        Self::from_bits(if value.is_nan() {
            0x7fc0
        } else {
            rounded as u16
        })
    }
}

/// Sum of `f` over the elements.
#[inline(always)]
pub(crate) fn sum<E: Element>(x: &[E], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x.get());
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(x.get());
    }
    lanes.iter().sum()
}

/// Sum of `f` over pairs of elements.
#[inline(always)]
pub(crate) fn sum2<A: Element, B: Element>(a: &[A], b: &[B], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    let (others, other_rest) = b.as_chunks::<LANES>();
    for (a, b) in chunks.iter().zip(others) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += f(a.get(), b.get());
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest.iter().zip(other_rest)) {
        *lane += f(a.get(), b.get());
    }
    lanes.iter().sum()
}

/// The largest element; −∞ of none.
#[inline(always)]
pub(crate) fn max<E: Element>(x: &[E]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let take = |lane: &mut f32, x: &E| *lane = larger(*lane, x.get());
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            take(lane, x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        take(lane, x);
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, larger)
}

/// NaN comes through: a diverged network may not look sound.
#[inline(always)]
fn larger(most: f32, x: f32) -> f32 {
    if x > most || x.is_nan() { x } else { most }
}

/// eˣ within 1.2 · 10⁻⁷ of its value, after Cephes' `expf` (Moshier 1992): 2ⁿ times a polynomial
/// on |r| ≤ ln 2 / 2. Below −87.3 it stays at e⁻⁸⁷·³, above 88.3 at e⁸⁸·³.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.3);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4f32;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = p * r + coefficient;
    }
    let power = f32::from_bits(((n as i32).wrapping_add(127) as u32) << 23);
    (p * (r * r) + r + 1.0) * power
}

/// 1 / (1 + e⁻ˣ)
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_to_the_last_bit_or_two() {
        for i in -8730..8830 {
            let x = i as f32 * 0.01;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1.2e-7, "{x}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(-1000.0) < 1e-37);
    }

    #[test]
    fn bf16_rounds_as_the_library_does() {
        for i in 0..100_000u32 {
            let value = f32::from_bits(i.wrapping_mul(2_654_435_761));
            let (ours, theirs) = (<bf16 as Element>::of(value), bf16::from_f32(value));
            assert!(ours == theirs || value.is_nan(), "{value}");
            assert_eq!(ours.is_nan(), value.is_nan());
        }
    }

    #[test]
    fn sums_and_maxima_see_every_element() {
        for length in [0, 1, 15, 16, 17, 100] {
            let x: Vec<f32> = (0..length).map(|i| (i * 7 % 31) as f32).collect();
            assert_eq!(sum(&x, |x| x), x.iter().sum::<f32>());
            assert_eq!(
                sum2(&x, &x, |a, b| a * b),
                x.iter().map(|x| x * x).sum::<f32>()
            );
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
        assert!(max(&[1.0, f32::NAN, 2.0]).is_nan());
    }
}
