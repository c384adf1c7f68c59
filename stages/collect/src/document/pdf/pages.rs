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
        for (key, _) in edges(page, number) {
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
    for (number, page) in pages.iter_mut().enumerate() {
        let running = edges(page, number)
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

/// The lines at the edges of a page: whether at the top and what may come again on other pages,
/// and their places in the page.
fn edges(page: &[Line], number: usize) -> Vec<((bool, String), usize)> {
    let mut order: Vec<usize> = (0..page.len()).collect();
    let across = |index: &usize| page.get(*index).map_or(0.0, |line| line.across);
    order.sort_by(|a, b| across(a).total_cmp(&across(b)));
    let top = order.iter().take(EDGE).map(|index| (true, *index));
    let bottom = order.iter().rev().take(EDGE).map(|index| (false, *index));
    let mut edges = Vec::new();
    for (is_top, index) in top.chain(bottom) {
        let Some(line) = page.get(index) else {
            continue;
        };
        let keys = keys(&line.text, number).into_iter();
        edges.extend(keys.map(|key| ((is_top, key), index)));
    }
    edges
}

/// What of a line may come again on other pages: all but its numbers, the word and number that it
/// begins with (`CHAPTER 2. …`), and how far its page number is from that of the file.
fn keys(text: &str, number: usize) -> Vec<String> {
    let mut keys = vec![without_numbers(text)];
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [first, second, _, ..] = words[..]
        && first.starts_with(char::is_uppercase)
        && second.starts_with(|c: char| c.is_ascii_digit())
    {
        keys.push(format!("{first} #"));
    }
    for word in [words.first(), words.last()].into_iter().flatten() {
        if let Ok(printed) = word.parse::<u16>() {
            keys.push(format!("# {}", i64::from(printed) - number as i64));
        }
    }
    keys
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

    #[test]
    fn heads_of_chapters_go_too() {
        let foot = [
            "i",
            "ii",
            "3",
            "4 2. Ships",
            "2.1. Sails 5",
            "6 2. Ships",
            "7",
        ];
        let pages = foot.iter().enumerate().map(|(number, foot)| {
            let head = format!("CHAPTER {}. OF SHIPS {}", number / 4, "x".repeat(number));
            page(&[
                &head,
                &"a".repeat(number + 1),
                "body",
                &"b".repeat(number + 1),
                foot,
            ])
        });
        for page in without_running_heads(pages.collect()).iter().skip(2) {
            let texts: Vec<_> = page.iter().map(|line| line.text.clone()).collect();
            let [first, body, last] = &texts[..] else {
                panic!("{texts:?}")
            };
            assert!(first.starts_with('a') && body == "body" && last.starts_with('b'));
        }
    }
}
