//! Blocks as CommonMark, with GitHub's tables.

use html5ever::tendril::StrTendril;
use rustc_hash::FxHashMap;

use crate::blocks::page::{Block, Kind, Mark, Markup, Page};
use crate::html::tree::{NodeId, Tree};
use crate::output::write::{bullet, is_run};

/// Between the cells of a row in a page's text.
const CELL: &str = " | ";

/// Lines of one block from which on it is not written as nested.
const MANY_LINES: usize = 10_000;

/// Writes blocks of a page whose marks were noted.
pub(crate) struct Markdown<'a> {
    page: &'a Page,
    references: &'a References,
}

/// What a page's text refers to: taken from the tree, so that it need not be kept.
#[derive(Debug)]
pub(crate) struct References {
    /// Addresses of links and pictures, by their elements.
    targets: Vec<(NodeId, StrTendril)>,
    /// Languages of listings, by where they start.
    languages: FxHashMap<usize, String>,
}

impl References {
    /// What the marks and listings of a page refer to.
    pub(crate) fn of(page: &Page, tree: &Tree) -> Self {
        let target = |mark: &Mark| {
            let attribute = match mark.markup {
                Markup::Link if mark.opens => "href",
                Markup::Image if mark.opens => "src",
                _ => return None,
            };
            let attributes = tree.element(mark.node)?.attributes();
            let found = attributes.iter().find(|(name, _)| **name == *attribute)?;
            Some((mark.node, found.1.clone()))
        };
        let mut targets: Vec<_> = page.marks.iter().filter_map(target).collect();
        targets.sort_unstable_by_key(|(node, _)| *node);
        let listings = page.blocks.iter().filter(|block| block.kind == Kind::Code);
        let language = |block: &Block| Some((block.start, language(page, tree, block)?));
        Self {
            targets,
            languages: listings.filter_map(language).collect(),
        }
    }

    fn target(&self, node: NodeId) -> Option<&str> {
        let found = self.targets.binary_search_by_key(&node, |(node, _)| *node);
        Some(&self.targets[found.ok()?].1)
    }
}

/// The language that a class of a listing, or of an element around it, names.
fn language(page: &Page, tree: &Tree, block: &Block) -> Option<String> {
    let element = page.elements.get(block.element as usize)?;
    let child = tree.first_child(element.node);
    let up = std::iter::successors(Some(element.node), |id| tree.parent(*id)).take(3);
    child.into_iter().chain(up).find_map(|id| {
        let class = tree.element(id)?.attr("class")?;
        let mut names = class.split_ascii_whitespace();
        let named = names.find_map(|name| {
            let prefixes = ["language-", "lang-", "highlight-source-", "highlight-"];
            let rest = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
            rest.filter(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'))
        })?;
        Some(named.to_owned())
    })
}

impl<'a> Markdown<'a> {
    pub(crate) fn new(page: &'a Page, references: &'a References) -> Self {
        Self { page, references }
    }

    /// What stands between two blocks.
    pub(crate) fn between(a: &Block, b: &Block) -> &'static str {
        match (a.quotes.min(b.quotes), is_run(a, b)) {
            (0, true) => "\n",
            (0, false) => "\n\n",
            // The two are one quotation.
            (_, true) => "\n",
            (_, false) => "\n>\n",
        }
    }

    /// Writes one block; `before` is the one written before it.
    pub(crate) fn block(&self, block: &Block, before: Option<&Block>, out: &mut String) {
        let (mut body, mut indent, mut hard) = (String::new(), 0, false);
        match block.kind {
            Kind::Code => self.code(block, &mut body),
            Kind::Row => self.row(block, before, &mut body),
            Kind::Heading => {
                let level = usize::from(block.heading.clamp(1, 6));
                body.extend(std::iter::repeat_n('#', level));
                body.push(' ');
                body.push_str(&self.inline(block).replace('\n', " "));
            }
            Kind::Item => {
                bullet(block, &mut body);
                body.push_str(&self.inline(block));
                (indent, hard) = (block.list_depth, true);
            }
            Kind::Paragraph => {
                body = guarded(self.inline(block));
                hard = true;
            }
        }
        // The marks of nested quotations and lists could be longer than their lines.
        let many = body.bytes().filter(|byte| *byte == b'\n').count() > MANY_LINES;
        let most = if many { 1 } else { 6 };
        let quotes = "> ".repeat(usize::from(block.quotes.min(most)));
        let indent = "  ".repeat(usize::from(indent.min(most)));
        for (at, line) in body.split('\n').enumerate() {
            if at > 0 {
                // A line's end inside a paragraph, as Markdown keeps it.
                out.push_str(if hard { "  \n" } else { "\n" });
            }
            out.push_str(&quotes);
            if at > 0 {
                out.push_str(&indent);
            }
            out.push_str(line);
        }
    }

    /// A fenced listing, with its language where the page names it.
    fn code(&self, block: &Block, out: &mut String) {
        let text = self.page.text_of(block);
        let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
        out.push_str(&fence);
        let language = self.references.languages.get(&block.start);
        out.push_str(language.map_or("", String::as_str));
        out.push('\n');
        out.push_str(text);
        out.push('\n');
        out.push_str(&fence);
    }

    /// A table's row; the first one is its head.
    fn row(&self, block: &Block, before: Option<&Block>, out: &mut String) {
        let cells = 1 + self
            .marks(block)
            .filter(|mark| mark.markup == Markup::Cell)
            .count();
        out.push_str("| ");
        out.push_str(&self.inline(block).replace('\n', " "));
        out.push_str(" |");
        if before.is_none_or(|before| !is_run(before, block)) {
            out.push_str("\n|");
            out.push_str(&" --- |".repeat(cells));
        }
    }

    fn marks(&self, block: &Block) -> impl Iterator<Item = &Mark> {
        let (start, end) = (block.start, block.end);
        let first = self.page.marks.partition_point(|mark| mark.at < start);
        let marks = self.page.marks[first..].iter();
        marks
            .take_while(move |mark| mark.at <= end)
            // What ends at a block's start is the one's before, what begins at its end the next one's.
            .filter(move |mark| (mark.opens && mark.at < end) || (!mark.opens && mark.at > start))
    }

    /// A block's text with its inline markup.
    fn inline(&self, block: &Block) -> String {
        let (mut out, mut at) = (String::new(), block.start);
        let mut raw = 0u32;
        for mark in self.marks(block) {
            self.text(at, mark.at, raw > 0, &mut out);
            at = at.max(mark.at);
            match (mark.markup, mark.opens) {
                (Markup::Cell, _) => {
                    out.push_str(CELL);
                    at = mark.at + CELL.len();
                }
                (Markup::Formula, opens) => {
                    raw = raw.saturating_add_signed(if opens { 1 } else { -1 })
                }
                (Markup::Code, opens) => {
                    raw = raw.saturating_add_signed(if opens { 1 } else { -1 });
                    out.push('`');
                }
                (Markup::Strong, _) => out.push_str("**"),
                (Markup::Emphasis, _) => out.push('*'),
                (Markup::Link | Markup::Image, opens) => self.reference(mark, opens, &mut out),
            }
        }
        self.text(at, block.end, raw > 0, &mut out);
        out
    }

    /// The brackets of a link or picture; a link that leads nowhere is plain text.
    fn reference(&self, mark: &Mark, opens: bool, out: &mut String) {
        let Some(target) = self.target(mark.node) else {
            return;
        };
        if opens {
            out.push_str(if mark.markup == Markup::Image {
                "!["
            } else {
                "["
            });
        } else {
            out.push_str("](");
            out.push_str(&target);
            out.push(')');
        }
    }

    fn target(&self, node: NodeId) -> Option<String> {
        let target = self.references.target(node)?.trim();
        let lower = target.get(..11).unwrap_or(target).to_ascii_lowercase();
        let runs = lower.starts_with("javascript:") || lower.starts_with("data:");
        if target.is_empty() || runs || target == "#" {
            return None;
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()\\".contains(c);
        let escaped = target.chars().map(|c| match odd(c) {
            true => c.to_string().bytes().map(|b| format!("%{b:02X}")).collect(),
            false => c.to_string(),
        });
        Some(escaped.collect())
    }

    fn text(&self, from: usize, to: usize, raw: bool, out: &mut String) {
        let text = self.page.text.get(from..to).unwrap_or_default();
        if raw {
            out.push_str(text);
            return;
        }
        for c in text.chars() {
            if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '|') || (c == '_' && !in_word(out))
            {
                out.push('\\');
            }
            out.push(c);
        }
    }
}

