//! White space, line breaks, tables and formulae: how inline content becomes text.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::html::tag::Tag;
use crate::html::tree::{Data, Element};
use crate::words::Classes;

/// A table whose cells are longer than this on average is there for its layout.
const MAX_CELL_BYTES: usize = 400;
/// Nodes of a table that are looked at to tell data from layout.
const MAX_TABLE_NODES: usize = 20_000;

/// White space owed before the next word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    #[default]
    None,
    Space,
    Line,
    Cell,
}

/// State of the line being written.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) pending: Gap,
    pub(crate) after_link: bool,
    pub(crate) links: u32,
    pub(crate) images: u32,
    pub(crate) inputs: u32,
    pub(crate) classes: Classes,
}

impl Layout {
    /// Owes a space.
    pub(crate) fn space(&mut self) {
        self.pending = self.pending.max(Gap::Space);
    }

    /// Owes a cell separator.
    pub(crate) fn cell(&mut self) {
        self.pending = Gap::Cell;
    }

    /// Owes a line break; true if one was owed already, which ends the paragraph.
    pub(crate) fn line_break(&mut self) -> bool {
        let second = self.pending == Gap::Line;
        self.pending = Gap::Line;
        second
    }

    /// Writes what is owed, unless a block begins here.
    pub(crate) fn write_gap(&mut self, out: &mut String, block_start: usize) {
        if out.len() > block_start {
            out.push_str(match self.pending {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Line => "\n",
                Gap::Cell => " | ",
            });
        }
        self.pending = Gap::None;
        self.after_link = false;
    }
}

/// Writes trimmed text with its white space squeezed.
pub(crate) fn write_words(out: &mut String, text: &str) {
    if is_squeezed(text) {
        out.push_str(text);
        return;
    }
    let mut words = text.split(is_space).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        push_clean(out, first);
    }
    for word in words {
        out.push(' ');
        push_clean(out, word);
    }
}

/// Whether single spaces are all the white space in a text, and it has no control characters.
fn is_squeezed(text: &str) -> bool {
    let mut previous = 0;
    text.bytes().all(|byte| {
        let squeezed = byte > b' ' || (byte == b' ' && previous != b' ');
        // The first byte of a no-break space, and 127, are rare enough to look twice.
        let plain = byte != 0xc2 && byte != 0x7f;
        previous = byte;
        squeezed && plain
    })
}

/// Writes code as it stands, tabs and line breaks included.
pub(crate) fn write_code(out: &mut String, text: &str) {
    for part in text.split_inclusive(['\n', '\t']) {
        push_clean(out, part.trim_end_matches(['\n', '\t']));
        out.extend(
            part.chars()
                .next_back()
                .filter(|c| matches!(c, '\n' | '\t')),
        );
    }
}

/// Appends text without ASCII control characters, which have no business in a page. Those beyond
/// ASCII stay: where text was decoded with the wrong charset, they are what it can be repaired from.
fn push_clean(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        out.extend(text.chars().filter(|c| !c.is_ascii_control()));
    } else {
        out.push_str(text);
    }
}

/// HTML's white space, and the no-break space, which pages use as a plain one.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}')
}

/// Text without the white space around it, and whether there was some.
pub(crate) fn split_space(text: &str) -> (&str, bool, bool) {
    let start = text.trim_start_matches(is_space);
    let body = start.trim_end_matches(is_space);
    (body, start.len() < text.len(), body.len() < start.len())
}

/// Whether a style attribute hides its element.
pub(crate) fn is_hidden_style(style: &str) -> bool {
    let mut declarations = style.split(';').filter_map(|part| part.split_once(':'));
    declarations.any(|(name, value)| {
        let (name, value) = (
            name.trim(),
            value.trim().trim_end_matches("!important").trim(),
        );
        (name.eq_ignore_ascii_case("display") && value.eq_ignore_ascii_case("none"))
            || (name.eq_ignore_ascii_case("visibility") && value.eq_ignore_ascii_case("hidden"))
    })
}

/// Whether a style attribute keeps line ends as they are written.
pub(crate) fn keeps_lines(style: &str) -> bool {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("white-space"));
    NAME.find(style.as_bytes()).is_some()
        && style
            .split(';')
            .filter_map(|part| part.split_once(':'))
            .any(|(name, value)| {
                name.trim() == "white-space"
                    && matches!(
                        value.trim(),
                        "pre" | "pre-line" | "pre-wrap" | "break-spaces"
                    )
            })
}

/// Whether an element is a script that a browser runs, rather than data in a script's clothes.
pub(crate) fn is_program(element: Element<'_>) -> bool {
    let runs = |kind: &str| kind.is_empty() || kind == "module" || kind.contains("javascript");
    element.tag == Tag::Script && element.attr("type").is_none_or(runs)
}

/// Whether a class names the drawn copy of a formula whose source stands beside it, or the
/// line numbers of a listing.
pub(crate) fn is_rendered_formula(class: &str) -> bool {
    class.split_ascii_whitespace().any(|name| {
        matches!(
            name,
            "katex-html"
                | "MathJax_Preview"
                | "MathJax"
                | "MathJax_SVG"
                | "MathJax_Display"
                | "MathJax_CHTML"
                | "mjx-chtml"
                | "mwe-math-fallback-image-inline"
                | "linenos"
                | "lineno"
                | "line-numbers-rows"
                | "linenodiv"
                | "hljs-ln-numbers"
                | "blob-num"
        )
    })
}

/// FNV-1a.
pub(crate) fn hash(text: &str) -> u64 {
    let seed = 0xcbf2_9ce4_8422_2325;
    text.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Whether a table holds data (rows are lines) rather than the page's layout (cells are blocks).
pub(crate) fn is_data_table(table: Element<'_>) -> bool {
    let (mut rows, mut cells, mut bytes, mut structure) = (0usize, 0usize, 0usize, 0usize);
    let tree = table.tree();
    for id in table.descendants().skip(1).take(MAX_TABLE_NODES) {
        match tree.data(id) {
            Data::Text(text) => bytes += text.trim_ascii().len(),
            Data::Element(element) => match element.tag() {
                // Stopping at an inner table keeps nested ones linear.
                Tag::Table | Tag::Form | Tag::Article | Tag::Pre => return false,
                Tag::Tr => rows += 1,
                Tag::Td | Tag::Th => cells += 1,
                tag if tag.heading_level() > 0 => structure += 1,
                Tag::Ul | Tag::Ol | Tag::Blockquote | Tag::Section => structure += 1,
                _ => {}
            },
            Data::Other => {}
        }
    }
    rows > 0 && cells > rows && bytes / cells < MAX_CELL_BYTES && structure <= cells / 4
}
