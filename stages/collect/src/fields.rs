//! Where the records of tables and of JSON hold what: names of fields, and the way from a record
//! to a document.

mod conversation;
mod surrogates;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use textmill_schemas::RawDocument;

use crate::config::{Config, SourceConfig};
use crate::time;

/// Members that hold a record as it was, of the Hugging Face datasets server and Elasticsearch.
const WRAPPERS: [&str; 2] = ["row", "_source"];
/// Deepest list or object that text is looked for in.
const MAX_DEPTH: usize = 16;

/// What a record may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text,
    Html,
    Title,
    Url,
    Lang,
    Time,
    Author,
    License,
    Messages,
}

/// Names of fields by what they hold, in the order of [`Part`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names([Vec<String>; 9]);

impl Names {
    /// The stage's names.
    pub fn of(config: &Config) -> Self {
        Self([
            config.text_fields.clone(),
            config.html_fields.clone(),
            config.title_fields.clone(),
            config.url_fields.clone(),
            config.lang_fields.clone(),
            config.time_fields.clone(),
            config.author_fields.clone(),
            config.license_fields.clone(),
            config.messages_fields.clone(),
        ])
    }

    /// The names for a source, which may have its own.
    pub fn with(&self, source: &SourceConfig) -> Self {
        let own = [
            &source.text_fields,
            &source.html_fields,
            &source.title_fields,
            &source.url_fields,
            &source.lang_fields,
            &source.time_fields,
            &source.author_fields,
            &source.license_fields,
            &source.messages_fields,
        ];
        let mut names = self.clone();
        for (names, own) in names.0.iter_mut().zip(own) {
            if !own.is_empty() {
                names.clone_from(own);
            }
        }
        names
    }
}

/// The names taken apart: for each part, the paths to try in turn.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    paths: [Vec<Vec<String>>; 9],
    /// For each part, the marks of its paths' first names.
    marks: [Vec<u64>; 9],
    /// Top-level names of all of them; other values are skipped while parsing.
    wanted: Vec<String>,
}

impl Fields {
    /// Takes names apart.
    pub fn new(names: &Names) -> Self {
        let paths = |names: &Vec<String>| -> Vec<Vec<String>> {
            // A name with a dot may itself be a key, so it is tried whole first.
            let whole = |name: &String| vec![name.clone()];
            let parts = |name: &String| name.split('.').map(str::to_owned).collect();
            let is_path = |name: &&String| name.contains('.');
            let split = names.iter().filter(is_path).map(parts);
            let mut paths: Vec<_> = names.iter().map(whole).collect();
            paths.extend(split);
            paths
        };
        let paths = names.0.each_ref().map(paths);
        let first = paths.iter().flatten().filter_map(|path| path.first());
        let mut wanted: Vec<String> = first.cloned().collect();
        wanted.extend(WRAPPERS.map(str::to_owned));
        wanted.sort_unstable_by(|one, other| by_length(one, other));
        wanted.dedup();
        let first = |path: &Vec<String>| path.first().map_or(0, |name| mark(name));
        let marks = paths
            .each_ref()
            .map(|paths| paths.iter().map(first).collect());
        Self {
            paths,
            marks,
            wanted,
        }
    }

    /// Whether a top-level field may hold something.
    pub fn is_wanted(&self, name: &str) -> bool {
        let found = self
            .wanted
            .binary_search_by(|wanted| by_length(wanted, name));
        found.is_ok()
    }

    /// The name of a column as it is looked for, if it is: as it stands, or in lower case.
    pub fn wanted_as(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let names = [name, &lower];
        let found = names.into_iter().find(|name| self.is_wanted(name));
        found.map(str::to_owned)
    }

