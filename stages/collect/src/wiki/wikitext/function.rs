//! Parser functions and variables: `{{#if:…}}`, `{{formatnum:…}}`, `{{PAGENAME}}`.
//!
//! <https://www.mediawiki.org/wiki/Help:Extension:ParserFunctions>,
//! <https://www.mediawiki.org/wiki/Help:Magic_words>

use super::expand::{Expander, HOLE, Range};

/// Longest title that a variable gives.
const MAX_TITLE: usize = 255;

/// Appends what a function or variable gives; false if the name is that of a template.
pub(super) fn write(
    expander: &mut Expander,
    name: Range,
    rest: Option<Range>,
    out: &mut String,
) -> bool {
    let raw = expander.slice(name);
    let start = raw.trim_start();
    let offset = name.0 + raw.len() - start.len();
    let end = start.bytes().take(40).position(|byte| byte == b':');
    let Some(end) = end else {
        return rest.is_none() && variable(expander, start.trim_end(), out);
    };
    let keyword = start.get(..end).unwrap_or_default().trim().to_lowercase();
    let first = (offset + end + 1, name.1);
    let mut args = vec![first];
    if let Some(rest) = rest.filter(|_| has_args(&keyword)) {
        args.extend(expander.parts(rest));
    }
    match keyword.as_str() {
        "subst" | "safesubst" => {
            let inner = (first.0, rest.map_or(name.1, |rest| rest.1));
            return substituted(expander, inner, out);
        }
        "#if" => condition(expander, &args, |value, _| !value.is_empty(), out),
        "#ifeq" => equal(expander, &args, out),
        "#ifexist" => pick(expander, &args, 1, out),
        "#iferror" => {
            let value = expander.text(first);
            out.push_str(&value);
        }
        "#ifexpr" => pick(expander, &args, 2, out),
        "#switch" => switch(expander, &args, out),
        "lc" | "uc" | "lcfirst" | "ucfirst" | "formatnum" | "plural" | "gender" | "grammar"
        | "padleft" | "padright" | "anchorencode" => words(expander, &keyword, &args, out),
        _ if keyword.starts_with('#') || is_silent(&keyword) => out.push(HOLE),
        _ => return false,
    }
    true
}

fn has_args(keyword: &str) -> bool {
    keyword.starts_with('#') || matches!(keyword, "plural" | "gender" | "grammar")
}

/// Functions that show nothing, or nothing of the text.
fn is_silent(keyword: &str) -> bool {
    matches!(
        keyword,
        "defaultsort"
            | "defaultsortkey"
            | "defaultcategorysort"
            | "displaytitle"
            | "int"
            | "ns"
            | "nse"
            | "localurl"
            | "localurle"
            | "fullurl"
            | "fullurle"
            | "canonicalurl"
            | "filepath"
            | "urlencode"
            | "special"
            | "pagesincategory"
            | "pagesize"
            | "protectionlevel"
            | "numberingroup"
            | "noexternallanglinks"
            | "默认排序"
            | "默認排序"
            | "sortierung"
            | "clef de tri"
            | "cledetri"
            | "ordenar"
            | "ordina"
            | "デフォルトソート"
    )
}

fn variable(expander: &Expander, name: &str, out: &mut String) -> bool {
    let title = expander.page.title;
    let title = title
        .get(..title.floor_char_boundary(MAX_TITLE))
        .unwrap_or(title);
    match name {
        "PAGENAME" | "FULLPAGENAME" | "BASEPAGENAME" | "SUBPAGENAME" | "ROOTPAGENAME"
        | "ARTICLEPAGENAME" | "SUBJECTPAGENAME" | "页名" | "頁名" => out.push_str(title),
        "SITENAME" => out.push_str(expander.page.site.name.as_deref().unwrap_or_default()),
        "!" => out.push('|'),
        "=" => out.push('='),
        _ => return false,
    }
    true
}

