//! A look at each character beyond ASCII, cheap enough for every text, that says whether a text may
//! hold mojibake at all.

use super::codec::CODECS;
use super::east_asian;
use super::utf8::announced;

/// The character may stand for the lead byte of a sequence of two, three or four, in some charset.
const LEADS_2: u8 = 1;
const LEADS_3: u8 = 2;
const LEADS_4: u8 = 4;
/// It may stand for a continuation byte.
const CONTINUES: u8 = 8;
/// It begins a sequence of three in some East Asian charset.
const BETRAYS: u8 = 16;
/// An East Asian character.
const EAST: u8 = 32;
/// A character of Windows-1252 or Latin-1.
const WEST: u8 = 64;
/// A sign rather than a letter among those.
const SIGN: u8 = 128;

/// What a character may be in damaged text.
pub(crate) fn bits_of(c: char) -> u8 {
    let mut bits = 0;
    for codec in CODECS.iter() {
        let Some(byte) = codec.byte(c) else { continue };
        bits |= match (announced(byte), byte) {
            (Some(2), _) => LEADS_2,
            (Some(3), _) => LEADS_3,
            (Some(4), _) => LEADS_4,
            (_, 0x80..=0xBF | super::LOST) => CONTINUES,
            (_, 0xC0) => LEADS_2,
            _ => 0,
        };
    }
    if east_asian::is_western(c) {
        let sign = !c.is_alphabetic();
        bits |= if sign { WEST | SIGN } else { WEST };
    }
    if matches!(c as u32, 0x2E80..=0xFFEE) {
        bits |= EAST;
        if east_asian::betrays(c) {
            bits |= BETRAYS;
        }
    }
    bits
}

/// Points at which neighbours are suspicious: East Asian ones, Western ones.
const EAST_LIMIT: u32 = 8;
const WEST_LIMIT: u32 = 3;

/// What the characters so far give rise to.
#[derive(Default)]
pub(crate) struct Suspicion {
    found: bool,
    /// End of the character before, and the bits of the last three.
    last_end: usize,
    history: [u8; 3],
    /// Betraying characters weigh against others, on one line.
    east_score: u32,
    line_east: u32,
    line_betrays: u32,
    /// Western characters that stand close together.
    west_score: u32,
}

impl Suspicion {
    /// Takes in the next character beyond ASCII.
    pub fn step(&mut self, text: &str, at: usize, end: usize, bits: u8) {
        if at != self.last_end {
            self.gap(text, at);
        }
        let [one, two, three] = self.history;
        if bits & CONTINUES != 0 {
            self.found |= one & LEADS_2 != 0
                || (one & CONTINUES != 0 && two & LEADS_3 != 0)
                || (one & two & CONTINUES != 0 && three & LEADS_4 != 0);
        }
        if bits & EAST != 0 {
            self.east(bits);
        }
        if bits & WEST != 0 {
            let close = (one & WEST != 0) || (two & SIGN != 0);
            self.west_score = if close { self.west_score + 1 } else { 0 };
            self.found |= self.west_score >= WEST_LIMIT;
        }
        self.history = [bits, one, two];
        self.last_end = end;
    }

    fn east(&mut self, bits: u8) {
        self.line_east += 1;
        if bits & BETRAYS != 0 {
            self.line_betrays += 1;
            self.east_score += 5;
        } else {
            self.east_score = self.east_score.saturating_sub(1);
        }
        self.found |= self.east_score >= EAST_LIMIT;
    }

    /// Takes in the ASCII between two characters.
    fn gap(&mut self, text: &str, at: usize) {
        let gap = text.as_bytes().get(self.last_end..at).unwrap_or_default();
        let [one, two, _] = self.history;
        // A no-break space that became a space; a lost byte that became a question mark.
        if let [b' ' | b'?', ..] = gap {
            let alone = one & LEADS_2 != 0 && one & WEST != 0;
            let within = one & (LEADS_3 | LEADS_4) != 0 && gap.len() == 1;
            let at_end = one & CONTINUES != 0 && two & (LEADS_3 | LEADS_4) != 0;
            self.found |= alone || within || at_end;
        }
        self.history = match gap.len() {
            1 => [
                if matches!(gap, [b' ' | b'?']) {
                    CONTINUES
                } else {
                    0
                },
                one,
                two,
            ],
            2 => [0, 0, one],
            _ => [0; 3],
        };
        if self.line_east > 0 && gap.contains(&b'\n') {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.found |= self.line_betrays > 0 && self.line_east <= 4;
        (self.line_east, self.line_betrays, self.east_score) = (0, 0, 0);
    }

    /// Whether the text, now at its end, may hold mojibake.
    pub fn found(mut self, text: &str) -> bool {
        self.gap(text, text.len());
        self.end_line();
        self.found
    }
}
