//! Chinese resident identity numbers (GB 11643-1999), and the older ones of 15 digits (GB 11643-1989),
//! which have no check digit, beside a word that says so.

use super::Item;
use super::context::{Context, Reach};
use super::number::Number;
use crate::config::PrivateKind;

/// Weights of the first 17 digits (ISO 7064 mod 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the remainder of the weighted sum.
const CHECKS: [u8; 11] = *b"10X98765432";

/// A resident identity number: region, day of birth, and check digit must all be right.
pub(super) fn number(number: &Number, text: &str) -> Option<Item> {
    let (start, digits_end) = *number.groups().first()?;
    let bytes = text.as_bytes();
    let mut shape = number.shape();
    let (end, id) = match digits_end - start {
        18 => (digits_end, text.get(start..digits_end)?.to_owned()),
        17 => (digits_end + 1, text.get(start..digits_end + 1)?.to_owned()),
        15 => (digits_end, text.get(start..digits_end)?.to_owned()),
        // "110105 19491231 002X"
        6 if shape.nth(1) == Some(8) => {
            let last = number.groups().get(2)?;
            let end = last.0 + 4;
            let sign = |c: char| c.is_ascii_alphanumeric();
            (
                end,
                text.get(start..end)?.chars().filter(|c| sign(*c)).collect(),
            )
        }
        _ => return None,
    };
    let id = id.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let glued = start
        .checked_sub(1)
        .and_then(|i| bytes.get(i))
        .is_some_and(word)
        || bytes.get(end).is_some_and(word);
    let old = || is_old(id) && Context::before(text, start, Reach::Near).identity();
    (!glued && (is_valid(id) || old())).then_some(Item {
        kind: PrivateKind::ResidentId,
        range: start..end,
    })
}

/// Region, and a day of birth in the twentieth century.
fn is_old(id: &[u8]) -> bool {
    let number = |from: usize, to: usize| {
        let digits = id.get(from..to).unwrap_or_default();
        digits
            .iter()
            .fold(0u32, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0')))
    };
    id.len() == 15
        && is_region(number(0, 2))
        && is_day(1900 + number(6, 8), number(8, 10), number(10, 12))
}

fn is_valid(id: &[u8]) -> bool {
    let [head @ .., check] = id else { return false };
    let number = |range: std::ops::Range<usize>| {
        id.get(range)
            .unwrap_or_default()
            .iter()
            .fold(0u32, |n, b| n * 10 + u32::from(b.wrapping_sub(b'0')))
    };
    if head.len() != 17 || !head.iter().all(u8::is_ascii_digit) || !is_region(number(0..2)) {
        return false;
    }
    if !is_day(number(6..10), number(10..12), number(12..14)) {
        return false;
    }
    let sum: u32 = head
        .iter()
        .zip(WEIGHTS)
        .map(|(b, weight)| u32::from(b - b'0') * weight)
        .sum();
    CHECKS.get(sum as usize % 11) == Some(&check.to_ascii_uppercase())
}

/// First two digits of a region code (GB/T 2260), those for residents of Hong Kong, Macao and
/// Taiwan included.
fn is_region(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1800..2100).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_checked() {
        assert!(is_valid(b"11010519491231002X") && is_valid(b"11010519491231002x"));
        assert!(!is_valid(b"110105194912310021"));
        assert!(!is_valid(b"99010519491231002X"));
        assert!(!is_valid(b"11010519491331002X"));
        assert!(
            is_day(2000, 2, 29)
                && !is_day(1900, 2, 29)
                && is_valid(b"440524188001010014")
                && !is_day(2001, 4, 31)
        );
    }
}
