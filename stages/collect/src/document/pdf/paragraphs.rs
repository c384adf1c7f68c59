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

/// Share of lines in a font of one width above which all text is set so, and not only code.
const TYPED: f64 = 0.6;
/// Letters that show the font.
const SHOWN: usize = 4;

/// What stands between two lines.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Between {
    Nothing,
    Break,
    Blank,
}

/// The text of pages: paragraphs with blank lines between.
pub(super) fn join(pages: &[Vec<Line>]) -> String {
    let mut text = String::new();
    let has_code = has_code(pages);
    for page in pages {
        let leading = leading(page);
        let mut before: Option<&Line> = None;
        let mut margin = 0.0;
        let mut was_code = false;
        for line in page {
            let code = before.filter(|before| has_code && is_code(before, line));
            let between = match (before, code) {
                (_, Some(before)) => match line.across - before.across > GAP * leading {
                    true => Between::Blank,
                    false => Between::Break,
                },
                // The first line of a page may go on with what the last page ends with.
                (None, _) if goes_on(&text, &line.text) => Between::Nothing,
                (None, _) => Between::Blank,
                (Some(_), _) if was_code => Between::Blank,
                (Some(before), _) => parts(before, line, leading, &text),
            };
            was_code = code.is_some();
            if code.is_none() {
                margin = line.start;
            }
            let indent = code.and_then(|_| line.letter()).unwrap_or(f64::MAX);
            let indent = (line.start - margin) / indent;
            add(
                &mut text,
                line.text.trim(),
                between,
                indent.round().clamp(0.0, 80.0) as usize,
            );
            before = Some(line);
        }
    }
    text
}

/// Whether lines in a font of one width are something special.
fn has_code(pages: &[Vec<Line>]) -> bool {
    let lines = || pages.iter().flatten();
    let typed = lines().filter(|line| line.letters.0 >= SHOWN && line.letter().is_some());
    (typed.count() as f64) < TYPED * lines().count() as f64
}

/// Whether two lines are code: below each other, in a font of one width.
fn is_code(before: &Line, line: &Line) -> bool {
    let (Some(one), Some(other)) = (before.letter(), line.letter()) else {
        return false;
    };
    let distance = (line.across - before.across) / line.size.max(before.size);
    (one - other).abs() < 0.02 * one
        && before.letters.0.max(line.letters.0) >= SHOWN
        && (0.5..3.0).contains(&distance)
}

/// Whether a line of a table of contents has dots that lead to the page's number.
fn has_leader(line: &Line) -> bool {
    line.text.contains(". . . .") || line.text.contains(".....")
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

/// What stands between a line and the one before, which is on the same page.
fn parts(before: &Line, line: &Line, leading: f64, text: &str) -> Between {
    let blank = |parts| {
        if parts {
            Between::Blank
        } else {
            Between::Nothing
        }
    };
    let size = before.size.max(line.size);
    let resized = size > RESIZED * before.size.min(line.size);
    let distance = line.across - before.across;
    let typical = leading.clamp(size, LEADING * 2.0 * size);
    if distance.abs() < 0.5 * size {
        return Between::Nothing; // beside it, as in a table
    }
    if distance < 0.0 {
        return blank(!goes_on(text, &line.text)); // another column
    }
    if distance < GAP * typical && (has_leader(before) || has_leader(line)) {
        return Between::Break;
    }
    let indent = line.start - before.start;
    let is_indented = (INDENT.0 * size..INDENT.1 * size).contains(&indent);
    let is_short = before.end < line.end - 0.2 * (line.end - line.start);
    blank(
        distance > GAP * typical
            || resized
            || (is_indented && is_end(text))
            || (is_short && is_end(text)),
    )
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
fn add(text: &mut String, line: &str, between: Between, indent: usize) {
    let mut last = text.chars().rev();
    let (last, before) = (last.next(), last.next());
    let first = line.chars().next();
    let is_broken = matches!(last, Some('-' | '\u{2010}' | '\u{ad}'))
        && before.is_some_and(char::is_alphabetic)
        && first.is_some_and(char::is_lowercase);
    // An address that goes on in the next line.
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_address = word.len() < 200 && word.contains("://") && word.ends_with('/');
    if text.is_empty() {
    } else if between != Between::Nothing {
        text.push_str(if between == Between::Blank {
            "\n\n"
        } else {
            "\n"
        });
        text.extend(std::iter::repeat_n(' ', indent));
    } else if is_address && first.is_some_and(char::is_alphanumeric) {
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
            letters: (9, 4.0, if text.starts_with('$') { 4.0 } else { 7.0 }),
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

    #[test]
    fn code_contents_and_addresses_keep_their_lines() {
        let page = lines(&[
            ("Code that shows it, as in https://x.org/", 0.0, 0.0),
            ("page:", 0.0, 12.0),
            ("$ if a;", 20.0, 24.0),
            ("$ b", 28.0, 36.0),
            ("$ fi", 20.0, 48.0),
            ("Words.", 0.0, 60.0),
            ("1 One . . . . . . 3", 0.0, 100.0),
            ("2 Two . . . . . . 5", 0.0, 112.0),
        ]);
        assert_eq!(
            join(&[page]),
            "Code that shows it, as in https://x.org/page:\n\n$ if a;\n  $ b\n$ fi\n\nWords.\n\n\
             1 One . . . . . . 3\n2 Two . . . . . . 5"
        );
    }
}
