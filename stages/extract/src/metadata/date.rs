//! Days as pages write them.

use jiff::civil::Date;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The first day in a short text, as ISO 8601: `2021-03-09T…`, `2021/3/9`, `2021年3月9日`,
/// `9 March 2021`, `March 9, 2021`.
pub(crate) fn day(text: &str) -> Option<String> {
    let text = &text[..text.floor_char_boundary(text.len().min(200))];
    let parts = parts(text);
    for three in parts.windows(3) {
        let date = match *three {
            [
                Part::Number(y, 4),
                Part::Number(m, 1..=2),
                Part::Number(d, 1..=2),
            ]
            | [Part::Number(d, 1..=2), Part::Month(m), Part::Number(y, 4)]
            | [Part::Month(m), Part::Number(d, 1..=2), Part::Number(y, 4)] => valid(y, m, d),
            _ => None,
        };
        if date.is_some() {
            return date;
        }
    }
    // 20210309, alone or before a time.
    parts.iter().find_map(|part| match *part {
        Part::Number(n, 8) => valid(n / 10_000, n / 100 % 100, n % 100),
        _ => None,
    })
}

/// The day that an address names: `…/2021/03/09/…` or `…/2021-03-09/…`.
pub(crate) fn day_of_url(url: &str) -> Option<String> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split(['?', '#']).next()?;
    let path = &path[..path.floor_char_boundary(path.len().min(300))];
    let numbers: Vec<Part> = parts(path);
    numbers.windows(3).find_map(|three| match *three {
        [
            Part::Number(y, 4),
            Part::Number(m, 1..=2),
            Part::Number(d, 1..=2),
        ] => valid(y, m, d),
        _ => None,
    })
}

/// A number with its count of digits, a month's name, or another word.
#[derive(Clone, Copy)]
enum Part {
    Number(u32, usize),
    Month(u32),
    Other,
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let end = rest
                .find(|c: char| c.is_ascii_digit() != is_digit)
                .unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            match part.parse() {
                Ok(number) if is_digit => parts.push(Part::Number(number, part.len())),
                // The signs of Chinese dates, ordinals and the T before a time join numbers.
                _ if matches!(part, "年" | "月" | "日" | "th" | "st" | "nd" | "rd" | "T") => {}
                _ => parts.push(month(part).map_or(Part::Other, Part::Month)),
            }
            rest = after;
        }
    }
    parts
}

fn month(word: &str) -> Option<u32> {
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    (word.len() <= 9).then_some(at as u32 + 1)
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
        for text in ["", "2021-13-45", "March", "99999999", "1 2 3"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
