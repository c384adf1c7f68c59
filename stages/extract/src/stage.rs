//! The stage: one raw document in, one readable document out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use textmill_schemas::{Document, DocumentStage, RawDocument, Reason, Verdict};

use crate::metadata::Metadata;
use crate::page::Page;
use crate::{charset, choose, features, measure, parse, plain, write};

/// Settings of the `[extract]` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Longest body that is read, in bytes; a longer one is dropped.
    pub max_bytes: usize,
    /// Fewest characters of text, white space aside, that make a document.
    pub min_text_chars: usize,
    /// Keeps what readers wrote below an article. Posts of a forum thread are kept either way.
    pub include_comments: bool,
    /// Keeps tables of data, as one line a row.
    pub include_tables: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            min_text_chars: 1,
            include_comments: false,
            include_tables: true,
        }
    }
}

/// A configuration that cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A limit that would drop everything.
    #[error("extract.max_bytes is 0, which drops every document; the default is 16777216")]
    NoBytes,
}

/// What a page holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Title, without the site's name.
    pub title: Option<String>,
    /// Author or authors, separated by commas.
    pub author: Option<String>,
    /// Day of publication, ISO 8601.
    pub date: Option<String>,
    /// Declared language, BCP 47.
    pub lang: Option<String>,
    /// Declared licence, usually its address.
    pub license: Option<String>,
    /// Main content: one line a paragraph, list item or table row; blank lines between blocks.
    pub text: String,
}

/// Extracts the main content and the metadata of an HTML page.
///
/// Time and memory are linear in the page. The same page always gives the same text.
#[must_use]
pub fn extract_html(html: &str, url: Option<&str>, config: &Config) -> Extracted {
    let Described {
        metadata,
        page,
        facts,
    } = Described::of(html, url, config.include_tables);
    let survey = features::Survey::of(&page, &facts);
    let features = survey.features(&facts);
    let probability = choose::judge(&survey, &features);
    let mut keep = choose::choose(&probability, &features.tokens);
    if config.include_comments {
        survey.add_comments(&mut keep);
    }
    Extracted {
        title: metadata.title,
        author: metadata.author,
        date: metadata.date,
        lang: metadata.lang,
        license: metadata.license,
        text: write::write(&page, &keep),
    }
}

/// A page cut into blocks, with what it declares.
pub(crate) struct Described {
    metadata: Metadata,
    pub(crate) page: Page,
    pub(crate) facts: features::Facts,
}

impl Described {
    pub(crate) fn of(html: &str, url: Option<&str>, tables: bool) -> Self {
        let tree = parse::parse(html);
        let mut metadata = Metadata::of(&tree, url);
        let facts = features::Facts {
            title: measure::title_tokens(metadata.title.as_deref().unwrap_or_default()),
            body: measure::pairs(&metadata.body),
            description: measure::pairs(&metadata.description),
            flags: std::mem::take(&mut metadata.flags),
        };
        Self {
            page: Page::of(&tree, tables),
            metadata,
            facts,
        }
    }
}

/// The stage `extract`.
#[derive(Clone, Debug)]
pub struct Extract {
    config: Config,
}

/// How a body is read.
enum Format {
    Html,
    Text,
}

impl Extract {
    /// A stage with these settings.
    ///
    /// # Errors
    /// When a setting would drop everything.
    pub fn new(config: &Config) -> Result<Self, Error> {
        if config.max_bytes == 0 {
            return Err(Error::NoBytes);
        }
        Ok(Self {
            config: config.clone(),
        })
    }

    fn read(&self, input: &RawDocument, format: &Format, text: String) -> Extracted {
        match format {
            Format::Html => extract_html(&text, input.url.as_deref(), &self.config),
            Format::Text => Extracted {
                text: plain::clean(&text),
                ..Extracted::default()
            },
        }
    }
}

impl DocumentStage for Extract {
    type Input = RawDocument;
    type Output = Document;

    fn process(&self, input: RawDocument) -> Verdict<Document> {
        let (size, limit) = (input.body.len(), self.config.max_bytes);
        if size > limit {
            let reason = Reason::new("extract.too_large").measured(size as f64, limit as f64);
            return Verdict::Drop(reason.detail("raise extract.max_bytes to keep such pages"));
        }
        let Some(format) = format_of(&input.media_type, &input.body) else {
            let detail = format!(
                "media type `{}` is not text that this stage reads",
                input.media_type
            );
            return Verdict::Drop(Reason::new("extract.media_type").detail(detail));
        };
        let host = input.url.as_deref().and_then(host);
        let decoded = charset::decode(&input.body, input.charset.as_deref(), host);
        let found = self.read(&input, &format, decoded.text);
        let chars = found.text.chars().filter(|c| !c.is_whitespace()).count();
        let limit = self.config.min_text_chars.max(1);
        if chars < limit {
            let reason = Reason::new("extract.no_content").measured(chars as f64, limit as f64);
            return Verdict::Drop(reason.text(found.text));
        }
        Verdict::Keep(document(input, found, decoded.charset))
    }
}

fn document(input: RawDocument, found: Extracted, charset: String) -> Document {
    Document {
        id: input.id,
        source: input.source,
        file: input.file,
        offset: input.offset,
        url: input.url,
        time: input.time,
        license: input.license.or(found.license),
        title: input.title.or(found.title),
        author: input.author.or(found.author),
        date: found.date,
        charset: Some(charset),
        lang_hint: found.lang.or(input.lang),
        text: found.text,
        ..Document::default()
    }
}

/// How a media type is read; an unknown or missing one by a look at the body.
fn format_of(media_type: &str, body: &[u8]) -> Option<Format> {
    let essence = media_type.split(';').next().unwrap_or("").trim();
    let essence: Cow<'_, str> = match essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => essence.to_ascii_lowercase().into(),
        false => essence.into(),
    };
    match &*essence {
        "text/html" | "application/xhtml+xml" | "application/vnd.wap.xhtml+xml" => {
            Some(Format::Html)
        }
        "text/plain" | "text/markdown" | "text/x-markdown" => Some(Format::Text),
        "" if looks_like_html(body) => Some(Format::Html),
        "" => Some(Format::Text),
        _ => None,
    }
}

fn looks_like_html(body: &[u8]) -> bool {
    let head = body[..body.len().min(1024)].to_ascii_lowercase();
    let marks: [&[u8]; 6] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<body",
        b"<div",
        b"<p>",
    ];
    marks
        .iter()
        .any(|mark| memchr::memmem::find(&head, mark).is_some())
}

fn host(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':', '?', '#']).next()
}

#[cfg(test)]
mod tests;
