//! Repairs text that was decoded with the wrong charset.
//!
//! The method is ftfy's (Robyn Speer, "ftfy", 2019, doi:10.5281/zenodo.2591652): when text looks
//! unlikely, encode it with the charset that it may have been read with and decode it as UTF-8, again
//! and again. Added are the whole document as evidence (a charset that explains every non-ASCII
//! character of a page explains its quiet lines too), a check that the result is coherent, and the
//! East Asian charsets.

mod badness;
mod codec;
mod east_asian;
mod familiar;
pub(crate) mod suspicion;
mod utf8;

use codec::{CODECS, Codec, LOST};
use suspicion::is_suspicious;

/// Damage is nested at most this deep.
const MAX_ROUNDS: usize = 6;

/// Sequences of UTF-8 that prove a charset by their number alone.
const PROOF: usize = 4;

/// Repairs a text; gives the new text and the number of characters that were damaged.
pub(crate) fn repair(text: &str) -> Option<(String, u32)> {
    let mut current: Option<String> = None;
    let mut changed = 0u32;
    for _ in 0..MAX_ROUNDS {
        let round = Round::run(current.as_deref().unwrap_or(text));
        let Some(fixed) = round else { break };
        changed = changed.saturating_add(fixed.changed);
        current = Some(fixed.text);
    }
    current.map(|text| (text, changed))
}

/// One round of repairs over a text.
#[derive(Default)]
struct Round {
    text: String,
    changed: u32,
    /// Sequences that each charset explained in the lines repaired so far.
    evidence: Vec<usize>,
}

impl Round {
    fn run(text: &str) -> Option<Self> {
        if !is_suspicious(text) {
            return None;
        }
        if let Some(fixed) = whole(text) {
            return Some(Self {
                changed: count_wide(text),
                text: fixed.text,
                evidence: Vec::new(),
            });
        }
        let mut round = Self {
            evidence: vec![0; CODECS.len()],
            ..Self::default()
        };
        let lines: Vec<Option<String>> = text
            .split_inclusive('\n')
            .map(|line| round.line(line))
            .collect();
        for (line, fixed) in text.split_inclusive('\n').zip(lines) {
            let fixed = fixed.or_else(|| round.line_by_evidence(line));
            if fixed.is_some() {
                round.changed = round.changed.saturating_add(count_wide(line));
            }
            round.text.push_str(fixed.as_deref().unwrap_or(line));
        }
        (round.changed > 0).then_some(round)
    }

    /// Repairs a line as a whole, or the runs in it that are surely damaged.
    fn line(&mut self, line: &str) -> Option<String> {
        if !is_suspicious(line) {
            return None;
        }
        if let Some(fixed) = whole(line) {
            if let Some(count) = fixed.codec.and_then(|codec| self.evidence.get_mut(codec)) {
                *count += fixed.sequences;
            }
            return Some(fixed.text);
        }
        if badness::is_bad(line) {
            runs(line)
        } else {
            None
        }
    }

    /// Repairs a line with the charset that other lines of the document were damaged by.
    fn line_by_evidence(&self, line: &str) -> Option<String> {
        let proven = self
            .evidence
            .iter()
            .enumerate()
            .filter(|(_, n)| **n >= PROOF);
        let (index, _) = proven.max_by_key(|(index, n)| (**n, usize::MAX - index))?;
        if line.is_ascii() {
            return None;
        }
        let fixed = decode(line, CODECS.get(index)?)?;
        familiar::is_coherent(&fixed.text).then_some(fixed.text)
    }
}

struct Fixed {
    text: String,
    sequences: usize,
    codec: Option<usize>,
}

/// Repairs a segment in which every non-ASCII character is damaged in the same way.
fn whole(segment: &str) -> Option<Fixed> {
    let mut verdict = None;
    let mut incoherent = None;
    for (index, codec) in CODECS.iter().enumerate() {
        let Some(decoded) = decode(segment, codec) else {
            continue;
        };
        let (bad, odd) = *verdict.get_or_insert_with(|| judge(segment));
        let coherent = familiar::is_coherent(&decoded.text);
        let fixed = Fixed {
            codec: Some(index),
            ..decoded
        };
        if coherent && (bad || odd || fixed.sequences >= PROOF) {
            return Some(fixed);
        }
        if bad {
            incoherent.get_or_insert(fixed);
        }
    }
    if incoherent.is_some() {
        return incoherent;
    }
    let text = east_asian::repair(segment)?;
    Some(Fixed {
        text,
        sequences: 0,
        codec: None,
    })
}

/// Whether a segment is surely damaged, and whether it is odd enough to believe a coherent repair.
fn judge(segment: &str) -> (bool, bool) {
    let bad = badness::is_bad(segment);
    (
        bad,
        bad || badness::is_odd(segment) || !familiar::is_coherent(segment),
    )
}

/// Reads a segment back: the bytes that `codec` gives it, as UTF-8.
fn decode(segment: &str, codec: &Codec) -> Option<Fixed> {
    if !may_decode(segment, codec) {
        return None;
    }
    let decoded = utf8::decode(&codec.encode(segment)?, codec)?;
    (decoded.text != segment).then_some(Fixed {
        text: decoded.text,
        sequences: decoded.sequences,
        codec: None,
    })
}

/// A quick look, without memory, at whether the bytes of a segment form UTF-8 sequences.
fn may_decode(segment: &str, codec: &Codec) -> bool {
    let mut missing = 0usize;
    let mut any = false;
    for c in segment.chars() {
        let byte = match u8::try_from(c) {
            Ok(ascii) if ascii < 0x80 => ascii,
            _ => match codec.byte(c) {
                Some(byte) => byte,
                None => return false,
            },
        };
        any |= byte >= 0x80;
        missing = match (missing, byte) {
            // After a lead byte: what continues it, or may stand for what does.
            (1.., 0x80..=0xBF | LOST | b' ' | b'?') => missing - 1,
            // "Ã" that lost its no-break space is two bytes for three characters; be generous.
            (1.., _) => return false,
            (0, 0x00..=0x7F) => 0,
            (0, 0xC0) => 1,
            (0, lead) => match utf8::announced(lead) {
                Some(length) => length - 1,
                None => return false,
            },
        };
    }
    any && missing == 0
}

/// Repairs the runs in a line that are surely damaged, and leaves the rest.
fn runs(line: &str) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    let mut from = 0;
    let mut changed = false;
    let mut skipped = 0;
    while let Some(run) = badness::next_run(line, from) {
        let before = line
            .get(..run.start)
            .and_then(|head| head.chars().next_back());
        let text = line.get(run.clone()).unwrap_or_default();
        if before.is_some_and(badness::continues_damage) && skipped < 3 {
            // A run cut short would be read out of step; look for one that starts later.
            skipped += 1;
            from = run.start + text.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        skipped = 0;
        from = run.end;
        let shorter = text.len() < line.len();
        if shorter
            && badness::is_bad(text)
            && let Some(fixed) = whole(text)
        {
            out.push_str(line.get(done..run.start).unwrap_or_default());
            out.push_str(&fixed.text);
            done = run.end;
            changed = true;
        }
    }
    out.push_str(line.get(done..).unwrap_or_default());
    changed.then_some(out)
}

fn count_wide(text: &str) -> u32 {
    let wide = text.chars().filter(|c| !c.is_ascii()).count();
    u32::try_from(wide).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
