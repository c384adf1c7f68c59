//! The flow of an office document as HTML: paragraphs, headings, lists, tables, notes.

/// Lists inside each other.
const MAX_LEVEL: usize = 8;
/// Tables inside each other; deeper ones lose their grid.
const MAX_TABLES: usize = 4;

/// What a paragraph is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Block {
    /// Plain.
    #[default]
    Paragraph,
    /// A heading of this level, from 1.
    Heading(usize),
    /// An item of a list of this depth, from 0.
    Item {
        /// Depth, from 0.
        level: usize,
        /// Whether its items are numbered.
        is_ordered: bool,
    },
}

/// A paragraph that is being read.
#[derive(Default)]
struct Open {
    block: Block,
    text: String,
    /// Paragraphs of text boxes in it, which come behind it.
    boxes: Vec<(Block, String)>,
}

/// The flow of a document.
#[derive(Default)]
pub(super) struct Flow {
    html: String,
    /// Paragraphs inside each other: text boxes hang on paragraphs.
    open: Vec<Open>,
    /// Elements of the lists that are open, each with an item that is open.
    lists: Vec<&'static str>,
    tables: usize,
    /// Bytes in paragraphs that are open.
    pending: usize,
    first_heading: Option<String>,
}

impl Flow {
    /// A paragraph begins.
    pub fn begin(&mut self) {
        self.open.push(Open::default());
    }

    /// Tells what the paragraph at hand is.
    pub fn set(&mut self, block: Block) {
        if let Some(open) = self.open.last_mut() {
            open.block = block;
        }
    }

    /// Text of the paragraph at hand.
    pub fn text(&mut self, text: &str) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let before = open.text.len();
        for c in text.chars() {
            match c {
                '&' => open.text.push_str("&amp;"),
                '<' => open.text.push_str("&lt;"),
                '>' => open.text.push_str("&gt;"),
                '\t' | '\n' => open.text.push(' '),
                c if c.is_control() => {}
                c => open.text.push(c),
            }
        }
        self.pending += open.text.len() - before;
    }

    /// A line break in the paragraph at hand.
    pub fn line_break(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str("<br>");
            self.pending += 4;
        }
    }

    /// The paragraph at hand ends.
    pub fn end(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        // All hang on the outermost, so that none is moved twice.
        if let Some(outermost) = self.open.first_mut() {
            outermost.boxes.push((open.block, open.text));
            return;
        }
        self.pending = 0;
        self.write(open.block, &open.text);
        for (block, text) in open.boxes {
            self.write(block, &text);
        }
    }

    fn write(&mut self, block: Block, text: &str) {
        if text.replace("<br>", "").trim().is_empty() {
            return;
        }
        if let Block::Item { level, is_ordered } = block {
            self.begin_item(level.min(MAX_LEVEL), is_ordered);
            self.html.push_str(text.trim());
            return;
        }
        self.close_lists(0);
        let tag = match block {
            Block::Heading(level) => {
                let heading = || text.replace("<br>", " ").trim().to_owned();
                self.first_heading.get_or_insert_with(heading);
                ["h1", "h2", "h3", "h4", "h5", "h6"]
                    .get(level.saturating_sub(1).min(5))
                    .copied()
                    .unwrap_or("h6")
            }
            _ => "p",
        };
        self.html
            .push_str(&format!("<{tag}>{}</{tag}>\n", text.trim()));
    }

    fn begin_item(&mut self, level: usize, is_ordered: bool) {
        let tag = if is_ordered { "ol" } else { "ul" };
        self.close_lists(level + 1);
        if self.lists.len() == level + 1 {
            if self.lists.last() == Some(&tag) {
                self.html.push_str("</li>\n<li>");
                return;
            }
            self.close_lists(level);
        }
        while self.lists.len() <= level {
            self.html.push_str(&format!("\n<{tag}>\n<li>"));
            self.lists.push(tag);
        }
    }

    fn close_lists(&mut self, depth: usize) {
        while self.lists.len() > depth {
            let tag = self.lists.pop().unwrap_or("ul");
            self.html.push_str(&format!("</li>\n</{tag}>\n"));
        }
    }

    /// An element of a table begins or ends: `table`, `tr` or `td`.
    pub fn table(&mut self, tag: &str, begins: bool) {
        if !self.open.is_empty() {
            return; // in a text box
        }
        self.close_lists(0);
        if tag == "table" && begins {
            self.tables += 1;
        }
        if self.tables <= MAX_TABLES {
            let slash = if begins { "" } else { "/" };
            self.html.push_str(&format!("<{slash}{tag}>"));
        }
        if tag == "table" && !begins {
            self.tables = self.tables.saturating_sub(1);
        }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.html.len() + self.pending
    }

    /// The HTML, and the text of the first heading.
    pub fn finish(mut self) -> (String, Option<String>) {
        while !self.open.is_empty() {
            self.end();
        }
        self.close_lists(0);
        let plain = |html: String| {
            html.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        };
        (self.html, self.first_heading.map(plain))
    }
}
