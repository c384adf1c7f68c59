//! Full-width and half-width forms, digraphs and ligatures.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

use crate::characters::{Context, Fate};
use crate::config::{Config, HalfWidth, Width};

/// Full-width and half-width forms; ligatures of Latin letters, which come from typeset pages. Also
/// says how many bytes are taken.
pub(crate) fn form(c: char, context: &Context, config: &Config) -> (Fate, usize) {
    let fate = match c {
        '\u{FB00}' => Fate::Replace("ff"),
        '\u{FB01}' => Fate::Replace("fi"),
        '\u{FB02}' => Fate::Replace("fl"),
        '\u{FB03}' => Fate::Replace("ffi"),
        '\u{FB04}' => Fate::Replace("ffl"),
        '\u{FB05}' | '\u{FB06}' => Fate::Replace("st"),
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' if config.fullwidth == Width::Narrow => {
            narrow(c)
        }
        '！'..='～' if config.fullwidth == Width::Narrow && is_among_latin(c, context) => {
            narrow(c)
        }
        '\u{FF61}'..='\u{FFDC}' if config.halfwidth == HalfWidth::Widen => {
            return widen(c, context);
        }
        _ => digraph(c).map_or(Fate::Keep, Fate::Replace),
    };
    (fate, c.len_utf8())
}

fn narrow(c: char) -> Fate {
    (c as u32)
        .checked_sub(0xFEE0)
        .and_then(char::from_u32)
        .map_or(Fate::Keep, Fate::Become)
}

/// Half-width katakana (a voicing mark behind it joins it) and hangul, as NFKC has them.
fn widen(c: char, context: &Context) -> (Fate, usize) {
    let plain = |c: char| std::iter::once(c).nfkc().next().filter(|wide| *wide != c);
    let Some(wide) = plain(c) else {
        return (Fate::Keep, c.len_utf8());
    };
    let mark = match context.next() {
        Some('\u{FF9E}') => Some('\u{3099}'),
        Some('\u{FF9F}') => Some('\u{309A}'),
        _ => None,
    };
    if let Some(voiced) = mark.and_then(|mark| compose(wide, mark)) {
        return (Fate::Become(voiced), 2 * c.len_utf8());
    }
    match c {
        // A voicing mark alone: the one that takes space, not the one that combines.
        '\u{FF9E}' => (Fate::Become('゛'), c.len_utf8()),
        '\u{FF9F}' => (Fate::Become('゜'), c.len_utf8()),
        _ => (Fate::Become(wide), c.len_utf8()),
    }
}

/// Characters before a closing bracket in which the opening one is looked for.
const BRACKET_REACH: usize = 64;

/// Whether full-width punctuation stands in Latin, Greek or Cyrillic text: the whole text holds no
/// East Asian letter, and the punctuation follows a word; a bracket closes as it was opened.
fn is_among_latin(c: char, context: &Context) -> bool {
    let behind = || {
        context
            .pending
            .chars()
            .rev()
            .chain(context.out.chars().rev())
    };
    let follows = match c {
        '）' | '］' | '｝' => {
            let opens = |c: &char| matches!(c, '(' | '[' | '{' | '（' | '［' | '｛' | '\n');
            behind()
                .take(BRACKET_REACH)
                .find(opens)
                .is_some_and(|c| matches!(c, '(' | '[' | '{'))
        }
        _ => {
            let before = behind().find(|c| *c != ' ');
            before.is_some_and(|c| {
                c.is_alphanumeric() || matches!(c, ')' | ']' | '"' | '”' | '!' | '?')
            })
        }
    };
    follows && !context.east_asian()
}

/// Letters of Chinese, Japanese and Korean, half-width ones too.
pub(crate) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3041}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}')
        || matches!(c, '\u{FF66}'..='\u{FFDC}' | '\u{2_0000}'..='\u{3_FFFF}')
}

/// Two letters in one character, which old charsets had for Dutch, Croatian and Afrikaans, written as
/// two (after ftfy's table of ligatures).
pub(crate) fn digraph(c: char) -> Option<&'static str> {
    Some(match c {
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'ŉ' => "ʼn",
        'Ǳ' => "DZ",
        'ǲ' => "Dz",
        'ǳ' => "dz",
        'Ǆ' => "DŽ",
        'ǅ' => "Dž",
        'ǆ' => "dž",
        'Ǉ' => "LJ",
        'ǈ' => "Lj",
        'ǉ' => "lj",
        'Ǌ' => "NJ",
        'ǋ' => "Nj",
        'ǌ' => "nj",
        _ => return None,
    })
}
