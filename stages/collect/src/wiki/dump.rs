//! MediaWiki dumps: the XML of Special:Export and of `pages-articles`, page by page.
//!
//! Text in it is escaped, so every `<` begins a tag: pages are found by their tags, without a
//! parser that would give up at the first mistake. A dump may be read from within, where no head
//! stands before the pages.

use memchr::memchr;
use textmill_schemas::Reason;

use super::source::Source;
use super::{Site, page};
use crate::input::{Damage, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Longest tag that is looked for.
const TAG: usize = 12;

/// Whether a text begins like a dump.
pub(crate) fn begins(start: &str) -> bool {
    start.starts_with("<mediawiki")
}

/// What was found between the tags of a page.
enum Found {
    /// A page.
    Whole,
    /// A page that another one interrupts.
    Broken,
    /// A page of so many bytes.
    TooLong(u64),
    /// The file ends inside a page.
    Cut,
}

/// Reads a dump of a wiki.
pub(crate) fn read(
    stream: &mut Stream,
    site: &Site,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    // Of the parts of a file, the one with the last page tells whether its end is there.
    let mut has_last = !stream.begins_inside();
    let mut source = Source::new(stream);
    let mut xml = Vec::new();
    let mut last = Place::default();
    loop {
        out.check()?;
        match next_page(&mut source) {
            Ok(Next::Page) => {}
            Ok(Next::End) => return Ok(()),
            Ok(Next::Cut) if !has_last => return Ok(()),
            Ok(Next::Cut) => {
                let reason = truncated("the file ends before </mediawiki>");
                let place = after(last, source.place());
                return out.reject(file.dropped(place, None, reason));
            }
            Err(damage) => {
                let place = after(last, source.place());
                last = place;
                out.reject(file.dropped(place, None, damage.reason()))?;
                if !source.resume() {
                    return Ok(());
                }
                continue;
            }
        }
        has_last = true;
        let place = source.place();
        last = place;
        let reason = match read_page(&mut source, &mut xml, settings.max_record) {
            Ok(Found::Whole) => {
                let text = String::from_utf8_lossy(&xml);
                match page::read(&text, place, file, site, &settings.wiki) {
                    Ok(document) => out.keep(document)?,
                    Err((url, reason)) => out.reject(file.dropped(place, url, reason))?,
                }
                continue;
            }
            Ok(Found::Broken) => {
                Reason::new("collect.malformed").detail("a page begins inside this one")
            }
            Ok(Found::TooLong(bytes)) => too_large(bytes, settings.max_record),
            Ok(Found::Cut) => {
                let reason = truncated("the file ends inside the page");
                return out.reject(file.dropped(place, None, reason));
            }
            Err(damage) => {
                out.reject(file.dropped(place, None, damage.reason()))?;
                if !source.resume() {
                    return Ok(());
                }
                continue;
            }
        };
        out.reject(file.dropped(place, None, reason))?;
    }
}

fn truncated(detail: &str) -> Reason {
    Reason::new("collect.truncated").detail(detail)
}

/// A place that no page has: ids of rows are apart.
fn after(last: Place, mut here: Place) -> Place {
    if here == last {
        here.within += 1;
    }
    here
}

/// Where the search for a page ends.
enum Next {
    Page,
    /// `</mediawiki>`, or the end of the part of the file.
    End,
    /// The end of the file.
    Cut,
}

fn next_page(source: &mut Source) -> Result<Next, Damage> {
    loop {
        let chunk = source.fill()?;
        if chunk.is_empty() {
            return Ok(Next::Cut);
        }
        let tag = memchr(b'<', chunk);
        let skipped = tag.unwrap_or(chunk.len());
        source.consume(skipped);
        if tag.is_none() {
            continue;
        }
        // A tag at the edge of the buffer is looked at whole.
        let head = source.peek(TAG);
        if head.starts_with(b"</mediawiki>") {
            return Ok(Next::End);
        }
        if head.starts_with(b"<page>") {
            source.fill()?;
            return Ok(if source.is_over() {
                Next::End
            } else {
                Next::Page
            });
        }
        source.consume(1);
    }
}

/// Reads a page into `xml`, of its revisions only the last. A page of over `limit` bytes is
/// skipped, in bounded memory.
fn read_page(source: &mut Source, xml: &mut Vec<u8>, limit: u64) -> Result<Found, Damage> {
    xml.clear();
    let mut scan = Scan::default();
    let mut dropped = 0_u64;
    loop {
        let chunk = source.fill()?;
        if chunk.is_empty() {
            return Ok(Found::Cut);
        }
        let length = chunk.len();
        xml.extend_from_slice(chunk);
        match scan.tags(xml) {
            Some((at, whole)) => {
                let behind = xml.len() - at;
                source.consume(length.saturating_sub(behind));
                xml.truncate(at);
                let size = dropped + at as u64;
                return Ok(match whole {
                    _ if size > limit => Found::TooLong(size),
                    true => Found::Whole,
                    false => Found::Broken,
                });
            }
            None => {
                // What may be the beginning of a tag is looked at whole before it is read: it may
                // be that of the next page.
                let tag = (xml.len() - scan.at).min(length);
                source.consume(length - tag);
                if scan.at > 0 && source.peek(TAG).starts_with(b"<page>") {
                    source.fill()?;
                    let size = dropped + scan.at as u64;
                    return Ok(match size > limit {
                        true => Found::TooLong(size),
                        false => Found::Broken,
                    });
                }
                source.consume(tag);
            }
        }
        if (xml.len() as u64) + dropped > limit {
            // Too long: only what may be the beginning of a tag is kept.
            dropped += scan.forget(xml) as u64;
        }
    }
}

/// The look for tags in a page that is not whole yet.
#[derive(Default)]
struct Scan {
    /// Bytes that were looked at.
    at: usize,
    /// Where the last revision begins.
    revision: Option<usize>,
}

impl Scan {
    /// Where the page ends, and whether with its own tag.
    fn tags(&mut self, xml: &mut Vec<u8>) -> Option<(usize, bool)> {
        loop {
            let rest = xml.get(self.at..).unwrap_or_default();
            let Some(found) = memchr(b'<', rest) else {
                self.at = xml.len();
                return None;
            };
            let tag = self.at + found;
            let head = xml.get(tag..).unwrap_or_default();
            if head.starts_with(b"</page>") {
                return Some((tag + b"</page>".len(), true));
            }
            if head.starts_with(b"<page>") && tag > 0 {
                return Some((tag, false));
            }
            if head.starts_with(b"<revision>") {
                self.at = tag + 1;
                if let Some(earlier) = self.revision {
                    xml.drain(earlier..tag);
                    self.at = earlier + 1;
                }
                self.revision = Some(self.revision.unwrap_or(tag));
                continue;
            }
            if head.len() < TAG {
                self.at = tag;
                return None;
            }
            self.at = tag + 1;
        }
    }

    /// Lets go of what was looked at.
    fn forget(&mut self, xml: &mut Vec<u8>) -> usize {
        // The first byte stays, so that no tag looks like that of the page itself.
        let end = self.at.max(1).min(xml.len());
        let removed = end.saturating_sub(1);
        xml.drain(1.min(xml.len())..end);
        self.at = 1;
        self.revision = None;
        removed
    }
}

#[cfg(test)]
mod tests;
