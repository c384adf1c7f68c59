//! A saved page: its posts, whatever software made it.

use encoding_rs::Encoding;
use scraper::{ElementRef, Html};
use textmill_schemas::Reason;

use super::generator::{self, Generator, selector};
use super::thread::Post;
use super::{address, clean};
use crate::forum::markup::{Rewrite, rewrite};
use crate::forum::pseudonym::Pseudonyms;
use crate::forum::threads::Found;
use crate::time;

/// Bytes of a page at most: above, the tree would take too much memory. Pages of threads have
/// hundreds of kilobytes.
const MAX_PAGE: usize = 16 << 20;
/// Bytes at the start in which a page declares its charset; browsers look at 1024.
const HEAD: usize = 4096;

/// The posts of a page; none when it is no page of a thread.
pub(super) fn posts(
    bytes: &[u8],
    name: &str,
    found: &Found,
    pseudonyms: &Pseudonyms,
) -> Result<Vec<Post>, Reason> {
    if bytes.len() > MAX_PAGE {
        return Err(Reason::new("collect.too_large")
            .measured(bytes.len() as f64, MAX_PAGE as f64)
            .detail("a page of a forum"));
    }
    let text = rewrite(&decode(bytes), &Rewrite::default());
    let page = Html::parse_document(&text);
    let Some((generator, parts)) = best(&page) else {
        return Ok(Vec::new());
    };
    let url = own_address(&page);
    let place = address::of(url.as_deref().unwrap_or(name));
    let title = title(&page, generator);
    let post = |part: &Part| Post {
        found: found.clone(),
        thread: place.thread.clone(),
        page: place.page,
        id: part.id.clone(),
        url: url.clone(),
        title: title.clone(),
        author: part.author.clone(),
        time: part.time.clone(),
        body: clean::html(part.body, pseudonyms),
    };
    let posts = parts.iter().map(post);
    Ok(posts.filter(|post| !post.body.is_empty()).collect())
}

/// Text by byte order mark, or the charset that the page declares, or UTF-8 if it is that, or
/// GB 18030, which of the old charsets forums kept the longest.
fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes)).to_ascii_lowercase();
    let declared = head.find("charset=").and_then(|at| {
        let after = head
            .get(at + "charset=".len()..)?
            .trim_start_matches(['"', '\'', ' ']);
        let end =
            after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')));
        Encoding::for_label(after.get(..end.unwrap_or(after.len()))?.as_bytes())
    });
    let encoding = match declared {
        Some(encoding) if encoding != encoding_rs::UTF_8 => encoding,
        Some(utf8) => utf8,
        None if !encoding_rs::GB18030.decode(bytes).2 => encoding_rs::GB18030,
        None => encoding_rs::WINDOWS_1252,
    };
    encoding.decode(bytes).0.into_owned()
}

/// A post as it lies on the page.
struct Part<'a> {
    id: Option<String>,
    author: Option<String>,
    time: Option<String>,
    body: ElementRef<'a>,
}

/// The software that finds the most posts, and what it finds.
fn best(page: &Html) -> Option<(&'static Generator, Vec<Part<'_>>)> {
    let mut best: Option<(&Generator, Vec<Part>)> = None;
    for (index, generator) in generator::ALL.iter().enumerate() {
        let parts = parts(page, generator);
        // The last ones only guess: there one post is no thread.
        let least = if index + 1 == generator::ALL.len() {
            2
        } else {
            1
        };
        let most = best.as_ref().map_or(least - 1, |(_, parts)| parts.len());
        if parts.len() > most {
            best = Some((generator, parts));
        }
    }
    best
}

fn parts<'a>(page: &'a Html, generator: &Generator) -> Vec<Part<'a>> {
    let Some(containers) = selector(generator.post) else {
        return Vec::new();
    };
    let mut last = None;
    let mut parts = Vec::new();
    for container in page.select(&containers) {
        // A container inside of the one before is a part of it.
        if last.is_some_and(|last| container.ancestors().any(|above| above.id() == last)) {
            continue;
        }
        let author = author(container, generator);
        let (Some(author), Some(body)) = (author, first(container, generator.body)) else {
            continue;
        };
        last = Some(container.id());
        let value = container.value();
        let id = value
            .id()
            .or_else(|| value.attr("data-post-id"))
            .or_else(|| value.attr("data-content"));
        parts.push(Part {
            id: id.map(str::to_owned),
            author: Some(author),
            time: first(container, generator.time).and_then(time_of),
            body,
        });
    }
    parts
}

fn first<'a>(inside: ElementRef<'a>, selectors: &[&str]) -> Option<ElementRef<'a>> {
    selectors.iter().find_map(|text| {
        let selector = selector(text)?;
        inside.select(&selector).next()
    })
}

fn author(container: ElementRef, generator: &Generator) -> Option<String> {
    let stated = container.value().attr("data-author").map(str::to_owned);
    let shown = || first(container, generator.author).map(text_of);
    let author = stated.or_else(shown)?;
    let author = author.trim().trim_start_matches("by ").trim();
    (!author.is_empty() && author.chars().count() <= 100).then(|| author.to_owned())
}

fn text_of(element: ElementRef) -> String {
    let text: String = element.text().take(200).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time from what machines read, or else from digits in the text.
fn time_of(element: ElementRef) -> Option<String> {
    let value = element.value();
    let stated = ["datetime", "data-time", "content", "title"]
        .iter()
        .find_map(|name| {
            let text = value.attr(name)?;
            time::rfc3339(text).or_else(|| digits(text))
        });
    stated.or_else(|| digits(&text_of(element)))
}

/// Year, month, day, and hour and minute if they are there: `2020-1-5 08:30`.
fn digits(text: &str) -> Option<String> {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let start = numbers.iter().position(|number| number.len() == 4)?;
    let number = |at: usize| {
        numbers
            .get(start + at)
            .filter(|number| number.len() <= 2)?
            .parse::<u8>()
            .ok()
    };
    let (year, month, day) = (numbers.get(start)?, number(1)?, number(2)?);
    let (hour, minute, second) = (
        number(3).unwrap_or(0),
        number(4).unwrap_or(0),
        number(5).unwrap_or(0),
    );
    time::rfc3339(&format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    ))
}

/// The address that the page calls its own.
fn own_address(page: &Html) -> Option<String> {
    let of = |text: &str, name: &str| {
        let found = page.select(&selector(text)?).next()?;
        found.value().attr(name).map(str::to_owned)
    };
    let found =
        of("link[rel=canonical]", "href").or_else(|| of("meta[property='og:url']", "content"));
    found.filter(|url| url.starts_with("http"))
}

fn title(page: &Html, generator: &Generator) -> Option<String> {
    let root = page.root_element();
    let shown = first(root, generator.title)
        .map(text_of)
        .filter(|title| !title.is_empty());
    shown
        .or_else(|| first(root, &["title"]).map(text_of))
        .filter(|title| !title.is_empty())
}
