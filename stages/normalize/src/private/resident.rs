//! Chinese resident identity numbers (GB 11643-1999).

use super::Item;
use super::number::Number;
use crate::config::PrivateKind;

/// Weights of the first 17 digits (ISO 7064 mod 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the remainder of the weighted sum.
const CHECKS: [u8; 11] = *b"10X98765432";

/// A resident identity number: region, day of birth, and check digit must all be right.
pub(super) fn number(number: &Number, text: &str) -> Option<Item> {
    let (start, digits_end) = *number.groups().first()?;
    let end = match digits_end - start {
        18 => digits_end,
        17 => digits_end + 1,
        _ => return None,
    };
    let id = text.get(start..end)?.as_bytes();
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let glued = start
        .checked_sub(1)
        .and_then(|i| bytes.get(i))
        .is_some_and(word)
        || bytes.get(end).is_some_and(word);
    (!glued && is_valid(id)).then_some(Item {
        kind: PrivateKind::ResidentId,
        range: start..end,
    })
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
    (1900..2100).contains(&year) && (1..=days).contains(&day)
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
        assert!(is_day(2000, 2, 29) && !is_day(1900, 2, 29) && !is_day(2001, 4, 31));
    }
}
