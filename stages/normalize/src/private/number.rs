//! Numbers as people write them: groups of digits with single separators between them.

use std::ops::Range;

use super::context::{Context, Reach};
use super::{Item, bank, ip, passport, phone, resident};

/// Groups that a number may have.
const MAX_GROUPS: usize = 8;

/// Fewest digits that any recogniser looks at.
const MIN_DIGITS: usize = 7;

/// A number in a text, with its groups of digits.
#[derive(Clone, Debug)]
pub(super) struct Number {
    groups: [(usize, usize); MAX_GROUPS],
    length: usize,
    digits: usize,
    /// Begins with `+` or `(`, which [`Number::range`] includes.
    lead: Option<u8>,
    /// The byte before the number.
    pub left: Option<u8>,
    /// The bytes after it.
    pub right: [Option<u8>; 2],
    /// Separators between the groups, as written, each at most three bytes.
    separators: [(usize, usize); MAX_GROUPS],
}

impl Number {
    /// Reads the number whose first digit stands at `first`.
    fn read(text: &str, first: usize, done: usize) -> Self {
        let bytes = text.as_bytes();
        let mut number = Self {
            groups: [(0, 0); MAX_GROUPS],
            separators: [(0, 0); MAX_GROUPS],
            length: 0,
            digits: 0,
            lead: None,
            left: None,
            right: [None; 2],
        };
        let mut at = first;
        while number.length < MAX_GROUPS {
            let end = at
                + bytes
                    .get(at..)
                    .unwrap_or_default()
                    .iter()
                    .take_while(|b| b.is_ascii_digit())
                    .count();
            if let (Some(group), Some(separator)) = (
                number.groups.get_mut(number.length),
                number.separators.get_mut(number.length),
            ) {
                *group = (at, end);
                *separator = (end, end);
            }
            number.length += 1;
            number.digits += end - at;
            let Some(next) = separator(bytes, end)
                .or_else(|| slash(bytes, at, end).filter(|_| number.length == 1))
                .filter(|next| next - end <= 3)
            else {
                break;
            };
            if number.length < MAX_GROUPS
                && let Some(separator) = number.separators.get_mut(number.length - 1)
            {
                *separator = (end, next);
            }
            at = next;
        }
        let lead = first
            .checked_sub(1)
            .filter(|i| *i >= done)
            .and_then(|i| bytes.get(i))
            .copied();
        number.lead =
            lead.filter(|b| *b == b'+' || (*b == b'(' && number.closes_first_group(bytes)));
        let start = number.start();
        number.left = start.checked_sub(1).and_then(|i| bytes.get(i)).copied();
        let end = number.end();
        number.right = [bytes.get(end).copied(), bytes.get(end + 1).copied()];
        number
    }

    /// Whether a parenthesis closes after the first group.
    fn closes_first_group(&self, bytes: &[u8]) -> bool {
        self.length > 1 && bytes.get(self.groups[0].1) == Some(&b')')
    }

    pub fn groups(&self) -> &[(usize, usize)] {
        self.groups.get(..self.length).unwrap_or_default()
    }

    /// Lengths of the groups.
    pub fn shape(&self) -> impl Iterator<Item = usize> {
        self.groups().iter().map(|(start, end)| end - start)
    }

    pub fn has_shape(&self, shape: &[usize]) -> bool {
        self.shape().eq(shape.iter().copied())
    }

    pub fn digits(&self) -> usize {
        self.digits
    }

    pub fn lead(&self) -> Option<u8> {
        self.lead
    }

    pub fn start(&self) -> usize {
        self.groups[0].0 - usize::from(self.lead.is_some())
    }

    pub fn end(&self) -> usize {
        self.groups().last().map_or(0, |(_, end)| *end)
    }

    pub fn range(&self) -> Range<usize> {
        self.start()..self.end()
    }

    /// The digits alone.
    pub fn value(&self, text: &str) -> String {
        let groups = self.groups().iter();
        groups
            .filter_map(|(start, end)| text.get(*start..*end))
            .collect()
    }

