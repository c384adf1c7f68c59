//! What is known of a page's blocks and elements together: counts, sums, copies, headings.

use rustc_hash::FxHashMap;

use crate::blocks::page::{Block, Kind, Page};
use crate::decide::measure::{self, Counts, Declared};
use crate::decide::thread;
use crate::words;

/// Levels of ancestors that are described, counting only those that add blocks.
pub(crate) const LEVELS: usize = 5;

/// Sums over the blocks inside an element.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) blocks: u32,
    pub(crate) tokens: u32,
    pub(crate) bytes: u32,
    pub(crate) link_bytes: u32,
    pub(crate) ends: u32,
    pub(crate) commas: u32,
    /// Tokens in blocks that read like paragraphs.
    pub(crate) prose: u32,
}

impl Sums {
    fn of(block: &Block, counts: &Counts) -> Self {
        let bytes = (block.end - block.start) as u32;
        let link_bytes = block.link_bytes;
        let is_prose = counts.tokens >= 12 && counts.ends > 0 && link_bytes * 2 < bytes;
        Self {
            blocks: 1,
            tokens: counts.tokens,
            bytes,
            link_bytes,
            ends: counts.ends,
            commas: counts.commas,
            prose: match is_prose || block.kind == Kind::Code {
                true => counts.tokens,
                false => 0,
            },
        }
    }

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

/// All that a page's features are made of.
pub(crate) struct Survey<'a> {
    pub(crate) page: &'a Page,
    pub(crate) counts: Vec<Counts>,
    /// Per element.
    pub(crate) sums: Vec<Sums>,
    /// Per element: its nearest ancestor that holds more blocks, itself if there is none.
    wider: Vec<u32>,
    /// Per element: siblings with the same tag and class, itself included.
    pub(crate) repeats: Vec<u32>,
    /// Per block: blocks with the same text.
    pub(crate) copies: Vec<u32>,
    /// Tokens before each block.
    pub(crate) before: Vec<u32>,
    pub(crate) total: Sums,
    /// Block of the main heading.
    pub(crate) headline: Option<usize>,
    /// Per block: the last heading before it, or `u32::MAX`.
    pub(crate) above: Vec<u32>,
    /// Per block: bytes that each banner category covers.
    covers: Vec<u16>,
}

impl<'a> Survey<'a> {
    /// Measures a page.
    pub(crate) fn of(page: &'a Page, declared: &Declared) -> Self {
        let mut covers = vec![0; page.blocks.len() * words::MAX_BANNERS];
        let mut counter = measure::Counter::default();
        let count = |(block, cover): (&Block, &mut [u16])| {
            counter.count(page.text_of(block), declared, cover)
        };
        let blocks = page
            .blocks
            .iter()
            .zip(covers.chunks_mut(words::MAX_BANNERS));
        let mut counts: Vec<Counts> = blocks.map(count).collect();
        let (total, sums) = sums(page, &counts);
        refuse_consent(page, &sums, &total, &mut counts);
        let mut tokens = 0;
        let before = counts.iter().map(|count| {
            tokens += count.tokens;
            tokens - count.tokens
        });
        Self {
            page,
            before: before.collect(),
            wider: wider(page, &sums),
            repeats: repeats(page),
            copies: copies(page),
            headline: headline(page, &counts, declared.title.len()),
            above: headings_above(page),
            covers,
            counts,
            sums,
            total,
        }
    }

    /// Bytes of a block that each banner category covers.
    pub(crate) fn covers(&self, block: usize) -> &[u16] {
        &self.covers[block * words::MAX_BANNERS..(block + 1) * words::MAX_BANNERS]
    }

    /// Tokens of each block.
    pub(crate) fn tokens(&self) -> Vec<u32> {
        self.counts.iter().map(|count| count.tokens).collect()
    }

    /// Ancestors of a block, from the innermost outwards, that each hold more than the one
    /// before; the last one is repeated.
    pub(crate) fn levels(&self, block: usize) -> [u32; LEVELS] {
        let mut at = self.page.blocks[block].element;
        std::array::from_fn(|_| {
            let here = at;
            at = self.wider.get(at as usize).copied().unwrap_or(at);
            here
        })
    }