/// Whether a letter or digit was written last: an underscore after it marks nothing.
fn in_word(out: &str) -> bool {
    out.chars().next_back().is_some_and(char::is_alphanumeric)
}

/// A paragraph that does not begin like a heading, a list or a quotation.
fn guarded(mut text: String) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = matches!(text.as_bytes()[digits..], [b'.' | b')', b' ', ..]);
    if digits > 0 && numbered {
        text.insert(digits, '\\');
    } else if text.starts_with(['#', '>', '+', '-', '=', '~']) {
        text.insert(0, '\\');
    }
    text
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Format};
    use crate::extractor::Extractor;

    fn markdown(body: &str) -> String {
        let config = Config {
            format: Format::Markdown,
            include_images: true,
            ..Config::default()
        };
        // Enough prose around it that the part is content.
        let prose =
            "The harbour was quiet in the morning, and the boats came back before noon. ".repeat(8);
        let html = format!("<article><h1>Harbour</h1><p>{prose}</p>{body}<p>{prose}</p></article>");
        let text = Extractor::new(&config).unwrap().extract(&html, None).text;
        let parts: Vec<&str> = text.split(prose.trim()).collect();
        parts[1].trim().to_owned()
    }

    #[test]
    fn inline_markup_is_written() {
        assert_eq!(
            markdown(
                r#"<p>A <b>bold <i>and</i></b> <a href="/x y">link</a>, <code>a*b</code> and 2*3_4 <a>x</a>.</p>"#
            ),
            r"A **bold *and*** [link](/x%20y), `a*b` and 2\*3_4 x."
        );
        assert_eq!(
            markdown("<p>1. not a list, but a long sentence about boats.</p>"),
            r"1\. not a list, but a long sentence about boats."
        );
    }

    #[test]
    fn listings_keep_their_lines_and_language() {
        assert_eq!(
            markdown("<pre><code class='language-rust'>fn main() {\n    run();\n}</code></pre>"),
            "```rust\nfn main() {\n    run();\n}\n```"
        );
    }

    #[test]
    fn tables_have_a_head() {
        assert_eq!(
            markdown(
                "<table><tr><th>Boat</th><th>Crew</th></tr><tr><td>Ann|e</td><td>3</td></tr></table>"
            ),
            "| Boat | Crew |\n| --- | --- |\n| Ann\\|e | 3 |"
        );
    }

    #[test]
    fn quotations_and_lists() {
        assert_eq!(
            markdown(
                "<blockquote><p>One fine day we will sail again.</p><p>Two of us, or three, he said.</p></blockquote>"
            ),
            "> One fine day we will sail again.\n>\n> Two of us, or three, he said."
        );
        assert_eq!(
            markdown("<ul><li>nets and ropes</li><li>two anchors</li></ul>"),
            "- nets and ropes\n- two anchors"
        );
    }
}
