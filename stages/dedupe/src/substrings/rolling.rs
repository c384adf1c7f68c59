//! Hashes of all windows of a sequence, one after the other (Karp and Rabin 1987).

use crate::shingles::mix;

/// The Mersenne prime 2^61 - 1. A polynomial modulo 2^64 would be cheaper, but then the
/// Thue-Morse sequence makes windows equal whatever the base.
const PRIME: u64 = (1 << 61) - 1;

/// The base that a seed stands for: any number below the prime, except small ones, for which
/// windows would differ in a few bits only.
pub(super) fn base(seed: u64) -> u64 {
    (1 << 60) + mix(seed) % (1 << 60)
}

/// The polynomial of each window of `length` hashes, with these as coefficients: below 2^61, and
/// equal for two given windows that differ with a probability of `length` / 2^61.
pub(super) fn windows(hashes: &[u64], length: usize, base: u64) -> impl Iterator<Item = u64> {
    let length = length.max(1);
    let leaving = power(base, length);
    let mut value = hashes
        .iter()
        .take(length - 1)
        .fold(0, |value, hash| step(value, base, *hash));
    let mut first = None;
    let last = hashes.iter().skip(length - 1);
    last.zip(hashes).map(move |(last, next_first)| {
        value = step(value, base, *last);
        if let Some(first) = first.replace(*next_first) {
            value = reduce(value + PRIME - multiply(reduce(first), leaving));
        }
        value
    })
}

fn step(value: u64, base: u64, hash: u64) -> u64 {
    reduce(multiply(value, base) + reduce(hash))
}

fn power(base: u64, exponent: usize) -> u64 {
    (0..exponent).fold(1, |product, _| multiply(product, base))
}

/// The product of two numbers below the prime.
#[inline]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    reduce((product as u64 & PRIME) + (product >> 61) as u64)
}

/// A number modulo the prime.
#[inline]
fn reduce(x: u64) -> u64 {
    let x = (x & PRIME) + (x >> 61);
    if x >= PRIME { x - PRIME } else { x }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_those_of_the_definition(
            hashes in prop::collection::vec(any::<u64>(), 0..40), length in 1_usize..12, seed in 0_u64..9
        ) {
            let base = base(seed);
            prop_assert!(base < PRIME - 1);
            let big = |x: u64| u128::from(x) % u128::from(PRIME);
            let expected: Vec<u64> = hashes.windows(length).map(|window| {
                window.iter().fold(0, |sum, hash| (sum * u128::from(base) + big(*hash)) % u128::from(PRIME)) as u64
            }).collect();
            prop_assert_eq!(windows(&hashes, length, base).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn thue_morse_windows_are_apart() {
        // Modulo 2^64 the polynomials of the sequence and of its complement are equal from
        // 2^11 members on.
        let sequence: Vec<u64> = (0_u64..1 << 13)
            .map(|i| u64::from(i.count_ones() % 2))
            .collect();
        let values: std::collections::HashSet<u64> = windows(&sequence, 1 << 12, base(1)).collect();
        let distinct: std::collections::HashSet<&[u64]> = sequence.windows(1 << 12).collect();
        assert_eq!(values.len(), distinct.len());
    }
}
