//! One pass that describes every block of a page by numbers: its text, its element and the
//! elements around it, its neighbours, and the page.
//!
//! The model in `src/data/model.txt` was trained on these features in this order; a change here
//! needs a new training run (see `training/README.md`).

use std::collections::HashMap;

use crate::measure::{self, Counts};
use crate::page::{Block, Kind, Page};
use crate::tag::Tag;
use crate::words;

/// Levels of ancestors that are described, counting only those that add blocks.
const LEVELS: usize = 5;
/// Ancestors looked at.
const MAX_CLIMB: usize = 48;
/// Distance to what is not there.
const FAR: f32 = 20.0;
/// Tags whose distance is a feature.
const TAGS: [Tag; 21] = [
    Tag::Article,
    Tag::Main,
    Tag::Nav,
    Tag::Aside,
    Tag::Header,
    Tag::Footer,
    Tag::Form,
    Tag::Ul,
    Tag::Ol,
    Tag::Li,
    Tag::Table,
    Tag::Td,
    Tag::Blockquote,
    Tag::Figure,
    Tag::Section,
    Tag::Dl,
    Tag::Details,
    Tag::P,
    Tag::Figcaption,
    Tag::Dialog,
    Tag::Noscript,
];

/// What is known of the page beside its blocks.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Hashes of the title's tokens.
    pub(crate) title: Vec<u64>,
    /// Pairs of tokens of the text that the page declares as its body, sorted.
    pub(crate) body: Vec<u64>,
    /// Pairs of tokens of the declared descriptions, sorted.
    pub(crate) description: Vec<u64>,
    /// Flags of the declared page type and of the address.
    pub(crate) flags: Vec<f32>,
}

/// Features of all blocks: `width` numbers a block.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub(crate) values: Vec<f32>,
    pub(crate) width: usize,
    /// Words and unspaced characters of each block.
    pub(crate) tokens: Vec<u32>,
}

impl Features {
    /// The features of one block.
    pub(crate) fn row(&self, block: usize) -> &[f32] {
        &self.values[block * self.width..(block + 1) * self.width]
    }
}

/// Sums over the blocks inside an element.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    blocks: u32,
    tokens: u32,
    bytes: u32,
    link_bytes: u32,
    ends: u32,
    commas: u32,
    /// Tokens in blocks that read like paragraphs.
    prose: u32,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.blocks += other.blocks;
        self.tokens += other.tokens;
        self.bytes += other.bytes;
        self.link_bytes += other.link_bytes;
        self.ends += other.ends;
        self.commas += other.commas;
        self.prose += other.prose;
    }
}

/// All that the rows are made of.
pub(crate) struct Survey<'a> {
    pub(crate) page: &'a Page,
    counts: Vec<Counts>,
    /// Per element.
    sums: Vec<Sums>,
    /// Per element: siblings with the same tag and class, itself included.
    repeats: Vec<u32>,
    /// Per block: blocks with the same text.
    copies: Vec<u32>,
    /// Tokens before each block.
    before: Vec<u32>,
    total: Sums,
    /// Block of the main heading.
    headline: Option<usize>,
    /// Per block: the last heading before it, or `u32::MAX`.
    above: Vec<u32>,
    /// Per block: the described ancestors.
    levels: Vec<[u32; LEVELS]>,
}

impl<'a> Survey<'a> {
    /// Measures a page.
    pub(crate) fn of(page: &'a Page, facts: &Facts) -> Self {
        let count = |block: &Block| measure::count(page.text_of(block), &facts.title);
        let counts: Vec<Counts> = page.blocks.iter().map(count).collect();
        let sums = sums(page, &counts);
        let mut tokens = 0;
        let before = counts.iter().map(|count| {
            tokens += count.tokens;
            tokens - count.tokens
        });
        let before = before.collect();
        Self {
            page,
            repeats: repeats(page),
            copies: copies(page),
            before,
            headline: headline(page, &counts, facts.title.len()),
            above: headings_above(page),
            levels: page
                .blocks
                .iter()
                .map(|block| levels(page, &sums.1, block))
                .collect(),
            counts,
            total: sums.0,
            sums: sums.1,
        }
    }