    /// The separators, as written.
    pub fn separators<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let inner = self.length.saturating_sub(1);
        let separators = self.separators.into_iter().take(inner);
        separators.filter_map(move |(start, end)| text.get(start..end))
    }

    /// Whether every separator is this one.
    pub fn separated_by(&self, text: &str, separator: &str) -> bool {
        self.separators(text).all(|s| s == separator)
    }

    /// The first `length` groups alone.
    pub fn first_groups(&self, length: usize, text: &str) -> Self {
        let mut shorter = self.clone();
        shorter.length = length.min(self.length);
        shorter.digits = shorter.shape().sum();
        let end = shorter.end();
        let bytes = text.as_bytes();
        if shorter.lead == Some(b'(') && !shorter.closes_first_group(bytes) {
            (shorter.lead, shorter.left) = (None, Some(b'('));
        }
        shorter.right = [bytes.get(end).copied(), bytes.get(end + 1).copied()];
        shorter
    }

    /// A letter, digit or underscore touches the number from the left.
    pub fn left_glued(&self) -> bool {
        self.left
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
    }

    /// A letter, digit or underscore touches the number.
    pub fn is_glued(&self) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        self.left.is_some_and(word) || self.right[0].is_some_and(word)
    }

    /// A longer name of numbers and letters goes on at either end: `1.2.3.4.5`, `A-555-1234`.
    pub fn goes_on(&self, text: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric();
        let after = matches!(self.right, [Some(b'.' | b'-' | b'/'), Some(next)] if word(next));
        let head = text.as_bytes().get(..self.start()).unwrap_or_default();
        let before = matches!(head, [.., last, b'.' | b'-'] if word(*last));
        after || before || self.is_glued()
    }
}

/// The end of a separator after `end`, when a digit follows it: a space, hyphen, dot, or a closing
/// parenthesis with a space or hyphen, or an opening one.
fn separator(bytes: &[u8], end: usize) -> Option<usize> {
    let tail = bytes.get(end..)?;
    let length = match tail {
        [b' ' | b'-' | b'.', b'0'..=b'9', ..] => 1,
        [b')', b'0'..=b'9', ..] => 1,
        [b')', b' ' | b'-', b'0'..=b'9', ..] | [b' ' | b'-', b'(', b'0'..=b'9', ..] => 2,
        [b'(', b'0'..=b'9', ..] => 1,
        _ => return None,
    };
    Some(end + length)
}

/// The end of a slash behind an area code with its trunk zero, as Germans and Austrians write it:
/// `0211/4239382`, `0211 / 4239382`.
fn slash(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let length = match bytes.get(end..)? {
        [b'/', b'1'..=b'9', ..] => 1,
        [b' ', b'/', b' ', b'1'..=b'9', ..] => 3,
        _ => return None,
    };
    let area = bytes.get(start) == Some(&b'0') && (3..=5).contains(&(end - start));
    area.then_some(end + length)
}

/// The private number that begins with the digit at `at`, and where to look on.
pub(super) fn at(text: &str, at: usize, done: usize) -> (Option<Item>, usize) {
    let bytes = text.as_bytes();
    let first_end = at
        + bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
    if let Some(item) = bank::iban(text, at, done) {
        return (Some(item), first_end);
    }
    if let Some(item) = passport::at(text, at, done) {
        return (Some(item), first_end);
    }
    if first_end - at < MIN_DIGITS
        && separator(bytes, first_end).is_none()
        && slash(bytes, at, first_end).is_none()
    {
        return (None, first_end);
    }
    let number = Number::read(text, at, done);
    if number.left_glued() {
        return (None, first_end);
    }
    if number.groups().len() == MAX_GROUPS && number.shape().all(|length| length == 1) {
        return (None, number.end()); // Digits in a row of a table, not worth eight looks.
    }
    if let Some(item) = resident::number(&number, text) {
        return (Some(item), first_end);
    }
    if number.digits() < 4 || (number.digits() < MIN_DIGITS && number.groups().len() != 4) {
        return (None, first_end);
    }
    let hint = &Context::before(text, number.start(), Reach::Near);
    let item = ip::v4(&number, text)
        .or_else(|| bank::card(&number, text, hint))
        .or_else(|| phone::number(&number, text, hint));
    (item, first_end)
}
