//! Who wrote the posts of a thread: their names are kept or left out together.
//!
//! Block by block the model keeps the name above one post and drops that above the next, for a name
//! says little by itself. A thread whose posts are signed here and not there reads worse than
//! either, so the names of one place in the posts share one decision.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::blocks::page::{Block, Kind};
use crate::decide::survey::Survey;
use crate::metadata;
use crate::words;

/// Mean probability from which on the names are kept. Chosen by F1 on the shown pages.
const SIGNED: f32 = 0.3;
/// Fewest posts that make a thread.
const MIN_POSTS: usize = 3;
/// Fewest tokens of a post, on average: what stands below the names in a list of threads or of
/// articles is shorter.
const MIN_TOKENS: u32 = 25;
/// Blocks between a name and the end of what is looked at as its post.
const MAX_BLOCKS: usize = 200;
/// Most blocks between the name and the text of the post that opens a thread.
const OPENING: usize = 12;

/// Names in one place of a thread's posts.
struct Names {
    /// Their blocks.
    blocks: Vec<usize>,
    /// Tokens kept below each of them, before the next.
    posts: Vec<u32>,
}

/// Keeps the names of a thread's authors, or leaves them out, all in one.
pub(crate) fn sign(survey: &Survey<'_>, probability: &[f32], keep: &mut [bool]) {
    let authors = survey.authors();
    let kept = kept_tokens(survey, &authors, keep);
    let threads: Vec<Names> = groups(survey, &authors)
        .into_iter()
        .map(|blocks| Names::of(blocks, &kept))
        .filter(|names| names.are_of_a_thread(survey, &kept))
        .collect();
    let mean = |names: &Names| names.mean(probability);
    // A post may say who wrote it twice: the surer place is taken, the earlier of two as sure.
    let best = threads
        .iter()
        .filter(|names| mean(names) >= SIGNED)
        .reduce(|best, names| {
            if mean(names) > mean(best) {
                names
            } else {
                best
            }
        });
    for names in &threads {
        names.blocks.iter().for_each(|at| keep[*at] = false);
    }
    let Some(best) = best else {
        return;
    };
    for at in best.signed() {
        keep[at] = true;
    }
    if let Some(opening) = best.opening(&authors, &kept) {
        keep[opening] = true;
    }
}

/// Before each block, and at the end: the tokens that are kept, names aside.
fn kept_tokens(survey: &Survey<'_>, authors: &[bool], keep: &[bool]) -> Vec<u32> {
    let mut sum = 0;
    let mut before = vec![0];
    for (at, counts) in survey.counts.iter().enumerate() {
        if keep[at] && !authors[at] {
            sum += counts.tokens;
        }
        before.push(sum);
    }
    before
}

/// Blocks that name an author, by the kind of element that they stand in.
fn groups(survey: &Survey<'_>, authors: &[bool]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: FxHashMap<_, usize> = FxHashMap::default();
    for at in (0..authors.len()).filter(|at| authors[*at]) {
        let block = &survey.page.blocks[at];
        let element = survey.page.elements.get(block.element as usize);
        let key = (element.map(|e| e.signature), block.classes);
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(at);
    }
    groups
}

impl Names {
    fn of(blocks: Vec<usize>, kept: &[u32]) -> Self {
        let next = blocks.iter().skip(1).copied().chain([kept.len() - 1]);
        let post = |(at, next): (&usize, usize)| kept[next.min(at + MAX_BLOCKS)] - kept[*at];
        let posts = blocks.iter().zip(next).map(post).collect();
        Self { blocks, posts }
    }

    /// The names that stand before a post that is kept.
    fn signed(&self) -> impl Iterator<Item = usize> {
        let signed = self.blocks.iter().zip(&self.posts);
        signed.filter(|(_, tokens)| **tokens > 0).map(|(at, _)| *at)
    }

    fn mean(&self, probability: &[f32]) -> f32 {
        let sum: f32 = self.signed().map(|at| probability[at]).sum();
        sum / self.signed().count().max(1) as f32
    }

    fn are_of_a_thread(&self, survey: &Survey<'_>, kept: &[u32]) -> bool {
        let posts = self.signed().count();
        let tokens: u32 = self.posts.iter().sum();
        let text = |at: usize| survey.page.text_of(&survey.page.blocks[at]);
        let different: FxHashSet<&str> = self.signed().map(text).collect();
        posts >= MIN_POSTS
            && tokens as usize >= posts * MIN_TOKENS as usize
            && different.len() > 1
            && !self.are_below(kept)
    }

    /// Whether the names stand below the posts: text is above the first and none below the last, and
    /// most are nearer to the text above them.
    fn are_below(&self, kept: &[u32]) -> bool {
        let before_first = self.blocks.first().map_or(0, |at| kept[*at]);
        let after_last = self.posts.last().copied().unwrap_or(0);
        // Blocks that are left out between the name and the text above it, and below it.
        let above = |at: usize| at - kept.partition_point(|tokens| *tokens < kept[at]);
        let next = |at: usize| kept.partition_point(|tokens| *tokens <= kept[at]);
        let below = |at: usize| next(at).saturating_sub(at + 2);
        let nearer = self.signed().filter(|at| above(*at) < below(*at)).count();
        after_last == 0 && before_first >= MIN_TOKENS && nearer * 2 > self.signed().count()
    }

    /// The name above the post that opens the thread, where it stands in an element of its own.
    fn opening(&self, authors: &[bool], kept: &[u32]) -> Option<usize> {
        let first = *self.blocks.first()?;
        let opens = kept[..=first].partition_point(|tokens| kept[first] - tokens >= MIN_TOKENS);
        let name = (0..opens).rev().take(OPENING).find(|at| authors[*at])?;
        (kept[first] - kept[name] >= MIN_TOKENS).then_some(name)
    }
}

