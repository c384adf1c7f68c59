//! Templates whose text is put together from several arguments.

use super::args::Args;
use super::expand::Expander;
use super::function::number;
use super::template::{all, arg, named};

pub(super) fn is_chinese(expander: &Expander) -> bool {
    let lang = expander.page.site.lang.as_deref().unwrap_or_default();
    lang.starts_with("zh") || lang == "gan" || lang == "wuu"
}

pub(super) fn lang<'a>(expander: &'a Expander) -> &'a str {
    expander.page.site.lang.as_deref().unwrap_or("en")
}

/// Units of `{{convert}}` whose sign is not their code.
const UNITS: &[(&str, &str)] = &[
    ("C", "°C"),
    ("F", "°F"),
    ("acre", "acres"),
    ("cuft", "cu ft"),
    ("cumi", "cu mi"),
    ("ft2", "sq ft"),
    ("ft3", "cu ft"),
    ("km2", "km²"),
    ("kmh", "km/h"),
    ("km/h", "km/h"),
    ("kn", "kn"),
    ("lb", "lb"),
    ("lbs", "lb"),
    ("m2", "m²"),
    ("m3", "m³"),
    ("cm2", "cm²"),
    ("mi", "miles"),
    ("mi2", "sq mi"),
    ("mile", "miles"),
    ("mph", "mph"),
    ("nmi", "nautical miles"),
    ("oz", "oz"),
    ("sqft", "sq ft"),
    ("sqkm", "km²"),
    ("sqm", "m²"),
    ("sqmi", "sq mi"),
    ("usgal", "US gal"),
    ("yd", "yards"),
];
/// Words between two numbers of a range in `{{convert}}`.
const BETWEEN: &[(&str, &str)] = &[
    ("to", " to "),
    ("-", "–"),
    ("–", "–"),
    ("and", " and "),
    ("or", " or "),
    ("x", " × "),
    ("×", " × "),
    ("by", " by "),
    ("xx", " × "),
    ("+/-", " ± "),
    ("±", " ± "),
    ("to(-)", " to "),
];

fn found<'a>(table: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    table
        .iter()
        .find(|(known, _)| *known == key)
        .map(|(_, value)| *value)
}

/// `{{convert|5|km|mi}}`: the measure as its source has it, without the other one.
pub(super) fn convert(expander: &mut Expander, args: &Args) -> String {
    let mut out = String::new();
    for at in 1..=args.len().min(9) {
        let text = arg(expander, args, at);
        if let Some(between) = found(BETWEEN, &text).filter(|_| at > 1) {
            out.push_str(between);
        } else if text
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '−' | '+' | '.'))
        {
            let feet = at > 1 && !out.ends_with([' ', '–']);
            out.push_str(if feet { " " } else { "" });
            out.push_str(&number(&text));
        } else {
            out.push(' ');
            out.push_str(found(UNITS, &text).unwrap_or(&text));
            // `5|ft|6|in`: more of the same measure, else what it is converted to.
            let next = args.at(at + 1).map(|range| expander.text(range));
            let goes_on = next.is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
            if !goes_on || args.len() < at + 2 {
                break;
            }
        }
    }
    out.trim().to_owned()
}

/// `{{frac|3|1|2}}`
pub(super) fn frac(expander: &mut Expander, args: &Args) -> String {
    match all(expander, args).as_slice() {
        [under] => format!("1/{under}"),
        [over, under] => format!("{over}/{under}"),
        [whole, over, under, ..] => format!("{whole} {over}/{under}"),
        [] => String::new(),
    }
}

/// `{{val|5.1|u=km}}`, and `{{unité|5|km}}`
pub(super) fn val(expander: &mut Expander, args: &Args) -> String {
    let mut out = number(&arg(expander, args, 1));
    for at in 2..=args.len().min(6) {
        let text = arg(expander, args, at);
        let is_number = text.starts_with(|c: char| c.is_ascii_digit());
        out.push_str(if is_number { " ± " } else { " " });
        out.push_str(&text);
    }
    let exponent = named(expander, args, &["e"]);
    if !exponent.is_empty() {
        out.push_str(&format!(" × 10{}", super::characters::raised(&exponent)));
    }
    let unit = named(expander, args, &["u", "ul", "up"]);
    if !unit.is_empty() {
        out.push(' ');
        out.push_str(&unit);
    }
    out
}

/// `{{sup|2}}`
pub(super) fn sup(expander: &mut Expander, args: &Args) -> String {
    format!("<sup>{}</sup>", arg(expander, args, 1))
}

/// `{{sub|2}}`
pub(super) fn sub(expander: &mut Expander, args: &Args) -> String {
    format!("<sub>{}</sub>", arg(expander, args, 1))
}

