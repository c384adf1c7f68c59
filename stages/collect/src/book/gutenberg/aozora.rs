//! Aozora Bunko: readings 《》, their beginnings ｜, and notes to the typesetter ［＃…］
//! (<https://www.aozora.gr.jp/annotation/>).

use super::Book;
use crate::markup::push_escaped;

/// Heading levels by their names.
const HEADINGS: &[(&str, u8)] = &[("大見出し", 2), ("中見出し", 3), ("小見出し", 4)];

/// Whether a text is of this form.
pub(super) fn begins(text: &str) -> bool {
    let head: String = text.chars().take(4000).collect();
    head.contains("【テキスト中に現れる記号について】")
        || (head.contains("［＃") && head.contains('》'))
}

/// Reads a book.
pub(super) fn parse(text: &str) -> Book {
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let head_end = lines
        .iter()
        .position(|line| line.trim().is_empty())
        .unwrap_or(0);
    let head: Vec<String> = lines
        .get(..head_end.min(8))
        .unwrap_or_default()
        .iter()
        .map(|line| plain(line.trim_start_matches('\u{feff}')))
        .collect();
    let is_dashes = |line: &&str| line.len() > 20 && line.bytes().all(|byte| byte == b'-');
    let dashes: Vec<usize> = (0..lines.len().min(200))
        .filter(|at| lines.get(*at).is_some_and(is_dashes))
        .collect();
    let start = match dashes[..] {
        [_, second, ..] => second + 1,
        _ => head_end,
    };
    let colophon = lines
        .iter()
        .rposition(|line| line.trim_start().starts_with("底本："));
    let end = colophon.filter(|end| *end > start).unwrap_or(lines.len());
    // Title, maybe a second one; author; translator.
    let writes =
        |line: &&String| !line.ends_with('訳') && !line.ends_with("訳者") && !line.ends_with("編");
    Book {
        title: head.first().filter(|title| !title.is_empty()).cloned(),
        author: head.iter().skip(1).rfind(writes).cloned(),
        lang: Some("ja".to_owned()),
        html: html(lines.get(start..end).unwrap_or_default()),
        ..Book::default()
    }
}

fn html(lines: &[&str]) -> String {
    let mut out = String::new();
    // A heading may stand over several lines.
    let mut block: Option<u8> = None;
    for line in lines {
        let opens = HEADINGS.iter().find(|(name, _)| {
            line.contains(&format!("［＃ここから{name}")) || line.contains(&format!("［＃{name}］"))
        });
        let closes = HEADINGS
            .iter()
            .any(|(name, _)| line.contains(&format!("{name}終わり")));
        let after = HEADINGS.iter().find(|(name, _)| {
            line.contains(&format!("は{name}］")) || line.contains(&format!("は同行{name}］"))
        });
        block = opens.map(|(_, level)| *level).or(block);
        let level = block.or(after.map(|(_, level)| *level));
        if closes {
            block = None;
        }
        let text = plain(line);
        let text = text.trim_matches(['\u{3000}', ' ']);
        if text.is_empty() {
            continue;
        }
        let name = level.map_or("p".to_owned(), |level| format!("h{level}"));
        out += &format!("<{name}>");
        push_escaped(text, &mut out);
        out += &format!("</{name}>\n");
    }
    out.trim_end().to_owned()
}

/// A line without readings and notes.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['《', '｜', '［', '※']) {
        let (before, from) = rest.split_at(at);
        out += before;
        let skipped = if from.starts_with('《') {
            near(from, '》')
        } else if from.starts_with('｜') {
            // Alone it is text.
            near(from, '《').map(|_| '｜'.len_utf8())
        } else if from.starts_with("※［＃") {
            near(from, '］')
                .inspect(|end| out.push(character(from.get(..*end).unwrap_or_default())))
        } else if from.starts_with("［＃") {
            note_end(from)
        } else {
            None
        };
        let skipped = skipped.unwrap_or_else(|| {
            let first = from.chars().next().unwrap_or_default();
            out.push(first);
            first.len_utf8()
        });
        rest = from.get(skipped..).unwrap_or_default();
    }
    out + rest
}

/// Where a character ends that follows soon.
fn near(text: &str, wanted: char) -> Option<usize> {
    let mut soon = text.char_indices().take(200);
    soon.find(|(_, c)| *c == wanted)
        .map(|(at, c)| at + c.len_utf8())
}

/// Where a note ends; notes may hold notes.
fn note_end(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices().take(500) {
        match c {
            '［' => depth += 1,
            '］' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// The character that a note describes, where it gives the code of Unicode; else 〓, as printers do.
fn character(note: &str) -> char {
    let code = note.split_once("U+").map(|(_, rest)| rest);
    let hex: String = code
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .take(6)
        .collect();
    u32::from_str_radix(&hex, 16)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or('〓')
}
