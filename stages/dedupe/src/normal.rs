//! The normal form in which texts are compared.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

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
    let mut folder = Folder {
        normal,
        pending_space: false,
    };
    folder.fold(&composed(text));
    // What other letters became is in lower case already.
    normal.make_ascii_lowercase();
}

/// The text in NFC. Nearly all text is, so it is looked through before it is rebuilt.
fn composed(text: &str) -> Cow<'_, str> {
    let settled = text.is_ascii()
        || text.chars().all(is_settled)
        || is_nfc_quick(text.chars()) == IsNormalized::Yes;
    if settled {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Characters that are in NFC wherever they stand: a cheap answer for most texts.
fn is_settled(c: char) -> bool {
    matches!(c, '\0'..='\u{2ff}' | '\u{410}'..='\u{44f}' | '\u{2010}'..='\u{2027}'
        | '\u{3000}'..='\u{3029}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{ff00}'..='\u{ffef}')
}

struct Folder<'a> {
    normal: &'a mut String,
    pending_space: bool,
}

impl Folder<'_> {
    /// Appends a text, its ASCII letters as they are.
    fn fold(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            let length = if first.is_ascii_graphic() {
                let end = rest.bytes().position(|b| !b.is_ascii_graphic());
                let (word, _) = rest.split_at(end.unwrap_or(rest.len()));
                self.append_space();
                self.normal.push_str(word);
                word.len()
            } else {
                let c = rest.chars().next().unwrap_or_default();
                self.push(c);
                c.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// Appends what is no visible ASCII character.
    #[inline]
    fn push(&mut self, c: char) {
        match c {
            '\u{4e00}'..='\u{9fff}' => self.append(c),
            '\u{ff01}'..='\u{ff5e}' => {
                self.append(char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c));
            }
            '\u{2018}' | '\u{2019}' | '\u{201b}' => self.append('\''),
            '\u{201c}' | '\u{201d}' | '\u{201f}' => self.append('"'),
            _ if c.is_whitespace() => self.pending_space = true,
            _ if is_invisible(c) => {}
            _ => c.to_lowercase().for_each(|c| self.append(c)),
        }
    }

    #[inline]
    fn append(&mut self, c: char) {
        self.append_space();
        self.normal.push(c);
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

    #[test]
    fn settled_characters_are_settled() {
        for c in (0..0x11_0000)
            .filter_map(char::from_u32)
            .filter(|c| is_settled(*c))
        {
            for text in [String::from(c), format!("a{c}"), format!("\u{1100}{c}")] {
                assert_eq!(text.nfc().collect::<String>(), text, "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn is_stable_and_squeezed(text in "(\\PC|[ \n\u{a0}\u{200b}é\u{301}\u{3000}Ａ字가ᄀ])*") {
            let normal = normal_form(&text);
            prop_assert!(!normal.contains("  ") && normal.trim() == normal);
            // Composition is blind to what folding removes between two characters, so a second
            // pass may compose more; case folding may decompose. Otherwise it changes nothing.
            if normal.nfc().eq(normal.chars()) {
                prop_assert_eq!(normal_form(&normal), normal);
            }
        }
    }
}
