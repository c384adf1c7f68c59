//! Paragraphs from lines.

use super::lines::{Line, is_han};

/// Distance of lines that parts paragraphs, in distances of the page's lines.
const GAP: f64 = 1.35;
/// Distance of lines in sizes of their letters, where a page does not say.
const LEADING: f64 = 1.3;
/// Least indent of a first line, and most, in ems.
const INDENT: (f64, f64) = (0.8, 5.0);
/// Difference in size that parts paragraphs.
const RESIZED: f64 = 1.12;

/// The text of pages: paragraphs with blank lines between.
pub(super) fn join(pages: &[Vec<Line>]) -> String {
    let mut text = String::new();
    for page in pages {
        let leading = leading(page);
        let mut before: Option<&Line> = None;
        for line in page {
            let parts = match before {
                // The first line of a page may go on with what the last page ends with.
                None => !goes_on(&text, &line.text),
                Some(before) => parts(before, line, leading, &text),
            };
            add(&mut text, line.text.trim(), parts);
            before = Some(line);
        }
    }
    text
}

/// The most common distance of lines.
fn leading(page: &[Line]) -> f64 {
    let pairs = page.iter().zip(page.iter().skip(1));
    let distances = pairs.map(|(before, line)| line.across - before.across);
    let mut distances: Vec<f64> = distances.filter(|distance| *distance > 1.0).collect();
    distances.sort_by(f64::total_cmp);
    // Of single lines far apart the smaller distances are those of lines.
    let typical = distances.get(distances.len() / 3).copied();
    typical.unwrap_or(0.0)
}

/// Whether a new paragraph begins with a line.
fn parts(before: &Line, line: &Line, leading: f64, text: &str) -> bool {
    let size = before.size.max(line.size);
    let resized = size > RESIZED * before.size.min(line.size);
    let distance = line.across - before.across;
    let typical = leading.clamp(size, LEADING * 2.0 * size);
    if distance.abs() < 0.5 * size {
        return false; // beside it, as in a table
    }
    if distance < 0.0 {
        return !goes_on(text, &line.text); // another column
    }
    let indent = line.start - before.start;
    let is_indented = (INDENT.0 * size..INDENT.1 * size).contains(&indent);
    let is_short = before.end < line.end - 0.2 * (line.end - line.start);
    distance > GAP * typical
        || resized
        || (is_indented && is_end(text))
        || (is_short && is_end(text))
}

/// Whether a text ends with a sentence.
fn is_end(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '”', '’', '»', '」', '』', ')', '）']);
    text.ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '：', '；', '…'])
}

/// Whether a line in another place goes on with a sentence.
fn goes_on(text: &str, line: &str) -> bool {
    let first = line.trim_start().chars().next();
    let is_inside = first.is_some_and(|c| c.is_lowercase() || is_han(c));
    !text.is_empty() && !is_end(text) && is_inside
}

/// Adds a line, with hyphens at the end of lines mended and ligatures taken apart.
fn add(text: &mut String, line: &str, parts: bool) {
    let mut last = text.chars().rev();
    let (last, before) = (last.next(), last.next());
    let first = line.chars().next();
    let is_broken = matches!(last, Some('-' | '\u{2010}' | '\u{ad}'))
        && before.is_some_and(char::is_alphabetic)
        && first.is_some_and(char::is_lowercase);
    if text.is_empty() {
    } else if parts {
        text.push_str("\n\n");
    } else if is_broken {
        text.pop();
    } else if !(last.is_some_and(is_han) && first.is_some_and(is_han)) {
        text.push(' ');
    }
    for c in line.chars() {
        match c {
            '\u{fb00}' => text.push_str("ff"),
            '\u{fb01}' => text.push_str("fi"),
            '\u{fb02}' => text.push_str("fl"),
            '\u{fb03}' => text.push_str("ffi"),
            '\u{fb04}' => text.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => text.push_str("st"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[(&str, f64, f64)]) -> Vec<Line> {
        let line = |(text, start, across): &(&str, f64, f64)| Line {
            text: (*text).to_owned(),
            start: *start,
            end: start + text.chars().count() as f64 * 5.0,
            across: *across,
            size: 10.0,
            ..Line::default()
        };
        texts.iter().map(line).collect()
    }

    #[test]
    fn lines_become_paragraphs() {
        let page = lines(&[
            ("A title", 0.0, 0.0),
            ("The first line of the hyphen-", 0.0, 30.0),
            ("ated paragraph, which has of\u{fb01}ce", 0.0, 42.0),
            ("words.", 0.0, 54.0),
            ("An indented one that is a bit", 15.0, 66.0),
            ("longer and goes on", 0.0, 78.0),
        ]);
        let next = lines(&[
            ("over the page.", 0.0, 0.0),
            ("中文的第一", 0.0, 30.0),
            ("行。", 0.0, 42.0),
        ]);
        assert_eq!(
            join(&[page, next]),
            "A title\n\nThe first line of the hyphenated paragraph, which has office words.\n\n\
             An indented one that is a bit longer and goes on over the page.\n\n中文的第一行。"
        );
    }
}
