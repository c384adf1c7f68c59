//! Plain text and Markdown, which pass through: only line ends and control characters change.

use crate::blocks::terminal;

/// Text with `\n` line ends, no trailing white space, no ASCII control characters but the tab, and at
/// most one blank line in a row. Lines are left as long as they are.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    // A carriage return before the line feed is trimmed with the white space; alone it ends a line.
    let ends = ['\n', '\u{2028}', '\u{2029}', '\x0c'];
    let lines = text
        .split(ends)
        .flat_map(|line| line.trim_end_matches('\r').split('\r'));
    for line in lines {
        let line = terminal::shown(line);
        // U+0085 counts as white space, but is part of a letter more often where charsets went wrong.
        let line = line.trim_end_matches(|c: char| c.is_whitespace() && c != '\u{85}');
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        out.extend(line.chars().filter(|c| *c == '\t' || !c.is_ascii_control()));
        blank = 0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_and_controls_go() {
        assert_eq!(
            clean("one\r\ntwo  \r\n\r\n\r\n\tth\x00ree\x1b[31m\n"),
            "one\ntwo\n\n\tthree"
        );
        assert_eq!(clean(" \n\n"), "");
    }

    #[test]
    fn evidence_of_a_wrong_charset_stays() {
        assert_eq!(clean("å\u{90}¬ Å\u{85}"), "å\u{90}¬ Å\u{85}");
    }
}
