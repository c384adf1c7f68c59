//! Describes every block of a page by numbers: its text, its element and the elements around it,
//! its neighbours, and the page.
//!
//! The model in `src/data/blocks.txt` was trained on these features in this order; a change here
//! needs a new training run (see `training/README.md`).

use std::sync::LazyLock;

use crate::blocks::page::{Block, Page};
use crate::decide::measure::{Counts, Declared};
use crate::decide::surroundings::Surroundings;
use crate::decide::survey::{Sums, Survey};
use crate::html::tag::Tag;
use crate::words;

/// Neighbours that are described, by their distance.
pub(crate) const NEIGHBOURS: [isize; 6] = [-3, -2, -1, 1, 2, 3];
/// Tags whose elements are counted over the page.
pub(crate) const PAGE_TAGS: [Tag; 6] = [
    Tag::Article,
    Tag::Main,
    Tag::P,
    Tag::Table,
    Tag::Pre,
    Tag::Li,
];
/// What stands for a neighbour that is not there.
const NO_NEIGHBOUR: [f32; 8] = [-1.0; 8];

/// Writes the features of a page's blocks, one row a block.
pub(crate) struct Features<'a> {
    survey: &'a Survey<'a>,
    declared: &'a Declared,
    surroundings: Surroundings<'a>,
    page: Vec<f32>,
    next: usize,
}

impl<'a> Features<'a> {
    /// `flags`: those of the declared page type and of the address.
    pub(crate) fn of(survey: &'a Survey<'a>, declared: &'a Declared, flags: &[f32]) -> Self {
        Self {
            declared,
            surroundings: Surroundings::of(survey.page, &survey.repeats),
            page: page_features(survey, flags),
            next: 0,
            survey,
        }
    }

    /// Appends the rows of the next `most` blocks and returns how many there were.
    pub(crate) fn write(&mut self, most: usize, rows: &mut Vec<f32>) -> usize {
        let blocks = self.survey.counts.len();
        let end = blocks.min(self.next.saturating_add(most));
        let start = self.next;
        for at in start..end {
            self.local(at, rows);
            self.evidence(at, rows);
            self.under_heading(at, rows);
            self.ancestors(at, rows);
            for offset in NEIGHBOURS {
                self.neighbour(at, offset, rows);
            }
            self.place(at, rows);
            rows.extend_from_slice(&self.page);
        }
        self.next = end;
        end - start
    }

    fn block(&self, at: usize) -> (&'a Block, &'a Counts) {
        (&self.survey.page.blocks[at], &self.survey.counts[at])
    }

    /// What the block itself shows.
    fn local(&self, at: usize, out: &mut Vec<f32>) {
        let (block, counts) = self.block(at);
        let text = self.survey.page.text_of(block);
        let (tokens, bytes) = (counts.tokens.max(1) as f32, text.len().max(1) as f32);
        let share = |part: u32| part as f32 / tokens;
        out.extend([
            log(counts.tokens),
            log(counts.chars),
            block.link_bytes as f32 / bytes,
            share(block.links),
            block.strong_bytes as f32 / bytes,
            log(block.images),
            log(block.inputs),
            share(counts.unspaced),
            share(counts.function_words),
            share(counts.capitalised),
            share(counts.numbers),
            log(counts.ends),
            log(counts.commas),
            share(counts.separators),
            share(counts.code_signs),
            share(counts.currency),
            share(counts.in_title),
            f32::from(block.heading),
            f32::from(block.kind as u8),
            f32::from(block.list_depth.min(8)),
            flag(block.button),
            log(self.survey.copies[at]),
            flag(ends_sentence(text)),
            flag(text.ends_with([':', '：'])),
            flag(memchr::memchr(b'\n', text.as_bytes()).is_some()),
            flag(memchr::memchr2(b'@', b'#', text.as_bytes()).is_some()),
            flag(has_copyright_sign(text)),
        ]);
        self.banner_shares(at, out);
    }

    /// Share of the block that each banner category covers.
    fn banner_shares(&self, at: usize, out: &mut Vec<f32>) {
        let block = &self.survey.page.blocks[at];
        let bytes = (block.end - block.start).max(1) as f32;
        let categories = words::banner_table().names().len();
        let covers = &self.survey.covers(at)[..categories];
        out.extend(covers.iter().map(|cover| f32::from(*cover) / bytes));
    }

    /// How much of the block the page declares as its text; -1 when it declares nothing.
    fn evidence(&self, at: usize, out: &mut Vec<f32>) {
        let (_, counts) = self.block(at);
        let pairs = counts.tokens.saturating_sub(1).max(1) as f32;
        let share = |found: u32, declared: usize| match declared {
            0 => -1.0,
            _ => found as f32 / pairs,
        };
        out.push(share(counts.in_body, self.declared.body.len()));
        out.push(share(
            counts.in_description,
            self.declared.description.len(),
        ));
    }

    /// The heading above the block: its rank, how far up it is, and what it announces.
    fn under_heading(&self, at: usize, out: &mut Vec<f32>) {
        let heading = self.survey.above[at];
        let Some(block) = self.survey.page.blocks.get(heading as usize) else {
            let banners = words::banner_table().names().len();
            out.extend(std::iter::repeat_n(-1.0, 4 + banners));
            return;
        };
        let heading = heading as usize;
        let counts = &self.survey.counts[heading];
        out.extend([
            f32::from(block.heading),
            log((at - heading) as u32),
            log(self.survey.before[at] - self.survey.before[heading]),
            share(counts.in_title, counts.tokens),
        ]);
        self.banner_shares(heading, out);
    }

