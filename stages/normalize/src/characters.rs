//! Character by character: control characters, terminal escapes, invisible and private-use
//! characters, line ends, quotation marks and dashes.

use std::cell::OnceCell;

use crate::config::{Config, Marks};
use crate::counts::{Counts, count};
use crate::forms::{digraph, form, is_east_asian};

/// Longest terminal escape sequence that is removed whole, in bytes.
const MAX_ESCAPE: usize = 256;

/// What becomes of one character.
pub(crate) enum Fate {
    Keep,
    Remove,
    Replace(&'static str),
    Become(char),
    /// A backspace: a terminal would print the next character over the one before.
    Overstrike,
}

/// First bytes of characters that may have to change: controls, Latin-1 controls and soft hyphen,
/// digraphs of Latin letters,
/// Arabic letter mark, general punctuation, full-width forms, private use.
static SUSPECT: [bool; 256] = {
    let mut suspect = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        suspect[byte] = matches!(
            byte as u8,
            0..=0x08 | 0x0B..=0x1F | 0x7F | 0xC2 | 0xC4 | 0xC5 | 0xC7 | 0xCA | 0xD8 | 0xE1 | 0xE2 | 0xEE | 0xEF | 0xF0..=0xF4
        );
        byte += 1;
    }
    suspect
};

/// Rewrites the characters of a text.
pub(crate) fn clean(text: &str, config: &Config, counts: &mut Counts) -> Option<String> {
    rewrite(text, |byte| SUSPECT[usize::from(byte)], config, counts)
}

/// Rewrites the ASCII characters of a text: controls, and the terminal escapes that they begin.
pub(crate) fn clean_ascii(text: &str, config: &Config, counts: &mut Counts) -> Option<String> {
    rewrite(
        text,
        |byte| byte < 0x80 && SUSPECT[usize::from(byte)],
        config,
        counts,
    )
}

fn rewrite(
    text: &str,
    suspect: impl Fn(u8) -> bool,
    config: &Config,
    counts: &mut Counts,
) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    let mut changed = false;
    let east_asian = OnceCell::new();
    while let Some(&byte) = bytes.get(at) {
        if !suspect(byte) {
            at += 1;
            continue;
        }
        let tail = text.get(at..).unwrap_or_default();
        let Some(c) = tail.chars().next() else { break };
        let context = Context {
            out: &out,
            pending: text.get(done..at).unwrap_or_default(),
            after: tail.get(c.len_utf8()..).unwrap_or_default(),
            text,
            east_asian: &east_asian,
        };
        let (fate, taken) = decide(c, tail, &context, config, counts);
        if !matches!(fate, Fate::Keep) {
            if !changed {
                out.reserve(text.len());
                changed = true;
            }
            out.push_str(text.get(done..at).unwrap_or_default());
            match fate {
                Fate::Replace(with) => out.push_str(with),
                Fate::Become(with) => out.push(with),
                Fate::Overstrike => {
                    out.pop();
                }
                Fate::Remove | Fate::Keep => {}
            }
            done = at + taken;
        }
        at += taken;
    }
    if !changed {
        return None;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Some(out)
}

/// What stands around a character.
pub(crate) struct Context<'a> {
    pub out: &'a str,
    pub pending: &'a str,
    pub after: &'a str,
    /// The whole text, and whether it holds East Asian letters, once somebody has asked.
    text: &'a str,
    east_asian: &'a OnceCell<bool>,
}

impl Context<'_> {
    pub fn before(&self) -> Option<char> {
        self.pending
            .chars()
            .next_back()
            .or_else(|| self.out.chars().next_back())
    }

    pub fn east_asian(&self) -> bool {
        let look = || self.text.chars().any(is_east_asian);
        *self.east_asian.get_or_init(look)
    }

    pub fn next(&self) -> Option<char> {
        self.after.chars().next()
    }
}

fn decide(
    c: char,
    tail: &str,
    context: &Context,
    config: &Config,
    counts: &mut Counts,
) -> (Fate, usize) {
    let whole = c.len_utf8();
    if c == '\u{1B}' {
        let taken = escape_length(tail);
        counts.controls = counts
            .controls
            .saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
        return (Fate::Remove, taken);
    }
    if c == '\r' {
        count(&mut counts.spaces);
        let taken = if tail.starts_with("\r\n") { 2 } else { 1 };
        return (Fate::Replace("\n"), taken);
    }
    if matches!(c, '\u{2028}' | '\u{2029}' | '\u{0B}' | '\u{0C}') {
        count(&mut counts.spaces);
        return (Fate::Replace("\n"), whole);
    }
    if let Some(taken) = overstrike(c, context) {
        count(&mut counts.controls);
        // "A\u{8}_" underlines what stands there already.
        let fate = if taken > whole {
            Fate::Remove
        } else {
            Fate::Overstrike
        };
        return (fate, taken);
    }
    if is_control(c) {
        count(&mut counts.controls);
        return (western(c), whole);
    }
    if is_invisible(c, context) {
        count(&mut counts.invisible);
        return (Fate::Remove, whole);
    }
    let (fate, taken) = form(c, context, config);
    if !matches!(fate, Fate::Keep) {
        count(&mut counts.forms);
        return (fate, taken);
    }
    let fate = mark(c, config);
    if !matches!(fate, Fate::Keep) {
        count(&mut counts.marks);
    }
    (fate, whole)
}