    /// Ancestors of a block, from the innermost outwards, that each hold more than the one
    /// before; the last one is repeated.
    pub(crate) fn levels(&self, block: usize) -> [u32; LEVELS] {
        self.levels[block]
    }

    /// Keeps what stands in a section of comments and reads like text.
    pub(crate) fn add_comments(&self, keep: &mut [bool]) {
        let comment = words::class_bit("comment");
        let mut inside = vec![false; self.page.elements.len()];
        for (at, element) in self.page.elements.iter().enumerate() {
            // A parent comes before its children, so its answer is known.
            inside[at] = element.classes & comment != 0
                || ((element.parent as usize) < at && inside[element.parent as usize]);
        }
        for ((block, counts), keep) in self.page.blocks.iter().zip(&self.counts).zip(keep) {
            let prose = counts.tokens >= 3 && block.link_bytes * 2 < block.end - block.start;
            *keep |= prose && !block.button && inside.get(block.element as usize) == Some(&true);
        }
    }

    /// Weighted mean of a value of the blocks inside each element.
    pub(crate) fn mean_by_element(&self, values: &[f32], weights: &[f32]) -> Vec<f32> {
        let mut sums = vec![(0.0f32, 0.0f32); self.page.elements.len()];
        for ((block, value), weight) in self.page.blocks.iter().zip(values).zip(weights) {
            if let Some(sum) = sums.get_mut(block.element as usize) {
                *sum = (sum.0 + value * weight, sum.1 + weight);
            }
        }
        for at in (1..sums.len()).rev() {
            let (own, parent) = (sums[at], self.page.elements[at].parent as usize);
            if parent < at {
                sums[parent] = (sums[parent].0 + own.0, sums[parent].1 + own.1);
            }
        }
        sums.into_iter()
            .map(|(sum, weight)| sum / weight.max(1e-6))
            .collect()
    }

    /// Weighted mean of a value of the blocks whose elements have the same tag and class, for
    /// each block.
    pub(crate) fn mean_by_signature(&self, values: &[f32], weights: &[f32]) -> Vec<f32> {
        let signature = |block: &Block| {
            let element = self.page.elements.get(block.element as usize);
            let parent = element.and_then(|e| self.page.elements.get(e.parent as usize));
            (element.map(|e| e.signature), parent.map(|p| p.signature))
        };
        let mut sums: HashMap<_, (f32, f32)> = HashMap::new();
        for ((block, value), weight) in self.page.blocks.iter().zip(values).zip(weights) {
            let sum = sums.entry(signature(block)).or_default();
            *sum = (sum.0 + value * weight, sum.1 + weight);
        }
        let mean = |block| {
            sums.get(&signature(block))
                .map_or(-1.0, |s| s.0 / s.1.max(1e-6))
        };
        self.page.blocks.iter().map(mean).collect()
    }

    /// Features of every block, in document order.
    pub(crate) fn features(&self, facts: &Facts) -> Features {
        let mut values = Vec::new();
        let page = self.page_features(facts);
        for at in 0..self.page.blocks.len() {
            self.local(at, &mut values);
            self.evidence(at, facts, &mut values);
            self.under_heading(at, &mut values);
            self.ancestors(at, &mut values);
            for offset in [-3, -2, -1, 1, 2, 3] {
                self.neighbour(at, offset, &mut values);
            }
            self.place(at, &mut values);
            values.extend_from_slice(&page);
        }
        let blocks = self.page.blocks.len().max(1);
        let width = values.len() / blocks;
        let tokens = self.counts.iter().map(|count| count.tokens).collect();
        Features {
            values,
            width,
            tokens,
        }
    }

