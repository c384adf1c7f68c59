//! White space, and the holes that templates and notes leave.

use super::expand::HOLE;

/// A block's text without doubled white space, and without brackets and separators around
/// nothing: `Toronto ( ; 1834) is [..] .` where `..` was left out.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut hole = false;
    for c in text.chars() {
        match c {
            HOLE => hole = true,
            // Indentation of a list item.
            '\x02' => out.push(' '),
            '\n' => {
                trim(&mut out, &[' ']);
                if !out.is_empty() {
                    out.push('\n');
                }
                hole = false;
            }
            // A wide space is part of Chinese and Japanese text.
            _ if c.is_whitespace() && c != '\u{3000}' => space(&mut out, hole),
            _ if hole => hole = after_hole(c, &mut out),
            _ => out.push(c),
        }
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    out
}

fn space(out: &mut String, hole: bool) {
    let last = out.chars().next_back();
    let follows_bracket = hole && matches!(last, Some('(' | '（'));
    if !follows_bracket && !matches!(last, None | Some(' ' | '\n')) {
        out.push(' ');
    }
}

fn trim(out: &mut String, what: &[char]) {
    let kept = out.trim_end_matches(what).len();
    out.truncate(kept);
}

/// Adds the first character behind a hole; whether the next one still stands at it.
fn after_hole(c: char, out: &mut String) -> bool {
    match c {
        ')' | '）' => {
            trim(out, &[' ', ',', ';', ':', '，', '；', '、', '：']);
            if out.ends_with(['(', '（']) {
                out.pop();
                return true;
            }
            out.push(c);
            false
        }
        ',' | ';' | '，' | '；' | '、' | '：' | ':' | '.' | '。' => {
            trim(out, &[' ']);
            let at_start = out.is_empty() || out.ends_with(['(', '（', '\n']);
            if at_start && !matches!(c, '.' | ':') {
                return true;
            }
            // Nothing is left between two separators.
            if c != ':' && c != '：' && out.ends_with([',', ';', '，', '；', '、']) {
                out.pop();
            }
            out.push(c);
            false
        }
        _ => {
            out.push(c);
            false
        }
    }
}
