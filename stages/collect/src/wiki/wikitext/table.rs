//! Tables: `{| … |}`.

use super::expand::HOLE;

/// A table that is being read.
#[derive(Default)]
pub(super) struct Table {
    /// Finished rows; several lines where the table lays out a page.
    rows: Vec<String>,
    cells: Vec<String>,
    in_cell: bool,
    is_caption: bool,
    hidden: bool,
    /// Whether another table stands in a cell.
    layout: bool,
}

/// Classes and styles of tables that are no content.
const HIDDEN: &[&str] = &[
    "infobox",
    "navbox",
    "metadata",
    "ambox",
    "mbox",
    "toccolours",
    "vertical-navbox",
    "noprint",
    "sistersitebox",
    "sidebar",
    "geography",
    "biota",
    "taxobox",
    "display:none",
    "display: none",
];

impl Table {
    /// Begins a table with these attributes.
    pub fn open(attributes: &str) -> Self {
        let attributes = attributes
            .get(..attributes.floor_char_boundary(2000))
            .unwrap_or_default();
        let lower = attributes.to_ascii_lowercase();
        Self {
            hidden: HIDDEN.iter().any(|word| lower.contains(word)),
            ..Self::default()
        }
    }

    /// Begins a cell.
    pub fn cell(&mut self) {
        if self.is_caption {
            self.row();
        }
        self.cells.push(String::new());
        self.in_cell = true;
    }

    /// Begins the caption.
    pub fn caption(&mut self) {
        self.row();
        self.cell();
        self.is_caption = true;
    }

    /// Adds text to the cell.
    pub fn text(&mut self, text: &str, is_table: bool) {
        if text.is_empty() {
            return;
        }
        if !self.in_cell {
            self.cell();
        }
        self.layout |= is_table;
        if let Some(cell) = self.cells.last_mut() {
            if !cell.is_empty() {
                cell.push(if is_table { '\n' } else { ' ' });
            }
            if is_table {
                cell.push_str(text);
            } else {
                cell.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
            }
        }
    }

    /// Ends a row.
    pub fn row(&mut self) {
        self.in_cell = false;
        self.is_caption = false;
        let mut cells = std::mem::take(&mut self.cells);
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let between = if self.layout { "\n" } else { " | " };
        let row = cells.join(between);
        self.rows.extend(
            row.lines()
                .map(str::trim_end)
                .filter(|line| !line.is_empty())
                .map(str::to_owned),
        );
    }

    /// Its rows.
    pub fn close(mut self) -> Vec<String> {
        self.row();
        if self.hidden { Vec::new() } else { self.rows }
    }
}

/// Cells of a line that begins with `|` or `!`, without their attributes.
pub(super) fn cells(line: &str) -> Vec<&str> {
    let (mark, rest) = line.split_at(usize::from(!line.is_empty()));
    let mut cells = Vec::new();
    let mut start = 0;
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'|', b'!', bytes.get(at..).unwrap_or_default()) {
        let here = at + found;
        let byte = bytes.get(here).copied().unwrap_or_default();
        let double = bytes.get(here + 1) == Some(&byte) && (byte == b'|' || mark == "!");
        if double {
            cells.push(rest.get(start..here).unwrap_or_default());
            start = here + 2;
        }
        at = here + 1 + usize::from(double);
    }
    cells.push(rest.get(start..).unwrap_or_default());
    cells.into_iter().map(without_attributes).collect()
}

/// Attributes that a cell of HTML may have, in lower case.
const ATTRIBUTES: &[&str] = &[
    "abbr", "align", "bgcolor", "class", "colspan", "dir", "headers", "height", "id", "lang",
    "nowrap", "rowspan", "scope", "style", "title", "valign", "width",
];

/// What stands behind the attributes of a cell.
pub(super) fn without_attributes(cell: &str) -> &str {
    match cell.split_once('|') {
        Some((before, content)) if is_attributes(before) => content,
        _ => behind_attributes(cell),
    }
}

fn is_attributes(text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    text.is_empty() || text.contains('=') || matches!(text, "nowrap" | "left" | "right" | "center")
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == HOLE
}

/// Without the attributes that a cell begins with. The bar behind them comes out of a template
/// that is not resolved, such as `{{n/a}}`.
fn behind_attributes(cell: &str) -> &str {
    let mut rest = cell;
    while let Some(next) = attribute(rest.trim_start_matches(is_blank)) {
        rest = next;
    }
    rest
}

/// What stands behind an attribute.
fn attribute(text: &str) -> Option<&str> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end();
    let is_data = name.get(..5).is_some_and(|start| start == "data-");
    let is_known = |known: &&str| known.eq_ignore_ascii_case(name);
    if (!is_data || name.contains(is_blank)) && !ATTRIBUTES.iter().any(is_known) {
        return None;
    }
    let is_spaced = value.starts_with(is_blank);
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => {
            let (_, rest) = value.get(1..)?.split_once(quote)?;
            Some(rest)
        }
        // `Width = 5` is a text.
        None if is_spaced => None,
        None => value.get(value.find(is_blank).unwrap_or(value.len())..),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_go_with_and_without_a_bar() {
        for (cell, content) in [
            ("colspan=\"5\"|a", "a"),
            (" colspan=\"5\" \u{3}", " \u{3}"),
            (" bgcolor=white colspan = \"3\" n/a", " n/a"),
            (" style='color: red'\u{3}", "\u{3}"),
            (" colspan=2\u{3}", "\u{3}"),
            (" data-sort-value=7 seven", " seven"),
            ("\u{3}rowspan=2", ""),
            // No attributes.
            ("E = mc^2", "E = mc^2"),
            ("Class = 5", "Class = 5"),
            ("style=\"never closed", "style=\"never closed"),
            ("a class=\"b\"", "a class=\"b\""),
            ("data- x=1", "data- x=1"),
            ("数=五", "数=五"),
        ] {
            assert_eq!(without_attributes(cell), content, "{cell}");
        }
        assert_eq!(
            cells("! a !! colspan=2 \u{3} || b"),
            [" a ", " \u{3} ", " b"]
        );
    }
}
