//! What is printed on every page and is no text: running heads and page numbers.

use std::collections::BTreeMap;

use super::lines::Line;

/// Lines at the top and at the bottom of a page that may be running heads.
const EDGE: usize = 2;
/// Fewest pages that have something in common.
const MIN_PAGES: usize = 3;
/// Share of pages on which a running head stands: left and right pages may have their own.
const SHARE: f64 = 0.4;

/// Leaves out lines at the edges that are the same on many pages but for their numbers.
pub(super) fn without_running_heads(mut pages: Vec<Vec<Line>>) -> Vec<Vec<Line>> {
    let mut counts: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for page in &pages {
        for (key, _) in edges(page) {
            *counts.entry(key).or_default() += 1;
        }
    }
    let least = MIN_PAGES.max((pages.len() as f64 * SHARE).ceil() as usize);
    for page in &mut pages {
        let running = edges(page)
            .into_iter()
            .filter(|(key, _)| counts.get(key).is_some_and(|count| *count >= least));
        let mut running: Vec<usize> = running.map(|(_, index)| index).collect();
        running.sort_unstable();
        running.dedup();
        for index in running.into_iter().rev() {
            page.remove(index);
        }
    }
    pages
}

/// The lines at the edges of a page: whether at the top, what they say without numbers, and their
/// places in the page.
fn edges(page: &[Line]) -> Vec<((bool, String), usize)> {
    let mut order: Vec<usize> = (0..page.len()).collect();
    let across = |index: &usize| page.get(*index).map_or(0.0, |line| line.across);
    order.sort_by(|a, b| across(a).total_cmp(&across(b)));
    let top = order.iter().take(EDGE).map(|index| (true, *index));
    let bottom = order.iter().rev().take(EDGE).map(|index| (false, *index));
    let key = |(is_top, index): (bool, usize)| {
        let text = &page.get(index)?.text;
        Some(((is_top, without_numbers(text)), index))
    };
    top.chain(bottom).filter_map(key).collect()
}

/// A line without its numbers, Roman ones too when there is nothing else.
fn without_numbers(text: &str) -> String {
    let text = text.trim();
    if !text.is_empty() && text.chars().all(|c| "ivxlcdmIVXLCDM".contains(c)) {
        return "#".to_owned();
    }
    let mut key = String::new();
    for c in text.chars() {
        match c {
            c if c.is_numeric() && key.ends_with('#') => {}
            c if c.is_numeric() => key.push('#'),
            c if c.is_whitespace() => {}
            c => key.push(c),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(texts: &[&str]) -> Vec<Line> {
        let line = |(index, text): (usize, &&str)| Line {
            text: (*text).to_owned(),
            across: index as f64 * 12.0,
            size: 10.0,
            ..Line::default()
        };
        texts.iter().enumerate().map(line).collect()
    }

    #[test]
    fn running_heads_and_numbers_go() {
        let pages = (1..6).map(|number| {
            let head = if number % 2 == 0 {
                "Chapter 2. Ships"
            } else {
                "A book"
            };
            page(&[
                head,
                "first line",
                "second",
                "last line of the page",
                &format!("{number} / 5"),
            ])
        });
        let mut pages: Vec<_> = pages.collect();
        pages[2][1].text = "another".into();
        let pages = without_running_heads(pages);
        let texts = |page: &Vec<Line>| {
            page.iter()
                .map(|line| line.text.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(&pages[2]), ["another", "second"]);
        assert_eq!(
            without_running_heads(vec![page(&["A book", "x"]); 2])[0].len(),
            2
        );
    }
}