    /// What the block itself shows.
    fn local(&self, at: usize, out: &mut Vec<f32>) {
        let (block, counts) = (&self.page.blocks[at], &self.counts[at]);
        let text = self.page.text_of(block);
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
            f32::from(u8::from(block.button)),
            log(self.copies[at]),
            f32::from(u8::from(ends_sentence(text))),
            f32::from(u8::from(text.ends_with([':', '：']))),
            f32::from(u8::from(text.contains('\n'))),
            f32::from(u8::from(text.contains(['@', '#']))),
            f32::from(u8::from(text.contains('©'))),
        ]);
        banner_shares(text, out);
    }

    /// How much of the block the page declares as its text.
    fn evidence(&self, at: usize, facts: &Facts, out: &mut Vec<f32>) {
        let text = self.page.text_of(&self.page.blocks[at]);
        out.push(measure::share_of_pairs(text, &facts.body));
        out.push(measure::share_of_pairs(text, &facts.description));
    }

    /// The heading above the block: its rank, how far up it is, and what it announces.
    fn under_heading(&self, at: usize, out: &mut Vec<f32>) {
        let heading = self.above[at];
        let banners = words::banner_table().names().len();
        let Some(block) = self.page.blocks.get(heading as usize) else {
            out.extend(std::iter::repeat_n(-1.0, 4 + banners));
            return;
        };
        let text = self.page.text_of(block);
        let heading = heading as usize;
        out.extend([
            f32::from(block.heading),
            log((at - heading) as u32),
            log(self.before[at] - self.before[heading]),
            self.counts[heading].in_title as f32 / self.counts[heading].tokens.max(1) as f32,
        ]);
        banner_shares(text, out);
    }

    /// The elements around the block.
    fn ancestors(&self, at: usize, out: &mut Vec<f32>) {
        let block = &self.page.blocks[at];
        let mut climb = Climb::new(block);
        let mut element = block.element as usize;
        let mut depth = 0;
        for step in 0..MAX_CLIMB {
            let Some(here) = self.page.elements.get(element) else {
                break;
            };
            if step == 0 {
                depth = here.depth;
            }
            climb.look(here.tag, here.classes, self.repeats[element], step);
            if here.parent as usize >= element {
                break;
            }
            element = here.parent as usize;
        }
        climb.write(depth, out);
        for element in self.levels(at) {
            let sums = self.sums.get(element as usize).copied().unwrap_or_default();
            let repeats = self
                .repeats
                .get(element as usize)
                .copied()
                .unwrap_or_default();
            self.level(&sums, repeats, out);
        }
    }

    fn level(&self, sums: &Sums, repeats: u32, out: &mut Vec<f32>) {
        let share = |part: u32, whole: u32| part as f32 / whole.max(1) as f32;
        out.extend([
            log(sums.tokens),
            share(sums.tokens, self.total.tokens),
            share(sums.link_bytes, sums.bytes),
            share(sums.tokens, sums.blocks),
            share(sums.ends, sums.tokens),
            share(sums.commas, sums.tokens),
            share(sums.prose, sums.tokens),
            share(sums.prose, self.total.prose),
            log(repeats),
        ]);
    }

    fn neighbour(&self, at: usize, offset: isize, out: &mut Vec<f32>) {
        let other = at
            .checked_add_signed(offset)
            .filter(|other| *other < self.counts.len());
        let Some(other) = other else {
            out.extend([-1.0; 8]);
            return;
        };
        let (block, counts) = (&self.page.blocks[other], &self.counts[other]);
        let tokens = counts.tokens.max(1) as f32;
        out.extend([
            log(counts.tokens),
            block.link_bytes as f32 / (block.end - block.start).max(1) as f32,
            counts.function_words as f32 / tokens,
            log(counts.ends),
            f32::from(block.kind as u8),
            f32::from(u8::from(block.element == self.page.blocks[at].element)),
            f32::from(u8::from(self.is_sibling(at, other))),
            f32::from(block.heading),
        ]);
    }

    /// Same tag, class and parent.
    fn is_sibling(&self, a: usize, b: usize) -> bool {
        let element = |block: usize| {
            self.page
                .elements
                .get(self.page.blocks[block].element as usize)
        };
        let (Some(a), Some(b)) = (element(a), element(b)) else {
            return false;
        };
        a.parent == b.parent && a.signature == b.signature
    }

    /// Where the block stands in the page.
    fn place(&self, at: usize, out: &mut Vec<f32>) {
        let total = self.total.tokens.max(1) as f32;
        let before = self.before[at] as f32;
        let from_headline = self
            .headline
            .map_or(-2.0, |h| (before - self.before[h] as f32) / total);
        out.extend([
            before / total,
            log(self.before[at]),
            log(self.total.tokens.saturating_sub(self.before[at])),
            at as f32 / self.counts.len().max(1) as f32,
            log(at as u32),
            from_headline,
            self.headline
                .map_or(-200.0, |h| (at as f32 - h as f32).clamp(-100.0, 100.0)),
        ]);
    }

    fn page_features(&self, facts: &Facts) -> Vec<f32> {
        let total = &self.total;
        let share = |part: u32, whole: u32| part as f32 / whole.max(1) as f32;
        let longest = self
            .counts
            .iter()
            .map(|count| count.tokens)
            .max()
            .unwrap_or(0);
        let unspaced: u32 = self.counts.iter().map(|count| count.unspaced).sum();
        let mut out = vec![
            log(total.tokens),
            log(total.blocks),
            share(total.link_bytes, total.bytes),
            share(total.prose, total.tokens),
            share(total.tokens, total.blocks),
            share(unspaced, total.tokens),
            log(longest),
        ];
        for tag in [
            Tag::Article,
            Tag::Main,
            Tag::P,
            Tag::Table,
            Tag::Pre,
            Tag::Li,
        ] {
            let of_tag = |(at, element): (usize, &crate::page::Element)| {
                (element.tag == tag).then(|| self.sums[at].tokens)
            };
            let tokens = || self.page.elements.iter().enumerate().filter_map(of_tag);
            out.push(log(tokens().count() as u32));
            out.push(share(tokens().max().unwrap_or(0), total.tokens));
        }
        let item = self
            .repeats
            .iter()
            .zip(&self.sums)
            .filter(|(_, sums)| sums.tokens >= 20);
        out.push(log(item.map(|(repeats, _)| *repeats).max().unwrap_or(0)));
        out.extend_from_slice(&facts.flags);
        out
    }
}

