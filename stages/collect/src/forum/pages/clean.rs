//! The content of a post, without what the forum's software puts around it.

use scraper::{ElementRef, node::Element};

use super::attribution;
use crate::forum::markup::escape;
use crate::forum::pseudonym::Pseudonyms;

/// Elements that stay, by their own names.
const KEPT: &[&str] = &[
    "p",
    "br",
    "hr",
    "blockquote",
    "pre",
    "code",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "tbody",
    "thead",
    "tr",
    "td",
    "th",
    "div",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "del",
    "sub",
    "sup",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "aside",
    "details",
    "summary",
];
/// Words of classes and ids of what is no part of the post.
const NOISE: &[&str] = &[
    "signature",
    "sig",
    "quote-controls",
    "quotelink",
    "postbuttons",
    "post-buttons",
    "post-menu",
    "edited",
    "editedby",
    "lastedit",
    "post_edit",
    "message-lastEdit",
    "pstatus",
    "notice",
    "bbCodeBlock-expandLink",
    "expand",
    "attach_nopermission",
    "attnm",
    "tip",
    "jammer",
    "meta",
    "lightbox-wrapper-meta",
    "reactions",
    "likes",
    "post-controls",
    "locked",
    "aimg_tip",
    "codeheader",
    "onebox-avatar",
];
/// Classes of the line above a quotation that names who is quoted.
const ATTRIBUTIONS: &[&str] = &[
    "bbCodeBlock-title",
    "attribution",
    "bbcode_postedby",
    "quoteheader",
    "quote_header",
    "topslice_quote",
    "quotetitle",
    "quote-author",
    "attribution",
];

/// The HTML of a post's content; who is quoted or mentioned is a pseudonym.
pub(super) fn html(body: ElementRef, pseudonyms: &Pseudonyms) -> String {
    let mut out = String::new();
    children(body, pseudonyms, false, &mut out);
    out.trim().to_owned()
}

/// Writes what is in an element. The depth is that which `markup` lets through.
fn children(of: ElementRef, pseudonyms: &Pseudonyms, quoted: bool, out: &mut String) {
    for child in of.children() {
        if let Some(text) = child.value().as_text() {
            *out += &escape(text);
        } else if let Some(element) = ElementRef::wrap(child) {
            write(element, pseudonyms, quoted, out);
        }
    }
}

fn write(element: ElementRef, pseudonyms: &Pseudonyms, quoted: bool, out: &mut String) {
    let value = element.value();
    let name = value.name();
    if is_noise(value) {
        return;
    }
    let in_quote = quoted
        || name == "blockquote"
        || has_word(value, &["quote", "bbCodeBlock--quote", "quote_body"]);
    if is_attribution(element, in_quote) {
        if let Some(name) = quoted_name(element) {
            *out += &format!("<p>{}:</p>", pseudonyms.of(&name));
        }
        return;
    }
    if let Some(person) = mentioned(element) {
        *out += &format!("@{}", pseudonyms.of(&person));
        return;
    }
    if name == "img" {
        // Smilies have their signs here, pictures their description.
        if let Some(alt) = value.attr("alt").filter(|alt| alt.len() <= 100) {
            *out += &escape(alt);
        }
        return;
    }
    let quote_div = name != "blockquote" && has_word(value, &["bbcode_quote"]);
    let kept = if quote_div {
        Some("blockquote")
    } else {
        KEPT.iter().find(|kept| **kept == name).copied()
    };
    match kept {
        Some(void @ ("br" | "hr")) => *out += &format!("<{void}>"),
        Some(kept) => {
            *out += &format!("<{kept}>");
            children(element, pseudonyms, in_quote, out);
            *out += &format!("</{kept}>");
        }
        None => children(element, pseudonyms, in_quote, out),
    }
}

fn is_noise(element: &Element) -> bool {
    let id = element.id().is_some_and(|id| id.starts_with("sig"));
    let noise = element
        .classes()
        .any(|class| NOISE.iter().any(|noise| class.eq_ignore_ascii_case(noise)));
    id || noise
        || matches!(
            element.name(),
            "button" | "form" | "input" | "nav" | "footer"
        )
}

fn has_word(element: &Element, words: &[&str]) -> bool {
    element.classes().any(|class| words.contains(&class))
}

fn is_attribution(element: ElementRef, quoted: bool) -> bool {
    let value = element.value();
    if value.name() == "cite" || has_word(value, ATTRIBUTIONS) {
        return true;
    }
    if !quoted && value.name() != "div" && value.name() != "td" {
        return false;
    }
    let title = has_word(value, &["title"]) && quoted;
    // Discuz! and vBulletin mark the line in no way but by its words.
    let plain = matches!(value.name(), "font" | "a" | "div" | "span" | "i")
        && is_inline(element)
        && short_text(element).is_some_and(|line| attribution::is_line(&line));
    title || plain
}

/// Whether all that an element holds stands in one line.
fn is_inline(element: ElementRef) -> bool {
    let inside = element
        .descendants()
        .skip(1)
        .take(20)
        .filter_map(ElementRef::wrap);
    let inline = ["a", "b", "strong", "font", "span", "i", "em", "img"];
    inside
        .into_iter()
        .all(|inside| inline.contains(&inside.value().name()))
}

fn quoted_name(element: ElementRef) -> Option<String> {
    // Discourse has the name beside its words.
    let aside = element.parent().and_then(ElementRef::wrap);
    let stated = aside.and_then(|aside| aside.value().attr("data-username"));
    if let Some(stated) = stated {
        return Some(stated.to_owned());
    }
    let line = short_text(element)?;
    attribution::name(&line).map(str::to_owned)
}

/// The text of an element that is a line.
fn short_text(element: ElementRef) -> Option<String> {
    let mut line = String::new();
    for text in element.text() {
        line += text;
        if line.len() > 500 {
            return None;
        }
    }
    Some(line)
}

/// The name in a link to a person: `@Ann`.
fn mentioned(element: ElementRef) -> Option<String> {
    let value = element.value();
    if !matches!(value.name(), "a" | "span") {
        return None;
    }
    let line = || short_text(element).map(|line| line.trim().trim_start_matches('@').to_owned());
    let marked = has_word(
        value,
        &["mention", "username", "username-coloured", "UserMention"],
    );
    let at =
        value.name() == "a" && short_text(element).is_some_and(|line| line.trim().starts_with('@'));
    (marked || at)
        .then(line)
        .flatten()
        .filter(|name| !name.is_empty() && name.len() <= 100)
}
