//! Templates that carry text: what each shows. All others are left out.
//!
//! Templates live on the wiki, not in its dump's articles; these are the ones that large
//! encyclopedias use inside sentences, by what their documentation says.

use super::args::Args;
use super::expand::Expander;
use super::{foreign, languages, phrases};

/// How a template's text is made.
#[derive(Clone, Copy)]
enum Show {
    /// The argument of this number, or `text`, `1` or `content`.
    Arg(usize),
    /// The last argument by number.
    Last,
    /// Always the same.
    Text(&'static str),
    /// All arguments by number, with this between them.
    Join(&'static str),
    /// All arguments by number as items of a list.
    Items,
    /// A block of its own.
    Block(usize),
    /// The first argument between these.
    Between(&'static str, &'static str),
    /// Made by a function.
    Call(fn(&mut Expander, &Args) -> String),
}

use Show::{Arg, Between, Block, Call, Items, Join, Last, Text};

/// Names in lower case, sorted.
const TEMPLATES: &[(&str, Show)] = &include!("templates.in");

/// The text that a template shows; `None` if it is left out.
pub(super) fn text(expander: &mut Expander, name: &str, args: &Args) -> Option<String> {
    let name = normalized(name)?;
    let found = TEMPLATES.binary_search_by(|(known, _)| (*known).cmp(&name));
    let show = found
        .ok()
        .and_then(|at| TEMPLATES.get(at))
        .map(|(_, show)| *show);
    match show {
        Some(show) => Some(show_text(expander, show, args)),
        None => by_pattern(expander, &name, args),
    }
}

fn normalized(name: &str) -> Option<String> {
    let name =
        name.trim_matches(|c: char| c.is_whitespace() || c == '_' || c == super::expand::HOLE);
    if name.is_empty() || name.len() > 100 {
        return None;
    }
    let mut lower = name.to_lowercase();
    for prefix in [
        "template:",
        "模板:",
        "樣板:",
        "шаблон:",
        "vorlage:",
        "modèle:",
        "plantilla:",
    ] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            lower = rest.trim_start().to_owned();
        }
    }
    Some(if lower.contains('_') {
        lower.replace('_', " ")
    } else {
        lower
    })
}

fn show_text(expander: &mut Expander, show: Show, args: &Args) -> String {
    match show {
        Text(text) => text.to_owned(),
        Arg(number) => arg(expander, args, number),
        Last => arg(expander, args, args.len().max(1)),
        Join(between) => all(expander, args).join(between),
        Items => {
            all(expander, args)
                .iter()
                .map(|item| format!("\n* {item}"))
                .collect::<String>()
                + "\n"
        }
        Block(number) => format!("\n\n{}\n\n", arg(expander, args, number)),
        Between(before, after) => match arg(expander, args, 1) {
            text if text.is_empty() => text,
            text => format!("{before}{text}{after}"),
        },
        Call(function) => function(expander, args),
    }
}

/// An argument by number; the first also by the names that it has in many templates.
pub(super) fn arg(expander: &mut Expander, args: &Args, number: usize) -> String {
    let names = ["text", "content", "quote", "內容", "内容", "文本"];
    let found = args.at(number);
    let found = found.or_else(|| names.iter().find_map(|name| args.named(name)));
    found.map_or(String::new(), |range| expander.text(range))
}

/// The first of these arguments that is not empty.
pub(super) fn named(expander: &mut Expander, args: &Args, names: &[&str]) -> String {
    for name in names {
        let text = args.named(name).map(|range| expander.text(range));
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return text;
        }
    }
    String::new()
}

/// All arguments by number.
pub(super) fn all(expander: &mut Expander, args: &Args) -> Vec<String> {
    let ranges: Vec<_> = (1..=args.len())
        .filter_map(|number| args.at(number))
        .collect();
    let texts = ranges.into_iter().map(|range| expander.text(range));
    texts.filter(|text| !text.is_empty()).collect()
}

/// Families of templates, such as one for each language.
fn by_pattern(expander: &mut Expander, name: &str, args: &Args) -> Option<String> {
    let site = expander.page.site.lang.as_deref().unwrap_or("en");
    for prefix in ["lang-", "vol-"] {
        if let Some(code) = name.strip_prefix(prefix) {
            let code = code.strip_suffix("-short").unwrap_or(code);
            let label = languages::label(code, site);
            let text = arg(expander, args, 1);
            return (!text.is_empty()).then(|| format!("{label}{text}"));
        }
    }
    if let Some(code) = name
        .strip_prefix("link-")
        .or_else(|| name.strip_prefix("internal link helper/"))
    {
        return (code.len() <= 12).then(|| phrases::link(expander, args));
    }
    if name.starts_with("ipa-") {
        let text = arg(expander, args, 1);
        return (!text.is_empty()).then(|| format!("[{text}]"));
    }
    let is_code = |code: &str| {
        (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    // German: `{{enS|word}}` is "englisch word", `{{enF}}` and `{{enA}}` are flags.
    if site == "de" && name.strip_suffix('s').is_some_and(is_code) {
        return Some(arg(expander, args, 1));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
        assert!(names.iter().all(|name| name.to_lowercase() == *name));
    }
}
