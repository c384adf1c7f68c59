//! The stage: one raw document in, one readable document out.

use std::borrow::Cow;
use std::ops::Range;

use textmill_schemas::{CONTENT_HTML, Document, DocumentStage, RawDocument, Reason, Verdict};

use crate::config::{Config, Error};
use crate::extractor::{Extracted, Extractor};
use crate::{charset, plain};

/// The stage `extract`.
#[derive(Clone, Debug)]
pub struct Extract {
    config: Config,
    extractor: Extractor,
}

/// How a body is read.
enum Reading {
    Html,
    /// HTML without anything around the content.
    Content,
    Text,
}

impl Extract {
    /// A stage with these settings.
    ///
    /// # Errors
    /// When a setting would drop everything, or a selector is none.
    pub fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            extractor: Extractor::new(config)?,
        })
    }

    fn read(&self, input: &RawDocument, reading: &Reading, text: String) -> Extracted {
        match reading {
            Reading::Html => self.extractor.extract(&text, input.url.as_deref()),
            Reading::Content => self.extractor.extract_whole(&text, input.url.as_deref()),
            Reading::Text => Extracted {
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
        let Some(reading) = reading_of(&input.media_type, &input.body) else {
            let detail = format!(
                "media type `{}` is not text that this stage reads",
                input.media_type
            );
            return Verdict::Drop(Reason::new("extract.media_type").detail(detail));
        };
        let url = input.url.as_deref();
        let decoded = charset::decode(&input.body, input.charset.as_deref(), url);
        let found = self.read(&input, &reading, decoded.text);
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
        site_name: found.site_name,
        canonical_url: found.canonical_url,
        page_type: found.page_type,
        robots: found.robots,
        date: found.date,
        charset: Some(charset),
        lang_hint: found.lang.or(input.lang),
        title_span: offsets(&found.spans.title),
        code_spans: offsets(&found.spans.code),
        comment_spans: offsets(&found.spans.comments),
        author_spans: offsets(&found.spans.authors),
        text: found.text,
        ..Document::default()
    }
}

/// Ranges as a column holds them: start, end, start, end and so on.
fn offsets(ranges: &[Range<usize>]) -> Vec<u32> {
    let pair = |range: &Range<usize>| [range.start as u32, range.end as u32];
    ranges.iter().flat_map(pair).collect()
}

/// How a media type is read; an unknown or missing one by a look at the body.
fn reading_of(media_type: &str, body: &[u8]) -> Option<Reading> {
    let essence = media_type.split(';').next().unwrap_or("").trim();
    let essence: Cow<'_, str> = match essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => essence.to_ascii_lowercase().into(),
        false => essence.into(),
    };
    match &*essence {
        "text/html" | "application/xhtml+xml" | "application/vnd.wap.xhtml+xml" => {
            Some(Reading::Html)
        }
        CONTENT_HTML => Some(Reading::Content),
        "text/plain" | "text/markdown" | "text/x-markdown" => Some(Reading::Text),
        "" if looks_like_html(body) => Some(Reading::Html),
        "" => Some(Reading::Text),
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

#[cfg(test)]
mod tests;
