//! Where links, emphasis and the like begin and end in a page's text.

use crate::blocks::page::{Mark, Markup};
use crate::html::tree::{NodeId, Tree};

/// Markup that is open, in the order in which it was opened.
struct Open {
    markup: Markup,
    node: NodeId,
    /// Text of the current block stands in it.
    written: bool,
}

impl Open {
    /// The mark at its beginning or its end.
    fn mark(&self, at: usize, opens: bool) -> Mark {
        Mark {
            at,
            markup: self.markup,
            opens,
            node: self.node,
        }
    }
}

/// Follows the markup of a page while its text is written: a mark goes where text begins, not
/// where the white space before it does, and none reaches beyond its block.
#[derive(Default)]
pub(crate) struct Marker {
    wanted: bool,
    open: Vec<Open>,
    /// Elements that are open inside one of the same markup, and so say nothing.
    nested: Vec<Markup>,
    marks: Vec<Mark>,
}

impl Marker {
    /// A marker that notes nothing unless it is `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// All marks, by their places.
    pub(crate) fn finish(self) -> Vec<Mark> {
        self.marks
    }

    /// An element begins.
    pub(crate) fn open(&mut self, markup: Markup, node: NodeId) {
        if !self.wanted {
            return;
        }
        if self.open.iter().any(|open| open.markup == markup) {
            self.nested.push(markup);
            return;
        }
        self.open.push(Open {
            markup,
            node,
            written: false,
        });
    }

    /// An element ends, at `at` in the text.
    pub(crate) fn close(&mut self, markup: Markup, at: usize) {
        if let Some(nested) = self.nested.iter().rposition(|nested| *nested == markup) {
            self.nested.remove(nested);
            return;
        }
        let Some(place) = self.open.iter().rposition(|open| open.markup == markup) else {
            return;
        };
        // What was opened inside ends here too, and begins again with the next text.
        self.end_from(place, at);
        self.open.remove(place);
    }

    /// Text is written at `at`.
    pub(crate) fn text_begins(&mut self, at: usize) {
        for open in self.open.iter_mut().filter(|open| !open.written) {
            open.written = true;
            self.marks.push(open.mark(at, true));
        }
    }

    /// A table's cell begins behind a separator at `at`.
    pub(crate) fn cell(&mut self, at: usize) {
        if self.wanted {
            self.marks.push(Mark {
                at,
                markup: Markup::Cell,
                opens: true,
                node: Tree::ROOT,
            });
        }
    }

    /// A block ends at `at`.
    pub(crate) fn block_ends(&mut self, at: usize) {
        self.end_from(0, at);
        for mark in self.marks.iter_mut().rev().take_while(|mark| mark.at > at) {
            mark.at = at;
        }
    }

    /// A block that begins at `start` is taken back.
    pub(crate) fn forget(&mut self, start: usize) {
        // What ends at the start is the block's before.
        let inside = |mark: &Mark| mark.at > start || (mark.at == start && mark.opens);
        while self.marks.last().is_some_and(inside) {
            self.marks.pop();
        }
        self.open.iter_mut().for_each(|open| open.written = false);
    }

    fn end_from(&mut self, place: usize, at: usize) {
        for open in self.open[place..]
            .iter_mut()
            .rev()
            .filter(|open| open.written)
        {
            open.written = false;
            self.marks.push(open.mark(at, false));
        }
    }
}
