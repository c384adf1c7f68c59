//! PDF (ISO 32000): the text layer, with lines joined to paragraphs.
//!
//! The `hayro` crates find out which character stands where: safe Rust throughout, all fonts and
//! the character maps of Chinese, Japanese and Korean. What text the characters make is ours.

mod lines;
mod pages;
mod paragraphs;
#[cfg(test)]
mod tests;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_interpret::hayro_syntax::{LoadPdfError, Pdf, object::DateTime};
use hayro_interpret::kurbo::Rect;
use hayro_interpret::{
    Context, InterpreterCache, InterpreterSettings, RenderContent, TransformExt, interpret_page,
};
use textmill_schemas::{RawDocument, Reason};

use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use lines::{Line, Lines};

/// Share of glyphs that may have no character, when the text is to be kept.
const MAX_UNKNOWN: f64 = 0.3;

/// Reads a document.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let place = Place::default();
    let mut row = file.document(place);
    let limit = settings.max_record;
    let found = stream.read_record(limit).and_then(|bytes| {
        // The library draws pages; a page that it cannot draw must not end the run.
        let text = || text(bytes, limit, &mut row);
        let broken = || Reason::new("collect.corrupt").detail("PDF: a page cannot be read");
        catch_unwind(AssertUnwindSafe(text)).unwrap_or_else(|_| Err(broken()))
    });
    match found {
        Ok(text) => {
            row.body = text.into_bytes();
            "text/plain".clone_into(&mut row.media_type);
            row.charset = Some("utf-8".to_owned());
            out.keep(row)
        }
        Err(reason) => out.reject(file.dropped(place, None, reason)),
    }
}

/// The text of a document; fills in what it says about itself.
fn text(bytes: Vec<u8>, limit: u64, row: &mut RawDocument) -> Result<String, Reason> {
    work::check_streams(&bytes)?;
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(problem) => {
            Reason::new("collect.encrypted").detail(format!("PDF: {problem:?}"))
        }
        LoadPdfError::Invalid => Reason::new("collect.corrupt").detail("PDF: not a whole document"),
    })?;
    let metadata = pdf.metadata();
    row.title = metadata.title.as_deref().and_then(words);
    row.author = metadata.author.as_deref().and_then(words);
    row.time = metadata.creation_date.as_ref().and_then(time);

    let (mut pages, mut bytes) = (Vec::new(), 0);
    let (mut glyphs, mut unknown) = (0_usize, 0_usize);
    let cache = InterpreterCache::new();
    let mut work = work::Work::default();
    for page in pdf.pages().iter() {
        work.page(page)?;
        let settings = InterpreterSettings {
            render_content: RenderContent::PAGE,
            ..InterpreterSettings::default()
        };
        let (width, height) = page.render_dimensions();
        let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let transform = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(transform, area, &cache, page.xref(), settings);
        let mut found = Lines::default();
        interpret_page(page, &mut context, &mut found);
        glyphs += found.glyphs;
        unknown += found.unknown;
        let lines: Vec<Line> = found.finish();
        bytes += lines.iter().map(|line| line.text.len() as u64).sum::<u64>();
        if bytes > limit {
            return Err(too_large(bytes, limit));
        }
        pages.push(lines);
    }
    if unknown as f64 > MAX_UNKNOWN * glyphs as f64 {
        let share = unknown as f64 / glyphs.max(1) as f64;
        let reason = Reason::new("collect.no_text").measured(share, MAX_UNKNOWN);
        return Err(reason.detail("PDF: the fonts do not say which characters their glyphs are"));
    }
    let text = paragraphs::join(&pages::without_running_heads(pages));
    match text.trim().is_empty() {
        true => Err(Reason::new("collect.no_text")
            .detail("PDF: no text layer, perhaps pictures of pages; recognise the text first")),
        false => Ok(text),
    }
}

/// A text string: UTF-16 or UTF-8 with a byte order mark, or nearly Latin 1.
fn words(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0,
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0,
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        bytes => {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
        }
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

fn time(date: &DateTime) -> Option<String> {
    let sign = if date.utc_offset_hour < 0 { '-' } else { '+' };
    crate::time::rfc3339(&format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        date.year,
        date.month,
        date.day,
        date.hour,
        date.minute,
        date.second,
        date.utc_offset_hour.unsigned_abs(),
        date.utc_offset_minute,
    ))
}
