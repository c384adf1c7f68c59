//! What stands between paragraphs and is no text: page numbers, running heads, remarks; and notes.

use std::collections::HashMap;

use super::blocks::Block;
use super::lines::width;

/// Page numbers, or running heads, that make a book one with pages.
const MIN_PAGES: usize = 8;
/// Blocks that a remark in brackets may go over.
const MAX_REMARK: usize = 40;

/// Which blocks are page numbers or running heads: numbers that rise, every few lines.
pub(super) fn pages(blocks: &[Block]) -> Vec<bool> {
    let mut found: HashMap<String, Vec<(usize, u32)>> = HashMap::new();
    for (index, block) in blocks.iter().enumerate() {
        let [line] = block.lines[..] else { continue };
        let line = line.trim();
        if width(line) > 70 || !line.bytes().any(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let number = line.trim_matches(['-', '[', ']', ' ', '—', '.', '–']);
        let digits = |text: &str| text.parse::<u32>().ok();
        let (first, last) = (
            number.split(' ').next().unwrap_or(""),
            number.rsplit(' ').next().unwrap_or(""),
        );
        let Some(page) = digits(first).or_else(|| digits(last)) else {
            continue;
        };
        // With the number left out, a running head is the same on each page.
        let head = number
            .trim_matches(|c: char| c.is_ascii_digit() || c == ' ')
            .to_owned();
        let shouts = !head.chars().any(char::is_lowercase);
        if shouts {
            found.entry(head).or_default().push((index, page));
        }
    }
    let mut pages = vec![false; blocks.len()];
    for places in found.values().filter(|places| places.len() >= MIN_PAGES) {
        let rises = places
            .iter()
            .zip(places.iter().skip(1))
            .filter(|(a, b)| b.1 > a.1 && b.1 - a.1 <= 4)
            .count();
        let line = |place: Option<&(usize, u32)>| {
            place
                .and_then(|place| blocks.get(place.0))
                .map_or(0, |block| block.at)
        };
        let apart = (line(places.last()) - line(places.first())) / places.len();
        if rises * 10 >= (places.len() - 1) * 8 && apart < 90 {
            for (index, _) in places {
                if let Some(page) = pages.get_mut(*index) {
                    *page = true;
                }
            }
        }
    }
    pages
}

/// Whether a block begins a remark in brackets that goes over further blocks and is no text; and
/// over how many.
pub(super) fn remark(block: &Block, after: &[Block]) -> Option<usize> {
    let first = block.lines.first()?.trim();
    let lower = first
        .get(1..first.len().min(40))
        .unwrap_or_else(|| first.trim_start_matches('['))
        .to_lowercase();
    let names = [
        "illustration",
        "transcriber",
        "producer",
        "tr. note",
        "frontispiece",
    ];
    if !first.starts_with('[') || !names.iter().any(|name| lower.starts_with(name)) {
        return None;
    }
    let closes = |lines: &[&str]| {
        lines.iter().fold(0_i64, |depth, line| {
            depth + line.matches('[').count() as i64 - line.matches(']').count() as i64
        })
    };
    let mut depth = closes(&block.lines);
    let ends = |block: &Block| {
        block
            .lines
            .last()
            .is_some_and(|line| line.trim_end().ends_with(']'))
    };
    if depth <= 0 {
        // Text behind the bracket is the paragraph's own.
        return ends(block).then_some(0);
    }
    for (length, block) in after.iter().take(MAX_REMARK).enumerate() {
        depth += closes(&block.lines);
        if depth <= 0 && ends(block) {
            return Some(length + 1);
        }
    }
    None
}

/// The text of a note: "[Footnote 3: text]", or "[3] text".
pub(super) fn note(block: &Block) -> Option<String> {
    let first = block.lines.first()?.trim_start();
    let rest = first.strip_prefix('[')?;
    let (label, _) = rest.split_once([':', ']'])?;
    let named = label.to_lowercase().starts_with("footnote") && rest.contains(':');
    let number = label.strip_prefix(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
    let bare =
        number.is_some_and(|rest| rest.len() <= 3 && rest.chars().all(|c| c.is_ascii_digit()));
    let bare = bare
        && rest
            .get(label.len()..)
            .is_some_and(|rest| rest.starts_with("] "));
    (named || bare).then(|| {
        rest.get(label.len() + 1..)
            .unwrap_or_default()
            .trim()
            .to_owned()
    })
}
