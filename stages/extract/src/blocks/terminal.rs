//! Text that was captured from a terminal: colours, titles, overstrikes.

use std::borrow::Cow;

const BACKSPACE: char = '\u{8}';

/// A line as the terminal showed it. A sequence that is not closed ends with its line.
pub(crate) fn shown(line: &str) -> Cow<'_, str> {
    if !line.bytes().any(|byte| matches!(byte, b'\x08' | b'\x1b')) {
        return Cow::Borrowed(line);
    }
    let struck = overstrike(line);
    Cow::Owned(anstream::adapter::strip_str(&struck).to_string())
}

/// Overstrikes, as typewriters and `man` make bold and underlined letters, as the letter alone.
fn overstrike(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c != BACKSPACE {
            out.push(c);
        } else if chars.peek() == Some(&'_') && !out.is_empty() {
            chars.next();
        } else {
            out.pop();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_shows_is_what_stays() {
        assert_eq!(shown("plain — 文"), "plain — 文");
        assert_eq!(shown("\u{1b}[36;44mblue\u{1b}[0m!"), "blue!");
        assert_eq!(shown("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(shown("B\u{8}Bo\u{8}ol\u{8}ld _\u{8}i\u{8}"), "Bold ");
        assert_eq!(shown("u\u{8}_n\u{8}_der"), "under");
        assert_eq!(shown("\u{8}_x"), "_x");
        assert_eq!(shown("before \u{1b}]0;never closed"), "before ");
    }
}
