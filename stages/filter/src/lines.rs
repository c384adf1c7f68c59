//! Lines and paragraphs, and how much of them repeats.

use xxhash_rust::xxh3::xxh3_64;

use crate::hashing::HashedSet;

/// Number and characters of the pieces that repeat an earlier piece, and number of all pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    /// All pieces.
    pub pieces: usize,
    /// Pieces that repeat an earlier one.
    pub repeats: usize,
    /// Characters in those.
    pub chars: usize,
}

/// Counts the pieces that repeat an earlier one.
pub fn repeated<'a>(pieces: impl Iterator<Item = &'a str>) -> Repeated {
    let mut seen = HashedSet::default();
    let mut found = Repeated::default();
    for piece in pieces {
        found.pieces += 1;
        if !seen.insert(xxh3_64(piece.as_bytes())) {
            found.repeats += 1;
            found.chars += piece.chars().count();
        }
    }
    found
}

/// The pieces between runs of at least `least` line feeds, empty ones at the ends included.
pub fn between_line_feeds(text: &str, least: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let mut from = 0;
        while let Some(found) = memchr::memchr(b'\n', &current.as_bytes()[from..]) {
            let start = from + found;
            let run = current.as_bytes()[start..]
                .iter()
                .take_while(|&&b| b == b'\n')
                .count();
            from = start + run;
            if run >= least {
                rest = Some(&current[from..]);
                return Some(&current[..start]);
            }
        }
        rest = None;
        Some(current)
    })
}

/// Lines as Python's `str.splitlines` gives them: at every Unicode line boundary, without a last
/// empty line.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let plain = !has_odd_breaks(text);
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = match plain {
            true => memchr::memchr(b'\n', rest.as_bytes()),
            false => rest.find(is_break),
        };
        let Some(end) = end else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, tail) = rest.split_at(end);
        let width = tail.chars().next().map_or(0, char::len_utf8);
        rest = tail.strip_prefix("\r\n").unwrap_or(&tail[width..]);
        Some(line)
    })
}

/// Whether `text` may have line boundaries other than line feeds.
fn has_odd_breaks(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Written so that it compiles to vector instructions: no branch, one byte wide.
    let odd = bytes.iter().fold(0u8, |found, &byte| {
        let control = u8::from(byte.wrapping_sub(0xB) < 3) | u8::from(byte.wrapping_sub(0x1C) < 3);
        found | control | u8::from(byte == 0xC2)
    });
    odd != 0
        || memchr::memmem::find(bytes, "\u{2028}".as_bytes()).is_some()
        || memchr::memmem::find(bytes, "\u{2029}".as_bytes()).is_some()
}

fn is_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_the_regular_expressions_do() {
        let split = |text, least| between_line_feeds(text, least).collect::<Vec<_>>();
        assert_eq!(split("a\nb\n\n\nc", 1), ["a", "b", "c"]);
        assert_eq!(split("a\nb\n\n\nc", 2), ["a\nb", "c"]);
        assert_eq!(split("\na\n", 1), ["", "a", ""]);
        assert_eq!(split("", 1), [""]);
    }

    #[test]
    fn splits_at_every_line_boundary() {
        let split = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(
            split("a\r\nb\rc\n\nd\u{2028}e\u{85}é—f\n"),
            ["a", "b", "c", "", "d", "e", "é—f"]
        );
        assert_eq!(split("\n"), [""]);
        assert!(split("").is_empty());
    }

    #[test]
    fn counts_repeats_in_characters() {
        let found = repeated(["中文", "a", "中文", "中文"].into_iter());
        assert_eq!(
            found,
            Repeated {
                pieces: 4,
                repeats: 2,
                chars: 4
            }
        );
    }
}
