//! What a page says about itself: title, author, date, language, licence.

mod date;
mod json_ld;
mod title;

use scraper::node::Element;
use scraper::{Html, Node};

pub(crate) use json_ld::JsonLd;

use crate::layout::NodeRef;
use crate::tag::Tag;
use crate::words;

/// Nodes below a `<title>` or heading that are read.
const MAX_NODES: usize = 200;
/// Longest value that is taken over, in bytes.
const MAX_BYTES: usize = 1000;

/// Declarations collected from the whole page.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) license: Option<String>,
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
    site: Option<String>,
    author: Option<String>,
    meta_date: Option<String>,
    time: Option<String>,
    html_lang: Option<String>,
    meta_lang: Option<String>,
    og_locale: Option<String>,
    license: Option<String>,
    description: String,
    /// og:type and generator.
    kind: String,
    json: JsonLd,
}

impl Metadata {
    /// Reads a parsed page.
    pub(crate) fn of(html: &Html, url: Option<&str>) -> Self {
        let mut found = Found::default();
        for node in html.tree.nodes() {
            if let Node::Element(element) = node.value() {
                found.look(node, element);
            }
        }
        found.settle(url)
    }
}

impl Found {
    fn look(&mut self, node: NodeRef<'_>, element: &Element) {
        match Tag::of(element.name()) {
            Tag::Html => set(
                &mut self.html_lang,
                element.attr("lang").or(element.attr("xml:lang")),
            ),
            Tag::Meta => self.meta(element),
            Tag::Title => self.title = self.title.take().or_else(|| text_of(node)),
            Tag::H1 => self.heading = self.heading.take().or_else(|| text_of(node)),
            Tag::Time => set(&mut self.time, element.attr("datetime")),
            Tag::A | Tag::Link => self.link(element),
            Tag::Script if element.attr("type") == Some("application/ld+json") => {
                let text = node.first_child().and_then(|child| child.value().as_text());
                if let Some(text) = text {
                    self.json.read(text);
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, element: &Element) {
        if self.license.is_some() {
            return;
        }
        let Some(href) = element.attr("href") else {
            return;
        };
        let declared = element.attr("rel").is_some_and(|rel| {
            rel.split_ascii_whitespace()
                .any(|word| word.eq_ignore_ascii_case("license"))
        });
        if declared || href.contains("creativecommons.org/licenses/") {
            set(&mut self.license, Some(href));
        }
    }

    fn meta(&mut self, element: &Element) {
        let content = element.attr("content");
        let name = ["property", "name", "itemprop", "http-equiv"];
        let Some(name) = name.into_iter().find_map(|key| element.attr(key)) else {
            return;
        };
        let slot = match name.to_ascii_lowercase().as_str() {
            "og:title" | "twitter:title" | "dc.title" => &mut self.og_title,
            "og:site_name" | "application-name" => &mut self.site,
            "author" | "article:author" | "dc.creator" | "byl" | "parsely-author" => {
                // Facebook's property holds the address of a profile.
                if content.is_some_and(|content| content.starts_with("http")) {
                    return;
                }
                &mut self.author
            }
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
            "content-language" | "dc.language" | "language" => &mut self.meta_lang,
            "og:locale" => &mut self.og_locale,
            "og:type" | "generator" => {
                let content = content.unwrap_or_default();
                self.kind
                    .push_str(&content[..content.floor_char_boundary(content.len().min(200))]);
                self.kind.push(' ');
                return;
            }
            "description" | "og:description" | "twitter:description" => {
                self.description.push_str(content.unwrap_or_default());
                self.description.push('\n');
                return;
            }
            "dc.rights.license" | "dcterms.license" => &mut self.license,
            _ => return,
        };
        set(slot, content);
    }

    fn settle(mut self, url: Option<&str>) -> Metadata {
        let json = &mut self.json;
        let host = url.and_then(host);
        let site = self.site.as_deref();
        let long = self.og_title.take().or(json.headline.take());
        let title = title::choose(long, self.title.take(), self.heading.take(), site, host);
        let dates = [
            json.date.as_deref(),
            self.meta_date.as_deref(),
            self.time.as_deref(),
        ];
        let date = dates.into_iter().flatten().find_map(date::day);
        let date = date.or_else(|| url.and_then(date::day_of_url));
        let langs = [
            self.html_lang,
            self.meta_lang,
            json.lang.take(),
            self.og_locale,
        ];
        self.kind.push_str(&json.kinds);
        Metadata {
            title,
            author: json.author.take().or(self.author),
            date,
            lang: langs
                .into_iter()
                .flatten()
                .find_map(|lang| language_tag(&lang)),
            license: self.license,
            body: std::mem::take(&mut json.body),
            description: self.description,
            flags: flags(&self.kind, url),
        }
    }
}

/// One flag a category for what the page declares, one for what its address says, and the
/// shape of the address.
fn flags(kind: &str, url: Option<&str>) -> Vec<f32> {
    let path = url
        .and_then(|url| url.split_once("://"))
        .map_or("", |(_, rest)| rest);
    let path = &path[..path.floor_char_boundary(path.len().min(300))];
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let mut flags = words::kind_flags(kind);
    flags.extend(words::kind_flags(path));
    let (page, query) = path.split_once('?').unwrap_or((path, ""));
    let last = page.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    flags.extend([
        page.trim_matches('/')
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
            .min(9) as f32,
        query.len().min(99) as f32,
        digits.min(20) as f32,
        last.matches(['-', '_', '+']).count().min(20) as f32,
        f32::from(u8::from(url.and_then(date::day_of_url).is_some())),
    ]);
    flags
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

fn text_of(node: NodeRef<'_>) -> Option<String> {
    let texts = node
        .descendants()
        .take(MAX_NODES)
        .filter_map(|n| n.value().as_text());
    let text = clean(&texts.map(|text| &**text).collect::<String>());
    (!text.is_empty() && text.len() <= MAX_BYTES).then_some(text)
}

fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    rest.split(['/', ':', '?'])
        .next()
        .map(|host| host.strip_prefix("www.").unwrap_or(host))
}

/// A language tag as pages write it (`zh_CN`, `EN-us`) in the form of BCP 47.
fn language_tag(raw: &str) -> Option<String> {
    let first = raw.split([',', ';', ' ']).next()?.trim().replace('_', "-");
    let mut parts = first.split('-');
    let language = parts.next()?.to_ascii_lowercase();
    let known = matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_lowercase());
    if !known {
        return None;
    }
    let region = parts
        .next()
        .filter(|part| part.bytes().all(|b| b.is_ascii_alphanumeric()));
    Some(match region {
        Some(part) if part.len() == 2 => format!("{language}-{}", part.to_ascii_uppercase()),
        Some(part) if part.len() == 4 => {
            format!(
                "{language}-{}{}",
                part[..1].to_ascii_uppercase(),
                part[1..].to_ascii_lowercase()
            )
        }
        _ => language,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Metadata {
        Metadata::of(
            &crate::parse::parse(html),
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

    #[test]
    fn language_tags_are_put_in_order() {
        assert_eq!(language_tag("EN-us").as_deref(), Some("en-US"));
        assert_eq!(language_tag("zh-hans-CN").as_deref(), Some("zh-Hans"));
        assert_eq!(language_tag("german"), None);
    }
}