/// What a climb from a block to the root meets, and how far up.
struct Climb {
    tags: [f32; TAGS.len()],
    classes: [f32; 64],
    repeats: (u32, f32),
    inner: (f32, f32),
}

impl Climb {
    fn new(block: &Block) -> Self {
        let mut climb = Self {
            tags: [FAR; TAGS.len()],
            classes: [FAR; 64],
            repeats: (0, FAR),
            inner: (0.0, 0.0),
        };
        climb.mark(block.classes, 0.0);
        climb
    }

    fn mark(&mut self, mut classes: words::Classes, distance: f32) {
        while classes != 0 {
            let bit = classes.trailing_zeros() as usize;
            self.classes[bit] = self.classes[bit].min(distance);
            classes &= classes - 1;
        }
    }

    fn look(&mut self, tag: Tag, classes: words::Classes, repeats: u32, step: usize) {
        let distance = (step as f32 + 1.0).min(FAR - 1.0);
        self.mark(classes, distance);
        if let Some(at) = TAGS.iter().position(|known| *known == tag) {
            self.tags[at] = self.tags[at].min(distance);
        }
        if repeats > self.repeats.0 {
            self.repeats = (repeats, distance);
        }
        match step {
            0 => self.inner.0 = f32::from(tag as u8),
            1 => self.inner.1 = f32::from(tag as u8),
            _ => {}
        }
    }

    fn write(&self, depth: u16, out: &mut Vec<f32>) {
        out.push(f32::from(depth));
        out.extend([
            self.inner.0,
            self.inner.1,
            log(self.repeats.0),
            self.repeats.1,
        ]);
        out.extend_from_slice(&self.tags);
        out.extend_from_slice(&self.classes[..words::class_table().names().len()]);
    }
}

fn log(count: u32) -> f32 {
    (count as f32 + 1.0).ln()
}

/// Share of the text that each banner category covers.
fn banner_shares(text: &str, out: &mut Vec<f32>) {
    // Banners are short: a long text that mentions one is no banner.
    let start = &text[..text.floor_char_boundary(text.len().min(600))];
    let mut cover = [0; words::MAX_BANNERS];
    words::banner_cover(start, &mut cover);
    let categories = words::banner_table().names().len();
    out.extend(
        cover
            .iter()
            .take(categories)
            .map(|bytes| *bytes as f32 / text.len().max(1) as f32),
    );
}

fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', ')', '”', '’', '」', '»']);
    text.ends_with(['.', '!', '?', '。', '！', '？', '…'])
}

/// Sums over the page and over each element.
fn sums(page: &Page, counts: &[Counts]) -> (Sums, Vec<Sums>) {
    let mut sums = vec![Sums::default(); page.elements.len()];
    let mut total = Sums::default();
    for (block, counts) in page.blocks.iter().zip(counts) {
        let bytes = (block.end - block.start) as u32;
        let link_bytes = block.link_bytes as u32;
        let is_prose = counts.tokens >= 12 && counts.ends > 0 && link_bytes * 2 < bytes;
        let own = Sums {
            blocks: 1,
            tokens: counts.tokens,
            bytes,
            link_bytes,
            ends: counts.ends,
            commas: counts.commas,
            prose: if is_prose || block.kind == Kind::Code {
                counts.tokens
            } else {
                0
            },
        };
        total.add(&own);
        if let Some(sum) = sums.get_mut(block.element as usize) {
            sum.add(&own);
        }
    }
    // Children follow their parents, so one pass backwards adds everything up.
    for at in (1..sums.len()).rev() {
        let (own, parent) = (sums[at], page.elements[at].parent as usize);
        if parent < at {
            sums[parent].add(&own);
        }
    }
    (total, sums)
}

/// The last heading before each block.
fn headings_above(page: &Page) -> Vec<u32> {
    let mut last = u32::MAX;
    let above = page.blocks.iter().enumerate().map(|(at, block)| {
        let before = last;
        if block.heading > 0 {
            last = at as u32;
        }
        before
    });
    above.collect()
}

/// See [`Survey::levels`].
fn levels(page: &Page, sums: &[Sums], block: &Block) -> [u32; LEVELS] {
    let mut levels = [block.element; LEVELS];
    let (mut found, mut last_blocks, mut element) = (0, 0, block.element as usize);
    for _ in 0..MAX_CLIMB {
        let Some(here) = page.elements.get(element).filter(|_| found < LEVELS) else {
            break;
        };
        if sums[element].blocks > last_blocks {
            last_blocks = sums[element].blocks;
            levels[found..].fill(element as u32);
            found += 1;
        }
        if here.parent as usize >= element {
            break;
        }
        element = here.parent as usize;
    }
    levels
}

/// Siblings of each element with the same tag and class.
fn repeats(page: &Page) -> Vec<u32> {
    let mut groups: HashMap<(u32, u64), u32> = HashMap::new();
    for element in &page.elements {
        *groups
            .entry((element.parent, element.signature))
            .or_default() += 1;
    }
    let of = |element: &crate::page::Element| groups.get(&(element.parent, element.signature));
    page.elements
        .iter()
        .map(|element| of(element).copied().unwrap_or(0))
        .collect()
}

/// Blocks with the same text as each block.
fn copies(page: &Page) -> Vec<u32> {
    let mut groups: HashMap<&str, u32> = HashMap::new();
    for block in &page.blocks {
        *groups.entry(page.text_of(block)).or_default() += 1;
    }
    let of = |block: &Block| groups.get(page.text_of(block)).copied().unwrap_or(0);
    page.blocks.iter().map(of).collect()
}

/// The heading that says most of the title: the first of the best, headings of level 1 first.
fn headline(page: &Page, counts: &[Counts], title_tokens: usize) -> Option<usize> {
    let mut best = (0.0, None);
    for (at, (block, counts)) in page.blocks.iter().zip(counts).enumerate() {
        if block.heading == 0 || block.heading > 3 {
            continue;
        }
        let level = [0.0, 0.6, 0.2, 0.1][usize::from(block.heading)];
        let common = counts.in_title as f32 / counts.tokens.max(title_tokens as u32).max(1) as f32;
        if common + level > best.0 {
            best = (common + level, Some(at));
        }
    }
    best.1
}
