//! What a character is to words and sentences.

use std::sync::LazyLock;

use unicode_normalization::char::is_combining_mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Punctuation, signs, spaces.
    Other,
    /// A letter, digit or mark of a script that writes spaces between words.
    Word,
    /// An ASCII apostrophe, full stop or comma, which may stand within a word.
    Inner,
    /// A typographic apostrophe.
    Apostrophe,
    /// An ASCII exclamation or question mark.
    Stop,
    /// The end of a sentence in scripts beyond ASCII.
    WideStop,
    Newline,
    Han,
    Kana,
    /// Thai, Lao, Khmer, Burmese: no spaces between words.
    Unspaced,
    /// The first byte of a character beyond ASCII.
    Wide,
}

pub(super) fn of_byte(byte: u8) -> Class {
    static BYTE: [Class; 256] = {
        let mut class = [Class::Other; 256];
        let mut byte = 0;
        while byte < 256 {
            class[byte] = match byte as u8 {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => Class::Word,
                b'\'' | b'.' | b',' => Class::Inner,
                b'!' | b'?' => Class::Stop,
                b'\n' => Class::Newline,
                0x80..=0xFF => Class::Wide,
                _ => Class::Other,
            };
            byte += 1;
        }
        class
    };
    BYTE[usize::from(byte)]
}

/// The class of the character at `at`, and its length in bytes.
pub(super) fn of_character(text: &str, at: usize) -> (Class, usize) {
    let Some(c) = text.get(at..).and_then(|tail| tail.chars().next()) else {
        return (Class::Other, 1);
    };
    (of_char(c), c.len_utf8())
}

pub(super) fn of_char(c: char) -> Class {
    static WIDE: LazyLock<Box<[Class]>> = LazyLock::new(|| {
        let class = |code| char::from_u32(code).map_or(Class::Other, of);
        (0..0x1_0000u32).map(class).collect()
    });
    WIDE.get(c as usize).copied().unwrap_or_else(|| of(c))
}

fn of(c: char) -> Class {
    match c {
        '\0'..='\x7F' => of_byte(c as u8),
        '’' => Class::Apostrophe,
        '。' | '！' | '？' | '｡' | '؟' | '۔' | '।' | '॥' | '።' | '…' | '‼' | '⁇' | '⁈' | '⁉' => {
            Class::WideStop
        }
        '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{2_0000}'..='\u{3_FFFF}'
        | '々'
        | '〇' => Class::Han,
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9F}'
            if c != '・' =>
        {
            Class::Kana
        }
        '\u{E01}'..='\u{EDF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17DD}' => {
            Class::Unspaced
        }
        _ if c.is_alphanumeric()
            || is_combining_mark(c)
            || matches!(c, '\u{200C}' | '\u{200D}') =>
        {
            Class::Word
        }
        _ => Class::Other,
    }
}

/// Whether the apostrophe, full stop or comma at `at` stands within a word: between letters, or (not
/// the apostrophe) between digits.
pub(super) fn joins(bytes: &[u8], at: usize) -> bool {
    let [before, sign, after] = match (at.checked_sub(1), bytes.get(at)) {
        (Some(left), Some(sign)) => [
            bytes.get(left).copied().unwrap_or(0),
            *sign,
            bytes.get(at + 1).copied().unwrap_or(0),
        ],
        _ => return false,
    };
    let letters = (before.is_ascii_alphabetic() || before >= 0x80)
        && (after.is_ascii_alphabetic() || (0xC3..0xE0).contains(&after));
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    match sign {
        b'\'' => letters,
        b'.' => digits || (letters && !(before.is_ascii_lowercase() && after.is_ascii_uppercase())),
        _ => digits,
    }
}

pub(super) fn letter_follows(text: &str, at: usize) -> bool {
    let next = text.get(at..).and_then(|tail| tail.chars().next());
    next.is_some_and(|c| {
        c.is_alphabetic() && !matches!(of(c), Class::Han | Class::Kana | Class::Unspaced)
    })
}
