//! One page of a dump.

use std::borrow::Cow;

use textmill_schemas::{RawDocument, Reason};

use super::{Options, Site, wikitext};
use crate::record::{FileRef, Place};
use crate::time;

/// Words that a redirect begins with, in lower case, for dumps that do not mark it.
const REDIRECTS: &[&str] = &[
    "redirect",
    "redirection",
    "redirección",
    "redirecionamento",
    "weiterleitung",
    "rinvia",
    "rinvio",
    "doorverwijzing",
    "patrz",
    "przekieruj",
    "tam",
    "перенаправление",
    "перенаправлення",
    "перенапр",
    "виж",
    "пренасочване",
    "преусмери",
    "重定向",
    "転送",
    "リダイレクト",
    "넘겨주기",
    "تحويل",
    "تغییر_مسیر",
    "تغییرمسیر",
    "הפניה",
    "omdirigering",
    "omdiriger",
    "ohjaus",
    "uudelleenohjaus",
    "đổi",
    "alih",
    "เปลี่ยนทาง",
    "přesměruj",
    "presmeruj",
    "átirányítás",
    "yönlendirme",
    "suuna",
    "redireccion",
    "ανακατευθυνση",
    "preusmjeri",
    "preusmeritev",
    "peradresavimas",
    "athchuir",
    "ail-cyfeirio",
    "alidirekto",
    "tilvísun",
    "пренасочи",
    "पुनर्प्रेषित",
    "अनुप्रेषित",
];

/// An element of XML.
pub(super) struct Element<'a> {
    tag: &'a str,
    /// What lies between its tags, still escaped.
    pub content: &'a str,
}

/// The first element of this name.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> Option<Element<'a>> {
    let mut rest = xml;
    loop {
        let at = memchr::memchr(b'<', rest.as_bytes())?;
        rest = rest.get(at + 1..)?;
        let Some(after) = rest.strip_prefix(name) else {
            continue;
        };
        if !after.starts_with(['>', ' ', '/', '\n', '\t', '\r']) {
            continue;
        }
        let (tag, content) = after.split_once('>')?;
        if tag.ends_with('/') {
            return Some(Element { tag, content: "" });
        }
        // Its text is escaped: the next tag is its own end, or that of an element in it.
        let close = format!("</{name}>");
        let end = memchr::memmem::find(content.as_bytes(), close.as_bytes());
        let content = end.and_then(|end| content.get(..end)).unwrap_or(content);
        return Some(Element { tag, content });
    }
}

/// An attribute of a tag.
pub(super) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}="))?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

/// Text without the escapes of XML.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(mut at) = memchr::memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (shown, used) = reference(tail).unwrap_or(('&', 1));
        out.push(shown);
        rest = tail.get(used..).unwrap_or_default();
        match memchr::memchr(b'&', rest.as_bytes()) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(text: &str) -> Option<(char, usize)> {
    for (name, shown) in [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&apos;", '\''),
    ] {
        if text.starts_with(name) {
            return Some((shown, name.len()));
        }
    }
    let head = text.get(2..text.floor_char_boundary(12))?;
    let head = text.starts_with("&#").then_some(head)?;
    let number = head.get(..head.find(';')?)?;
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((char::from_u32(code)?, number.len() + 3))
}

/// What became of a page: a document, or why there is none, with its address.
pub(super) type Found = Result<RawDocument, (Option<String>, Reason)>;

/// Reads a page's XML.
#[allow(clippy::result_large_err)] // the row is larger
pub(super) fn read(
    xml: &str,
    place: Place,
    file: &FileRef,
    site: &Site,
    options: &Options,
) -> Found {
    let (head, revision) = xml.split_at(xml.find("<revision>").unwrap_or(xml.len()));
    let Some(title) = element(head, "title").map(|title| unescape(title.content)) else {
        return Err((
            None,
            Reason::new("collect.malformed").detail("a page without a title"),
        ));
    };
    let title = title.trim();
    let url = site.url(title);
    let drop = |reason| Err((url.clone(), reason));
    let stated = element(head, "ns").and_then(|ns| ns.content.trim().parse().ok());
    let namespace = stated.unwrap_or_else(|| site.namespace_of(title));
    if !options.namespaces.contains(&namespace) {
        let detail = format!("namespace {namespace}: {title}");
        return drop(Reason::new("collect.namespace").detail(detail));
    }
    if let Some(redirect) = element(head, "redirect") {
        let to = attribute(redirect.tag, "title").map(|to| unescape(to).into_owned());
        return drop(redirected(&to.unwrap_or_default()));
    }
    let model = element(revision, "model").map_or("wikitext", |model| model.content.trim());
    if model != "wikitext" {
        return drop(Reason::new("collect.content_model").detail(model.to_owned()));
    }
    let Some(text) = element(revision, "text") else {
        return drop(Reason::new("collect.empty").detail("a page without text"));
    };
    if text.tag.contains("deleted") {
        return drop(Reason::new("collect.deleted").detail("its text was deleted"));
    }
    let source = unescape(text.content);
    if let Some(to) = redirect(&source) {
        return drop(redirected(to));
    }
    let page = wikitext::Page {
        title,
        site,
        options,
    };
    let body = wikitext::to_text(&source, &page);
    if body.trim().is_empty() {
        let detail = format!("no text is left of {} bytes of wikitext", source.len());
        return drop(Reason::new("collect.empty").detail(detail));
    }
    Ok(RawDocument {
        title: Some(title.to_owned()),
        time: element(revision, "timestamp").and_then(|time| time::rfc3339(time.content)),
        lang: site.lang.clone(),
        url,
        media_type: "text/plain".to_owned(),
        charset: Some("utf-8".to_owned()),
        body: body.into_bytes(),
        ..file.document(place)
    })
}

fn redirected(to: &str) -> Reason {
    Reason::new("collect.redirect").detail(format!("to {to}"))
}

/// Where a text leads to, if it is a redirect.
fn redirect(source: &str) -> Option<&str> {
    let rest = source.trim_start().strip_prefix('#')?;
    let head = rest.get(..rest.floor_char_boundary(400)).unwrap_or(rest);
    let (word, target) = head.split_once("[[")?;
    let word = word.trim().trim_end_matches(':').trim_end().to_lowercase();
    let target = target.split([']', '|', '#']).next()?;
    REDIRECTS.contains(&word.as_str()).then_some(target)
}
