//! Kept blocks to text: one line a paragraph, a blank line between blocks, lists and tables
//! line by line.

use crate::page::{Block, Kind, Page};

/// Writes the blocks for which `keep` is set.
pub(crate) fn write(page: &Page, keep: &[bool]) -> String {
    let mut out = String::new();
    let mut previous: Option<&Block> = None;
    for (block, _) in page.blocks.iter().zip(keep).filter(|(_, keep)| **keep) {
        if let Some(previous) = previous {
            out.push_str(if is_run(previous, block) {
                "\n"
            } else {
                "\n\n"
            });
        }
        prefix(block, &mut out);
        out.push_str(page.text_of(block));
        previous = Some(block);
    }
    out
}

/// Items of a list and rows of a table follow each other without a blank line.
fn is_run(a: &Block, b: &Block) -> bool {
    a.kind == b.kind && matches!(a.kind, Kind::Item | Kind::Row)
}

fn prefix(block: &Block, out: &mut String) {
    if block.kind != Kind::Item {
        return;
    }
    for _ in 1..block.list_depth.min(6) {
        out.push_str("  ");
    }
    if block.ordinal == 0 {
        out.push_str("- ");
    } else {
        out.push_str(&block.ordinal.to_string());
        out.push_str(". ");
    }
}
