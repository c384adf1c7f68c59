//! Characters that are written in other ways: entities, raised and lowered digits.

use memchr::memchr;

/// Digits and signs raised, or the text as it is.
pub(super) fn raised(text: &str) -> String {
    shifted(text, true).unwrap_or_else(|| text.to_owned())
}

pub(super) fn shifted(text: &str, is_raised: bool) -> Option<String> {
    let up = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let down = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let digits = if is_raised { up } else { down };
    let one = |c: char| match c {
        '0'..='9' => digits.get(c as usize - '0' as usize).copied(),
        '+' => Some(if is_raised { '⁺' } else { '₊' }),
        '-' | '−' | '–' => Some(if is_raised { '⁻' } else { '₋' }),
        _ => None,
    };
    if text.is_empty() || text.len() > 24 {
        return None;
    }
    text.chars().map(one).collect()
}

/// Appends a text with its entities decoded.
pub(super) fn decode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (shown, used) = entity(tail).unwrap_or(("&".to_owned(), 1));
        out.push_str(&shown);
        rest = tail.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The character that an entity stands for, and the entity's bytes.
pub(super) fn entity(text: &str) -> Option<(String, usize)> {
    let head = text.get(1..text.floor_char_boundary(36))?;
    let end = head.find(';')?;
    let name = head.get(..end)?;
    let used = end + 2;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        let shown = match char::from_u32(code)? {
            '\u{a0}' => ' ',
            c if c.is_control() && c != '\n' && c != '\t' => return Some((String::new(), used)),
            c => c,
        };
        return Some((shown.to_string(), used));
    }
    let shown = match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" => " ",
        "zwj" | "shy" | "lrm" | "rlm" => "",
        name => return Some((crate::markup::named(name)?, used)),
    };
    Some((shown.to_owned(), used))
}

/// Whether words of a character's script are written without spaces between them.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}' | '“' | '”')
}