/// Bold and underline as typewriters and manual pages print them, by a backspace: how many bytes
/// from it on to take.
fn overstrike(c: char, context: &Context) -> Option<usize> {
    let (before, next) = (context.before()?, context.next()?);
    let printed = |c: char| !c.is_control() && !c.is_whitespace();
    if c != '\u{8}' || !printed(before) || !printed(next) {
        return None;
    }
    Some(if next == '_' { 2 } else { 1 })
}

/// Length of a terminal escape sequence (ECMA-48): CSI, OSC and other strings, two-character ones.
fn escape_length(tail: &str) -> usize {
    let bytes = tail.as_bytes();
    let end = |from: usize, last: fn(u8) -> bool, inner: fn(u8) -> bool| {
        let body = bytes.iter().enumerate().skip(from).take(MAX_ESCAPE);
        for (index, byte) in body {
            if last(*byte) {
                return Some(index + 1);
            }
            if !inner(*byte) {
                return None;
            }
        }
        None
    };
    match bytes.get(1) {
        Some(b'[') => end(
            2,
            |b| matches!(b, 0x40..=0x7E),
            |b| matches!(b, 0x20..=0x3F),
        )
        .unwrap_or(2),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            // A string ends with BEL or ESC \; one that does not end on its line is no string.
            end(2, |b| matches!(b, 0x07 | 0x1B), |b| b != b'\n' && b < 0x80).map_or(2, |length| {
                let stop =
                    bytes.get(length - 1) == Some(&0x1B) && bytes.get(length) == Some(&b'\\');
                if stop {
                    length + 1
                } else if bytes.get(length - 1) == Some(&0x1B) {
                    length - 1
                } else {
                    length
                }
            })
        }
        Some(0x20..=0x2F) if matches!(bytes.get(2), Some(0x30..=0x7E)) => 3,
        Some(b'7' | b'8' | b'=' | b'>' | b'c' | b'D' | b'E' | b'H' | b'M' | b'N' | b'O' | b'Z') => {
            2
        }
        _ => 1,
    }
}

/// Control characters (but tab and line feed), private use, non-characters.
fn is_control(c: char) -> bool {
    match c as u32 {
        0x09 | 0x0A => false,
        0..=0x1F | 0x7F..=0x9F => true,
        0xE000..=0xF8FF | 0xF_0000..=0x10_FFFF => true,
        0xFDD0..=0xFDEF => true,
        code => code & 0xFFFE == 0xFFFE,
    }
}

/// A C1 control stands for the Windows-1252 character of the same byte, as browsers have it.
fn western(c: char) -> Fate {
    match u8::try_from(c) {
        Ok(byte @ 0x80..=0x9F) => windows_1252(byte).map_or(Fate::Remove, Fate::Become),
        _ => Fate::Remove,
    }
}

/// The character of a byte in Windows-1252, unless that is a control.
pub(crate) fn windows_1252(byte: u8) -> Option<char> {
    let bytes = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
    text.chars().next().filter(|c| !c.is_control())
}

/// Whether [`clean`] may change a character beyond ASCII, quotation marks and dashes apart.
pub(crate) fn may_change(c: char) -> bool {
    match c as u32 {
        0x80..=0x9F | 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E => true,
        0x2060..=0x206F | 0xE000..=0xF8FF | 0xFB00..=0xFB06 | 0xFEFF | 0xFFF9..=0xFFFC => true,
        0xFF01..=0xFF5E | 0xFF61..=0xFFDC | 0xE_0000.. => true,
        _ => is_control(c) || digraph(c).is_some(),
    }
}

/// Quotation marks and dashes that configuration may replace.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c, '\u{2BC}' | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201F}' | '\u{2032}' | '\u{2033}' | '\u{2212}')
}

/// Characters without width that carry no meaning where they stand.
fn is_invisible(c: char, context: &Context) -> bool {
    match c as u32 {
        // Soft hyphen, Arabic letter mark, Mongolian vowel separator, byte order mark.
        0xAD | 0x61C | 0x180E | 0xFEFF => true,
        // Bidirectional marks, embeddings and isolates; word joiner and invisible operators.
        0x200E | 0x200F | 0x202A..=0x202E | 0x2060..=0x206F => true,
        // Interlinear annotation, object replacement.
        0xFFF9..=0xFFFC => true,
        // Zero-width space: the word boundary of scripts that write none, else nothing.
        0x200B => {
            !(context.before().is_some_and(is_unspaced) && context.next().is_some_and(is_unspaced))
        }
        0x200C => !context.before().is_some_and(is_joining),
        0x200D => !(context.before().is_some_and(is_joining) || joins_emoji(context)),
        // Tags spell the flags of regions after a black flag; anywhere else they hide text.
        0xE_0000..=0xE_007F => !context
            .before()
            .is_some_and(|b| b == '\u{1F3F4}' || is_tag(b)),
        // Ideographic variation selectors.
        0xE_0100..=0xE_01EF => !context
            .before()
            .is_some_and(|b| matches!(b as u32, 0x3400..=0x9FFF | 0x2_0000..=0x3_FFFF)),
        _ => false,
    }
}

