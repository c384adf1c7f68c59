//! Files that are one document: web pages, plain text, Markdown.

use textmill_schemas::{RawDocument, Reason};

use crate::front_matter::FrontMatter;
use crate::input::Stream;
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};

/// Reads a whole file as one document of this media type.
pub(crate) fn read(
    stream: &mut Stream,
    size: u64,
    media_type: &str,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let place = Place::default();
    let limit = settings.max_record;
    // A compressed file is as large as it turns out to be.
    let known = if stream.is_compressed() { 0 } else { size };
    let body = if known > limit {
        Err(too_large(known, limit))
    } else {
        stream.read_record(limit)
    };
    match body {
        Ok(body) if body.is_empty() => {
            out.reject(file.dropped(place, None, Reason::new("collect.empty")))
        }
        Ok(body) => {
            let mut row = file.document(place);
            media_type.clone_into(&mut row.media_type);
            row.charset.clone_from(&file.source.config.charset);
            row.body = match media_type {
                "text/markdown" => markdown(body, &mut row),
                _ => body,
            };
            if row.body.is_empty() {
                return out.reject(file.dropped(place, None, Reason::new("collect.empty")));
            }
            out.keep(row)
        }
        Err(reason) => out.reject(file.dropped(place, None, reason)),
    }
}

/// Takes what a Markdown text says about itself out of it, and the imports of MDX.
fn markdown(body: Vec<u8>, row: &mut RawDocument) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&body) else {
        return body;
    };
    let rest = match FrontMatter::split(text) {
        Some((members, rest)) => {
            members.fill(row);
            rest
        }
        None => text,
    };
    let is_mdx = row.file.to_lowercase().contains(".mdx");
    let rest = if is_mdx { after_imports(rest) } else { rest };
    rest.as_bytes().to_vec()
}

/// What follows the first lines of MDX, which import and export (MDX 3, ESM).
fn after_imports(text: &str) -> &str {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        let is_import = ["import ", "export "]
            .iter()
            .any(|word| line.starts_with(word));
        if !is_import && !line.trim().is_empty() {
            break;
        }
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use crate::reader::testing::{read_bytes, source};

    #[test]
    fn markdown_tells_about_itself() {
        let text = "---\ntitle: T\nlang: de\n---\n\nimport A from 'a';\n\n# Text\n";
        let read = |name: &str| read_bytes(&source("auto"), name, text.as_bytes().to_vec());
        let out = read("a.mdx");
        assert_eq!(out.bodies(), ["# Text\n"]);
        assert_eq!(out.kept[0].title.as_deref(), Some("T"));
        assert_eq!(out.kept[0].lang.as_deref(), Some("de"));
        assert_eq!(read("a.md").bodies(), ["\nimport A from 'a';\n\n# Text\n"]);
        let only = read_bytes(&source("markdown"), "a", b"---\ntitle: T\n---\n".to_vec());
        assert_eq!(only.rules(), ["collect.empty"]);
    }
}
