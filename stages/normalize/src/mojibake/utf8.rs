//! A UTF-8 decoder for bytes that went through a mill: CESU-8 surrogate pairs, Java's two-byte
//! NUL, A0 turned into a space, and bytes lost on the way (after ftfy's `utf-8-variants`,
//! `restore_byte_a0` and `replace_lossy_sequences`).

use super::codec::{Codec, LOST};

/// A decoded text, with the number of multi-byte sequences in it.
pub(super) struct Decoded {
    pub text: String,
    pub sequences: usize,
}

/// One step: a character (or nothing, for NUL) and the number of bytes it took.
struct Step {
    c: Option<char>,
    taken: usize,
}

/// Decodes all of `bytes`, or nothing when a byte belongs to no sequence.
pub(super) fn decode(bytes: &[u8], codec: &Codec) -> Option<Decoded> {
    let mut text = String::with_capacity(bytes.len());
    let mut sequences = 0;
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        if first < 0x80 && first != LOST {
            text.push(char::from(first));
            rest = rest.get(1..)?;
            continue;
        }
        let step = sequence(rest, codec)?;
        text.extend(step.c);
        sequences += 1;
        rest = rest.get(step.taken..)?;
    }
    Some(Decoded { text, sequences })
}

fn sequence(bytes: &[u8], codec: &Codec) -> Option<Step> {
    if let Some(step) = strict(bytes).or_else(|| variant(bytes)) {
        return Some(step);
    }
    if codec.a0_is_space
        && let Some(step) = with_a0_restored(bytes)
    {
        return Some(step);
    }
    if codec.lossy { lossy(bytes) } else { None }
}

/// Length of the sequence that a lead byte announces.
pub(super) fn announced(lead: u8) -> Option<usize> {
    match lead {
        0xC2..=0xDF => Some(2),
        0xE0..=0xEF => Some(3),
        0xF0..=0xF4 => Some(4),
        _ => None,
    }
}

fn strict(bytes: &[u8]) -> Option<Step> {
    let taken = announced(*bytes.first()?)?;
    let c = std::str::from_utf8(bytes.get(..taken)?)
        .ok()?
        .chars()
        .next();
    Some(Step { c, taken })
}

/// CESU-8 surrogate pairs and Java's encoding of U+0000 (which is dropped).
fn variant(bytes: &[u8]) -> Option<Step> {
    if let [0xC0, 0x80, ..] = bytes {
        return Some(Step { c: None, taken: 2 });
    }
    let &[
        0xED,
        a @ 0xA0..=0xAF,
        b @ 0x80..=0xBF,
        0xED,
        d @ 0xB0..=0xBF,
        e @ 0x80..=0xBF,
        ..,
    ] = bytes
    else {
        return None;
    };
    let bits = |byte: u8, mask: u8, shift: u32| u32::from(byte & mask) << shift;
    let code =
        0x1_0000 + bits(a, 0x0F, 16) + bits(b, 0x3F, 10) + bits(d, 0x0F, 6) + bits(e, 0x3F, 0);
    Some(Step {
        c: char::from_u32(code),
        taken: 6,
    })
}

/// Sequences in which a continuation byte A0 became a space. The lead bytes are those that form
/// likely characters (ftfy's `ALTERED_UTF8_RE`).
fn with_a0_restored(bytes: &[u8]) -> Option<Step> {
    let cont = |b: u8| (0x80..=0xBF).contains(&b);
    let not_85_a0 = |b: u8| cont(b) && b != 0x85 && b != 0xA0;
    let taken = match *bytes {
        [0xC3, b' ', ref after @ ..] => {
            // "Ã la" was "à la", whose two spaces fell into one; Portuguese "à" may go on.
            let joined = [b"quele".as_slice(), b"quela", b"quilo", b"s ", b" "];
            let joins = joined.iter().any(|word| after.starts_with(word));
            return Some(Step {
                c: Some('à'),
                taken: if joins { 2 } else { 1 },
            });
        }
        [0xC2 | 0xC5 | 0xCE | 0xD0 | 0xD9, b' ', ..] => 2,
        [0xE2 | 0xE3, b' ', b, ..] if not_85_a0(b) => 3,
        [0xE0..=0xE3, b, b' ', ..] if not_85_a0(b) => 3,
        [0xF0, b' ', c, d, ..] if cont(c) && cont(d) => 4,
        [0xF0, b, b' ', d, ..] if cont(b) && cont(d) => 4,
        [0xF0, b, c, b' ', ..] if cont(b) && cont(c) => 4,
        _ => return None,
    };
    let mut restored = [0u8; 4];
    for (to, from) in restored.iter_mut().zip(bytes.iter().take(taken)) {
        *to = if *from == b' ' { 0xA0 } else { *from };
    }
    strict(restored.get(..taken)?)
}

/// Sequences in which bytes were lost become one U+FFFD (ftfy's `LOSSY_UTF8_RE`); a `?` counts as
/// lost too, once a sequence.
fn lossy(bytes: &[u8]) -> Option<Step> {
    let lead = *bytes.first()?;
    let replaced = |taken| {
        Some(Step {
            c: Some('\u{FFFD}'),
            taken,
        })
    };
    if lead == LOST {
        return replaced(1);
    }
    let taken = announced(lead)?;
    let tail = bytes.get(1..taken)?;
    let lost = tail.iter().filter(|b| **b == LOST).count();
    let asked = tail.iter().filter(|b| **b == b'?').count();
    let rest_continues = tail
        .iter()
        .all(|b| matches!(b, 0x80..=0xBF) || *b == LOST || *b == b'?');
    if !rest_continues || lost + asked == 0 || asked > 1 {
        return None;
    }
    // "é?" and "ß?" are everyday ends of sentences: only Â and Ã announce a lost letter.
    if taken == 2 && asked == 1 && !matches!(lead, 0xC2 | 0xC3) {
        return None;
    }
    replaced(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mojibake::codec::western;

    fn read(bytes: &[u8]) -> Option<String> {
        decode(bytes, western().unwrap()).map(|d| d.text)
    }

    #[test]
    fn reads_plain_and_damaged_sequences() {
        assert_eq!(read(b"caf\xC3\xA9").as_deref(), Some("café"));
        assert_eq!(read(b"\xED\xA0\xBD\xED\xB8\x8D").as_deref(), Some("😍"));
        assert_eq!(read(b"\xC0\x80x").as_deref(), Some("x"));
        assert_eq!(read(b"\xC3 la").as_deref(), Some("à la"));
        assert_eq!(read(b"\xC3 s crian").as_deref(), Some("às crian"));
        assert_eq!(read(b"\xE2\x80\x1A").as_deref(), Some("\u{FFFD}"));
        assert_eq!(read(b"\xE9t\xE9"), None);
        assert_eq!(read(b"x\x93"), None);
    }
}