    /// The elements around the block.
    fn ancestors(&mut self, at: usize, out: &mut Vec<f32>) {
        let (block, _) = self.block(at);
        let around = self.surroundings.of_element(block.element);
        let element = self.survey.page.elements.get(block.element as usize);
        let (inner, outer) = around.inner;
        out.extend([
            f32::from(element.map_or(0, |element| element.depth)),
            f32::from(inner as u8),
            f32::from(outer.map_or(0, |tag| tag as u8)),
            log(around.repeats.0),
            f32::from(around.repeats.1),
        ]);
        around.write(block.classes, out);
        for element in self.survey.levels(at) {
            let sums = self.survey.sums.get(element as usize);
            let repeats = self.survey.repeats.get(element as usize);
            let sums = sums.copied().unwrap_or_default();
            level(
                &sums,
                &self.survey.total,
                repeats.copied().unwrap_or(0),
                out,
            );
        }
    }

    fn neighbour(&self, at: usize, offset: isize, out: &mut Vec<f32>) {
        let other = at.checked_add_signed(offset);
        let Some(other) = other.filter(|other| *other < self.survey.counts.len()) else {
            out.extend(NO_NEIGHBOUR);
            return;
        };
        let (block, counts) = self.block(other);
        let this = &self.survey.page.blocks[at];
        out.extend([
            log(counts.tokens),
            block.link_bytes as f32 / (block.end - block.start).max(1) as f32,
            share(counts.function_words, counts.tokens),
            log(counts.ends),
            f32::from(block.kind as u8),
            flag(block.element == this.element),
            flag(is_sibling(self.survey.page, this, block)),
            f32::from(block.heading),
        ]);
    }

    /// Where the block stands in the page.
    fn place(&self, at: usize, out: &mut Vec<f32>) {
        let survey = self.survey;
        let total = survey.total.tokens.max(1) as f32;
        let before = survey.before[at] as f32;
        let headline = survey.headline;
        let from_headline = headline.map_or(-2.0, |h| (before - survey.before[h] as f32) / total);
        out.extend([
            before / total,
            log(survey.before[at]),
            log(survey.total.tokens.saturating_sub(survey.before[at])),
            at as f32 / survey.counts.len().max(1) as f32,
            log(at as u32),
            from_headline,
            headline.map_or(-200.0, |h| (at as f32 - h as f32).clamp(-100.0, 100.0)),
        ]);
    }
}

fn level(sums: &Sums, total: &Sums, repeats: u32, out: &mut Vec<f32>) {
    out.extend([
        log(sums.tokens),
        share(sums.tokens, total.tokens),
        share(sums.link_bytes, sums.bytes),
        share(sums.tokens, sums.blocks),
        share(sums.ends, sums.tokens),
        share(sums.commas, sums.tokens),
        share(sums.prose, sums.tokens),
        share(sums.prose, total.prose),
        log(repeats),
    ]);
}

/// Same tag, class and parent.
fn is_sibling(page: &Page, a: &Block, b: &Block) -> bool {
    let element = |block: &Block| page.elements.get(block.element as usize);
    let (Some(a), Some(b)) = (element(a), element(b)) else {
        return false;
    };
    a.parent == b.parent && a.signature == b.signature
}

/// What is the same for every block of a page.
fn page_features(survey: &Survey<'_>, flags: &[f32]) -> Vec<f32> {
    let total = &survey.total;
    let longest = survey.counts.iter().map(|count| count.tokens).max();
    let unspaced: u32 = survey.counts.iter().map(|count| count.unspaced).sum();
    let mut out = vec![
        log(total.tokens),
        log(total.blocks),
        share(total.link_bytes, total.bytes),
        share(total.prose, total.tokens),
        share(total.tokens, total.blocks),
        share(unspaced, total.tokens),
        log(longest.unwrap_or(0)),
    ];
    let mut found = [(0u32, 0u32); PAGE_TAGS.len()];
    let mut most_repeats = 0;
    let elements = survey.page.elements.iter().zip(&survey.sums);
    for ((element, sums), repeats) in elements.zip(&survey.repeats) {
        if let Some(at) = PAGE_TAGS.iter().position(|tag| *tag == element.tag) {
            found[at] = (found[at].0 + 1, found[at].1.max(sums.tokens));
        }
        if sums.tokens >= 20 {
            most_repeats = most_repeats.max(*repeats);
        }
    }
    for (count, tokens) in found {
        out.push(log(count));
        out.push(share(tokens, total.tokens));
    }
    out.push(log(most_repeats));
    out.extend_from_slice(flags);
    out
}

fn share(part: u32, whole: u32) -> f32 {
    part as f32 / whole.max(1) as f32
}

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}

/// Natural logarithm of one more than a count; most counts are small.
fn log(count: u32) -> f32 {
    static SMALL: LazyLock<[f32; 1024]> =
        LazyLock::new(|| std::array::from_fn(|count| (count as f32 + 1.0).ln()));
    match SMALL.get(count as usize) {
        Some(log) => *log,
        None => (count as f32 + 1.0).ln(),
    }
}

fn has_copyright_sign(text: &str) -> bool {
    // Its second byte is rare, its first one is not.
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xa9, bytes).any(|at| at > 0 && bytes[at - 1] == 0xc2)
}

fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', ')', '”', '’', '」', '»']);
    text.ends_with(['.', '!', '?', '。', '！', '？', '…'])
}
