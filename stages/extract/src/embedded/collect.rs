//! Reads JSON once, from its start to its end, and keeps no more of it than texts and their authors.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::keys::{self, Meaning};
use super::{MIN_BYTES, Source, prose};
use crate::decide::measure;

/// Texts that are kept, at most.
const MAX_POSTS: usize = 5000;
/// Longest name of an author, in bytes.
const MAX_NAME: usize = 100;

/// Numbers, truth values and null hold no text.
macro_rules! no_text {
    () => {
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
}

/// A text with its author.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Post {
    /// Place of its object among all: what is inside an object follows it.
    order: u32,
    pub(super) author: Option<String>,
    /// Plain text or HTML.
    pub(super) text: String,
}

/// Collects the texts of a page's data.
pub(super) struct Collector {
    source: Source,
    posts: Vec<Post>,
    known: FxHashSet<u64>,
    /// Bytes of text that may still be kept.
    room: usize,
    objects: u32,
    /// Whether a string that is JSON is read, too.
    outer: bool,
}

impl Collector {
    /// Keeps at most so many bytes of text.
    pub(super) fn new(source: Source, room: usize) -> Self {
        Self {
            source,
            posts: Vec::new(),
            known: FxHashSet::default(),
            room,
            objects: 0,
            outer: true,
        }
    }

    /// Reads the JSON at the start of a text. Where it breaks off, what came before counts.
    pub(super) fn read(&mut self, text: &str) {
        if text.len() < MIN_BYTES {
            return;
        }
        let mut reader = serde_json::Deserializer::from_str(text.trim_start());
        let value = Value {
            collector: self,
            wanted: false,
        };
        let _broken_off = value.deserialize(&mut reader);
    }

    /// The texts in their order.
    pub(super) fn finish(mut self) -> Vec<Post> {
        self.posts.sort_by_key(|post| post.order);
        self.posts
    }

    /// Reads a string that is JSON itself, as Discourse has them; tells whether it was one.
    fn read_inner(&mut self, text: &str) -> bool {
        let is_json = text.len() >= MIN_BYTES && text.starts_with(['{', '[']);
        if is_json && std::mem::take(&mut self.outer) {
            self.read(text);
            self.outer = true;
        }
        is_json
    }

    fn keep(&mut self, order: u32, found: Found) {
        let (text, author) = found.settle();
        let Some(text) = text else {
            return;
        };
        let is_text = match self.source {
            Source::JsonLd => !text.trim().is_empty(),
            // A program's data has texts of its own, too; those of people are signed or long.
            Source::Data => prose::is_prose(&text, author.is_some()),
        };
        if !is_text || text.len() > self.room || self.posts.len() == MAX_POSTS {
            return;
        }
        if self.known.insert(measure::token_hash(&text)) {
            self.room -= text.len();
            self.posts.push(Post {
                order,
                author,
                text,
            });
        }
    }
}

/// What an object says of itself.
#[derive(Default)]
struct Found {
    body: Option<String>,
    author: Option<String>,
    description: Option<String>,
    /// Its types, separated by commas.
    kinds: Option<String>,
    name: Option<String>,
}

impl Found {
    fn set(&mut self, meaning: Meaning, value: String) {
        let slot = match meaning {
            Meaning::Body => &mut self.body,
            Meaning::Author => &mut self.author,
            Meaning::Description => &mut self.description,
            Meaning::Type => &mut self.kinds,
            Meaning::Name => &mut self.name,
            Meaning::Other => return,
        };
        // A text may be there as HTML, as text and cut short; a person by name and by login.
        let better = match meaning {
            Meaning::Body => slot.as_ref().is_none_or(|old| old.len() < value.len()),
            _ => slot.is_none(),
        };
        if better {
            *slot = Some(value);
        }
    }

    /// Its text and author.
    fn settle(self) -> (Option<String>, Option<String>) {
        let kinds = self.kinds.unwrap_or_default();
        let is = |of: fn(&str) -> bool| kinds.split(", ").any(of);
        let description = self.description.filter(|_| is(keys::is_described));
        let question = self.name.filter(|_| is(|kind| kind == "Question"));
        (self.body.or(description).or(question), self.author)
    }
}

/// Reads any value and collects what is inside it; a string is handed back if it is wanted.
struct Value<'a> {
    collector: &'a mut Collector,
    wanted: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    no_text!();

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if self.collector.read_inner(text) || !self.wanted || text.len() > self.collector.room {
            return Ok(None);
        }
        Ok(Some(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        loop {
            let value = Value {
                collector: &mut *self.collector,
                wanted: false,
            };
            if items.next_element_seed(value)?.is_none() {
                return Ok(None);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let order = self.collector.objects;
        self.collector.objects = order.saturating_add(1);
        let mut found = Found::default();
        while let Some(meaning) = members.next_key_seed(Key(self.collector.source))? {
            let value = match meaning {
                Meaning::Author | Meaning::Type => members.next_value_seed(Names)?,
                _ => members.next_value_seed(Value {
                    collector: &mut *self.collector,
                    wanted: meaning != Meaning::Other,
                })?,
            };
            if let Some(value) = value {
                found.set(meaning, value);
            }
        }
        self.collector.keep(order, found);
        Ok(None)
    }
}

/// Reads a name or several: as strings, or as objects that have one.
#[derive(Clone, Copy)]
struct Names;

impl<'de> DeserializeSeed<'de> for Names {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    no_text!();

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let name = name.trim();
        Ok((1..=MAX_NAME)
            .contains(&name.len())
            .then(|| name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all: Option<String> = None;
        while let Some(name) = items.next_element_seed(self)? {
            let Some(name) = name else {
                continue;
            };
            match &mut all {
                Some(all) if all.len() < MAX_NAME => {
                    all.push_str(", ");
                    all.push_str(&name);
                }
                Some(_) => {}
                None => all = Some(name),
            }
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_name) = members.next_key_seed(NameKey)? {
            if is_name && found.is_none() {
                found = members.next_value_seed(self)?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Reads a key as what it means.
struct Key(Source);

/// Reads a key of an author as whether it is that of the name.
struct NameKey;

macro_rules! key {
    ($reader:ty, $meaning:ty, $of:expr) => {
        impl<'de> DeserializeSeed<'de> for $reader {
            type Value = $meaning;

            fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<$meaning, D::Error> {
                reader.deserialize_str(self)
            }
        }

        impl Visitor<'_> for $reader {
            type Value = $meaning;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<$meaning, E> {
                Ok($of(&self, key))
            }
        }
    };
}

key!(Key, Meaning, |reader: &Key, key| keys::meaning(
    key, reader.0
));
key!(NameKey, bool, |_: &NameKey, key| keys::is_name(key));
