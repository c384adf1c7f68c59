//! Character references: `&amp;`, `&#38;`, `&#x26;`.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr2;

use super::REPLACEMENT;

/// Bytes of the longest name, without its semicolon.
const MAX_NAME_BYTES: usize = 31;
/// Bytes of the shortest and longest names that need no semicolon.
const MIN_BARE_NAME_BYTES: usize = 2;
const MAX_BARE_NAME_BYTES: usize = 6;

/// Where a reference stands. Addresses in attributes have `&` too, so there a name without
/// semicolon means less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// What a reference stands for.
pub(super) struct Reference {
    first: char,
    second: Option<char>,
    /// Bytes that it takes, without the `&`.
    pub(super) length: usize,
}

impl Reference {
    pub(super) fn push_to(&self, out: &mut String) {
        out.push(self.first);
        out.extend(self.second);
    }
}

/// Writes `raw` with its references and NULs replaced.
pub(super) fn decode(raw: &str, place: Place, out: &mut String) {
    let mut rest = raw;
    while let Some(found) = memchr2(b'&', 0, rest.as_bytes()) {
        out.push_str(&rest[..found]);
        let special = rest.as_bytes()[found];
        rest = &rest[found + 1..];
        if special == 0 {
            out.push(REPLACEMENT);
        } else if let Some(reference) = find(rest, place) {
            reference.push_to(out);
            rest = &rest[reference.length..];
        } else {
            out.push('&');
        }
    }
    out.push_str(rest);
}

/// The reference after an `&`; none if that `&` is just text.
pub(super) fn find(after: &str, place: Place) -> Option<Reference> {
    match after.as_bytes() {
        [b'#', b'x' | b'X', digits @ ..] => numeric(digits, 16, b"#x".len()),
        [b'#', digits @ ..] => numeric(digits, 10, b"#".len()),
        _ => named(after, place),
    }
}

fn numeric(digits: &[u8], base: u32, prefix: usize) -> Option<Reference> {
    let (mut number, mut length) = (0u32, 0);
    for digit in digits
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(base))
    {
        number = number.saturating_mul(base).saturating_add(digit);
        length += 1;
    }
    if length == 0 {
        return None;
    }
    let semicolon = usize::from(digits.get(length) == Some(&b';'));
    Some(Reference {
        first: numbered_character(number),
        second: None,
        length: prefix + length + semicolon,
    })
}

fn numbered_character(number: u32) -> char {
    match number {
        0 => REPLACEMENT,
        // These are control characters, but pages mean those of windows-1252.
        0x80..=0x9f => C1_REPLACEMENTS[number as usize - 0x80]
            .or(char::from_u32(number))
            .unwrap_or(REPLACEMENT),
        _ => char::from_u32(number).unwrap_or(REPLACEMENT),
    }
}

/// The longest name counts. All names are letters and digits, and few do without semicolon.
fn named(after: &str, place: Place) -> Option<Reference> {
    let bytes = after.as_bytes();
    let window = &bytes[..bytes.len().min(MAX_NAME_BYTES + 1)];
    let run = window
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let next = bytes.get(run);
    if next == Some(&b';')
        && let Some(reference) = look_up(&after[..run + 1])
    {
        return Some(reference);
    }
    let longest = run.min(MAX_BARE_NAME_BYTES);
    match place {
        Place::Text => (MIN_BARE_NAME_BYTES..=longest)
            .rev()
            .find_map(|length| look_up(&after[..length])),
        // What follows must be neither `=` nor a part of a longer word.
        Place::Attribute if run > longest || run < MIN_BARE_NAME_BYTES || next == Some(&b'=') => {
            None
        }
        Place::Attribute => look_up(&after[..run]),
    }
}

fn look_up(name: &str) -> Option<Reference> {
    // The table has the beginnings of all names too; they stand for nothing.
    let (first, second) = *NAMED_ENTITIES.get(name)?;
    let character = |number| char::from_u32(number).filter(|character| *character != '\0');
    Some(Reference {
        first: character(first)?,
        second: character(second),
        length: name.len(),
    })
}
