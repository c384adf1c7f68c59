//! What is printed on every page and is no text: running heads and page numbers.

use std::collections::BTreeMap;

use super::lines::Line;

/// Lines at the top and at the bottom of a page that may be running heads.
const EDGE: usize = 2;
/// Fewest pages that have something in common.
const MIN_PAGES: usize = 3;
/// Pages among which so many have the same running head: left and right pages may have their own,
/// and each chapter too.
const WINDOW: usize = 6;

/// Leaves out lines at the edges that are the same on many pages but for their numbers.
pub(super) fn without_running_heads(mut pages: Vec<Vec<Line>>) -> Vec<Vec<Line>> {
    let mut places: BTreeMap<(bool, String), Vec<usize>> = BTreeMap::new();
    for (number, page) in pages.iter().enumerate() {
        for (key, _) in edges(page) {
            places.entry(key).or_default().push(number);
        }
    }
    let is_dense = |window: &[usize]| match (window.first(), window.last()) {
        (Some(first), Some(last)) => last - first < WINDOW,
        _ => false,
    };
    places.retain(|_, numbers| {
        numbers.dedup();
        numbers.windows(MIN_PAGES).any(is_dense)
    });
    for page in &mut pages {
        let running = edges(page)
            .into_iter()
            .filter(|(key, _)| places.contains_key(key));
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

/// A line without its numbers; Roman ones where a page number stands: first or last.
fn without_numbers(text: &str) -> String {
    let is_roman = |word: &str| word.chars().all(|c| "ivxlcdm".contains(c));
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut key = String::new();
    for (index, word) in words.iter().enumerate() {
        if (index == 0 || index + 1 == words.len()) && is_roman(&word.to_lowercase()) {
            key.push('#');
            continue;
        }
        for c in word.chars() {
            match c {
                c if c.is_numeric() && key.ends_with('#') => {}
                c if c.is_numeric() => key.push('#'),
                c => key.push(c),
            }
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
