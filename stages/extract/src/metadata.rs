//! What a page says about itself: title, author, date, language, licence, site, address, kind,
//! and what it asks of robots.

mod address;
mod author;
mod date;
mod flags;
mod json_ld;
mod kind;
mod lang;
mod license;
mod robots;
mod title;
mod visible;

pub(crate) use date::month;
pub(crate) use json_ld::JsonLd;

use crate::html::tag::Tag;
use crate::html::tree::{Data, Element, Tree};
use license::License;
use robots::Robots;
use visible::{Visible, Wanted};

/// Nodes below a `<title>` or heading that are read.
const MAX_NODES: usize = 200;
/// Longest value that is taken over, in bytes.
const MAX_BYTES: usize = 1000;
/// Longest name of a meta tag that means something, in bytes.
const MAX_NAME: usize = 32;

/// Declarations collected from the whole page.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) license: Option<String>,
    /// Name of the site.
    pub(crate) site_name: Option<String>,
    /// Address that the page gives as its own, absolute.
    pub(crate) canonical_url: Option<String>,
    /// What is asked of robots, with opt-outs from the training of models; see [`robots`].
    pub(crate) robots: Option<String>,
    /// Kind of page, a guess; see [`kind`].
    pub(crate) page_type: Option<&'static str>,
    /// Whether the page may be a thread of posts.
    pub(crate) is_thread: bool,
    /// Text that JSON-LD gives as the body of the page.
    pub(crate) body: String,
    /// Descriptions of the page.
    pub(crate) description: String,
    /// Words of the declared page type, generator and address, as flags by category.
    pub(crate) flags: Vec<f32>,
}

/// Raw findings; the first of each kind counts.
#[derive(Default)]
struct Found {
    title: Option<String>,
    og_title: Option<String>,
    heading: Option<String>,
    /// Where the first heading stands among the nodes.
    heading_at: Option<usize>,
    /// The first name of the site, as the title may hold it.
    site: Option<String>,
    og_site: Option<String>,
    author: Option<String>,
    /// By meta tags that are less sure to be the author's.
    other_author: Option<String>,
    /// Whether the next `twitter:data1` is an author.
    labels_author: bool,
    meta_date: Option<String>,
    other_date: Option<String>,
    time: Option<String>,
    html_lang: Option<String>,
    meta_lang: Option<String>,
    og_locale: Option<String>,
    license: License,
    canonical: Option<String>,
    og_url: Option<String>,
    base: Option<String>,
    robots: Robots,
    description: String,
    /// og:type and generator.
    kind: String,
    og_type: Option<String>,
    generator: Option<String>,
    json: JsonLd,
}

impl Metadata {
    /// Reads a parsed page.
    pub(crate) fn of(tree: &Tree, url: Option<&str>) -> Self {
        let mut found = Found::default();
        for (position, id) in tree.ids().enumerate() {
            if let Some(element) = tree.element(id) {
                found.look(element);
                if element.tag == Tag::H1 {
                    found.heading_at.get_or_insert(position);
                }
            }
        }
        found.settle(tree, url)
    }
}

impl Found {
    fn look(&mut self, element: Element<'_>) {
        match element.tag {
            Tag::Html => set(
                &mut self.html_lang,
                element.attr("lang").or(element.attr("xml:lang")),
            ),
            Tag::Meta => self.meta(element),
            Tag::Title => self.title = self.title.take().or_else(|| text_of(element)),
            Tag::H1 => self.heading = self.heading.take().or_else(|| text_of(element)),
            Tag::Time => set(&mut self.time, element.attr("datetime")),
            Tag::A | Tag::Link => self.link(element),
            Tag::Script if element.attr("type") == Some("application/ld+json") => {
                self.json.read(&element.text(MAX_NODES));
            }
            Tag::Other if self.base.is_none() && is_base(element) => {
                set(&mut self.base, element.attr("href"))
            }
            _ => {}
        }
    }

    fn link(&mut self, element: Element<'_>) {
        let Some(href) = element.attr("href") else {
            return;
        };
        if let Some(rel) = element.attr("rel") {
            if license::is_declared(rel) {
                set(&mut self.license.link, Some(href));
            }
            if element.tag == Tag::Link && rel.trim().eq_ignore_ascii_case("canonical") {
                set(&mut self.canonical, Some(href));
            }
        }
        if self.license.deed.is_none() && license::is_deed(href) {
            set(&mut self.license.deed, Some(href));
        }
    }

