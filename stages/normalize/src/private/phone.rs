//! Telephone numbers: international (ITU-T E.164), North American, Chinese; others only beside a
//! word such as "phone".

use super::Item;
use super::context::Hint;
use super::number::Number;
use crate::config::PrivateKind;

/// A telephone number that begins with the number's first group.
pub(super) fn number(number: &Number, text: &str, hint: Hint) -> Option<Item> {
    (1..=number.groups().len()).rev().find_map(|length| {
        let number = number.first_groups(length, text);
        is_phone(&number, text, hint).then(|| Item {
            kind: PrivateKind::Phone,
            range: number.range(),
        })
    })
}

fn is_phone(number: &Number, text: &str, hint: Hint) -> bool {
    if !(7..=15).contains(&number.digits()) || is_part_of_more(number, text, hint) || hint.public()
    {
        return false;
    }
    let digits = number.value(text);
    if number.lead() == Some(b'+') {
        return is_international(&digits);
    }
    if is_date(number, &digits) || is_book(&digits) {
        return false;
    }
    let evenly = |shape: &[usize]| {
        number.has_shape(shape)
            && (number.separated_by(text, "-") || number.separated_by(text, " "))
    };
    is_chinese_mobile(number, &digits, &evenly)
        || is_chinese_landline(number, &digits, text, hint)
        || is_north_american(number, &digits, text, hint)
        || (hint.phone() && is_told(number, text))
}

/// Units that make a number a quantity.
const UNITS: &[&str] = &[
    "%", "元", "美元", "万", "亿", "円", "bytes", "KB", "km", "ms", "字节", "px", "次", "人",
];

/// Money, shares, paths, sums and longer names: the number is a part of something else.
fn is_part_of_more(number: &Number, text: &str, hint: Hint) -> bool {
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

/// Calling codes (ITU-T E.164) followed by a plausible length.
fn is_international(digits: &str) -> bool {
    let national = |length: usize| digits.get(length..).unwrap_or_default();
    match digits.as_bytes() {
        [b'1', ..] => digits.len() == 11 && matches!(digits.as_bytes().get(1), Some(b'2'..=b'9')),
        [b'8', b'6', ..] => (11..=14).contains(&digits.len()) && is_chinese(national(2)),
        [b'7', ..] => digits.len() == 11,
        [b'2'..=b'9', ..] => (9..=15).contains(&digits.len()),
        _ => false,
    }
}

fn is_chinese(national: &str) -> bool {
    is_mobile(national)
        || ((9..=12).contains(&national.len()) && !national.starts_with('1'))
        || national.starts_with("10")
}

/// Eleven digits that begin with 13 to 19.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
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
fn is_chinese_landline(number: &Number, digits: &str, text: &str, hint: Hint) -> bool {
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
fn is_north_american(number: &Number, digits: &str, text: &str, hint: Hint) -> bool {
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
