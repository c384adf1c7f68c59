//! What a page shows of its author and its day, for pages that do not declare them.
//!
//! One pass over the nodes; only short texts are read, and only so many candidates are looked at
//! closely, so that time stays linear whatever the page.

mod words;

use std::sync::OnceLock;

use html5ever::local_name;

use self::words::{
    has_date_label, has_word, has_year, is_update, may_be_byline, names_author, names_date,
};
use super::date::Order;
use super::{author, date};
use crate::html::tag::Tag;
use crate::html::tree::{Element, NodeId, Tree};
use crate::words::{Classes, add_classes, class_bit};

/// Candidates of either kind that are looked at closely.
const MAX_CANDIDATES: usize = 100;
/// Longest text node, and longest line around it, in bytes.
const MAX_TEXT: usize = 150;
const MAX_LINE: usize = 240;
/// Nodes of an element that are read.
const MAX_NODES: usize = 24;
/// Ancestors that may say that a candidate is not the page's own.
const MAX_ANCESTORS: usize = 24;
/// Nodes before and after the headline that are near to it.
const NEAR: std::ops::Range<isize> = -60..250;

/// Between the parts of a line, such as name and role of an author.
const END: char = '•';

/// What is missing, and what helps to read it.
pub(crate) struct Wanted {
    pub(crate) author: bool,
    pub(crate) date: bool,
    /// Where the headline stands among the nodes.
    pub(crate) heading: Option<usize>,
    pub(crate) order: Order,
}

/// Findings, the surest first.
#[derive(Default)]
pub(crate) struct Visible {
    /// By rel, itemprop, class, text.
    authors: [Option<String>; 4],
    /// By `<time>`, itemprop, class, label, nearness to the headline; then days of an update.
    dates: [Option<String>; 6],
}

impl Visible {
    /// Looks for what is wanted.
    pub(crate) fn of(tree: &Tree, wanted: &Wanted) -> Self {
        let mut search = Search {
            tree,
            wanted,
            position: 0,
            label: None,
            before: "",
            authors_left: if wanted.author { MAX_CANDIDATES } else { 0 },
            dates_left: if wanted.date { MAX_CANDIDATES } else { 0 },
            found: Self::default(),
        };
        for (position, id) in tree.ids().enumerate() {
            search.position = position;
            if search.authors_left + search.dates_left == 0 {
                break;
            }
            if let Some(element) = tree.element(id) {
                search.element(element);
            } else if let Some(text) = tree.text(id)
                && text.len() <= MAX_TEXT
            {
                search.text(id, text);
            }
        }
        search.found
    }

    pub(crate) fn author(&mut self) -> Option<String> {
        self.authors.iter_mut().find_map(Option::take)
    }

    pub(crate) fn date(&mut self) -> Option<String> {
        self.dates.iter_mut().find_map(Option::take)
    }
}

struct Search<'a> {
    tree: &'a Tree,
    wanted: &'a Wanted,
    /// Of the node at hand, and of the last label of a byline.
    position: usize,
    label: Option<usize>,
    /// The short text before the one at hand.
    before: &'a str,
    authors_left: usize,
    dates_left: usize,
    found: Visible,
}

impl<'a> Search<'a> {
    /// Authors by what an element's attributes say.
    fn element(&mut self, element: Element<'_>) {
        if self.authors_left == 0 || element.tag == Tag::Link || element.tag == Tag::Meta {
            return;
        }
        let attributes = element.attributes().iter();
        let rank = attributes.filter_map(|(name, value)| match *name {
            local_name!("rel") if has_word(value, "author") => Some(0),
            local_name!("itemprop") if has_word(value, "author") => Some(1),
            local_name!("class") if names_author(value) => Some(2),
            _ => None,
        });
        let Some(rank) = rank.min() else {
            return;
        };
        self.authors_left -= 1;
        if self.found.authors[rank].is_none() && !self.is_outside(element.id) {
            self.found.authors[rank] = author_in(element);
        }
    }

