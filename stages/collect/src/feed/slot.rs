//! Which element of a feed says what.

use super::names::Ns;
use super::value::Mode;

/// What an element of an entry or feed says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Headline.
    Title,
    /// Address.
    Link,
    /// Address before a service counted clicks.
    OriginalLink,
    /// Identifier; whether it may be an address.
    Id(bool),
    /// Somebody who wrote it.
    Person,
    /// Time of publication.
    Published,
    /// Time of a change.
    Updated,
    /// Whole text.
    Content,
    /// Whole text or summary.
    Description,
    /// Summary.
    Summary,
    /// Language.
    Lang,
    /// Address of a licence.
    License,
    /// Rights in words.
    Rights,
}

/// The attributes that matter, decoded.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub kind: Option<String>,
    pub mode: Option<String>,
    pub rel: Option<String>,
    pub href: Option<String>,
    pub src: Option<String>,
    pub resource: Option<String>,
    pub permalink: Option<String>,
    pub last_modified: Option<String>,
}

impl Attributes {
    /// Takes an attribute by its local name in lower case.
    pub fn set(&mut self, name: &[u8], value: String) {
        let field = match name {
            b"type" => &mut self.kind,
            b"mode" => &mut self.mode,
            b"rel" => &mut self.rel,
            b"href" | b"url" => &mut self.href,
            b"src" => &mut self.src,
            b"resource" | b"about" => &mut self.resource,
            b"ispermalink" => &mut self.permalink,
            b"lastmod" => &mut self.last_modified,
            _ => return,
        };
        field.get_or_insert(value);
    }
}

/// The slot and mode of an element.
pub(crate) fn slot(ns: Ns, local: &str, attributes: &Attributes) -> Option<(Slot, Mode)> {
    use Slot::{
        Content, Description, Id, Lang, License, Link, OriginalLink, Person, Published, Rights,
        Summary, Title, Updated,
    };
    let mode = Mode::of(attributes.kind.as_deref(), attributes.mode.as_deref());
    let found = match (ns, local) {
        (Ns::Core | Ns::Dc, "title") => (Title, mode),
        (Ns::Core, "link") => (Link, Mode::Text),
        (Ns::Core, "guid") => {
            let said = attributes.permalink.as_deref().unwrap_or("true");
            (Id(!said.trim().eq_ignore_ascii_case("false")), Mode::Text)
        }
        (Ns::Core, "id") => (Id(true), Mode::Text),
        (Ns::Core, "author" | "managingeditor") => (Person, Mode::Text),
        (Ns::Dc, "creator" | "author") => (Person, Mode::Text),
        (Ns::Itunes, "author") => (Person, Mode::Text),
        (Ns::Core, "pubdate" | "published" | "issued" | "created") => (Published, Mode::Text),
        (Ns::Dc, "date" | "issued" | "created" | "available") => (Published, Mode::Text),
        (Ns::Core, "updated" | "modified" | "lastbuilddate") => (Updated, Mode::Text),
        (Ns::Dc, "modified") => (Updated, Mode::Text),
        (Ns::Content, "encoded") | (Ns::Core, "fulltext" | "fullcontent" | "fullitem") => {
            (Content, guess_html(mode))
        }
        (Ns::Core, "content" | "body") => (Content, mode),
        (Ns::Xhtml, "body" | "div") => (Content, Mode::Xhtml),
        (Ns::Core | Ns::Dc, "description") => (Description, mode),
        (Ns::Core | Ns::Dc, "summary" | "abstract") | (Ns::Itunes, "summary") => (Summary, mode),
        (Ns::Core | Ns::Dc, "language") => (Lang, Mode::Text),
        (Ns::CreativeCommons | Ns::Cc | Ns::Dc, "license") => (License, Mode::Text),
        (Ns::Core, "copyright" | "rights") | (Ns::Dc, "rights") => (Rights, mode),
        (Ns::Feedburner, "origlink") => (OriginalLink, Mode::Text),
        _ => return None,
    };
    Some(found)
}

/// The content module holds HTML by definition.
fn guess_html(mode: Mode) -> Mode {
    match mode {
        Mode::Guess => Mode::Html,
        mode => mode,
    }
}

/// Elements of an RSS item: inside a field that was never closed, they end it.
pub(crate) fn ends_a_field(ns: Ns, local: &str) -> bool {
    let fields = [
        "title",
        "link",
        "description",
        "guid",
        "pubdate",
        "item",
        "category",
        "enclosure",
        "comments",
        "entry",
        "updated",
        "published",
        "content",
        "channel",
    ];
    ns == Ns::Core && fields.contains(&local)
}
