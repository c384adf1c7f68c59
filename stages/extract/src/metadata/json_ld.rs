//! Schema.org declarations in JSON-LD.

mod value;

use value::{Json, Object};

/// Longest script that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// Objects that are looked at.
const MAX_OBJECTS: usize = 2000;

/// What the scripts of a page declare; the first of each kind counts.
#[derive(Debug, Default)]
pub(crate) struct JsonLd {
    pub(crate) headline: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) license: Option<String>,
    /// Name of who publishes a work.
    pub(crate) publisher: Option<String>,
    /// Name of a `WebSite`.
    pub(crate) site: Option<String>,
    /// Text given as the body, description or answer of what the page is about.
    pub(crate) body: String,
    /// All types, separated by spaces.
    pub(crate) kinds: String,
}

impl JsonLd {
    /// Reads one script; anything that is not JSON is passed over.
    pub(crate) fn read(&mut self, text: &str) {
        if text.len() > MAX_BYTES {
            return;
        }
        let Some(value) = Json::read(text.trim()) else {
            return;
        };
        let mut queue = std::collections::VecDeque::from([&value]);
        let mut seen = 0;
        while let Some(value) = queue.pop_front() {
            seen += 1;
            match value {
                _ if seen > MAX_OBJECTS => return,
                Json::List(items) => queue.extend(items),
                Json::Object(object) => {
                    self.object(object);
                    let inner = [
                        "@graph",
                        "mainEntity",
                        "mainEntityOfPage",
                        "itemListElement",
                        "acceptedAnswer",
                        "comment",
                    ];
                    queue.extend(inner.iter().filter_map(|key| object.get(key)));
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, object: &Object) {
        let kinds = strings(object.get("@type"));
        for kind in &kinds {
            if self.kinds.len() < 500 {
                self.kinds.push(' ');
                self.kinds.push_str(kind);
            }
        }
        let is_work = kinds.iter().any(|kind| {
            [
                "Article",
                "Posting",
                "Report",
                "CreativeWork",
                "Recipe",
                "Review",
            ]
            .iter()
            .any(|word| kind.ends_with(word))
        });
        let string = |key: &str| object.get(key).and_then(Json::as_str).map(super::clean);
        self.headline = self.headline.take().or_else(|| string("headline"));
        self.date = self.date.take().or_else(|| string("datePublished"));
        for key in ["articleBody", "text", "description", "reviewBody"] {
            if let Some(text) = object.get(key).and_then(Json::as_str) {
                self.body.push_str(text);
                self.body.push('\n');
            }
        }
        let is_site = kinds.contains(&"WebSite");
        if self.publisher.is_none() && !is_site {
            self.publisher = named(object.get("publisher"), "name");
        }
        if self.site.is_none() && is_site {
            self.site = named(object.get("name"), "@value");
        }
        // A picture has a licence of its own.
        if self.license.is_none() && (is_work || kinds.contains(&"WebPage")) {
            let license = object.get("license");
            self.license = ["url", "@id", "name"]
                .into_iter()
                .find_map(|key| named(license, key));
        }
        if is_work {
            self.lang = self.lang.take().or_else(|| string("inLanguage"));
        }
        if self.author.is_none() && is_work {
            let names = names(object.get("author"));
            self.author = (!names.is_empty()).then(|| super::clean(&names.join(", ")));
        }
    }
}

/// A short string, or the one under a key of an object.
fn named(value: Option<&Json>, key: &str) -> Option<String> {
    let text = match value? {
        Json::Object(object) => object.get(key)?.as_str()?,
        other => other.as_str()?,
    };
    let text = super::clean(text);
    (1..=super::MAX_BYTES).contains(&text.len()).then_some(text)
}

/// A string, or a list of strings.
fn strings(value: Option<&Json>) -> Vec<&str> {
    match value {
        Some(Json::Text(text)) => vec![text],
        Some(Json::List(items)) => items.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Names of one or several persons, given as text or as objects.
fn names(value: Option<&Json>) -> Vec<&str> {
    fn one(value: &Json) -> Option<&str> {
        match value {
            Json::Text(name) => Some(name.as_str()),
            Json::Object(person) => person.get("name").and_then(Json::as_str),
            _ => None,
        }
    }
    match value {
        Some(Json::List(items)) => items.iter().take(20).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}
