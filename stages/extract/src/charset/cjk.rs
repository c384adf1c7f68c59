//! Which East Asian encoding bytes are in: decoded with each, scored by how many of the
//! characters are frequent ones.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_2022_JP, SHIFT_JIS};

/// Frequent characters by language, most frequent first.
const SIMPLIFIED: &str = include_str!("../data/frequent-zh-hans.txt");
const TRADITIONAL: &str = include_str!("../data/frequent-zh-hant.txt");
const JAPANESE: &str = include_str!("../data/frequent-ja.txt");
const KOREAN: &str = include_str!("../data/frequent-ko.txt");

/// Share of frequent characters from which text is believed to be in an encoding.
const ENOUGH: f64 = 0.35;

/// The East Asian encoding that fits, if one does.
pub(super) fn guess(sample: &[u8]) -> Option<&'static Encoding> {
    if memchr::memmem::find(sample, b"\x1b$").is_some() {
        let (_, malformed) = ISO_2022_JP.decode_without_bom_handling(sample);
        return (!malformed).then_some(ISO_2022_JP);
    }
    let candidates = [GB18030, BIG5, SHIFT_JIS, EUC_JP, EUC_KR];
    let scored = candidates.map(|encoding| (score(sample, encoding), encoding));
    let best = scored.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ENOUGH).then_some(best.1)
}

/// Share of frequent characters among those beyond ASCII, less the undecodable ones.
fn score(sample: &[u8], encoding: &'static Encoding) -> f64 {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let (mut sum, mut all) = (0.0, 0.0);
    let mut previous = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            all += 1.0;
            sum += value(c, previous, encoding);
        }
        previous = c;
    }
    if all < 1.0 { 0.0 } else { sum / all }
}

/// What one character says for an encoding.
fn value(c: char, previous: char, encoding: &'static Encoding) -> f64 {
    match c as u32 {
        0xfffd => -4.0,
        // Private use: unassigned codes, frequent only in wrong guesses.
        0xe000..=0xf8ff => -2.0,
        // Half-width katakana: two for each character of something else.
        0xff61..=0xff9f => -0.5,
        0x3040..=0x30ff if encoding == SHIFT_JIS || encoding == EUC_JP => 0.8,
        // The ideographic comma, full stop, brackets and full-width forms are in all of them.
        0x3000..=0x301c | 0xff01..=0xff5e => 0.3,
        0xac00..=0xd7af if encoding == EUC_KR => {
            if KOREAN.contains(c) {
                1.0
            } else {
                0.1
            }
        }
        0x4e00..=0x9fff => han(c, encoding),
        // Letters with accents between ASCII ones: a Western page.
        _ if previous.is_ascii_alphabetic() => -0.5,
        _ => 0.0,
    }
}

fn han(c: char, encoding: &'static Encoding) -> f64 {
    let frequent = match encoding {
        e if e == BIG5 => TRADITIONAL,
        e if e == GB18030 => SIMPLIFIED,
        e if e == EUC_KR => return -0.2,
        _ => JAPANESE,
    };
    if frequent.contains(c) { 1.0 } else { 0.05 }
}
