//! RSS 0.9 to 2.0, Atom 0.3 and 1.0, CDF: well-formed or not.

use textmill_schemas::Reason;

use super::parser::Parser;
use super::window::Window;
use super::{Found, Info};
use crate::input::Stream;
use crate::markup::{Token, Tokenizer};
use crate::record::{FileRef, Output, Settings, Stop};

/// Whether a text begins like a feed (behind prolog and comments).
pub(crate) fn begins(start: &str) -> bool {
    let start = match start.get(..9) {
        Some(doctype) if doctype.eq_ignore_ascii_case("<!doctype") => after_doctype(start),
        _ => start,
    };
    let Some(inner) = start.strip_prefix('<') else {
        return false;
    };
    let end = inner.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let name = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
    let name = name
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let tag = inner
        .split('>')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_atom = [
        "purl.org/atom",
        "w3.org/2005/atom",
        "purl.org/echo",
        "purl.org/pie",
    ]
    .iter()
    .any(|address| tag.contains(address));
    match name.as_str() {
        "rss" => true,
        "rdf" => {
            tag.contains("purl.org/rss")
                || tag.contains("my.netscape.com/rdf")
                || start.contains("<channel")
        }
        "feed" => is_atom || start.contains("<entry") || tag.contains("version="),
        "entry" => is_atom,
        // Alone, the name says too little.
        "channel" => [
            "<item",
            "<ITEM",
            "<abstract",
            "<ABSTRACT",
            "<title",
            "<TITLE",
        ]
        .iter()
        .any(|element| start.contains(element)),
        _ => false,
    }
}

/// What stands behind a document type declaration.
fn after_doctype(start: &str) -> &str {
    let subset = start
        .find('[')
        .zip(start.find('>'))
        .is_some_and(|(subset, end)| subset < end);
    let end = match subset {
        true => start.find("]>").or_else(|| start.find("] >")),
        false => start.find('>'),
    };
    let rest = end.and_then(|end| start.get(end..)).unwrap_or_default();
    let rest = rest.trim_start_matches([']', ' ', '>']).trim_start();
    // A comment may follow.
    match rest
        .strip_prefix("<!--")
        .and_then(|rest| rest.split_once("-->"))
    {
        Some((_, rest)) => rest.trim_start(),
        None => rest,
    }
}

/// Reads a feed.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    super::read(file, settings, out, |max, found| {
        entries(stream, max, found)
    })
}

/// Hands out the entries one by one; then what the feed says about itself.
pub(crate) fn entries(
    stream: &mut Stream,
    max_record: u64,
    found: &mut dyn FnMut(Found) -> Result<(), Stop>,
) -> Result<Info, Stop> {
    let mut window = Window::new(stream);
    let mut tokenizer = Tokenizer::default();
    let mut parser = Parser::new(window.charset(), max_record);
    loop {
        let offset = window.offset();
        let (bytes, last) = window.view();
        let Some((token, length)) = tokenizer.next(bytes, last) else {
            if last {
                break;
            }
            window.more();
            continue;
        };
        let after = offset + length as u64;
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => {
                parser.start(name, attributes, empty, (offset, after));
            }
            Token::End(name) => parser.end(name, after),
            Token::Text(text) => parser.text(text, true),
            Token::Cdata(text) => parser.text(text, false),
            Token::Doctype(text) => parser.doctype(text),
            Token::Other => {}
        }
        window.consume(length);
        for entry in parser.take() {
            found(entry)?;
        }
    }
    let cut = parser.unfinished();
    let reason = window.damage().map(|damage| damage.reason());
    let cut_reason = || Reason::new("collect.truncated").detail("the file ends inside an entry");
    let reason = reason.or_else(|| cut.map(|_| cut_reason()));
    if let Some(reason) = reason {
        let offset = cut.unwrap_or(window.offset());
        found(Found {
            offset,
            entry: Err(reason),
        })?;
    }
    Ok(parser.info)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
