//! Payment cards and bank accounts, by their check digits.

use super::Item;
use super::context::Context;
use super::number::Number;
use crate::config::PrivateKind;

/// Shapes in which cards are printed.
const SHAPES: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[6, 13],
];

/// A payment card number: a network's prefix and length (ISO/IEC 7812), a Luhn check digit.
pub(super) fn card(number: &Number, text: &str, hint: &Context) -> Option<Item> {
    (1..=number.groups().len())
        .rev()
        .find_map(|length| card_of(&number.first_groups(length, text), text, hint))
}

fn card_of(number: &Number, text: &str, hint: &Context) -> Option<Item> {
    let even = number.separated_by(text, " ") || number.separated_by(text, "-");
    let shaped =
        number.groups().len() == 1 || (even && SHAPES.iter().any(|shape| number.has_shape(shape)));
    if !(13..=19).contains(&number.digits())
        || !shaped
        || number.lead().is_some()
        || number.goes_on(text)
    {
        return None;
    }
    let digits = number.value(text);
    let in_path = matches!(number.left, Some(b'/' | b'=' | b'#')) && !hint.card();
    if !luhn(&digits) || hint.public() || in_path {
        return None;
    }
    // Long numbers hit a prefix and a check digit by chance once in about fifty: the rarer prefixes
    // and the lengths of bar codes and time stamps ask for a word.
    (is_common_network(&digits) || (hint.card() && is_network(&digits))).then_some(Item {
        kind: PrivateKind::Card,
        range: number.range(),
    })
}

fn prefix(digits: &str, length: usize) -> u32 {
    digits
        .get(..length)
        .and_then(|p| p.parse().ok())
        .unwrap_or(0)
}

/// Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay in their usual lengths.
fn is_common_network(digits: &str) -> bool {
    let (two, three, four) = (prefix(digits, 2), prefix(digits, 3), prefix(digits, 4));
    match digits.len() {
        14 => matches!(three, 300..=305) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => {
            matches!(two, 40..=49 | 51..=55 | 62 | 65 | 81)
                || matches!(three, 644..=649)
                || matches!(four, 2221..=2720 | 3528..=3589 | 6011)
        }
        17..=19 => two == 62,
        _ => false,
    }
}

/// Any network, Maestro and the older Visa lengths too.
fn is_network(digits: &str) -> bool {
    is_common_network(digits) || matches!(prefix(digits, 1), 4..=6 | 9)
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit) {
                (0, d) => d,
                (_, d) if d < 5 => 2 * d,
                (_, d) => 2 * d - 9,
            }
        })
        .sum();
    let same = digits.bytes().all(|b| Some(b) == digits.bytes().next());
    sum.is_multiple_of(10) && !same
}

/// Countries and the length of their account numbers (ISO 13616 registry).
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// An international bank account number whose check digits begin at `at`.
pub(super) fn iban(text: &str, at: usize, done: usize) -> Option<Item> {
    let start = at.checked_sub(2).filter(|start| *start >= done)?;
    if !text
        .as_bytes()
        .get(start..at)?
        .iter()
        .all(u8::is_ascii_uppercase)
    {
        return None;
    }
    let country = text.get(start..at)?;
    let (_, length) = IBAN_LENGTHS.iter().find(|(code, _)| *code == country)?;
    let bytes = text.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    if start
        .checked_sub(1)
        .and_then(|i| bytes.get(i))
        .is_some_and(word)
    {
        return None;
    }
    let (compact, end) = compact_iban(bytes, start, *length)?;
    let bounded = !bytes.get(end).is_some_and(word);
    (bounded && mod_97(&compact) == 1).then_some(Item {
        kind: PrivateKind::Iban,
        range: start..end,
    })
}

/// The characters of an account number, single spaces between groups left out, and its end.
fn compact_iban(bytes: &[u8], start: usize, length: usize) -> Option<(Vec<u8>, usize)> {
    let mut compact = Vec::with_capacity(length);
    let mut at = start;
    while compact.len() < length {
        match bytes.get(at)? {
            b @ (b'0'..=b'9' | b'A'..=b'Z') => compact.push(*b),
            b' ' if compact.len().is_multiple_of(4) && bytes.get(at - 1) != Some(&b' ') => {}
            _ => return None,
        }
        at += 1;
    }
    Some((compact, at))
}

/// ISO 7064 mod 97-10, the country and check digits moved to the end.
fn mod_97(compact: &[u8]) -> u32 {
    let (head, tail) = compact.split_at(compact.len().min(4));
    tail.iter().chain(head).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        assert!(luhn("4111111111111111") && luhn("378282246310005"));
        assert!(!luhn("4111111111111112") && !luhn("0000000000000000"));
        assert_eq!(mod_97(b"GB82WEST12345698765432"), 1);
        assert_ne!(mod_97(b"GB83WEST12345698765432"), 1);
        assert!(IBAN_LENGTHS.is_sorted());
    }
}
