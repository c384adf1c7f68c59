//! The normal form in which texts are compared.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::lanes::{HIGH, in_range, splat};

/// The normal form of a text: what exact duplicates have in common, and what shingles are cut
/// from.
///
/// Unicode NFC; lower case; full-width ASCII forms and curly quotes as plain ASCII; control
/// characters, soft hyphens and zero-width marks removed; runs of white space as one space, none
/// at the ends. Punctuation stays: texts that differ in it are near duplicates, not exact ones.
#[must_use]
pub fn normal_form(text: &str) -> String {
    let mut normal = String::new();
    write_normal_form(text, &mut normal);
    normal
}

/// Replaces `normal` by the normal form of `text`.
pub(crate) fn write_normal_form(text: &str, normal: &mut String) {
    normal.clear();
    normal.reserve(text.len());
    if !fold(text, normal, false) {
        normal.clear();
        fold(&text.nfc().collect::<String>(), normal, true);
    }
    // What other letters became is in lower case already.
    normal.make_ascii_lowercase();
}

/// Appends a text in NFC to `normal`, its ASCII letters as they are. Stops with false where it
/// turns out not to be in NFC; nearly all text is, so that is seen on the way.
fn fold(text: &str, normal: &mut String, mut is_nfc: bool) -> bool {
    let mut folder = Folder {
        normal,
        pending_space: false,
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let unchanged = unchanged(rest);
        if unchanged > 0 {
            folder.append(rest.get(..unchanged).unwrap_or_default());
            rest = rest.get(unchanged..).unwrap_or_default();
            continue;
        }
        if !is_nfc && !is_settled(c) {
            is_nfc = is_nfc_quick(text.chars()) == IsNormalized::Yes;
            if !is_nfc {
                return false;
            }
        }
        folder.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    true
}

/// Length of what `text` starts with that folding leaves as it is, but for the case of ASCII
/// letters: visible characters, and single spaces between them.
fn unchanged(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = match bytes.first() {
        Some(b'!'..=b'~') => 1,
        _ => unchanged_character(text, 0),
    };
    while end > 0 {
        let before = end;
        end += plain_ascii(bytes.get(end - 1..).unwrap_or_default());
        loop {
            match unchanged_character(text, end) {
                0 => break,
                length => end += length,
            }
        }
        if end == before {
            let space = bytes.get(end - 1) == Some(&b' ');
            return end - usize::from(space);
        }
    }
    0
}

/// Number of visible ASCII characters and single spaces behind the first byte, up to what is
/// neither.
fn plain_ascii(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(chunk) = bytes.get(length..).and_then(<[u8]>::first_chunk) {
        let plain = plain_of_eight(chunk);
        if plain < 8 {
            return length + plain;
        }
        length += 8;
    }
    let rest = bytes.get(length..).unwrap_or_default().windows(2);
    let plain = rest.take_while(|pair| match pair {
        [before, b' '] => *before != b' ',
        [_, b] => b.is_ascii_graphic(),
        _ => false,
    });
    length + plain.count()
}

/// The same for the eight bytes behind the first.
#[inline]
fn plain_of_eight(bytes: &[u8; 9]) -> usize {
    let ([before @ .., _], [_, lane @ ..]) = (bytes, bytes);
    let (before, lane) = (u64::from_le_bytes(*before), u64::from_le_bytes(*lane));
    let printable = in_range(lane & !HIGH, b' ', b'~') & !lane;
    // Zero where both are spaces.
    let spaces = ((lane ^ splat(b' ')) | (before ^ splat(b' '))) & !HIGH;
    let plain = printable & !in_range(spaces, 0, 0);
    (plain ^ HIGH).trailing_zeros() as usize / 8
}

/// Length of the character at a place, if it is beyond ASCII and folding leaves it as it is, else
/// 0.
#[inline]
fn unchanged_character(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at) {
        // U+4000 to U+9FFF, nearly all of Chinese.
        Some(0xe4..=0xe9) => 3,
        Some(0x80..) => {
            let c = text.get(at..).and_then(|rest| rest.chars().next());
            c.filter(|c| is_unchanged(*c)).map_or(0, char::len_utf8)
        }
        _ => 0,
    }
}

/// Visible characters beyond ASCII that folding leaves as they are, for sure.
fn is_unchanged(c: char) -> bool {
    matches!(c, '\u{df}'..='\u{ff}' | '\u{3ac}'..='\u{3ce}' | '\u{430}'..='\u{45f}' | '\u{3001}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}')
}