    fn text(&mut self, id: NodeId, text: &'a str) {
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return;
        }
        if self.dates_left > 0 && has_year(text) {
            self.date(id, text);
        }
        if self.authors_left > 0 && self.found.authors[3].is_none() {
            let is_labelled = self.label.is_some_and(|at| self.position - at <= 4);
            if is_labelled || may_be_byline(text) {
                self.byline(id, text, is_labelled);
            }
        }
        self.before = text;
    }

    /// Whether the node at hand is near to the headline.
    fn is_near(&self) -> bool {
        self.wanted
            .heading
            .is_some_and(|heading| NEAR.contains(&(self.position as isize - heading as isize)))
    }

    fn byline(&mut self, id: NodeId, text: &str, is_labelled: bool) {
        self.label = None;
        if !self.is_near() || self.is_hidden(id) {
            return;
        }
        self.authors_left -= 1;
        let name = if author::is_label(text) {
            self.label = Some(self.position);
            None
        } else if is_labelled {
            author::name(text)
        } else {
            author::shown(text)
        };
        if name.is_some() && !self.is_outside(id) {
            self.found.authors[3] = name;
        }
    }

    fn date(&mut self, id: NodeId, text: &str) {
        if self.is_hidden(id) {
            return;
        }
        self.dates_left -= 1;
        let Some(day) = date::shown(text, self.wanted.order) else {
            return;
        };
        let Some(rank) = self.date_rank(id) else {
            return;
        };
        let rank = if is_update(text, self.before) {
            5
        } else {
            rank
        };
        if self.found.dates[rank].is_none() && !self.is_outside(id) {
            self.found.dates[rank] = Some(day);
        }
    }

    /// How sure it is that a day in a text is the page's; see [`Visible::dates`].
    fn date_rank(&self, id: NodeId) -> Option<usize> {
        let mut line = None;
        for element in self.ancestors(id).take(4) {
            if element.tag == Tag::Time {
                return Some(0);
            }
            if let Some(property) = element.attr("itemprop")
                && has_word(property, "datePublished")
            {
                return Some(1);
            }
            let class = element.attr("class").or(element.attr("id"));
            if class.is_some_and(names_date) && short_text(element).is_some() {
                return Some(2);
            }
            line = Some(element);
            if element.tag.is_block() {
                break;
            }
        }
        // A day within running text is that of something else.
        let line = short_text(line?)?;
        if has_date_label(&line) {
            return Some(3);
        }
        (self.is_near() && line.len() <= 120).then_some(4)
    }

    fn ancestors(&self, id: NodeId) -> impl Iterator<Item = Element<'_>> {
        std::iter::successors(self.tree.parent(id), |id| self.tree.parent(*id))
            .filter_map(|id| self.tree.element(id))
    }

    /// Text that is not shown, such as that of a script.
    fn is_hidden(&self, id: NodeId) -> bool {
        self.ancestors(id)
            .next()
            .is_none_or(|parent| parent.tag.is_skipped() || parent.tag == Tag::Noscript)
    }

    /// Whether a node stands in comments, in a side bar, above or below what the page is about.
    fn is_outside(&self, id: NodeId) -> bool {
        static BITS: OnceLock<[Classes; 3]> = OnceLock::new();
        let [around, above, own] = *BITS.get_or_init(|| {
            let bits = |names: &str| {
                let names = names.split(' ');
                names.fold(0, |bits, name| bits | class_bit(name))
            };
            [
                bits("comment sidebar related review footer nav rank ad cookie"),
                bits("header nav"),
                bits("article content post entry story main blog thread"),
            ]
        });
        // The head of a site, before the headline, shows the day of today.
        let is_before = self.wanted.heading.is_none_or(|at| self.position < at);
        self.ancestors(id).take(MAX_ANCESTORS).any(|element| {
            let mut classes = 0;
            if element.tag != Tag::Body && element.tag != Tag::Html {
                for name in ["class", "id"] {
                    let value = element.attr(name).unwrap_or_default();
                    add_classes(value, &mut classes);
                }
            }
            matches!(element.tag, Tag::Footer | Tag::Nav | Tag::Aside)
                || classes & around != 0
                || (is_before && classes & above != 0 && classes & own == 0)
        })
    }
}

/// The author in an element that is marked as a byline: the name inside that is marked itself,
/// the whole text, or the first link.
fn author_in(element: Element<'_>) -> Option<String> {
    let tree = element.tree();
    let inside = |is: fn(Element<'_>) -> bool| {
        let below = tree.descendants(element.id).skip(1).take(MAX_NODES);
        let mut found = below.filter_map(|id| tree.element(id));
        let marked = found.find(|element| is(*element))?;
        author::name(&content(marked).or_else(|| short_text(marked))?)
    };
    let own = || content(element);
    inside(|element| {
        element
            .attr("itemprop")
            .is_some_and(|p| has_word(p, "name"))
    })
    .or_else(|| author::name(&own().or_else(|| short_text(element))?))
    .or_else(|| inside(|element| element.tag == Tag::A))
}

fn content(element: Element<'_>) -> Option<String> {
    let content = element.attr("content")?;
    (content.len() <= MAX_LINE).then(|| content.to_owned())
}

/// The text of an element that has little, with [`END`] where a part of it ends.
fn short_text(element: Element<'_>) -> Option<String> {
    let tree = element.tree();
    let mut text = String::new();
    for (count, id) in tree.descendants(element.id).enumerate() {
        if count == MAX_NODES {
            return None;
        }
        if let Some(more) = tree.text(id) {
            let is_text = tree
                .parent(id)
                .and_then(|id| tree.element(id))
                .is_some_and(|parent| !parent.tag.is_skipped());
            let more = if is_text { more } else { "" };
            // Parts that blanks join run on; a line's end or nothing between them ends one.
            let before = &text[text.trim_end().len()..];
            let after = &more[..more.len() - more.trim_start().len()];
            let blanks = before.len() + after.len();
            let ends = before.contains('\n') || after.contains('\n');
            let runs_on = blanks > 0 && !ends;
            let more = more.trim_start();
            text.push(if runs_on && !more.is_empty() {
                ' '
            } else {
                END
            });
            if text.len() + more.len() > MAX_LINE {
                return None;
            }
            text.push_str(more);
        }
    }
    Some(super::clean(text.trim_matches([END, ' ', '\n'])))
}

#[cfg(test)]
mod tests;
