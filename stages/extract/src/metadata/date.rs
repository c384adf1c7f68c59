//! Days as pages write them.

use std::sync::OnceLock;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

/// Which number comes first in a day like 03/04/2021, where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
    Unknown,
}

impl Order {
    /// The order in use in a language; English has both.
    pub(crate) fn of_language(tag: Option<&str>) -> Self {
        let tag = tag.unwrap_or_default();
        match tag.split('-').next().unwrap_or_default() {
            "en" if tag == "en-US" => Self::MonthFirst,
            "en" if matches!(tag, "en-GB" | "en-AU" | "en-NZ" | "en-IE" | "en-IN") => {
                Self::DayFirst
            }
            "de" | "fr" | "es" | "it" | "pt" | "ru" | "nl" | "pl" | "cs" | "el" | "tr" | "uk"
            | "vi" | "ro" | "bg" | "da" | "nb" | "id" => Self::DayFirst,
            _ => Self::Unknown,
        }
    }
}

/// The first day in a short declaration, as ISO 8601: `2021-03-09T…`, `2021/3/9`,
/// `2021年3月9日`, `9 March 2021`, `March 9, 2021`, `20210309`.
pub(crate) fn day(text: &str) -> Option<String> {
    // 20210309, alone or before a time.
    let compact = || {
        parts(text).into_iter().find_map(|part| match part {
            Part::Number(n, 8, _) => valid(n / 10_000, n / 100 % 100, n % 100),
            _ => None,
        })
    };
    shown(text, Order::Unknown).or_else(compact)
}

/// The first day in text that readers see. Numbers must be joined as in a date, for not every
/// three numbers are one; 03/04/2021 is one only in a language that tells which is the month.
pub(crate) fn shown(text: &str, order: Order) -> Option<String> {
    let parts = parts(text);
    let mut threes = parts.windows(3);
    threes.find_map(|three| three_parts(three, order))
}

/// The day that an address names: `…/2021/03/09/…` or `…/2021-03-09/…`.
pub(crate) fn day_of_url(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split(['?', '#']).next()?;
    let path = &path[..path.floor_char_boundary(path.len().min(300))];
    let numbers = parts_of(path);
    numbers.windows(3).find_map(|three| match *three {
        [
            Part::Number(y, 4, _),
            Part::Number(m, 1..=2, _),
            Part::Number(d, 1..=2, _),
        ] => valid(y, m, d),
        _ => None,
    })
}

/// A number with its count of digits and what joins it to the part before, a month's name, or
/// another word.
#[derive(Clone, Copy)]
enum Part {
    Number(u32, usize, char),
    Month(u32),
    Other,
}

fn three_parts(three: &[Part], order: Order) -> Option<String> {
    use Part::{Month, Number};
    match *three {
        [Number(_, 4, _), Number(_, _, ' '), _] | [Number(_, 4, _), _, Number(_, _, ' ')] => None,
        [Number(y, 4, _), Number(m, 1..=2, _), Number(d, 1..=2, _)]
        | [Number(d, 1..=2, _), Month(m), Number(y, 4, _)]
        | [Month(m), Number(d, 1..=2, _), Number(y, 4, _)] => valid(y, m, d),
        [
            Number(a, 1..=2, _),
            Number(b, 1..=2, joint),
            Number(y, 4, same),
        ] if joint == same => {
            let first = match joint {
                // Who writes points begins with the day.
                '.' => Order::DayFirst,
                '/' | '-' if a > 12 => Order::DayFirst,
                '/' | '-' if b > 12 => Order::MonthFirst,
                '/' | '-' => order,
                _ => Order::Unknown,
            };
            match first {
                Order::DayFirst => valid(y, b, a),
                Order::MonthFirst => valid(y, a, b),
                Order::Unknown if a == b && matches!(joint, '/' | '-') => valid(y, a, b),
                Order::Unknown => None,
            }
        }
        _ => None,
    }
}

fn parts(text: &str) -> Vec<Part> {
    parts_of(&text[..text.floor_char_boundary(text.len().min(200))])
}