/// Characters that are in NFC wherever they stand: a cheap answer for most texts.
fn is_settled(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{388}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{1e00}'..='\u{1eff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{2190}'..='\u{2328}' | '\u{232b}'..='\u{2adb}' | '\u{1f300}'..='\u{1faff}' | '\u{3000}'..='\u{3029}' | '\u{3041}'..='\u{3096}'
        | '\u{309b}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{ff00}'..='\u{ffef}')
}

struct Folder<'a> {
    normal: &'a mut String,
    pending_space: bool,
}

impl Folder<'_> {
    /// Appends a character that may change.
    #[inline]
    fn push(&mut self, c: char) {
        match c {
            '\u{ff01}'..='\u{ff5e}' => {
                self.append_char(char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c));
            }
            '\u{2018}' | '\u{2019}' | '\u{201b}' => self.append_char('\''),
            '\u{201c}' | '\u{201d}' | '\u{201f}' => self.append_char('"'),
            _ if c.is_whitespace() => self.pending_space = true,
            _ if is_invisible(c) => {}
            // `to_lowercase` searches a table.
            '\u{410}'..='\u{42f}' => {
                self.append_char(char::from_u32(u32::from(c) + 0x20).unwrap_or(c));
            }
            _ => c.to_lowercase().for_each(|c| self.append_char(c)),
        }
    }

    #[inline]
    fn append_char(&mut self, c: char) {
        self.append_space();
        self.normal.push(c);
    }

    #[inline]
    fn append(&mut self, text: &str) {
        self.append_space();
        self.normal.push_str(text);
    }

    #[inline]
    fn append_space(&mut self) {
        if self.pending_space {
            self.pending_space = false;
            if !self.normal.is_empty() {
                self.normal.push(' ');
            }
        }
    }
}

/// Marks that a reader cannot see. The zero-width joiners stay: Indic and Persian spelling
/// needs them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_what_readers_do_not_tell_apart() {
        assert_eq!(normal_form("  Hello,\t\n World!\u{a0} "), "hello, world!");
        assert_eq!(
            normal_form("ＡＢＣ１２３，你好！\u{3000}世界"),
            "abc123,你好! 世界"
        );
        assert_eq!(normal_form("It\u{2019}s \u{201c}so\u{201d}"), "it's \"so\"");
        assert_eq!(
            normal_form("so\u{ad}ft\u{200b} \u{feff}\u{7}bell"),
            "soft bell"
        );
        assert_eq!(normal_form("cafe\u{301} ÉTÉ ΣΑΣ"), "café été σασ");
        assert_eq!(normal_form(" \u{200b}\n"), "");
        assert_eq!(normal_form("葛\u{e0100}"), "葛\u{e0100}");
    }

    fn characters(are: fn(char) -> bool) -> impl Iterator<Item = char> {
        let all = (0..0x11_0000).filter_map(char::from_u32);
        all.filter(move |c| are(*c))
    }

    #[test]
    fn settled_characters_are_settled() {
        use unicode_normalization::char::canonical_combining_class;
        for c in characters(is_settled) {
            let in_nfc = is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes;
            assert!(in_nfc && canonical_combining_class(c) == 0, "{c:?}");
        }
    }

    #[test]
    fn unchanged_characters_do_not_change() {
        for c in characters(is_unchanged) {
            let mut normal = String::new();
            Folder {
                normal: &mut normal,
                pending_space: false,
            }
            .push(c);
            assert!(is_settled(c) && normal == c.to_string(), "{c:?}");
        }
    }

    /// The normal form, one character after the other.
    fn naive(text: &str) -> String {
        let mut normal = String::new();
        let mut folder = Folder {
            normal: &mut normal,
            pending_space: false,
        };
        text.nfc().for_each(|c| folder.push(c));
        normal.to_ascii_lowercase()
    }

    proptest! {
        #[test]
        fn blocks_change_nothing(
            text in "([a-zA-Z,.]{1,20}[ \n]|[a-z]{30,40} |[ \u{a0}\u{200b}é\u{301}\u{3000}，Ａ字가ᄀЖж\u{7f}])*"
        ) {
            prop_assert_eq!(normal_form(&text), naive(&text));
        }

        #[test]
        fn is_stable_and_squeezed(text in "(\\PC|[ \n\u{a0}\u{200b}é\u{301}\u{3000}Ａ字가ᄀ])*") {
            let normal = normal_form(&text);
            prop_assert_eq!(&normal, &naive(&text));
            prop_assert!(!normal.contains("  ") && normal.trim() == normal);
            // Composition is blind to what folding removes between two characters, so a second
            // pass may compose more; case folding may decompose. Otherwise it changes nothing.
            if normal.nfc().eq(normal.chars()) {
                prop_assert_eq!(normal_form(&normal), normal);
            }
        }
    }
}
