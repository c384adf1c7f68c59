//! Telephone numbers: international (ITU-T E.164), North American, Chinese, and of other countries
//! where the shape tells; the rest only beside a word such as "phone".

use super::Item;
use super::calling::{is_international, is_mobile};
use super::context::Context;
use super::number::Number;
use crate::config::PrivateKind;

/// A telephone number that begins with the number's first group.
pub(super) fn number(number: &Number, text: &str, hint: &Context) -> Option<Item> {
    (1..=number.groups().len()).rev().find_map(|length| {
        let number = number.first_groups(length, text);
        is_phone(&number, text, hint).then(|| Item {
            kind: PrivateKind::Phone,
            range: number.range(),
        })
    })
}

fn is_phone(number: &Number, text: &str, hint: &Context) -> bool {
    if !(7..=15).contains(&number.digits()) || is_part_of_more(number, text, hint) || hint.public()
    {
        return false;
    }
    let digits = number.value(text);
    if number.lead() == Some(b'+') {
        return is_international(&digits);
    }
    let years = is_date(number, &digits) && !(hint.phone() && number.has_shape(&[4, 4]));
    if years || is_book(&digits) {
        return false;
    }
    // "0049 30 1234567": the prefix for calls abroad.
    if let Some(abroad) = digits.strip_prefix("00")
        && (number.groups().len() > 1 || hint.phone())
        && number.shape().next() >= Some(2)
        && is_international(abroad)
    {
        return true;
    }
    let evenly = |shape: &[usize]| {
        number.has_shape(shape)
            && (number.separated_by(text, "-") || number.separated_by(text, " "))
    };
    is_chinese_mobile(number, &digits, &evenly)
        || is_chinese_landline(number, &digits, text, hint)
        || is_north_american(number, &digits, text, hint)
        || is_national(number, &digits, text)
        || (hint.phone() && is_told(number, text))
}

/// Shapes of the national numbers of other countries that little else has: how they begin, the
/// lengths of their groups, and what stands between those.
const NATIONAL: &[(&str, &[usize], &str)] = &[
    // France, Belgium, the Netherlands, Switzerland
    ("0", &[2, 2, 2, 2, 2], " .-"),
    ("04", &[4, 2, 2, 2], " "),
    ("06", &[2, 8], "-"),
    ("0", &[3, 7], "-"),
    ("0", &[3, 3, 2, 2], " "),
    // The United Kingdom and Ireland
    ("02", &[3, 4, 4], " -"),
    ("07", &[5, 6], " "),
    ("07", &[5, 3, 3], " "),
    ("01", &[5, 6], " "),
    ("0", &[4, 3, 4], " -"),
    ("08", &[3, 3, 4], " -"),
    // Japan, Korea, Taiwan
    ("0", &[2, 4, 4], "-"),
    ("0", &[3, 4, 4], "-"),
    ("0", &[3, 3, 4], "-"),
    ("0", &[4, 2, 4], "-"),
    ("0", &[4, 3, 3], "- "),
    ("02", &[2, 3, 4], "-"),
    ("09", &[4, 6], "-"),
    // Turkey, Spain
    ("0", &[4, 3, 2, 2], " "),
    ("6", &[3, 2, 2, 2], " "),
    ("9", &[3, 2, 2, 2], " "),
];

/// A number as one of [`NATIONAL`], of Brazil or Australia (area code in parentheses), of Russia.
fn is_national(number: &Number, digits: &str, text: &str) -> bool {
    let alike = |separators: &str| {
        let mut used = number.separators(text);
        let first = used.next().unwrap_or_default();
        separators.contains(first) && !first.is_empty() && used.all(|other| other == first)
    };
    let listed = NATIONAL.iter().any(|(start, shape, separators)| {
        digits.starts_with(start) && number.has_shape(shape) && alike(separators)
    });
    let pairs = number.has_shape(&[2, 2, 2, 2, 2]) && is_ascending(digits);
    let area = number.lead() == Some(b'(')
        && [
            &[2, 5, 4][..],
            &[2, 4, 4],
            &[3, 4, 4],
            &[3, 3, 4],
            &[4, 6],
            &[5, 6],
            &[4, 3, 4],
            &[3, 3, 2, 2],
        ]
        .iter()
        .any(|shape| number.has_shape(shape));
    let russian = digits.starts_with('8') && number.has_shape(&[1, 3, 3, 2, 2]);
    (listed && !digits.starts_with("00") && !pairs) || area || russian
}

/// Pairs of digits each higher than the one before: a draw of the lottery, page numbers.
fn is_ascending(digits: &str) -> bool {
    let pairs: Vec<&[u8]> = digits.as_bytes().chunks(2).collect();
    // "06 12 34 56 78" is what everybody writes who needs a number.
    pairs.windows(2).all(|two| two.first() < two.get(1)) && !digits.ends_with("12345678")
}

/// Units that make a number a quantity.
const UNITS: &[&str] = &[
    "%", "元", "美元", "万", "亿", "円", "bytes", "KB", "km", "ms", "字节", "px", "次", "人",
];

/// Money, shares, paths, sums and longer names: the number is a part of something else.
fn is_part_of_more(number: &Number, text: &str, hint: &Context) -> bool {
    let head = text.get(..number.start()).unwrap_or_default();
    let tail = text
        .get(number.end()..)
        .unwrap_or_default()
        .trim_start_matches(' ');
    let money = matches!(number.left, Some(b'$' | b'#' | b'_' | b'%' | b'<' | b'*'))
        || head.ends_with(['¥', '￥', '€', '£', '№']);
    let field = matches!(number.left, Some(b'=' | b'/' | b'?')) && !hint.phone();
    let quantity = UNITS.iter().any(|unit| tail.starts_with(unit));
    money || field || quantity || goes_on(number, head.as_bytes())
}