/// Links to pages that are only there in another language: `{{link-en|中文|English|shown}}`.
pub(super) fn link(expander: &mut Expander, args: &Args) -> String {
    let shown = named(expander, args, &["d", "lt", "lt-zh", "display"]);
    if !shown.is_empty() {
        return shown;
    }
    for at in [3, 1] {
        let text = args
            .at(at)
            .map(|range| expander.text(range))
            .unwrap_or_default();
        if !text.is_empty() {
            return text;
        }
    }
    String::new()
}

/// `{{tsl|en|English|中文|shown}}`
pub(super) fn tsl(expander: &mut Expander, args: &Args) -> String {
    for at in [4, 3, 2] {
        let text = args
            .at(at)
            .map(|range| expander.text(range))
            .unwrap_or_default();
        if !text.is_empty() {
            return text;
        }
    }
    String::new()
}

/// `{{bd|1901年|1月1日|1980年|2月2日}}`
pub(super) fn birth_death(expander: &mut Expander, args: &Args) -> String {
    let mut at = |number| {
        args.at(number)
            .map(|range| expander.text(range))
            .unwrap_or_default()
    };
    let (born, died) = (at(1) + &at(2), at(3) + &at(4));
    match (born.is_empty(), died.is_empty()) {
        (true, true) => String::new(),
        (_, true) => format!("（{born}—）"),
        _ => format!("（{born}—{died}）"),
    }
}

/// `{{date|1|janvier|2000}}`, `{{start date|2000|1|31}}`
pub(super) fn date(expander: &mut Expander, args: &Args) -> String {
    let parts = all(expander, args);
    let is_number = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 1 && parts.iter().all(is_number) {
        let (year, rest) = match parts.split_first() {
            Some((year, rest)) => (year, rest.iter().take(2)),
            None => return String::new(),
        };
        if is_chinese(expander) || lang(expander) == "ja" {
            let signs = ["月", "日"].into_iter();
            let rest: String = rest
                .zip(signs)
                .map(|(part, sign)| part.clone() + sign)
                .collect();
            return format!("{year}年{rest}");
        }
        let rest: String = rest.map(|part| format!("-{part:0>2}")).collect();
        return format!("{year}{rest}");
    }
    parts.into_iter().take(3).collect::<Vec<_>>().join(" ")
}

/// `{{as of|2010|5}}`
pub(super) fn as_of(expander: &mut Expander, args: &Args) -> String {
    let shown = named(expander, args, &["alt"]);
    if !shown.is_empty() {
        return shown;
    }
    let parts = all(expander, args);
    let months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = parts
        .get(1)
        .and_then(|month| months.get(month.parse::<usize>().ok()?.checked_sub(1)?));
    let Some(year) = parts.first() else {
        return String::new();
    };
    if is_chinese(expander) {
        let month = parts
            .get(1)
            .map(|month| format!("{month}月"))
            .unwrap_or_default();
        return format!("截至{year}年{month}");
    }
    let (lower, month) = (
        named(expander, args, &["lc"]),
        month.map_or(String::new(), |month| format!("{month} ")),
    );
    let start = if lower.is_empty() { "As of" } else { "as of" };
    match parts.get(2).filter(|_| !month.is_empty()) {
        Some(day) => format!("{start} {day} {month}{year}"),
        None => format!("{start} {month}{year}"),
    }
}

/// `{{reign|1500|1520}}`
pub(super) fn reign(expander: &mut Expander, args: &Args) -> String {
    let years = all(expander, args);
    if years.is_empty() {
        String::new()
    } else {
        format!("r. {}", years.join("–"))
    }
}

/// `{{s|XIX|e}}` is "XIXe siècle"; `{{siglo|XIX}}` is "siglo XIX".
pub(super) fn century(expander: &mut Expander, args: &Args) -> String {
    let parts = all(expander, args);
    let Some(number) = parts.first() else {
        return String::new();
    };
    match lang(expander) {
        "fr" => {
            let ending = parts.get(1).map_or("e", String::as_str);
            format!("{number}{ending} siècle")
        }
        "es" => format!("siglo {number}"),
        "ru" => format!("{number} век"),
        _ => String::new(),
    }
}

/// `{{ship|USS|Enterprise|CV-6}}`
pub(super) fn ship(expander: &mut Expander, args: &Args) -> String {
    let parts = all(expander, args);
    parts.into_iter().take(2).collect::<Vec<_>>().join(" ")
}

/// `{{USS|Enterprise}}`
pub(super) fn named_ship(prefix: &str, expander: &mut Expander, args: &Args) -> String {
    let name = arg(expander, args, 1);
    if name.is_empty() {
        name
    } else {
        format!("{prefix} {name}")
    }
}

/// `{{Zitat-fr|mot|Übersetzung}}`
pub(super) fn quoted(expander: &mut Expander, args: &Args) -> String {
    let text = arg(expander, args, 1);
    if text.is_empty() {
        text
    } else {
        format!("„{text}“")
    }
}
