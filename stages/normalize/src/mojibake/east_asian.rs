//! Damage with East Asian charsets, which ftfy leaves alone: UTF-8 read as GBK, Big5, Shift_JIS,
//! EUC-JP or EUC-KR (`浣犲ソ`), and text in those charsets read as Windows-1252 (`ÄãºÃ`).

use std::sync::LazyLock;

use encoding_rs::Encoding;

use super::codec::{Codec, western};
use super::familiar::Familiarity;
use super::suspicion::{BETRAYS, SIGN, WEST};
use super::utf8;
use crate::profile::suspicion_bits;

/// A charset of one- and two-byte characters, with the bytes of each character.
struct WideCodec {
    encoding: &'static Encoding,
    /// Bytes of the characters below U+10000; 0: none, below 0x100: one byte.
    bytes: Box<[u16]>,
}

impl WideCodec {
    fn new(encoding: &'static Encoding) -> Self {
        let mut bytes = vec![0u16; 0x1_0000].into_boxed_slice();
        let mut learn = |code: &[u8], value: u16| {
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(code);
            let mut chars = decoded.as_deref().unwrap_or_default().chars();
            if let (Some(c), None) = (chars.next(), chars.next())
                && let Some(slot) = bytes.get_mut(c as usize)
                && *slot == 0
            {
                *slot = value;
            }
        };
        for lead in 0x80u8..=0xFF {
            learn(&[lead], u16::from(lead));
            for trail in 0x40u8..=0xFE {
                learn(&[lead, trail], u16::from_be_bytes([lead, trail]));
            }
        }
        Self { encoding, bytes }
    }

    fn code(&self, c: char) -> Option<u16> {
        self.bytes
            .get(c as usize)
            .copied()
            .filter(|code| *code != 0)
    }

    fn decode(&self, bytes: &[u8]) -> Option<String> {
        let decoded = self
            .encoding
            .decode_without_bom_handling_and_without_replacement(bytes);
        decoded.map(std::borrow::Cow::into_owned)
    }

    /// Whether a character is what the first two bytes of a three-byte UTF-8 sequence turn into.
    /// Mojibake of Chinese is full of these; clean text hardly ever holds them.
    fn betrays(&self, c: char) -> bool {
        let [lead, trail] = self.code(c).unwrap_or_default().to_be_bytes();
        matches!(lead, 0xE3..=0xE9 | 0xEF) && matches!(trail, 0x80..=0xBF)
    }

    fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c as u8);
                continue;
            }
            if c == '\u{FFFD}' {
                out.push(super::codec::LOST);
                continue;
            }
            let [lead, trail] = self.code(c)?.to_be_bytes();
            if lead != 0 {
                out.push(lead);
            }
            out.push(trail);
        }
        Some(out)
    }
}

/// Charsets, the likelier first.
static WIDE: LazyLock<Vec<WideCodec>> = LazyLock::new(|| {
    [
        encoding_rs::GB18030,
        encoding_rs::BIG5,
        encoding_rs::SHIFT_JIS,
        encoding_rs::EUC_KR,
        encoding_rs::EUC_JP,
    ]
    .into_iter()
    .map(WideCodec::new)
    .collect()
});

/// Smallest share of frequent characters that proves a repair.
const FAMILIAR: f64 = 0.6;

/// The same for [`LONG`] characters or more from Windows-1252: so many bytes in pairs prove much by
/// themselves, and names are made of rarer characters.
const FAMILIAR_LONG: f64 = 0.33;
const LONG: usize = 8;

/// Repairs a segment as a whole, or run by run.
pub(super) fn repair(segment: &str) -> Option<String> {
    if let Some(western) = western()
        && has_western_run(segment)
    {
        let whole = from_western(segment, western).map(|(_, text)| text);
        if let Some(fixed) = whole.or_else(|| western_runs(segment, western)) {
            return Some(fixed);
        }
    }
    if !is_betrayed(segment) {
        return None;
    }
    from_wide(segment).or_else(|| map_runs(segment, |c| !c.is_ascii(), from_wide))
}

/// Whether a character begins a three-byte sequence of UTF-8 in one of the charsets.
pub(super) fn betrays(c: char) -> bool {
    WIDE.iter().any(|codec| codec.betrays(c))
}

/// Whether one in five East Asian characters gives mojibake away; undamaged text stays far below.
fn is_betrayed(segment: &str) -> bool {
    let (mut east, mut betrayed) = (0usize, 0usize);
    for c in segment.chars().filter(|c| *c as u32 >= 0x2E80) {
        east += 1;
        betrayed += usize::from(suspicion_bits(c) & BETRAYS != 0);
    }
    betrayed > 0 && betrayed * 5 >= east
}

/// Whether four characters in a row come from the upper half of Windows-1252, or two of its signs:
/// no Western language needs that.
fn has_western_run(segment: &str) -> bool {
    let mut run = 0;
    let mut signs = 0;
    for c in segment.chars() {
        let bits = if c.is_ascii() { 0 } else { suspicion_bits(c) };
        run = if bits & WEST != 0 { run + 1 } else { 0 };
        signs += usize::from(bits & SIGN != 0);
        if run >= 4 || signs >= 2 {
            return true;
        }
    }
    false
}

pub(super) fn is_western(c: char) -> bool {
    let has_byte = |codec: &Codec| codec.byte(c).is_some();
    !c.is_ascii() && c as u32 <= 0x2122 && western().is_some_and(has_byte)
}

