//! Third pass: lines. Headings, lists, tables, paragraphs.

use super::super::Options;
use super::expand::{Aside, HOLE};
use super::inline::Inline;
use super::section::{Kind, Sections};
use super::table::{self, Table};
use super::tidy::tidy;

/// Lists in each other that are told apart.
const MAX_LIST: usize = 12;
/// Tables in each other that are told apart.
const MAX_TABLES: usize = 20;

/// Writes the text of a page whose brackets are resolved.
pub(super) fn write(flat: &str, asides: &[Aside], options: &Options) -> String {
    let mut writer = Writer {
        sections: Sections::new(options, flat.len()),
        inline: Inline::new(asides),
        kind: Kind::Paragraph,
        tables: Vec::new(),
        ignored_tables: 0,
        list: String::new(),
        counters: Vec::new(),
    };
    for line in flat.split('\n') {
        writer.line(line.trim_end_matches('\r'));
    }
    writer.finish()
}

/// What the words of a line ask of its block.
pub(super) trait Blocks {
    /// Ends the block.
    fn end_block(&mut self, text: &mut String);
    /// Begins an item of a list.
    fn begin_item(&mut self, text: &mut String);
    /// Adds a block whose lines stay.
    fn lines(&mut self, text: &mut String, lines: &str);
}

struct Writer<'a> {
    sections: Sections<'a>,
    inline: Inline<'a>,
    kind: Kind,
    tables: Vec<Table>,
    ignored_tables: usize,
    /// Marks of the list item before.
    list: String,
    counters: Vec<u32>,
}

/// What takes finished blocks: the page, or a cell.
struct Target<'w, 'a> {
    sections: &'w mut Sections<'a>,
    tables: &'w mut Vec<Table>,
    kind: &'w mut Kind,
}

impl Blocks for Target<'_, '_> {
    fn end_block(&mut self, text: &mut String) {
        let tidied = tidy(text);
        text.clear();
        match self.tables.last_mut() {
            Some(table) => table.text(&tidied, false),
            None if matches!(tidied.as_str(), "-" | "- ") => {}
            None => self.sections.push(*self.kind, &tidied),
        }
        *self.kind = Kind::Paragraph;
    }

    fn begin_item(&mut self, text: &mut String) {
        self.end_block(text);
        *self.kind = Kind::Item;
        if self.tables.is_empty() {
            text.push_str("- ");
        }
    }

    fn lines(&mut self, text: &mut String, lines: &str) {
        self.end_block(text);
        let lines = lines.trim_matches('\n').trim_end();
        match self.tables.last_mut() {
            Some(table) => table.text(lines, false),
            None => self.sections.push(Kind::Lines, lines),
        }
    }
}

impl<'a> Writer<'a> {
    fn line(&mut self, line: &str) {
        let bare = line.trim_matches(|c: char| c == HOLE || c.is_ascii_whitespace());
        if self.table_line(bare) {
            return;
        }
        let list = line.trim_start_matches(HOLE);
        let marks = list
            .bytes()
            .take_while(|byte| b"*#:;".contains(byte))
            .count();
        if bare.is_empty() {
            return self.flush();
        }
        if bare.starts_with('=') && self.heading(bare) {
            return;
        }
        if marks > 0 {
            let (marks, text) = list.split_at(marks);
            return self.item(marks, text);
        }
        self.list.clear();
        if bare.starts_with("----") {
            self.flush();
            return self.words(bare.trim_start_matches('-'));
        }
        let is_lines = line.starts_with(' ') && self.tables.is_empty() && !self.inline.in_html;
        if is_lines || self.kind != Kind::Paragraph {
            self.flush();
        }
        if is_lines {
            self.kind = Kind::Lines;
        }
        self.words(line);
    }

    /// Adds words to the block.
    fn words(&mut self, text: &str) {
        let mut target = Target {
            sections: &mut self.sections,
            tables: &mut self.tables,
            kind: &mut self.kind,
        };
        self.inline.line(text, &mut target);
    }

    fn flush(&mut self) {
        self.list.clear();
        self.end_block();
    }

    fn end_block(&mut self) {
        let mut target = Target {
            sections: &mut self.sections,
            tables: &mut self.tables,
            kind: &mut self.kind,
        };
        self.inline.end(&mut target);
    }

