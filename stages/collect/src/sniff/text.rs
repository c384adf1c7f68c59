//! Whether bytes are text, and of which encoding.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};

use crate::charset;

/// Whether bytes look like text, in whatever charset.
pub(crate) fn is_text(head: &[u8]) -> bool {
    // A page or a record a call: what nearly all are like comes first.
    let has_nul = memchr::memchr(0, head).is_some();
    if (has_nul || matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]))
        && (utf16(head).is_some() || charset::utf32(head).is_some())
    {
        return true;
    }
    // Stray NULs occur in crawled texts; anything else with NULs is not text.
    if has_nul {
        let nuls = memchr::memchr_iter(0, head).count();
        if nuls * 200 > head.len() || !is_utf8_start(head) {
            return false;
        }
    }
    // Backspace, escape and shift (ISO 2022) belong to texts, other control characters do not.
    let is_control = |byte: &u8| {
        (byte.wrapping_sub(1) < 7) | (byte.wrapping_sub(0x10) < 11) | (byte.wrapping_sub(0x1c) < 4)
    };
    // Sums of a byte, so that many are counted at once.
    let count = |bytes: &[u8]| -> usize {
        let sum = bytes.iter().map(|byte| u8::from(is_control(byte)));
        usize::from(sum.fold(0_u8, u8::wrapping_add))
    };
    head.chunks(255).map(count).sum::<usize>() * 20 <= head.len()
}

fn is_utf8_start(head: &[u8]) -> bool {
    std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The UTF-16 encoding of bytes, by byte order mark, or by NULs at every other place.
pub(crate) fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let even = head.iter().step_by(2).filter(|byte| **byte == 0).count();
    let odd = head
        .iter()
        .skip(1)
        .step_by(2)
        .filter(|byte| **byte == 0)
        .count();
    // Fewer NULs are strays in a text of single bytes.
    if (even + odd) * 100 < head.len() {
        return None;
    }
    let encoding = match (even, odd) {
        (0, 1..) => UTF_16LE,
        (1.., 0) => UTF_16BE,
        _ => return None,
    };
    let mut text = String::with_capacity(head.len() * 2);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (_, _, broken) = decoder.decode_to_string(head, &mut text, false);
    let is_odd =
        |c: char| matches!(c, '\0'..='\x08' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}');
    let odd = text.chars().filter(|c| is_odd(*c)).count();
    (!broken && odd * 50 < text.len()).then_some(encoding)
}

pub(super) fn decode(head: &[u8]) -> Cow<'_, str> {
    match utf16(head) {
        Some(encoding) => encoding.decode(head).0,
        None => match charset::utf32(head) {
            Some(big) => Cow::Owned(charset::from_utf32(head, big)),
            None => String::from_utf8_lossy(head),
        },
    }
}
