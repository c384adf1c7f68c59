//! Kept blocks to text: one line a paragraph, a blank line between blocks, lists and tables
//! line by line. Beside the text: where its title, its code, its comments and its authors stand.

use std::ops::Range;

use crate::blocks::page::{Block, Kind, Page};
use crate::output::markdown::Markdown;

/// What becomes of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Dropped,
    Content,
    /// What a reader wrote below the content.
    Comment,
}

/// Parts of a text by what they are, as byte ranges; each begins and ends with a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// The heading that is the title.
    pub title: Vec<Range<usize>>,
    /// Listings of code.
    pub code: Vec<Range<usize>>,
    /// What readers wrote, all at the end.
    pub comments: Vec<Range<usize>>,
    /// Names of those who wrote the posts of a thread.
    pub authors: Vec<Range<usize>>,
}

/// A page's blocks with what is decided about them.
pub(crate) struct Decided<'a> {
    pub(crate) page: &'a Page,
    pub(crate) fates: &'a [Fate],
    /// Block of the title.
    pub(crate) title: Option<usize>,
    /// Blocks that name an author.
    pub(crate) authors: &'a [bool],
}

impl Decided<'_> {
    /// Writes the content, then the comments; as Markdown if a writer for it is given.
    pub(crate) fn write(&self, markdown: Option<&Markdown<'_>>) -> (String, Spans) {
        let (mut out, mut spans) = (String::new(), Spans::default());
        let mut previous: Option<(&Block, Fate)> = None;
        for fate in [Fate::Content, Fate::Comment] {
            for (at, block) in self.page.blocks.iter().enumerate() {
                if self.fates[at] != fate {
                    continue;
                }
                if let Some((previous, _)) = previous.filter(|(_, before)| *before == fate) {
                    out.push_str(match markdown {
                        Some(_) => Markdown::between(previous, block),
                        None if is_run(previous, block) => "\n",
                        None => "\n\n",
                    });
                } else if previous.is_some() {
                    out.push_str("\n\n");
                }
                let start = out.len();
                match markdown {
                    Some(markdown) => markdown.block(block, previous.map(|p| p.0), &mut out),
                    None => plain(self.page, block, &mut out),
                }
                self.note(at, start..out.len(), &mut spans);
                previous = Some((block, fate));
            }
        }
        (out, spans)
    }

    fn note(&self, at: usize, range: Range<usize>, spans: &mut Spans) {
        let block = &self.page.blocks[at];
        if block.kind == Kind::Code {
            spans.code.push(range.clone());
        }
        if self.authors[at] {
            spans.authors.push(range.clone());
        }
        if self.title == Some(at) {
            spans.title.push(range.clone());
        }
        if self.fates[at] == Fate::Comment {
            match spans.comments.last_mut() {
                Some(last) => last.end = range.end,
                None => spans.comments.push(range),
            }
        }
    }
}

/// Items of a list and rows of a table follow each other without a blank line.
pub(crate) fn is_run(a: &Block, b: &Block) -> bool {
    a.kind == b.kind && matches!(a.kind, Kind::Item | Kind::Row)
}

fn plain(page: &Page, block: &Block, out: &mut String) {
    if block.kind == Kind::Item {
        bullet(block, out);
    }
    out.push_str(page.text_of(block));
}

/// Writes what stands before a list item.
pub(crate) fn bullet(block: &Block, out: &mut String) {
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
