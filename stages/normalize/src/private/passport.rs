//! Passport numbers (ICAO Doc 9303: up to nine capitals and digits), beside a word that says so.

use super::Item;
use super::context::{Context, Reach};
use crate::config::PrivateKind;

/// The passport number around the digit at `at`, beginning no earlier than `done`.
pub(super) fn at(text: &str, at: usize, done: usize) -> Option<Item> {
    let bytes = text.as_bytes();
    let inner = |b: &&u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let head = bytes.get(done..at)?;
    let left = head.iter().rev().take(4).take_while(inner).count();
    let tail = bytes.get(at..)?;
    let right = tail.iter().take(11).take_while(inner).count();
    let (mut start, end) = (at - left, at + right);
    let digits = bytes
        .get(start..end)?
        .iter()
        .filter(|b| b.is_ascii_digit())
        .count();
    let letters = end - start - digits;
    if !(7..=10).contains(&(end - start))
        || digits < 5
        || letters > 4
        || !is_bounded(bytes, start, end)
    {
        return None;
    }
    // A letter that stands apart: "E 12345678".
    if letters == 0
        && let Some([before, letter @ b'A'..=b'Z', b' ']) = start
            .checked_sub(3)
            .filter(|s| *s >= done)
            .and_then(|s| bytes.get(s..start))
        && !before.is_ascii_alphanumeric()
        && digits <= 8
        && *letter != b'I'
    {
        start -= 2;
    }
    let before = Context::before(text, start, Reach::Far);
    before.passport().then_some(Item {
        kind: PrivateKind::Passport,
        range: start..end,
    })
}

/// Neither end goes on with letters, digits, or a sign and more of them.
fn is_bounded(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let before = start.checked_sub(1).and_then(|i| bytes.get(i));
    let after = bytes.get(end);
    let joined = matches!(after, Some(b'-' | b'/' | b'.')) && bytes.get(end + 1).is_some_and(word);
    !before.is_some_and(|b| word(b) || matches!(b, b'-' | b'.'))
        && !after.is_some_and(word)
        && !joined
}
