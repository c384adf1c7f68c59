//! A look at each character beyond ASCII, cheap enough for every text, that says whether a text may
//! hold mojibake at all.

use std::ops::Range;

use super::codec::{CODECS, LOST};
use super::familiar::{Script, script};
use super::{east_asian, utf8};
use crate::profile::{for_each_wide, suspicion_bits};

/// The character may stand for the lead byte of a sequence of two, three or four, in some charset.
const LEADS_2: u8 = 1;
const LEADS_3: u8 = 2;
const LEADS_4: u8 = 4;
/// It may stand for a continuation byte.
const CONTINUES: u8 = 8;
/// It begins a sequence of three in some East Asian charset.
pub(super) const BETRAYS: u8 = 16;
/// A printable character of Latin-1.
pub(super) const WEST: u8 = 32;
/// A sign rather than a letter among those.
pub(super) const SIGN: u8 = 64;
/// Control characters that only damage brings into text.
const CONTROL: u8 = 128;

/// What a character may be in damaged text. Zero for most.
pub(crate) fn bits_of(c: char) -> u8 {
    let mut bits = 0;
    for codec in CODECS.iter() {
        let Some(byte) = codec.byte(c) else { continue };
        bits |= match (utf8::announced(byte), byte) {
            (Some(2), _) => LEADS_2,
            (Some(3), _) => LEADS_3,
            (Some(4), _) => LEADS_4,
            (_, 0x80..=0xBF | LOST) => CONTINUES,
            _ => 0,
        };
    }
    if matches!(c as u32, 0xA1..=0xFF) {
        let sign = !c.is_alphabetic();
        bits |= if sign { WEST | SIGN } else { WEST };
    }
    if matches!(c as u32, 0x2E80..=0xFFEE) && east_asian::betrays(c) {
        bits |= BETRAYS;
    }
    if matches!(c as u32, 0x80..=0x9F) {
        bits |= CONTROL;
    }
    bits
}

/// Western characters close together that are suspicious.
const WEST_LIMIT: u32 = 3;

/// Characters to either side of a betraying one that are looked at.
const WINDOW: usize = 8;

/// What the characters so far give rise to.
#[derive(Default)]
pub(crate) struct Suspicion {
    found: bool,
    /// Place behind the character before.
    last_end: usize,
    /// The last three characters: their bits, and where they begin.
    history: [(u8, usize); 3],
    /// Place behind the last characters that could be a sequence of UTF-8.
    sequence_end: usize,
    west_score: u32,
}

impl Suspicion {
    /// Takes in the next character beyond ASCII, unless its bits are zero.
    pub fn step(&mut self, text: &str, range: Range<usize>, bits: u8) {
        if self.found {
            return;
        }
        if range.start != self.last_end {
            self.gap(text, range.start);
        }
        let [one, two, three] = self.history;
        if bits & CONTINUES != 0 {
            let three_of_four = one.0 & two.0 & CONTINUES != 0 && three.0 & LEADS_4 != 0;
            let two_of_three = one.0 & CONTINUES != 0 && two.0 & LEADS_3 != 0;
            let candidates = [
                (one.0 & LEADS_2 != 0, one.1),
                (two_of_three, two.1),
                (three_of_four, three.1),
            ];
            for (_, start) in candidates.into_iter().filter(|(possible, _)| *possible) {
                self.sequence(text, start..range.end);
            }
        }
        if bits & WEST != 0 {
            let close = (one.0 & WEST != 0) || (two.0 & SIGN != 0);
            self.west_score = if close { self.west_score + 1 } else { 0 };
            self.found |= self.west_score >= WEST_LIMIT;
        }
        self.found |= bits & CONTROL != 0 || (bits & BETRAYS != 0 && is_dense(text, range.start));
        self.history = [(bits, range.start), one, two];
        self.last_end = range.end;
    }

    /// Weighs characters that could be a sequence of UTF-8: in a row they are suspicious, alone when
    /// they give an everyday character. The end of a word in another alphabet is no sequence.
    fn sequence(&mut self, text: &str, range: Range<usize>) {
        let in_a_row = range.start != 0 && range.start == self.sequence_end;
        let before = text
            .get(..range.start)
            .and_then(|head| head.chars().next_back());
        let within_word =
            before.is_some_and(|c| !c.is_ascii() && suspicion_bits(c) & CONTINUES == 0);
        if within_word && !in_a_row {
            return;
        }
        self.found |=
            in_a_row || gives_everyday_character(text.get(range.clone()).unwrap_or_default());
        self.sequence_end = range.end;
    }

    /// Takes in the ASCII, and the characters without bits, between two characters.
    fn gap(&mut self, text: &str, at: usize) {
        let gap = text.as_bytes().get(self.last_end..at).unwrap_or_default();
        let [one, two, _] = self.history;
        // A no-break space that became a space; a lost byte that became a question mark.
        if let [b' ' | b'?', ..] = gap {
            let end = self.last_end + 1;
            if one.0 & LEADS_2 != 0 && one.0 & WEST != 0 {
                self.sequence(text, one.1..end);
            }
            if one.0 & CONTINUES != 0 && two.0 & (LEADS_3 | LEADS_4) != 0 {
                self.sequence(text, two.1..end);
            }
        }
        self.history = match gap {
            [b' ' | b'?'] => [(CONTINUES, self.last_end), one, two],
            [_] => [(0, 0), one, two],
            [_, _] => [(0, 0), (0, 0), one],
            _ => [(0, 0); 3],
        };
    }

    /// Whether the text, now at its end, may hold mojibake.
    pub fn found(mut self, text: &str) -> bool {
        self.gap(text, text.len());
        self.found
    }
}

/// Whether a text may hold mojibake.
pub(super) fn is_suspicious(text: &str) -> bool {
    let mut suspicion = Suspicion::default();
    for_each_wide(text, |range, c| {
        let bits = suspicion_bits(c);
        if bits != 0 {
            suspicion.step(text, range, bits);
        }
    });
    suspicion.found(text)
}

fn gives_everyday_character(sequence: &str) -> bool {
    CODECS.iter().any(|codec| {
        let Some(bytes) = codec.encode(sequence) else {
            return false;
        };
        // ED begins the halves of CESU-8 too, which say nothing one by one.
        let half = bytes.first() == Some(&0xED);
        let decoded = utf8::decode(&bytes, codec);
        half || decoded.is_some_and(|d| d.text.chars().all(|c| script(c) != Script::Rare))
    })
}

/// Whether betraying characters stand as close around a place as in mojibake: every third.
fn is_dense(text: &str, at: usize) -> bool {
    let (head, tail) = text.split_at_checked(at).unwrap_or_default();
    let (mut all, mut betraying) = (0usize, 0usize);
    let mut weigh = |c: char| {
        all += 1;
        betraying += usize::from(suspicion_bits(c) & BETRAYS != 0);
    };
    head.chars()
        .rev()
        .take(WINDOW)
        .take_while(|c| !c.is_ascii())
        .for_each(&mut weigh);
    tail.chars()
        .take(WINDOW + 1)
        .take_while(|c| !c.is_ascii())
        .for_each(&mut weigh);
    let least = match all {
        ..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    betraying >= least && betraying * 4 >= all
}
