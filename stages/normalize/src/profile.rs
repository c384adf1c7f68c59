//! One look at a text, to learn which passes it needs. Most text needs none.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, is_nfc_quick};

use crate::mojibake::suspicion::{self, Suspicion};
use crate::{characters, spaces};

/// Bits of ASCII bytes.
mod ascii {
    pub const CONTROL: u8 = 1;
    pub const AMPERSAND: u8 = 4;
    pub const HYPHEN: u8 = 8;
    pub const BLANK: u8 = 16;
    pub const NEWLINE: u8 = 32;
    pub const WIDE: u8 = 64;
}

/// A character that a pass of [`characters`] may change.
const SPECIAL: u16 = 1 << 8;
/// A white-space character beyond ASCII.
const SPACE: u16 = 1 << 9;
/// A combining mark: in order when no other mark stands before it.
const MARK: u16 = 1 << 10;
/// A character that composition may change.
const COMPOSES: u16 = 1 << 11;
/// A quotation mark or dash that configuration may replace.
const MARKS: u16 = 1 << 12;
/// A Han character.
const HAN: u16 = 1 << 13;

static BYTE: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'\t' | b' ' => ascii::BLANK,
            b'\n' => ascii::NEWLINE,
            0..=0x1F | 0x7F => ascii::CONTROL,
            b'&' => ascii::AMPERSAND,
            b'-' => ascii::HYPHEN,
            // The last byte of a soft hyphen, and of U+2010: many others end with it too.
            0xAD | 0x90 => ascii::HYPHEN | ascii::WIDE,
            0x80..=0xFF => ascii::WIDE,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// Bits of the characters of the basic plane; the low byte belongs to [`suspicion`].
static CHARACTER: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let mut table = vec![0u16; 0x1_0000];
    for (code, bits) in (0u32..).zip(table.iter_mut()).skip(0x80) {
        if let Some(c) = char::from_u32(code) {
            *bits = bits_of(c);
        }
    }
    table.into_boxed_slice()
});

fn bits_of(c: char) -> u16 {
    let bit = |on: bool, bit: u16| if on { bit } else { 0 };
    u16::from(suspicion::bits_of(c))
        | bit(characters::may_change(c), SPECIAL)
        | bit(characters::is_mark(c), MARKS)
        | bit(spaces::is_space(c), SPACE)
        | bit(
            matches!(c as u32, 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF),
            HAN,
        )
        | bit(canonical_combining_class(c) != 0, MARK)
        | bit(
            is_nfc_quick(std::iter::once(c)) != IsNormalized::Yes,
            COMPOSES,
        )
}

/// What a text holds, and so which passes may change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// ASCII controls other than tab and line feed.
    pub controls: bool,
    /// Ampersands.
    pub ampersands: bool,
    /// Hyphens at a line end, soft ones too.
    pub hyphens: bool,
    /// Han characters.
    pub han: bool,
    /// White space that may have to change.
    pub spaces: bool,
    /// Characters beyond ASCII.
    pub wide: bool,
    /// Characters that may have to be replaced or removed.
    pub special: bool,
    /// Quotation marks and dashes that configuration may replace.
    pub marks: bool,
    /// Sequences that may not be composed.
    pub uncomposed: bool,
    /// Sequences that may be mojibake.
    pub suspicious: bool,
}

impl Profile {
    pub fn of(text: &str, keep_indent: bool) -> Self {
        let mut profile = Self::of_bytes(text, keep_indent);
        if profile.wide {
            profile.look_at_characters(text);
        }
        profile
    }

    fn of_bytes(text: &str, keep_indent: bool) -> Self {
        let bytes = text.as_bytes();
        let (mut seen, mut odd, mut broken) = (0u8, 0u8, 0u8);
        let (mut before, mut last) = (0u8, 0u8);
        for byte in bytes {
            let class = BYTE[usize::from(*byte)];
            let blank = last & ascii::BLANK;
            seen |= class;
            // A blank before a blank or a line end; a third line end in a row.
            odd |= class & (blank | blank << 1);
            odd |= class & last & before & ascii::NEWLINE;
            broken |= class & ascii::NEWLINE & (last & ascii::HYPHEN) << 2;
            if !keep_indent {
                odd |= (last & ascii::NEWLINE) >> 1 & class;
            }
            (before, last) = (last, class);
        }
        let edge = |byte: Option<&u8>| byte.is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n'));
        Self {
            controls: seen & ascii::CONTROL != 0,
            ampersands: seen & ascii::AMPERSAND != 0,
            hyphens: broken != 0,
            spaces: odd != 0 || edge(bytes.first()) || edge(bytes.last()),
            wide: seen & ascii::WIDE != 0,
            ..Self::default()
        }
    }