    fn meta(&mut self, element: Element<'_>) {
        let content = element.attr("content");
        let name = ["property", "name", "itemprop", "http-equiv"];
        let Some(name) = name.into_iter().find_map(|key| element.attr(key)) else {
            return;
        };
        let mut lower = [0; MAX_NAME];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return;
        };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let name = std::str::from_utf8(lower).unwrap_or_default();
        let slot = match name {
            "og:title" | "twitter:title" | "dc.title" => &mut self.og_title,
            "og:site_name" | "application-name" => {
                if name == "og:site_name" {
                    set(&mut self.og_site, content);
                }
                &mut self.site
            }
            "author" | "article:author" | "dc.creator" | "byl" | "parsely-author" => {
                // Facebook's property holds the address of a profile.
                if !content.is_some_and(author::is_declared) {
                    return;
                }
                &mut self.author
            }
            "dcterms.creator" | "dc:creator" | "citation_author" | "sailthru.author"
            | "og:article:author" | "og:author" | "articleauthor" | "mediator_author"
            | "cxenseparse:author" | "og:novel:author" => &mut self.other_author,
            // Programs of blogs label what shows up below a shared link.
            "twitter:label1" => {
                self.labels_author = content.is_some_and(author::is_role);
                return;
            }
            "twitter:data1" if self.labels_author => &mut self.other_author,
            "article:published_time"
            | "datepublished"
            | "date"
            | "pubdate"
            | "publishdate"
            | "dc.date"
            | "dc.date.issued"
            | "dcterms.created"
            | "dcterms.date"
            | "sailthru.date"
            | "parsely-pub-date"
            | "citation_publication_date"
            | "publish-date"
            | "og:published_time"
            | "weibo: article:create_at"
            | "article.published" => &mut self.meta_date,
            "article:published"
            | "og:article:published_time"
            | "publish_date"
            | "published-date"
            | "published_on"
            | "published"
            | "publishtime"
            | "dcterms.issued"
            | "citation_online_date"
            | "citation_date"
            | "og:publish_date"
            | "mediator_published_time"
            | "cxenseparse:publishtime"
            | "og:release_date" => &mut self.other_date,
            "content-language" | "dc.language" | "language" => &mut self.meta_lang,
            "og:locale" => &mut self.og_locale,
            "og:url" => &mut self.og_url,
            "og:type" | "generator" => {
                let content = content.unwrap_or_default();
                self.kind
                    .push_str(&content[..content.floor_char_boundary(content.len().min(200))]);
                self.kind.push(' ');
                match name {
                    "og:type" => &mut self.og_type,
                    _ => &mut self.generator,
                }
            }
            "description" | "og:description" | "twitter:description" => {
                self.description.push_str(content.unwrap_or_default());
                self.description.push('\n');
                return;
            }
            "dc.rights.license" | "dcterms.license" => &mut self.license.meta,
            "copyright" | "dc.rights" | "dcterms.rights" | "rights"
                if content.is_some_and(license::is_open) =>
            {
                &mut self.license.notice
            }
            _ if Robots::knows(name) => {
                self.robots.read(name, content.unwrap_or_default());
                return;
            }
            _ => return,
        };
        set(slot, content);
    }

    fn settle(mut self, tree: &Tree, url: Option<&str>) -> Metadata {
        let json = &mut self.json;
        let canonical_url = address::canonical(
            [self.canonical.as_deref(), self.og_url.as_deref()],
            self.base.as_deref(),
            url,
        );
        let kind = kind::Declared {
            schema: &json.kinds,
            og_type: self.og_type.as_deref(),
            generator: self.generator.as_deref(),
            dated: url.and_then(date::day_of_url).is_some(),
        };
        let page_type = kind::guess(&kind, url, canonical_url.as_deref());
        let is_thread = kind::may_be_thread(page_type, [url, canonical_url.as_deref()]);
        let host = url.and_then(host);
        let site = self.site.as_deref();
        let long = self.og_title.take().or(json.headline.take());
        let title = title::choose(long, self.title.take(), self.heading.take(), site, host);
        let langs = [
            self.html_lang,
            self.meta_lang,
            json.lang.take(),
            self.og_locale,
        ];
        let lang = langs
            .into_iter()
            .flatten()
            .find_map(|lang| lang::tag(&lang));
        let dates = [json.date.as_deref(), self.meta_date.as_deref()];
        let dates = dates
            .into_iter()
            .chain([self.other_date.as_deref(), self.time.as_deref()]);
        let date = dates.flatten().find_map(date::day);
        let declared = json.author.take().filter(|name| author::is_declared(name));
        let declared = declared.or(self.author);
        let author = declared.or_else(|| author::name(&self.other_author?));
        let date = date.or_else(|| url.and_then(date::day_of_url));
        // A page that lists others, or sells, shows authors and days that are not its own.
        let lists = matches!(
            page_type,
            Some("home" | "collection" | "listing" | "product" | "service")
        );
        let mut shown = match lists || (author.is_some() && date.is_some()) {
            true => Visible::default(),
            false => Visible::of(
                tree,
                &Wanted {
                    author: author.is_none(),
                    date: date.is_none(),
                    heading: self.heading_at,
                    order: date::Order::of_language(lang.as_deref()),
                },
            ),
        };
        let date = date.or_else(|| shown.date());
        self.kind.push_str(&json.kinds);
        Metadata {
            title,
            author: author.or_else(|| shown.author()),
            date,
            lang,
            license: self.license.settle(json.license.take()),
            site_name: self
                .og_site
                .or(self.site)
                .or(json.publisher.take())
                .or(json.site.take()),
            canonical_url,
            robots: self.robots.settle(),
            page_type,
            is_thread,
            body: std::mem::take(&mut json.body),
            description: self.description,
            flags: flags::of(&self.kind, url),
        }
    }
}

