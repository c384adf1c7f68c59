//! Where a piece ends that begins at a given place: the alternatives of the patterns, in their
//! order, each as the regular expression's greedy match would end.

use super::classes::{HEAD, Kind, LETTER, LINE_END, NUMBER, SPACE, TAIL};
use super::pattern::{Digits, Family, Pattern};
pub(super) use super::scan::Text;

/// `[^\s\p{L}\p{N}]` is what has none of these.
const NOT_OTHER: Kind = SPACE | LETTER | NUMBER;

/// The rules of a pattern.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pattern: Pattern,
}

impl Rules {
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern }
    }

    /// Where the piece that begins at `start` ends; `start` is inside the text.
    #[inline]
    pub fn end(self, text: &Text, start: usize) -> usize {
        match self.pattern.family {
            Family::Gpt2 => self.gpt2(text, start),
            Family::Cl100k => self.cl100k(text, start),
            Family::O200k => self.o200k(text, start),
        }
    }

    #[inline(always)]
    pub fn gpt2(self, text: &Text, start: usize) -> usize {
        let byte = text.byte(start);
        if byte == b'\'' {
            let end = gpt2_contraction(text, start);
            if end > start {
                return end;
            }
        }
        // ` ?` before letters, digits and others.
        let body = start + usize::from(byte == b' ');
        let kind = text.at(body).kind;
        if kind & LETTER != 0 {
            return text.letters_end(body);
        }
        if kind & NUMBER != 0 && (body == start || self.pattern.digits == Digits::All) {
            return self.digits_end(text, body);
        }
        if kind & NOT_OTHER == 0 && !text.ends_at(body) {
            return text.while_none(body, NOT_OTHER);
        }
        spaces_end(text, start)
    }

    #[inline(always)]
    pub fn cl100k(self, text: &Text, start: usize) -> usize {
        let first = text.at(start);
        if first.kind & LETTER != 0 {
            return text.letters_end(start);
        }
        let byte = text.byte(start);
        if byte == b'\'' {
            let end = contraction(text, start);
            if end > start {
                return end;
            }
        }
        if first.kind & NUMBER != 0 {
            return self.digits_end(text, start);
        }
        // `[^\r\n\p{L}\p{N}]?` before letters.
        let second = text.at(first.end);
        if first.kind & LINE_END == 0 && second.kind & LETTER != 0 {
            return text.letters_end(first.end);
        }
        // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
        let body = start + usize::from(byte == b' ');
        if text.at(body).kind & NOT_OTHER == 0 && !text.ends_at(body) {
            let end = text.while_none(body, NOT_OTHER);
            return text.while_any(end, LINE_END);
        }
        lines_or_spaces_end(text, start)
    }

    #[inline(always)]
    pub fn o200k(self, text: &Text, start: usize) -> usize {
        let first = text.at(start);
        // `[^\r\n\p{L}\p{N}]?` before a word, tried first with and then without it.
        let prefix = first.kind & (LINE_END | LETTER | NUMBER) == 0;
        let after = if prefix { first.end } else { start };
        let word = [after, start].into_iter().take(1 + usize::from(prefix));
        if let Some(end) = word.clone().find_map(|body| tailed_word(text, body)) {
            return contraction(text, end);
        }
        if let Some(end) = word.clone().find_map(|body| headed_word(text, body)) {
            return contraction(text, end);
        }
        if first.kind & NUMBER != 0 {
            return self.digits_end(text, start);
        }
        // ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
        let body = start + usize::from(text.byte(start) == b' ');
        if text.at(body).kind & NOT_OTHER == 0 && !text.ends_at(body) {
            let mut end = text.while_none(body, NOT_OTHER);
            while matches!(text.byte(end), b'\r' | b'\n' | b'/') {
                end += 1;
            }
            return end;
        }
        lines_or_spaces_end(text, start)
    }

    #[inline]
    fn digits_end(self, text: &Text, start: usize) -> usize {
        let most = match self.pattern.digits {
            Digits::One => 1,
            Digits::Three => 3,
            Digits::All => return text.while_any(start, NUMBER),
        };
        let mut end = start;
        for _ in 0..most {
            let character = text.at(end);
            if character.kind & NUMBER == 0 {
                break;
            }
            end = character.end;
        }
        end
    }
}

/// `'s|'t|'re|'ve|'m|'ll|'d`: the end of the one that begins at `start`, else `start`.
fn gpt2_contraction(text: &Text, start: usize) -> usize {
    match (text.byte(start + 1), text.byte(start + 2)) {
        (b's' | b't' | b'm' | b'd', _) => start + 2,
        (b'r' | b'v', b'e') | (b'l', b'l') => start + 3,
        _ => start,
    }
}

/// The same in either case; the long s (U+017F) is a form of s.
#[inline]
fn contraction(text: &Text, start: usize) -> usize {
    if text.byte(start) != b'\'' {
        return start;
    }
    let (first, second) = (text.byte(start + 1), text.byte(start + 2));
    match (first.to_ascii_lowercase(), second.to_ascii_lowercase()) {
        (b's' | b't' | b'm' | b'd', _) => start + 2,
        (b'r' | b'v', b'e') | (b'l', b'l') => start + 3,
        (0xc5, 0xbf) => start + 3,
        _ => start,
    }
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
#[inline]
fn tailed_word(text: &Text, start: usize) -> Option<usize> {
    let mut head = start;
    // Behind the last character of the head that may also be of the tail.
    let mut shared = None;
    loop {
        let character = text.at(head);
        if character.kind & HEAD == 0 {
            break;
        }
        head = character.end;
        if character.kind & TAIL != 0 {
            shared = Some(head);
        }
    }
    let tail = text.while_any(head, TAIL);
    if tail > head { Some(tail) } else { shared }
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
#[inline]
fn headed_word(text: &Text, start: usize) -> Option<usize> {
    let head = text.while_any(start, HEAD);
    (head > start).then(|| text.while_any(head, TAIL))
}

/// `\s+(?!\S)|\s+`: the last space of several stays for what follows them.
#[inline]
fn spaces_end(text: &Text, start: usize) -> usize {
    let (mut last, mut end) = (start, start);
    loop {
        let character = text.at(end);
        if character.kind & SPACE == 0 {
            break;
        }
        (last, end) = (end, character.end);
    }
    match text.ends_at(end) || last == start {
        true => end,
        false => last,
    }
}

/// `\s*[\r\n]+|\s+(?!\S)|\s+`: spaces up to the last line end among them, else as before.
#[inline]
fn lines_or_spaces_end(text: &Text, start: usize) -> usize {
    let (mut last, mut end, mut lines) = (start, start, start);
    loop {
        let character = text.at(end);
        if character.kind & SPACE == 0 {
            break;
        }
        (last, end) = (end, character.end);
        if character.kind & LINE_END != 0 {
            lines = end;
        }
    }
    match (lines > start, text.ends_at(end) || last == start) {
        (true, _) => lines,
        (false, true) => end,
        (false, false) => last,
    }
}