/// Repairs the runs of a segment that were read as Windows-1252, all with the charset that explains
/// most of them.
fn western_runs(segment: &str, western: &Codec) -> Option<String> {
    let mut votes = vec![0usize; WIDE.len()];
    map_runs(segment, is_western, |run| {
        let (codec, text) = from_western(run, western)?;
        *votes.get_mut(codec)? += text.chars().count();
        None
    });
    let (best, most) = votes
        .iter()
        .enumerate()
        .max_by_key(|(index, n)| (**n, usize::MAX - index))?;
    let codec = WIDE.get(best).filter(|_| *most > 0)?;
    map_runs(segment, is_western, |run| {
        let text = codec.decode(&western.encode(run)?)?;
        (Familiarity::of(&text).strange == 0).then_some(text)
    })
}

/// East Asian text that was read as Windows-1252 or Latin-1, and the index of its charset.
fn from_western(segment: &str, western: &Codec) -> Option<(usize, String)> {
    if segment.contains('\u{FFFD}') {
        return None;
    }
    let bytes = western.encode(segment)?;
    let mut best: Option<(f64, usize, String)> = None;
    for (index, codec) in WIDE.iter().enumerate() {
        let Some(text) = codec.decode(&bytes) else {
            continue;
        };
        let familiar = Familiarity::of(&text);
        let share = familiar.share();
        let least = if familiar.characters >= LONG && familiar.strange == 0 {
            FAMILIAR_LONG
        } else {
            FAMILIAR
        };
        if familiar.frequent >= 2
            && share >= least
            && best.as_ref().is_none_or(|(other, ..)| share > *other)
        {
            best = Some((share, index, text));
        }
    }
    best.map(|(_, index, text)| (index, text))
}

/// UTF-8 that was read as an East Asian charset. The last character may be cut short.
fn from_wide(segment: &str) -> Option<String> {
    let before = Familiarity::of(segment);
    for codec in WIDE.iter() {
        if !segment.chars().any(|c| codec.betrays(c)) {
            continue;
        }
        let Some(bytes) = codec.encode(segment) else {
            continue;
        };
        let Some(text) = read_utf8(&bytes) else {
            continue;
        };
        let after = Familiarity::of(&text);
        if after.frequent >= 2 && after.share() >= FAMILIAR.max(before.share()) {
            return Some(text);
        }
    }
    None
}

/// Reads UTF-8 in which single bytes were lost: at most one character in eight may be missing.
fn read_utf8(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let (mut whole, mut lost) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        text.push_str(
            chunk
                .valid()
                .trim_start_matches(char::from(super::codec::LOST)),
        );
        if let Some(lead) = chunk.invalid().first() {
            utf8::announced(*lead)?;
            lost += 1;
            text.push('\u{FFFD}');
        }
    }
    (lost <= 1 + whole / 8).then(|| text.replace(char::from(super::codec::LOST), "\u{FFFD}"))
}

/// Applies a repair to each longest run of characters of a kind.
fn map_runs(
    segment: &str,
    kind: impl Fn(char) -> bool,
    mut repair: impl FnMut(&str) -> Option<String>,
) -> Option<String> {
    let mut out = String::with_capacity(segment.len());
    let mut changed = false;
    let mut rest = segment;
    while !rest.is_empty() {
        let start = rest.find(&kind).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(start);
        out.push_str(plain);
        let end = tail.find(|c| !kind(c)).unwrap_or(tail.len());
        let (run, tail) = tail.split_at(end);
        let fixed = if run.chars().nth(3).is_some() || run.len() >= 8 {
            repair(run)
        } else {
            None
        };
        changed |= fixed.is_some();
        out.push_str(fixed.as_deref().unwrap_or(run));
        rest = tail;
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damaged(text: &str, real: &'static Encoding, wrong: &'static Encoding) -> String {
        wrong
            .decode_without_bom_handling(&real.encode(text).0)
            .0
            .into_owned()
    }

    #[test]
    fn utf8_read_as_gbk() {
        assert_eq!(repair("浣犲ソ").as_deref(), Some("你好"));
        let text = "我们今天学习中文。";
        let bad = damaged(text, encoding_rs::UTF_8, encoding_rs::GBK);
        assert!(
            repair(&bad).unwrap().starts_with("我们今天学习中文"),
            "{bad}"
        );
        assert_eq!(repair("锟斤拷锟斤拷"), None);
    }

    #[test]
    fn gbk_and_big5_read_as_windows_1252() {
        assert_eq!(repair("ÄãºÃ").as_deref(), Some("你好"));
        let text = "我們今天在這裡學習中文。";
        let bad = damaged(text, encoding_rs::BIG5, encoding_rs::WINDOWS_1252);
        assert_eq!(repair(&bad).as_deref(), Some(text), "{bad}");
    }

    #[test]
    fn names_read_as_windows_1252() {
        let text = "奥韦奇金（Ovechkin）当晚的第一个助攻，詹姆斯·尤因将军";
        let bad = damaged(text, encoding_rs::GBK, encoding_rs::WINDOWS_1252);
        assert_eq!(repair(&bad).as_deref(), Some(text), "{bad}");
    }

    #[test]
    fn clean_text_stays() {
        for clean in [
            "我们今天学习中文。",
            "繁體中文：鐵鍵鏈，銀鏡",
            "ÀÁÂÃÄÅÆÇ",
            "été déjà",
            "§1 ¶2 «a»",
        ] {
            assert_eq!(repair(clean), None, "{clean}");
        }
    }
}