/// Digits or letters go on behind a sign at either end: fractions, sums, part numbers.
fn goes_on(number: &Number, head: &[u8]) -> bool {
    // Long numbers may stand in a list without spaces.
    let listed = number.digits() >= 10 && number.groups().len() == 1;
    let after = match number.right {
        [Some(b'.'), Some(next)] => next.is_ascii_digit(),
        [Some(b','), Some(next)] => next.is_ascii_digit() && !listed,
        [Some(b'-' | b':'), Some(next)] => next.is_ascii_alphanumeric(),
        _ => false,
    };
    let before = match head {
        [.., last, b'.' | b'-'] => {
            last.is_ascii_alphabetic() || (last.is_ascii_digit() && number.lead().is_none())
        }
        [.., last, b'+' | b'*'] => last.is_ascii_digit(),
        [.., last, b',' | b'/'] => last.is_ascii_digit() && number.lead().is_none() && !listed,
        _ => false,
    };
    after || before || number.is_glued()
}

fn is_chinese_mobile(number: &Number, digits: &str, evenly: &impl Fn(&[usize]) -> bool) -> bool {
    let prefixed = digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86"))
        .filter(|_| digits.len() > 11);
    let shaped = number.groups().len() == 1
        || evenly(&[3, 4, 4])
        || evenly(&[3, 3, 5])
        || evenly(&[4, 3, 4])
        || evenly(&[2, 11])
        || evenly(&[4, 11])
        || evenly(&[2, 3, 4, 4]);
    shaped && is_mobile(prefixed.unwrap_or(digits))
}

/// Area code and number, hyphen or parentheses between; service numbers 400 and 800.
fn is_chinese_landline(number: &Number, digits: &str, text: &str, hint: &Context) -> bool {
    let mut shape = number.shape();
    let (first, second, third) = (
        shape.next().unwrap_or(0),
        shape.next().unwrap_or(0),
        shape.next(),
    );
    let service = (digits.starts_with("400") || digits.starts_with("800")) && digits.len() == 10;
    if service
        && number.separated_by(text, "-")
        && (number.has_shape(&[3, 3, 4]) || number.has_shape(&[3, 4, 3]))
    {
        return true;
    }
    let area = match digits.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'9', ..] => 3,
        [b'0', b'3'..=b'9', b'1'..=b'9', ..] => 4,
        _ => return false,
    };
    let together = number.groups().len() == 1 && hint.phone() && (10..=12).contains(&digits.len());
    let extension = third.is_none_or(|length| (1..=5).contains(&length) && digits.len() <= 15)
        || (second == 4 && third == Some(4));
    let separated = number
        .separators(text)
        .next()
        .is_some_and(|s| matches!(s, "-" | ")" | ") " | ")-") || (s == " " && hint.phone()));
    let local = (7..=8).contains(&second) || (matches!(second, 3 | 4) && third == Some(4));
    together || (first == area && separated && local && extension)
}

/// Area code, exchange and line (North American Numbering Plan).
fn is_north_american(number: &Number, digits: &str, text: &str, hint: &Context) -> bool {
    let trunk = digits.len() == 11 && digits.starts_with('1');
    let national = if trunk {
        digits.get(1..).unwrap_or_default()
    } else {
        digits
    };
    let &[area, _, _, exchange, ..] = national.as_bytes() else {
        return false;
    };
    if national.len() != 10 || !matches!(area, b'2'..=b'9') {
        return false;
    }
    let shape: &[usize] = if trunk { &[1, 3, 3, 4] } else { &[3, 3, 4] };
    let opened = number.lead() == Some(b'(') || number.separators(text).any(|s| s.ends_with('('));
    if number.has_shape(shape) && (opened || hint.phone()) {
        return true;
    }
    let plain = number.separated_by(text, "-") || number.separated_by(text, ".");
    (number.has_shape(shape) && plain && matches!(exchange, b'2'..=b'9'))
        || (number.groups().len() == 1 && hint.phone())
}

/// Beside a word for telephones: short groups with ordinary separators.
fn is_told(number: &Number, text: &str) -> bool {
    let grouped = number.groups().len() <= 5
        && number
            .shape()
            .all(|length| (2..=11).contains(&length) || length == 1);
    grouped
        && number
            .separators(text)
            .all(|s| !s.contains('.') || number.separated_by(text, "."))
}

/// Days and times written with separators or in one piece.
fn is_date(number: &Number, digits: &str) -> bool {
    let part = |from: usize, to: usize| {
        digits
            .get(from..to)
            .and_then(|p| p.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let year = |y: u32| (1000..2200).contains(&y);
    let month_first =
        (1..=12).contains(&part(4, 6)) && (1..=31).contains(&part(6, 8)) && year(part(0, 4));
    let year_last = digits.len() == 8
        && year(part(4, 8))
        && (1..=31).contains(&part(0, 2))
        && (1..=31).contains(&part(2, 4));
    let mut shape = number.shape();
    match (shape.next(), shape.next(), shape.next()) {
        (Some(4), Some(2), Some(2)) => month_first,
        (Some(2), Some(2), Some(4)) => year_last,
        (Some(8), _, _) => month_first,
        (Some(4), Some(4), None) => year(part(0, 4)) && year(part(4, 8)),
        (Some(10 | 12 | 14), None, None) => {
            month_first && part(8, 10) < 24 && !digits.starts_with("10")
        }
        _ => false,
    }
}

/// ISBN-13: Bookland prefix and check digit.
fn is_book(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(i, b)| u32::from(b.wrapping_sub(b'0')) * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    digits.len() == 13
        && (digits.starts_with("978") || digits.starts_with("979"))
        && sum.is_multiple_of(10)
}