fn is_tag(c: char) -> bool {
    matches!(c as u32, 0xE_0020..=0xE_007F)
}

/// Scripts that write words without spaces between them: Thai, Lao, Tibetan, Myanmar, Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c as u32, 0xE00..=0xFFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x1950..=0x1AAF | 0xA9E0..=0xA9FF | 0xAA60..=0xAADF)
}

/// Scripts in which joiners change the shape or the meaning of letters: Arabic and its relatives,
/// the Indic scripts, Mongolian.
fn is_joining(c: char) -> bool {
    matches!(c as u32, 0x620..=0x65F | 0x66E..=0x8FF | 0x900..=0xDFF | 0xF00..=0x109F | 0x1780..=0x18AF | 0xA8E0..=0xA8FF)
}

fn joins_emoji(context: &Context) -> bool {
    let emoji = |c: char| matches!(c as u32, 0x2190..=0x2BFF | 0xFE0F | 0x1_F000..=0x1_FAFF | 0x3030 | 0x303D);
    context.before().is_some_and(emoji) && context.next().is_some_and(emoji)
}

fn mark(c: char, config: &Config) -> Fate {
    match c {
        '\u{2BC}' | '\u{2018}'..='\u{201B}' | '\u{2032}' if config.quotes == Marks::Ascii => {
            Fate::Replace("'")
        }
        '\u{201C}'..='\u{201F}' | '\u{2033}' if config.quotes == Marks::Ascii => {
            Fate::Replace("\"")
        }
        '\u{2010}'..='\u{2013}' | '\u{2212}' if config.dashes == Marks::Ascii => Fate::Replace("-"),
        '\u{2014}' | '\u{2015}' if config.dashes == Marks::Ascii => Fate::Replace("--"),
        _ => Fate::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        let mut counts = Counts::default();
        clean(text, &Config::default(), &mut counts).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn removes_what_nobody_sees() {
        assert_eq!(
            cleaned("\u{feff}a\u{200b}b\u{ad}c\u{2060}\u{202e}d\u{e000}\u{0}"),
            "abcd"
        );
        assert_eq!(cleaned("a\r\nb\rc\u{2028}d"), "a\nb\nc\nd");
        assert_eq!(cleaned("\u{93}x\u{94}\u{81}"), "“x”");
    }

    #[test]
    fn removes_terminal_escapes_whole() {
        assert_eq!(cleaned("\u{1b}[36;44mblue\u{1b}[0m!"), "blue!");
        assert_eq!(
            cleaned("\u{1b}]0;title\u{7}x \u{1b}]8;;http://a\u{1b}\\link\u{1b}]8;;\u{1b}\\"),
            "x link"
        );
        assert_eq!(cleaned("\u{1b}(Bx\u{1b}=y\u{1b}"), "xy");
        assert_eq!(cleaned("B\u{8}Be\u{8}eg _\u{8}u x\u{8}_ \u{8}"), "Beg u x ");
        assert_eq!(cleaned("\u{1b}]never ends\nnext"), "never ends\nnext");
    }

    #[test]
    fn keeps_joiners_that_mean_something() {
        for kept in [
            "👨\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
            "ക്\u{200d}ഷ",
            "ភាសា\u{200b}ខ្មែរ",
            "🏴\u{e0067}\u{e007f}",
        ] {
            assert_eq!(cleaned(kept), kept);
        }
        assert_eq!(cleaned("a\u{200d}b\u{200c}c \u{e0041}"), "abc ");
    }

    #[test]
    fn narrows_letters_and_keeps_punctuation() {
        assert_eq!(cleaned("ＡＢＣ１２３，你好！（ｘ）"), "ABC123，你好！（x）");
        assert_eq!(cleaned("ﬁnd ﬂuﬀ"), "find fluff");
        assert_eq!(cleaned("korišteǌem ŉ ĳs"), "korištenjem ʼn ijs");
        assert_eq!(cleaned("Ｈello，world！（ok）"), "Hello,world!(ok)");
        assert_eq!(cleaned("用ＡＢＣ，好 ABC，好"), "用ABC，好 ABC，好");
        assert_eq!(cleaned("（<ID>） QQ：1 号"), "（<ID>） QQ：1 号");
        assert_eq!(cleaned("ｶﾞｷﾞﾊﾟｱﾞ｡ ﾡ"), "ガギパア゛。 ᄀ");
        let ascii = Config {
            quotes: Marks::Ascii,
            dashes: Marks::Ascii,
            ..Config::default()
        };
        let text = clean("‘a’ “b” – —", &ascii, &mut Counts::default());
        assert_eq!(text.as_deref(), Some("'a' \"b\" - --"));
    }
}