fn parts_of(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (gap, after) = rest.split_at(start);
        let end = after
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        let joint = match gap.trim() {
            "-" => '-',
            "/" => '/',
            "." => '.',
            _ => ' ',
        };
        add_word(word, joint, &mut parts);
        rest = after;
    }
    parts
}

/// Numbers and letters of one word; what joins numbers is no part of its own.
fn add_word(word: &str, mut joint: char, parts: &mut Vec<Part>) {
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != is_digit)
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        match part.parse() {
            Ok(number) if is_digit => parts.push(Part::Number(number, part.len(), joint)),
            // The signs of Chinese and Korean dates, which blanks may follow.
            _ if matches!(part, "年" | "月" | "日" | "년" | "월" | "일") => {
                joint = '年';
                if after.is_empty()
                    && let Some(Part::Number(_, _, before)) = parts.last_mut()
                    && *before == ' '
                {
                    *before = '年';
                }
            }
            // Ordinals, the T before a time, and `9 de marzo de 2021`.
            _ if matches!(
                part,
                "th" | "st" | "nd" | "rd" | "er" | "º" | "T" | "de" | "del" | "of"
            ) => {}
            _ => parts.push(month(part).map_or(Part::Other, Part::Month)),
        }
        rest = after;
    }
}

/// The number of the month that a word names.
pub(crate) fn month(word: &str) -> Option<u32> {
    static MONTHS: OnceLock<FxHashMap<&str, u32>> = OnceLock::new();
    let months = MONTHS.get_or_init(|| {
        let lines = include_str!("../data/months.txt").lines();
        let lines = lines.filter_map(|line| line.split_once(':'));
        lines
            .filter_map(|(number, names)| Some((number.parse().ok()?, names)))
            .flat_map(|(number, names)| names.split_whitespace().map(move |name| (name, number)))
            .collect()
    });
    // The longest name has 16 bytes; words of Chinese and long ones need no look.
    (3..=20).contains(&word.len()).then_some(())?;
    months.get(&*word.to_lowercase()).copied()
}

fn valid(year: u32, month: u32, day: u32) -> Option<String> {
    let small = |n: u32| i8::try_from(n).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    (1990..=2100).contains(&year).then(|| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read() {
        for text in [
            "2021-03-09T08:00:00Z",
            "2021/3/9",
            "2021年3月9日 08:00",
            "9 March 2021",
            "Tuesday, Mar 9th, 2021",
            "20210309T080000Z",
            "2021.03.09",
        ] {
            assert_eq!(day(text).as_deref(), Some("2021-03-09"), "{text}");
        }
        for text in [
            "",
            "2021-13-45",
            "March",
            "99999999",
            "1 2 3",
            "05/08/2014 07:01:00",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn days_that_readers_see_are_read() {
        for text in [
            "发布时间：2021-03-09 10:00",
            "2021 年 3 月 9 日",
            "2021년 3월 9일",
            "Posted on March 9, 2021 at 10:00",
            "Dienstag, 9. März 2021",
            "le 9 mars 2021",
            "9 de marzo de 2021",
            "9 marzo 2021",
            "9 de março de 2021",
            "9 марта 2021 г.",
            "09.03.2021, 10:00",
        ] {
            let found = shown(text, Order::Unknown);
            assert_eq!(found.as_deref(), Some("2021-03-09"), "{text}");
        }
        for text in [
            "2021 3 9 results",
            "14:05 2021",
            "03/09/2021",
            "9 Marchers 2021",
        ] {
            assert_eq!(shown(text, Order::Unknown), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_language() {
        let order = |tag| Order::of_language(Some(tag));
        let read = |text, tag| shown(text, order(tag));
        assert_eq!(read("03/04/2021", "en-US").as_deref(), Some("2021-03-04"));
        assert_eq!(read("03/04/2021", "fr").as_deref(), Some("2021-04-03"));
        assert_eq!(read("25/04/2021", "en").as_deref(), Some("2021-04-25"));
        assert_eq!(read("03/04/2021", "en"), None);
    }
}
