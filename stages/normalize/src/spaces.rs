//! Spaces and blank lines: one space between words, none at the end of a line, at most one blank
//! line between paragraphs, none around the text.

use crate::counts::count;

/// Rewrites the white space of a text whose line ends are line feeds.
///
/// A run of spaces becomes one space, or one tab when it holds a tab (cells of a table). Spaces and
/// tabs that a line begins with stay when `keep_indent` says so: code means something by them.
pub(crate) fn clean(text: &str, keep_indent: bool, counter: &mut u32) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0usize;
    for line in text.split('\n') {
        let line = line.trim_end_matches(is_space);
        let body = line.trim_start_matches(is_space);
        if body.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        let indent = line.get(..line.len() - body.len()).unwrap_or_default();
        if keep_indent {
            // An ideographic space at the head of a paragraph is typography, not indentation.
            out.extend(indent.chars().filter(|c| matches!(c, ' ' | '\t')));
        }
        squeeze(body, &mut out);
    }
    if out == text {
        return None;
    }
    let removed = text.chars().count().saturating_sub(out.chars().count());
    *counter = counter.saturating_add(u32::try_from(removed).unwrap_or(u32::MAX));
    if removed == 0 {
        count(counter);
    }
    Some(out)
}

/// White space within a line.
pub(crate) fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Copies a line, each run of spaces as one.
fn squeeze(body: &str, out: &mut String) {
    let (mut done, mut at) = (0, 0);
    while let Some(start) = next_space(body, at) {
        let tail = body.get(start..).unwrap_or_default();
        let rest = tail.trim_start_matches(is_space);
        let run = tail.get(..tail.len() - rest.len()).unwrap_or_default();
        at = start + run.len();
        if !matches!(run, " " | "\t") {
            out.push_str(body.get(done..start).unwrap_or_default());
            out.push(if run.contains('\t') { '\t' } else { ' ' });
            done = at;
        }
    }
    out.push_str(body.get(done..).unwrap_or_default());
}

/// The place of the next white-space character.
fn next_space(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        // First bytes of all the characters that `is_space` knows.
        at += bytes
            .get(at..)?
            .iter()
            .position(|b| matches!(b, b' ' | b'\t' | 0xC2 | 0xE1..=0xE3))?;
        if text.get(at..)?.starts_with(is_space) {
            return Some(at);
        }
        at += 1;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cleaned(text: &str) -> String {
        clean(text, true, &mut 0).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn squeezes_and_trims() {
        assert_eq!(
            cleaned("  \n a  b \t c\u{a0}d  \n\n\n\n e \n\n"),
            " a b\tc d\n\n e"
        );
        assert_eq!(cleaned("\u{3000}\u{3000}段落　二"), "段落 二");
        assert_eq!(
            cleaned("fn f() {\n    x\n\ty\n}"),
            "fn f() {\n    x\n\ty\n}"
        );
        assert_eq!(clean("  a\n  b", false, &mut 0).as_deref(), Some("a\nb"));
        assert_eq!(cleaned(" \n\t\n"), "");
    }

    proptest! {
        #[test]
        fn the_first_look_is_right(text in "[a \t\n\u{a0}\u{2003}\u{202f}\u{205f}\u{3000}\u{1680}é中\u{2014}]{0,24}", keep: bool) {
            let cleaned = clean(&text, keep, &mut 0);
            if !crate::profile::Profile::of(&text, keep).spaces {
                prop_assert_eq!(&cleaned, &None);
            }
            let cleaned = cleaned.unwrap_or(text);
            prop_assert_eq!(clean(&cleaned, keep, &mut 0), None);
        }
    }
}