    /// The block that says the page's title.
    pub(crate) fn title(&self) -> Option<usize> {
        self.headline.filter(|at| {
            let counts = &self.counts[*at];
            counts.in_title * 2 > counts.tokens
        })
    }

    /// Per block: whether it names who wrote something.
    pub(crate) fn authors(&self) -> Vec<bool> {
        let author = words::class_bit("author") | words::class_bit("profile");
        let named = |at: u32| {
            let element = self.page.elements.get(at as usize);
            element.is_some_and(|element| element.classes & author != 0)
        };
        let of = |(block, counts): (&Block, &Counts)| {
            let short = thread::is_short(block, counts.tokens, counts.numbers) && counts.ends == 0;
            short
                && (block.classes & author != 0 || named(block.element))
                && thread::is_signature(self.page.text_of(block))
        };
        self.page.blocks.iter().zip(&self.counts).map(of).collect()
    }

    /// Per block: whether it stands in a section of comments and reads like text.
    pub(crate) fn comments(&self) -> Vec<bool> {
        let comment = words::class_bit("comment");
        let mut inside = vec![false; self.page.elements.len()];
        for (at, element) in self.page.elements.iter().enumerate() {
            // A parent comes before its children, so its answer is known.
            inside[at] = element.classes & comment != 0
                || ((element.parent as usize) < at && inside[element.parent as usize]);
        }
        let of = |(block, counts): (&Block, &Counts)| {
            let prose =
                counts.tokens >= 3 && (block.link_bytes as usize) * 2 < block.end - block.start;
            prose && !block.button && inside.get(block.element as usize) == Some(&true)
        };
        self.page.blocks.iter().zip(&self.counts).map(of).collect()
    }
}

/// Most tokens of a consent banner.
const LONGEST_CONSENT: u32 = 500;

/// Marks what stands in elements that are called like consent banners, unless they hold much of the
/// page: a wrapper may be named after the banner that it makes room for.
fn refuse_consent(page: &Page, sums: &[Sums], total: &Sums, counts: &mut [Counts]) {
    let mut inside = vec![false; page.elements.len()];
    for (at, element) in page.elements.iter().enumerate() {
        let tokens = sums[at].tokens;
        let is_banner = element.consent && tokens <= LONGEST_CONSENT && tokens * 3 < total.tokens;
        let parent = element.parent as usize;
        inside[at] = is_banner || (parent < at && inside[parent]);
    }
    for (block, counts) in page.blocks.iter().zip(counts) {
        counts.never |= inside.get(block.element as usize) == Some(&true);
    }
}

/// Sums over the page and over each element.
fn sums(page: &Page, counts: &[Counts]) -> (Sums, Vec<Sums>) {
    let mut sums = vec![Sums::default(); page.elements.len()];
    let mut total = Sums::default();
    for (block, counts) in page.blocks.iter().zip(counts) {
        let own = Sums::of(block, counts);
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

fn wider(page: &Page, sums: &[Sums]) -> Vec<u32> {
    let mut wider: Vec<u32> = Vec::with_capacity(sums.len());
    for (at, element) in page.elements.iter().enumerate() {
        let parent = element.parent as usize;
        wider.push(match parent < at {
            false => at as u32,
            true if sums[parent].blocks > sums[at].blocks => parent as u32,
            // The parent holds the same blocks; if nothing holds more, this is the widest.
            true if wider[parent] == parent as u32 => at as u32,
            true => wider[parent],
        });
    }
    wider
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

/// Siblings of each element with the same tag and class.
fn repeats(page: &Page) -> Vec<u32> {
    let key = |element: &crate::blocks::page::Element| (element.parent, element.signature);
    let mut groups: FxHashMap<(u32, u64), u32> = FxHashMap::default();
    for element in &page.elements {
        *groups.entry(key(element)).or_default() += 1;
    }
    let of = |element| groups.get(&key(element)).copied().unwrap_or(0);
    page.elements.iter().map(of).collect()
}

/// Blocks with the same text as each block.
fn copies(page: &Page) -> Vec<u32> {
    let mut groups: FxHashMap<&str, u32> = FxHashMap::default();
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
