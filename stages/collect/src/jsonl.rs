//! JSON lines: one object a line, one document an object.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use textmill_schemas::{RawDocument, Reason};

use crate::config::Config;
use crate::input::{Line, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use crate::{sniff, time};

/// Where an object holds what: for each, the names to try in turn.
pub(crate) struct Fields {
    text: Vec<Vec<String>>,
    html: Vec<Vec<String>>,
    title: Vec<Vec<String>>,
    url: Vec<Vec<String>>,
    lang: Vec<Vec<String>>,
    time: Vec<Vec<String>>,
    author: Vec<Vec<String>>,
    /// Top-level names of all of them; other values are skipped while parsing.
    wanted: Vec<String>,
}

impl Fields {
    /// Takes the configured names apart.
    pub fn new(config: &Config) -> Self {
        let paths = |names: &[String]| -> Vec<Vec<String>> {
            // A name with a dot may itself be a key, so it is tried whole first.
            let whole = |name: &String| vec![name.clone()];
            let parts = |name: &String| name.split('.').map(str::to_owned).collect();
            names
                .iter()
                .flat_map(|name| [whole(name), parts(name)])
                .collect()
        };
        let mut fields = Self {
            text: paths(&config.text_fields),
            html: paths(&config.html_fields),
            title: paths(&config.title_fields),
            url: paths(&config.url_fields),
            lang: paths(&config.lang_fields),
            time: paths(&config.time_fields),
            author: paths(&config.author_fields),
            wanted: Vec::new(),
        };
        let lists = [
            &fields.text,
            &fields.html,
            &fields.title,
            &fields.url,
            &fields.lang,
            &fields.time,
            &fields.author,
        ];
        let first = lists.into_iter().flatten().filter_map(|path| path.first());
        let mut wanted: Vec<String> = first.cloned().collect();
        wanted.sort_unstable();
        wanted.dedup();
        fields.wanted = wanted;
        fields
    }
}

/// Reads the lines of a file.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut line = Vec::new();
    if stream.begins_inside() {
        // The part before reads it.
        let _ = stream.read_line(&mut line, 0);
    }
    for number in 1_u64.. {
        out.check()?;
        if stream.is_line_over() {
            return Ok(());
        }
        // Damage shows again where the line is read.
        let _ = stream.fill();
        let place = stream.place_of_line();
        let found = match stream.read_line(&mut line, settings.max_record) {
            Ok(Line::End) => return Ok(()),
            Ok(Line::Whole) => document(&line, number, file, place, &settings.fields),
            Ok(Line::TooLong(bytes)) => Err(too_large(bytes, settings.max_record)),
            Err(damage) => {
                out.reject(file.dropped(place, None, damage.reason()))?;
                // What is left of the line in which the next member begins is part of the damage.
                if !stream.resume(b"") || stream.read_line(&mut line, 0).is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        match found {
            Ok(None) => {}
            Ok(Some(document)) => out.keep(document)?,
            Err(reason) => out.reject(file.dropped(place, None, reason))?,
        }
    }
    Ok(())
}

/// The document of a line; `None` for a blank one.
fn document(
    line: &[u8],
    number: u64,
    file: &FileRef,
    place: Place,
    fields: &Fields,
) -> Result<Option<RawDocument>, Reason> {
    let line = match place.offset {
        0 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
        _ => line,
    };
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    if !sniff::is_text(line.get(..1024).unwrap_or(line)) || line.starts_with(b"\xff\xfe") {
        return Err(invalid(number, "not UTF-8 text; convert the file to UTF-8"));
    }
    let mut parser = serde_json::Deserializer::from_slice(line);
    let object = Wanted(&fields.wanted).deserialize(&mut parser);
    let mut object = object
        .and_then(|object| parser.end().map(|()| object))
        .map_err(|error| invalid(number, &message(&error)))?;
    let mut row = file.document(place);
    let (body, media_type) = match take_text(&mut object, &fields.text) {
        Some(text) => {
            let declared = file.source.config.media_type.as_deref();
            (text, declared.unwrap_or("text/plain"))
        }
        None => {
            let page = take_text(&mut object, &fields.html);
            let none = || Reason::new("collect.no_text").detail(no_text(number, fields));
            (page.ok_or_else(none)?, "text/html")
        }
    };
    row.body = body.into_bytes();
    row.media_type = media_type.to_owned();
    row.charset = Some("utf-8".to_owned());
    row.title = take_text(&mut object, &fields.title);
    row.url = take_text(&mut object, &fields.url);
    row.lang = take_text(&mut object, &fields.lang);
    row.author = take_text(&mut object, &fields.author);
    row.time = take_time(&object, &fields.time);
    Ok(Some(row))
}

fn invalid(number: u64, detail: &str) -> Reason {
    Reason::new("collect.invalid_json").detail(format!("line {number}: {detail}"))
}

/// The parser's message. It calls each line the first; only the column says something.
fn message(error: &serde_json::Error) -> String {
    error.to_string().replace("at line 1 column", "at column")
}

fn no_text(number: u64, fields: &Fields) -> String {
    let names: Vec<&str> = fields
        .text
        .iter()
        .chain(&fields.html)
        .filter_map(|path| path.first().map(String::as_str))
        .collect();
    let mut names = names;
    names.dedup();
    format!("line {number}: no text in any of {}", names.join(", "))
}

/// Moves out the first non-blank text that is present.
fn take_text(object: &mut Map<String, Value>, paths: &[Vec<String>]) -> Option<String> {
    paths.iter().find_map(|path| {
        let (first, rest) = path.split_first()?;
        let value = rest
            .iter()
            .try_fold(object.get_mut(first)?, |value, name| value.get_mut(name))?;
        match value {
            Value::String(text) if !text.trim().is_empty() => Some(std::mem::take(text)),
            _ => None,
        }
    })
}

fn take_time(object: &Map<String, Value>, paths: &[Vec<String>]) -> Option<String> {
    paths.iter().find_map(|path| {
        let (first, rest) = path.split_first()?;
        let value = rest
            .iter()
            .try_fold(object.get(first)?, |value, name| value.get(name))?;
        match value {
            Value::String(text) => time::rfc3339(text),
            // Fractions of a second do not matter; out of range becomes no time.
            Value::Number(number) => {
                let whole = number.as_i64();
                time::from_unix(whole.or_else(|| number.as_f64().map(|seconds| seconds as i64))?)
            }
            _ => None,
        }
    })
}

/// Parses an object but keeps only the wanted members.
struct Wanted<'a>(&'a [String]);

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
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            match self
                .0
                .binary_search_by(|wanted| wanted.as_str().cmp(name.as_ref()))
            {
                Ok(_) => {
                    object.insert(name.into_owned(), members.next_value()?);
                }
                Err(_) => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::reader::testing::{read_bytes, source};

    fn lines(text: &str) -> crate::record::memory::Memory {
        read_bytes(&source("jsonl"), "a.jsonl", text.as_bytes().to_vec())
    }

    #[test]
    fn rows_carry_what_they_say() {
        let out = lines(concat!(
            "\u{feff}{\"text\": \"words\", \"title\": \"T\", \"author\": \"A\", \"lang\": \"zh\", ",
            "\"meta\": {\"url\": \"http://x/\"}, \"created_utc\": 1580702706, \"n\": [[1]]}\r\n",
            "\n",
            "{\"content\": \"\\u4e2d\", \"text\": \"  \", \"date\": \"2020-02-03\"}\n",
            "{\"html\": \"<p>a\", \"url\": \"http://y/\"}",
        ));
        assert_eq!(out.dropped, []);
        assert_eq!(out.bodies(), ["words", "中", "<p>a"]);
        let [first, second, third] = &out.kept[..] else {
            panic!("{:?}", out.kept)
        };
        assert_eq!(first.title.as_deref(), Some("T"));
        assert_eq!(first.author.as_deref(), Some("A"));
        assert_eq!(first.lang.as_deref(), Some("zh"));
        assert_eq!(first.url.as_deref(), Some("http://x/"));
        assert_eq!(first.time.as_deref(), Some("2020-02-03T04:05:06Z"));
        assert_eq!((first.offset, first.media_type.as_str()), (0, "text/plain"));
        assert_eq!(second.time.as_deref(), Some("2020-02-03T00:00:00Z"));
        assert_eq!(third.media_type, "text/html");
        assert_ne!(first.id, second.id);
        assert_eq!(first.id.len(), 32);
    }

    #[test]
    fn bad_lines_say_where_and_why() {
        let deep = format!("{{\"text\": {}", "[".repeat(100_000));
        let text = format!(
            "{{\"text\": 1}}\n{{\"text\": \"a\",}}\n[1]\n{{\"text\":\"b\"}} x\n{deep}\n{{\"text\":\"end\"}}\n"
        );
        let out = lines(&text);
        assert_eq!(out.bodies(), ["end"]);
        assert_eq!(out.rules()[0], "collect.no_text");
        assert_eq!(out.rules()[1..], ["collect.invalid_json"; 4]);
        assert_eq!(out.dropped[1].offset, 12);
        let detail = out.dropped[1].detail.as_deref().unwrap();
        assert!(
            detail.starts_with("line 2: ") && detail.contains("column 14"),
            "{detail}"
        );
        assert!(
            out.dropped[0]
                .detail
                .as_deref()
                .unwrap()
                .ends_with("text, content, body, raw_content, html")
        );
    }

    #[test]
    fn long_lines_are_dropped_with_their_length() {
        let text = format!(
            "{{\"text\":\"{}\"}}\n{{\"text\":\"a\"}}\n",
            "x".repeat(5000)
        );
        let mut source = source("jsonl");
        source.settings.max_record = 1000;
        let out = read_bytes(&source, "a", text.into_bytes());
        assert_eq!(out.rules(), ["collect.too_large"]);
        assert_eq!(
            (out.dropped[0].value, out.dropped[0].limit),
            (Some(5011.0), Some(1000.0))
        );
        assert_eq!(out.bodies(), ["a"]);
    }

    proptest! {
        #[test]
        fn any_text_round_trips(texts in prop::collection::vec("\\PC*[a-z]", 1..10)) {
            let file: String = texts.iter().map(|text| format!("{}\n", serde_json::json!({"text": text, "x": 1}))).collect();
            let out = lines(&file);
            prop_assert_eq!(out.bodies(), texts);
            for row in &out.kept {
                prop_assert_eq!(file.as_bytes()[row.offset as usize], b'{');
            }
        }
    }
}