/// Whether a word is a month's name, and the next a number or none.
fn is_day(month: &str, day: Option<&str>) -> bool {
    let digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    metadata::month(month.trim_end_matches(['.', ','])).is_some() && day.is_none_or(digit)
}

/// Whether a short text can be the line that says who wrote a post: no role, count or day.
pub(crate) fn is_signature(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut words = text.split_whitespace();
    let (Some(first), second) = (words.next(), words.next()) else {
        return false;
    };
    let third = words.next();
    let last = words.next_back().or(third).or(second).unwrap_or(first);
    // `March 9` and `Sun Mar 9`, but `March Jones` and `Sun May`.
    let dated = is_day(first, second)
        || (first.len() <= 4 && second.is_some_and(|second| is_day(second, third)));
    let mut letters = first.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some()
        && !dated
        && !words::is_role(first)
        && !words::is_role(last)
        // `Location: Berlin`, but `By: Ann`.
        && (!first.ends_with([':', '：']) || first.eq_ignore_ascii_case("by:"))
}

/// Whether a block is as short as a name is, with a day and a time behind it or without.
pub(crate) fn is_short(block: &Block, tokens: u32, numbers: u32) -> bool {
    matches!(block.kind, Kind::Paragraph | Kind::Item)
        && (1..=12).contains(&tokens)
        && tokens - numbers <= 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::page::Page;
    use crate::blocks::walk::Wanted;
    use crate::decide::measure::Declared;

    const POST: &str = "The chain jumps whenever I stand on the pedals in the two smallest sprockets, \
        and the cassette has about nine thousand kilometres on it, which may well be too many.";

    /// Texts of the author blocks that are kept, of a page whose other blocks are kept. Names get
    /// the probabilities in turn; those from 0.5 on are kept at first.
    fn signed(html: &str, names: &[f32]) -> Vec<String> {
        let wanted = Wanted {
            tables: true,
            images: false,
            markup: false,
        };
        let tree = crate::html::parse::parse(html);
        let page = Page::of(&tree, wanted, &FxHashSet::default());
        let survey = Survey::of(&page, &Declared::default());
        let authors = survey.authors();
        let mut names = names.iter().copied().cycle();
        let of = |(author, block): (&bool, &Block)| match author {
            true => names.next().unwrap(),
            false if page.text_of(block) == "Reply" => 0.0,
            false => 0.9,
        };
        let probability: Vec<f32> = authors.iter().zip(&page.blocks).map(of).collect();
        let mut keep: Vec<bool> = probability.iter().map(|p| *p >= 0.5).collect();
        sign(&survey, &probability, &mut keep);
        let kept = (0..keep.len()).filter(|at| authors[*at] && keep[*at]);
        kept.map(|at| page.text_of(&page.blocks[at]).to_owned())
            .collect()
    }

    fn thread(names: &[&str]) -> String {
        let post = |name: &&str| format!("<div><p class=author>{name}</p><p>{POST}</p></div>");
        names.iter().map(post).collect()
    }

    #[test]
    fn all_names_of_a_thread_are_kept_or_none() {
        let html = thread(&["lena_k", "oldspanner", "lena_k", "by Bo on 3 June 2021"]);
        let all = ["lena_k", "oldspanner", "lena_k", "by Bo on 3 June 2021"];
        assert_eq!(signed(&html, &[0.6, 0.2]), all);
        assert!(signed(&html, &[0.6, 0.1, 0.1, 0.1]).is_empty());
    }

    #[test]
    fn a_page_that_is_no_thread_is_left_as_it_is() {
        assert_eq!(
            signed(&thread(&["Ann Lee", "Bo Li"]), &[0.6, 0.2]),
            ["Ann Lee"]
        );
        let list = "<p class=author>Ann</p><p>One</p><p class=author>Bo</p><p>Two</p>".repeat(3);
        assert_eq!(signed(&list, &[0.6, 0.2]).len(), 3);
        // One name below each post, and none above the first.
        let below = format!(
            "<p>{POST}</p><p class=author>Ann</p><p>Reply</p><p>{POST}</p><p class=author>Bo</p><p>Reply</p>"
        );
        let below = below.repeat(2);
        assert_eq!(signed(&below, &[0.6, 0.2]).len(), 2);
    }

    #[test]
    fn a_post_is_signed_once_and_the_opening_one_too() {
        let opening = format!("<p class='author starter'>Ann</p><p>{POST}</p>");
        let post = |name: &str| {
            format!("<p class='author login'>{name}_1</p><p class=author>{name}</p><p>{POST}</p>")
        };
        let html = opening + &post("Bo") + &post("Cy") + &post("Di");
        let names = signed(&html, &[0.1, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6]);
        assert_eq!(names, ["Ann", "Bo", "Cy", "Di"]);
    }

    #[test]
    fn roles_counts_and_days_are_no_names() {
        for text in [
            "Member",
            "BPL Member",
            "22 Posts",
            "Locale: Montana",
            "楼主",
            "…",
        ] {
            assert!(!is_signature(text), "{text}");
        }
        for text in ["March 9, 2021", "Sun Mar 9, 2021", "Jan. 9", "2021-03-09"] {
            assert!(!is_signature(text), "{text}");
        }
        for text in [
            "lena_k",
            "@bo",
            "by Ann Lee on 3 June",
            "March Jones",
            "By: Ann",
            "李明",
        ] {
            assert!(is_signature(text), "{text}");
        }
    }
}