    /// A heading: `== Name ==`.
    fn heading(&mut self, bare: &str) -> bool {
        let count = |mut bytes: std::str::Bytes, back: bool| {
            let next = |bytes: &mut std::str::Bytes| {
                if back {
                    bytes.next_back()
                } else {
                    bytes.next()
                }
            };
            let mut count = 0;
            while count < 6 && next(&mut bytes) == Some(b'=') {
                count += 1;
            }
            count
        };
        let level = count(bare.bytes(), false).min(count(bare.bytes(), true));
        let level = level.min(bare.len().saturating_sub(1) / 2);
        if level == 0 || (level > 2 && !self.tables.is_empty()) {
            return false;
        }
        // A table that is still open was never closed.
        self.flush();
        while !self.tables.is_empty() {
            self.close_table();
        }
        let name = bare.get(level..bare.len() - level).unwrap_or_default();
        let name = tidy(&self.inline.words(name));
        self.sections.heading(level, &name.replace('\n', " "));
        true
    }

    fn item(&mut self, marks: &str, text: &str) {
        self.end_block();
        let marks = marks.get(..marks.len().min(MAX_LIST)).unwrap_or(marks);
        // `;` and `:` of one definition list continue each other.
        let same = |a: &u8, b: &u8| a == b || (b";:".contains(a) && b";:".contains(b));
        let shared = self
            .list
            .bytes()
            .zip(marks.bytes())
            .take_while(|(a, b)| same(a, b))
            .count();
        self.counters.truncate(shared);
        self.counters.resize(marks.len(), 0);
        if let Some(count) = self.counters.last_mut() {
            *count += 1;
        }
        marks.clone_into(&mut self.list);
        if text
            .trim_matches(|c: char| c == HOLE || c.is_whitespace())
            .is_empty()
        {
            return;
        }
        self.kind = Kind::Item;
        if self.tables.is_empty() {
            let depth = marks.bytes().filter(|mark| b"*#".contains(mark)).count();
            for _ in 1..depth.min(6) {
                self.inline.push("\u{2}\u{2}");
            }
            match marks.bytes().last() {
                Some(b'*') => self.inline.push("- "),
                Some(b'#') => {
                    let number = self.counters.last().copied().unwrap_or(1);
                    self.inline.push(&format!("{number}. "));
                }
                _ => {}
            }
        }
        self.words(text.trim_start());
        self.end_block();
    }

    /// A line of a table's markup.
    fn table_line(&mut self, bare: &str) -> bool {
        let unindented = bare.trim_start_matches([':', ' ', HOLE]);
        if let Some(attributes) = unindented.strip_prefix("{|") {
            self.flush();
            if self.tables.len() < MAX_TABLES {
                self.tables.push(Table::open(attributes));
            } else {
                self.ignored_tables += 1;
            }
            return true;
        }
        if !bare.starts_with(['|', '!']) {
            return false;
        }
        if self.tables.is_empty() {
            // A table's end without its beginning.
            let end = bare.starts_with("|}") || bare.starts_with("|-");
            if end {
                self.flush();
            }
            return end;
        }
        self.flush();
        if let Some(after) = bare.strip_prefix("|}") {
            if self.ignored_tables > 0 {
                self.ignored_tables -= 1;
            } else {
                self.close_table();
            }
            self.words(after.trim_start_matches('}'));
        } else if bare.starts_with("|-") {
            self.with_table(Table::row);
        } else if let Some(caption) = bare.strip_prefix("|+") {
            self.with_table(Table::caption);
            self.words(table::without_attributes(caption));
        } else {
            for cell in table::cells(bare) {
                self.flush();
                self.with_table(Table::cell);
                self.words(cell.trim_start());
            }
        }
        true
    }

    fn with_table(&mut self, change: fn(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn close_table(&mut self) {
        let Some(table) = self.tables.pop() else {
            return;
        };
        let rows = table.close();
        match self.tables.last_mut() {
            Some(outer) => outer.text(&rows.join("\n"), true),
            None => {
                for row in rows {
                    self.sections.push(Kind::Row, &row);
                }
            }
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        while !self.tables.is_empty() {
            self.close_table();
        }
        self.sections.finish()
    }
}
