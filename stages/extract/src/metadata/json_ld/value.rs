//! JSON of which only the wanted keys are kept, so that a script of very many values costs no more
//! memory than its text.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Values kept of one script, at most. A value takes up to 200 bytes, whatever it took in the script.
const MAX_VALUES: usize = 20_000;

/// Keys whose values are read.
const WANTED: [&str; 21] = [
    "@type",
    "@graph",
    "@id",
    "@value",
    "acceptedAnswer",
    "articleBody",
    "author",
    "comment",
    "datePublished",
    "description",
    "headline",
    "inLanguage",
    "itemListElement",
    "license",
    "mainEntity",
    "mainEntityOfPage",
    "name",
    "publisher",
    "reviewBody",
    "text",
    "url",
];

/// What is kept of a value.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Object),
    /// A number, a truth value, null, or what came after too many others.
    Other,
}

/// The wanted members of an object.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Object(Vec<(&'static str, Json)>);

impl Json {
    /// Reads a whole text; `None` if it is not JSON.
    pub(super) fn read(text: &str) -> Option<Self> {
        let left = Cell::new(MAX_VALUES);
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Seed(&left).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(value)
    }

    /// A string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Object {
    /// A member by its key, which must be a wanted one.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        debug_assert!(WANTED.contains(&key), "{key}");
        let found = self.0.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| value)
    }
}

/// Reads a value while so many may still be kept.
#[derive(Clone, Copy)]
struct Seed<'a>(&'a Cell<usize>);

impl Seed<'_> {
    /// Whether another value may be kept.
    fn take(self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        match self.take() {
            true => reader.deserialize_any(self),
            false => reader
                .deserialize_ignored_any(IgnoredAny)
                .map(|_| Json::Other),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            if item != Json::Other {
                list.push(item);
            }
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Object::default();
        while let Some(key) = members.next_key_seed(Key)? {
            let Some(key) = key else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = members.next_value_seed(self)?;
            // Of members with the same key, the last one counts.
            match object.0.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => object.0.push((key, value)),
            }
        }
        Ok(Json::Object(object))
    }
}

/// Reads a key as one of the wanted.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(WANTED.into_iter().find(|wanted| *wanted == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wanted_members_are_kept_and_the_last_of_a_key_counts() {
        let text = r#"{"name":"a","other":{"name":1},"text":[1,null,"t",{"url":"u"}],"name":"b"}"#;
        let Some(Json::Object(object)) = Json::read(text) else {
            panic!("no object")
        };
        assert_eq!(object.0.len(), 2);
        assert_eq!(object.get("name").and_then(Json::as_str), Some("b"));
        let Some(Json::List(list)) = object.get("text") else {
            panic!("no list")
        };
        assert_eq!(list[0], Json::Text("t".into()));
        assert_eq!(list.len(), 2);
        assert_eq!(Json::read("{\"name\":\"a\"} x"), None);
        assert_eq!(Json::read(&"[".repeat(100_000)), None);
    }

    #[test]
    fn no_more_values_than_may_be_are_kept() {
        let text = format!("[{}0]", "[],".repeat(MAX_VALUES * 2));
        let Some(Json::List(list)) = Json::read(&text) else {
            panic!("no list")
        };
        assert_eq!(list.len(), MAX_VALUES - 1);
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_it_is_by_serde_json(parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"name\"", "\"x\"", "\"\\ud83d\\ude00\"", "1", "null", "true", " ",
            ]), 0..12)) {
            let text = parts.concat();
            let known = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(Json::read(&text).is_some(), known);
        }
    }
}