/// `{{subst:…}}` stays in a page only where it did not work; what it names is read.
fn substituted(expander: &mut Expander, range: Range, out: &mut String) -> bool {
    let bar = expander.find(range, b'|');
    let name = (range.0, bar.unwrap_or(range.1));
    write(expander, name, bar.map(|bar| (bar + 1, range.1)), out) || {
        out.push(HOLE);
        true
    }
}

fn pick(expander: &mut Expander, args: &[Range], number: usize, out: &mut String) {
    let text = args.get(number).map(|range| expander.text(*range));
    match text.filter(|text| !text.is_empty()) {
        Some(text) => out.push_str(&text),
        None => out.push(HOLE),
    }
}

fn condition(
    expander: &mut Expander,
    args: &[Range],
    holds: impl Fn(&str, &str) -> bool,
    out: &mut String,
) {
    let value = args.first().map(|range| expander.text(*range));
    let value = value.unwrap_or_default();
    // What was left out of it was not nothing.
    let number = if holds(&value, "") { 1 } else { 2 };
    pick(expander, args, number, out);
}

fn equal(expander: &mut Expander, args: &[Range], out: &mut String) {
    let mut value = |at: usize| args.get(at).map(|range| expander.text(*range));
    let (left, right) = (value(0).unwrap_or_default(), value(1).unwrap_or_default());
    let numbers = left.parse::<f64>().ok().zip(right.parse::<f64>().ok());
    let same = left == right || numbers.is_some_and(|(left, right)| left == right);
    pick(expander, args, if same { 2 } else { 3 }, out);
}

fn switch(expander: &mut Expander, args: &[Range], out: &mut String) {
    let Some((subject, cases)) = args.split_first() else {
        return;
    };
    let subject = expander.text(*subject);
    let mut matched = false;
    let mut default = None;
    for (number, case) in cases.iter().enumerate() {
        match expander.find(*case, b'=') {
            Some(equals) => {
                let key = expander.text((case.0, equals));
                let value = (equals + 1, case.1);
                if matched || key == subject {
                    return pick(expander, &[value], 0, out);
                }
                if key == "#default" {
                    default = Some(value);
                }
            }
            None if number + 1 == cases.len() => default = Some(*case),
            None => matched = matched || expander.text(*case) == subject,
        }
    }
    match default {
        Some(default) => pick(expander, &[default], 0, out),
        None => out.push(HOLE),
    }
}

/// Functions that change their text.
fn words(expander: &mut Expander, keyword: &str, args: &[Range], out: &mut String) {
    let Some(first) = args.first() else {
        return;
    };
    let text = match keyword {
        "plural" => {
            let count = expander.text(*first);
            let last = args.len().saturating_sub(1);
            let form = if matches!(count.as_str(), "1" | "-1") {
                1
            } else {
                2
            };
            return pick(expander, args, form.min(last), out);
        }
        "gender" => return pick(expander, args, 1.min(args.len().saturating_sub(1)), out),
        "grammar" => return pick(expander, args, args.len().saturating_sub(1), out),
        _ => expander.text(*first),
    };
    match keyword {
        "lc" => out.push_str(&text.to_lowercase()),
        "uc" => out.push_str(&text.to_uppercase()),
        "lcfirst" | "ucfirst" => {
            let mut chars = text.chars();
            let first = chars.next();
            match keyword {
                "lcfirst" => out.extend(first.into_iter().flat_map(char::to_lowercase)),
                _ => out.extend(first.into_iter().flat_map(char::to_uppercase)),
            }
            out.push_str(chars.as_str());
        }
        "formatnum" => out.push_str(&number(&text)),
        _ => out.push_str(&text),
    }
}

/// A number with commas between its thousands; anything else as it is.
pub(super) fn number(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.trim_start_matches(['-', '+', '−']);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() < 4 || !is_number(digits) || !is_number(fraction) {
        return text.to_owned();
    }
    let sign = whole.get(..whole.len() - digits.len()).unwrap_or_default();
    let mut out = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}