    fn look_at_characters(&mut self, text: &str) {
        let mut suspicion = Suspicion::default();
        let mut seen = 0u16;
        let mut after_mark = usize::MAX;
        let mut unordered = false;
        for_each_wide(text, |range, c| {
            let bits = bits(c);
            seen |= bits;
            if bits & MARK != 0 {
                unordered |= after_mark == range.start;
                after_mark = range.end;
            }
            if bits & 0xFF != 0 {
                suspicion.step(text, range, bits as u8);
            }
        });
        self.special = seen & SPECIAL != 0;
        self.marks = seen & MARKS != 0;
        self.han = seen & HAN != 0;
        self.spaces |= seen & SPACE != 0;
        self.uncomposed = unordered || seen & COMPOSES != 0;
        self.suspicious = suspicion.found(text);
    }
}

fn bits(c: char) -> u16 {
    CHARACTER
        .get(c as usize)
        .copied()
        .unwrap_or_else(|| bits_of(c))
}

/// The bits of a character that [`suspicion`] gave it.
pub(crate) fn suspicion_bits(c: char) -> u8 {
    bits(c) as u8
}

/// Calls `f` for each character beyond ASCII, with its place. ASCII is skipped eight bytes at a time.
pub(crate) fn for_each_wide(text: &str, mut f: impl FnMut(Range<usize>, char)) {
    let bytes = text.as_bytes();
    let low = |byte: u8| u32::from(byte & 0x3F);
    let mut at = 0;
    while let Some(tail) = bytes.get(at..) {
        let (code, length) = match *tail {
            [a, b, c, d, e, f, g, h, ..] if (a | b | c | d | e | f | g | h) < 0x80 => {
                at += 8;
                continue;
            }
            [a @ 0xC0..=0xDF, b, ..] => (u32::from(a & 0x1F) << 6 | low(b), 2),
            [a @ 0xE0..=0xEF, b, c, ..] => (u32::from(a & 0x0F) << 12 | low(b) << 6 | low(c), 3),
            [a @ 0xF0..=0xFF, b, c, d, ..] => (
                u32::from(a & 0x07) << 18 | low(b) << 12 | low(c) << 6 | low(d),
                4,
            ),
            [_, ..] => {
                at += 1;
                continue;
            }
            [] => return,
        };
        if let Some(c) = char::from_u32(code) {
            f(at..at + length, c);
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Profile {
        Profile::of(text, true)
    }

    #[test]
    fn clean_text_needs_nothing() {
        for text in [
            "Plain text,\nwith\tlines.\n\nYes",
            "中文文本，没有问题。",
            "L’été à Paris",
            "Привет, мир",
            "नमस्ते",
        ] {
            let profile = of(text);
            let wide = profile.wide;
            let (marks, han, special) = (profile.marks, profile.han, profile.special);
            assert_eq!(
                profile,
                Profile {
                    wide,
                    marks,
                    han,
                    special: special && text.contains('，'),
                    ..Profile::default()
                },
                "{text}"
            );
        }
    }

    #[test]
    fn sees_what_each_pass_needs() {
        assert!(of("\u{7f}").controls && of("a\r\nb").controls);
        assert!(
            of("a&b").ampersands && of("a-\nb").hyphens && of("a\u{ad}\nb").hyphens && of("中").han
        );
        assert!(
            of("a  b").spaces
                && of("a \nb").spaces
                && of("a\n\n\nb").spaces
                && of("a\u{a0}b").spaces
                && of("a\n").spaces
        );
        assert!(!of("a\n\tb").spaces && Profile::of("a\n\tb", false).spaces);
        assert!(of("a\u{200b}b").special && of("Ａ").special && of("\u{e0041}").special);
        assert!(of("e\u{301}").uncomposed && of("x\u{323}\u{302}").uncomposed);
        assert!(of("schÃ¶n").suspicious && of("浣犲ソ").suspicious && of("ÄãºÃ").suspicious);
    }
}