    /// Whether records with these top-level fields may have a text.
    pub fn can_hold_text<'a>(&self, names: impl Iterator<Item = &'a String>) -> bool {
        let parts = [Part::Text, Part::Html, Part::Messages];
        let mut first = parts.iter().flat_map(|part| self.of(*part));
        let names: Vec<&String> = names.collect();
        let is_there = |name: &str| names.iter().any(|there| *there == name);
        first.any(|path| path.first().is_some_and(|name| is_there(name)))
            || WRAPPERS.iter().any(|name| is_there(name))
    }

    /// The names that a document's text may have, for people.
    pub fn text_names(&self) -> String {
        let parts = [Part::Text, Part::Html, Part::Messages];
        let paths = parts.iter().flat_map(|part| self.of(*part));
        let mut names: Vec<String> = Vec::new();
        for path in paths {
            let name = path.join(".");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// Parses a JSON object, but keeps only the members that may hold something. Of a name that
    /// comes twice the last holds, as nearly everywhere (RFC 8259, section 4).
    /// Half of a surrogate pair, which broken strings of other languages are written as, becomes
    /// U+FFFD.
    pub fn parse(&self, json: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
        let parsed = self.parse_strictly(json);
        match parsed
            .is_err()
            .then(|| surrogates::replaced(json))
            .flatten()
        {
            Some(mended) => self.parse_strictly(&mended),
            None => parsed,
        }
    }

    fn parse_strictly(&self, json: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
        let mut parser = serde_json::Deserializer::from_slice(json);
        let object = Wanted(self).deserialize(&mut parser)?;
        parser.end()?;
        Ok(object)
    }

    /// Fills a row from a record.
    ///
    /// # Errors
    /// When there is no text; the names that were looked for.
    pub fn fill(
        &self,
        mut record: Map<String, Value>,
        row: &mut RawDocument,
        source: &SourceConfig,
    ) -> Result<(), String> {
        let marks = record.keys().fold(0, |marks, name| marks | mark(name));
        let declared = source.media_type.as_deref().unwrap_or("text/plain");
        let (body, media_type) = if let Some(text) = self.take(&mut record, marks, Part::Text) {
            (text, declared)
        } else if let Some(page) = self.take(&mut record, marks, Part::Html) {
            (page, "text/html")
        } else if let Some(turns) = self.conversation(&record) {
            (turns, "text/plain")
        } else {
            // One level, so that no record is deeper than it says.
            let inner = WRAPPERS.iter().find_map(|name| record.remove(*name));
            return match inner {
                Some(Value::Object(inner)) => self.fill(inner, row, source),
                _ => Err(self.text_names()),
            };
        };
        row.body = body.into_bytes();
        media_type.clone_into(&mut row.media_type);
        row.charset = Some("utf-8".to_owned());
        let mut take = |part| self.take(&mut record, marks, part);
        row.title = take(Part::Title);
        row.url = take(Part::Url);
        row.lang = take(Part::Lang).or(row.lang.take());
        row.author = take(Part::Author);
        if row.license.is_none() {
            row.license = take(Part::License);
        }
        row.time = self.time(&record, marks);
        Ok(())
    }

    fn of(&self, part: Part) -> &[Vec<String>] {
        self.paths.get(part as usize).map_or(&[], Vec::as_slice)
    }

    /// The paths of a part that a record with these marks may have.
    fn likely(&self, part: Part, marks: u64) -> impl Iterator<Item = &Vec<String>> {
        let own = self.marks.get(part as usize).map_or(&[][..], Vec::as_slice);
        let paths = self.of(part).iter().zip(own);
        paths
            .filter(move |(_, mark)| *mark & marks != 0)
            .map(|(path, _)| path)
    }

    /// Moves out the first non-blank text that is present.
    fn take(&self, record: &mut Map<String, Value>, marks: u64, part: Part) -> Option<String> {
        self.likely(part, marks).find_map(|path| {
            let (first, rest) = path.split_first()?;
            text_at(record.get_mut(first)?, rest, MAX_DEPTH)
        })
    }

    fn time(&self, record: &Map<String, Value>, marks: u64) -> Option<String> {
        self.likely(Part::Time, marks)
            .find_map(|path| match get(record, path)? {
                Value::String(text) => time::rfc3339(text),
                // Fractions of a second do not matter; out of range becomes no time.
                Value::Number(number) => {
                    let whole = number.as_i64();
                    time::from_unix(
                        whole.or_else(|| number.as_f64().map(|seconds| seconds as i64))?,
                    )
                }
                _ => None,
            })
    }

    fn conversation(&self, record: &Map<String, Value>) -> Option<String> {
        self.of(Part::Messages)
            .iter()
            .find_map(|path| conversation::text(get(record, path)?))
    }
}

/// One of 64 bits for a name. Names differ in it more often than not, which is far quicker to see
/// than that none of many is in a record.
fn mark(name: &str) -> u64 {
    let first = name.bytes().next().unwrap_or_default();
    1 << ((name.len() * 5 + usize::from(first)) % 64)
}

/// An order in which most names are told apart by their length.
fn by_length(one: &str, other: &str) -> Ordering {
    let lengths = one.len().cmp(&other.len());
    lengths.then_with(|| one.cmp(other))
}

fn get<'a>(record: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(record.get(first)?, |value, name| value.get(name))
}

/// Moves out the text at a path: a string, the strings of a list as lines, or what the objects of
/// a list hold there, as paragraphs.
fn text_at(value: &mut Value, path: &[String], depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match (value, path.split_first()) {
        (Value::String(text), None) => (!text.trim().is_empty()).then(|| std::mem::take(text)),
        (Value::Object(object), Some((name, rest))) => text_at(object.get_mut(name)?, rest, depth),
        (Value::Array(items), _) => {
            let between = if path.is_empty() { "\n" } else { "\n\n" };
            let texts = items
                .iter_mut()
                .filter_map(|item| text_at(item, path, depth));
            let texts: Vec<String> = texts.collect();
            (!texts.is_empty()).then(|| texts.join(between))
        }
        _ => None,
    }
}

/// Parses an object but keeps only the wanted members.
struct Wanted<'a>(&'a Fields);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            if self.0.is_wanted(&name) {
                object.insert(name.into_owned(), members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests;