fn is_base(element: Element<'_>) -> bool {
    matches!(element.tree().data(element.id), Data::Element(data) if &**data.name() == "base")
}

fn set(slot: &mut Option<String>, value: Option<&str>) {
    if slot.is_none() {
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        *slot = value.filter(|value| value.len() <= MAX_BYTES).map(clean);
    }
}

/// White space squeezed, control characters out.
fn clean(text: &str) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of(element: Element<'_>) -> Option<String> {
    let text = clean(&element.text(MAX_NODES));
    (!text.is_empty() && text.len() <= MAX_BYTES).then_some(text)
}

fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    rest.split(['/', ':', '?'])
        .next()
        .map(|host| host.strip_prefix("www.").unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Metadata {
        Metadata::of(
            &crate::html::parse::parse(html),
            Some("https://www.example.org/2021/03/09/harbour"),
        )
    }

    #[test]
    fn declarations_are_found() {
        let page = of(r#"<html lang="zh_cn"><head><title>港口 - 示例网</title>
            <meta property="og:site_name" content="示例网"><meta name=author content="李  明">
            <meta property="article:published_time" content="2021-03-10T08:00:00+08:00">
            <link rel="license" href="https://creativecommons.org/licenses/by/4.0/">"#);
        assert_eq!(page.title.as_deref(), Some("港口"));
        assert_eq!(page.author.as_deref(), Some("李 明"));
        assert_eq!(page.date.as_deref(), Some("2021-03-10"));
        assert_eq!(page.lang.as_deref(), Some("zh-CN"));
        assert!(page.license.unwrap().contains("by/4.0"));
    }

    #[test]
    fn the_address_gives_a_date_when_nothing_else_does() {
        assert_eq!(of("<p>x").date.as_deref(), Some("2021-03-09"));
    }

    #[test]
    fn json_ld_is_read() {
        let page = of(
            r#"<script type="application/ld+json">{"@graph":[{"@type":"WebSite"},
            {"@type":"NewsArticle","headline":"Harbour opens","datePublished":"2021-03-11",
             "author":[{"@type":"Person","name":"Ann Lee"},{"name":"Bo"}],"inLanguage":"en-GB"}]}
            </script>"#,
        );
        assert_eq!(page.title.as_deref(), Some("Harbour opens"));
        assert_eq!(page.author.as_deref(), Some("Ann Lee, Bo"));
        assert_eq!(page.date.as_deref(), Some("2021-03-11"));
        assert_eq!(page.lang.as_deref(), Some("en-GB"));
    }
}
