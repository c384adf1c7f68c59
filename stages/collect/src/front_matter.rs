//! What a text says about itself before it begins: YAML between lines of `---`, or TOML between
//! lines of `+++`, as Jekyll, Hugo, Obsidian and the cards of Hugging Face have it.
//!
//! Of YAML the members of the outermost level are read, where they are words or lists of words;
//! more than that nobody writes there of title, author, date, language and licence.

use std::collections::BTreeMap;

use textmill_schemas::RawDocument;

use crate::time;

/// Longest front matter in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Members by their names in lower case, each with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter(BTreeMap<String, Vec<String>>);

impl FrontMatter {
    /// Splits a text into front matter and the rest, if it begins with one.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (first, inside) = text.split_once('\n')?;
        let fence = first.trim_end();
        if !matches!(fence, "---" | "+++") {
            return None;
        }
        let mut end = 0;
        for line in inside.split_inclusive('\n') {
            let closes = line.trim_end();
            if closes == fence || (fence == "---" && closes == "...") {
                let members = match fence {
                    "---" => yaml(inside.get(..end)?),
                    _ => toml(inside.get(..end)?),
                };
                // A line of dashes is a break in Markdown too.
                let members = members.filter(|members| !members.is_empty() || end == 0)?;
                return Some((Self(members), inside.get(end + line.len()..)?));
            }
            end += line.len();
            if end > MAX_BYTES {
                return None;
            }
        }
        None
    }

    /// The words of the first of these members that is there.
    pub fn words(&self, names: &[&str]) -> &[String] {
        let found = names.iter().find_map(|name| self.0.get(*name));
        found.map_or(&[], Vec::as_slice)
    }

    /// Its only word.
    pub fn word(&self, names: &[&str]) -> Option<String> {
        match self.words(names) {
            [word] if !word.is_empty() => Some(word.clone()),
            _ => None,
        }
    }

    /// Fills a row.
    pub fn fill(&self, row: &mut RawDocument) {
        let authors = self.words(&["author", "authors", "creator"]);
        row.title = self.word(&["title"]).or(row.title.take());
        row.author = Some(authors.join(", ")).filter(|authors| !authors.is_empty());
        let date = self.word(&["date", "published", "created", "publishdate", "pubdate"]);
        row.time = date.and_then(|date| time::rfc3339(&date));
        row.lang = self
            .word(&["lang", "language", "locale"])
            .or(row.lang.take());
        if row.license.is_none() {
            row.license = self.word(&["license", "licence"]);
        }
    }
}

fn toml(text: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let table: toml::Table = text.parse().ok()?;
    let word = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Datetime(time) => Some(time.to_string()),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let words = |value: &toml::Value| match value {
        toml::Value::Array(values) => values.iter().filter_map(word).collect(),
        value => word(value).into_iter().collect(),
    };
    let members = table
        .iter()
        .map(|(name, value)| (name.to_lowercase(), words(value)));
    Some(members.collect())
}

fn yaml(text: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let inner = line.trim();
        if inner.is_empty() || inner.starts_with('#') {
            continue;
        }
        if let (Some(item), Some(name)) = (inner.strip_prefix("- "), &open) {
            // An item that is itself a list of members is none of words.
            if !item.contains(": ") {
                members.entry(name.clone()).or_default().push(word(item));
            }
            continue;
        }
        if line.starts_with([' ', '\t', '-']) {
            continue; // further in
        }
        let (name, value) = inner.split_once(':')?;
        if name.contains(char::is_whitespace) && !name.starts_with(['"', '\'']) {
            return None; // prose
        }
        let name = word(name).to_lowercase();
        let value = value.trim();
        let list = value
            .strip_prefix('[')
            .and_then(|value| value.strip_suffix(']'));
        let words = match (value, list) {
            ("" | "|" | ">" | "|-" | ">-", _) => Vec::new(),
            (_, Some(list)) => list
                .split(',')
                .map(word)
                .filter(|word| !word.is_empty())
                .collect(),
            (value, None) => vec![word(value)],
        };
        members.insert(name.clone(), words);
        open = Some(name);
    }
    Some(members)
}

/// A scalar without its quotes or the comment behind it.
fn word(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|text| text.split_once(quote));
        if let Some((inner, _)) = inner {
            return inner.to_owned();
        }
    }
    let text = text.split_once(" #").map_or(text, |(text, _)| text);
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn yaml_and_toml_fill_a_row() {
        for text in [
            "---\ntitle: \"A: b\"\nauthor:\n  - Ann\n  - Bo\ndate: 2020-02-03 # day\nlang: en\ntags: [x, y]\nlicense: mit\n---\n# Text\n",
            "+++\ntitle = \"A: b\"\nauthor = [\"Ann\", \"Bo\"]\ndate = 2020-02-03\nlang = \"en\"\nlicense = \"mit\"\n[extra]\nx = 1\n+++\n# Text\n",
        ] {
            let (found, rest) = FrontMatter::split(text).unwrap();
            let mut row = RawDocument::default();
            found.fill(&mut row);
            assert_eq!(rest, "# Text\n");
            assert_eq!(row.title.as_deref(), Some("A: b"));
            assert_eq!(row.author.as_deref(), Some("Ann, Bo"));
            assert_eq!(row.time.as_deref(), Some("2020-02-03T00:00:00Z"));
            assert_eq!(
                (row.lang.as_deref(), row.license.as_deref()),
                (Some("en"), Some("mit"))
            );
        }
    }

    #[test]
    fn what_is_no_front_matter_stays() {
        for text in [
            "---\nSome prose: it is.\n---\n",
            "---\ntitle: a\n",
            "# T\n---\na: b\n---\n",
            "---\nwords\n---\n",
            "",
        ] {
            assert_eq!(FrontMatter::split(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(---|\\+\\+\\+)\n[-a: \\[\\]\"'#\n|>=]{0,60}\n(---|\\+\\+\\+)\n\\PC*") {
            if let Some((_, rest)) = FrontMatter::split(&text) {
                prop_assert!(text.ends_with(rest));
            }
        }
    }
}
