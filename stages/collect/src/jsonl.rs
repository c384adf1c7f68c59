//! JSON lines: one object a line, one document an object.

mod scan;

use serde_json::{Map, Value};
use textmill_schemas::{RawDocument, Reason};

use crate::fields::Fields;
use crate::input::{Line, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use crate::{charset, sniff, table};

/// Reads the lines of a file.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    if charset::Charset::wide(stream.peek(Stream::PEEK)).is_some()
        || file.source.config.charset.is_some()
    {
        return table::json::read(stream, file, settings, out);
    }
    let fields = settings.fields_of(&file.source.config);
    let mut spare = Vec::new();
    // The part before reads that line, and tells of the damage in it.
    while stream.begins_inside() && stream.skip_line().is_err() {
        if !stream.resume(b"") {
            return Ok(());
        }
    }
    for number in 1_u64.. {
        out.check()?;
        if stream.is_line_over() {
            return Ok(());
        }
        // Damage shows again where the line is read.
        let _ = stream.fill();
        let place = stream.place_of_line();
        let found = match stream.line(&mut spare, settings.max_record) {
            Ok((Line::End, _)) => return Ok(()),
            Ok((Line::Whole, line)) => document(line, number, file, place, &fields),
            Ok((Line::TooLong(bytes), _)) => Err(too_large(bytes, settings.max_record)),
            Err(damage) => {
                out.reject(file.dropped(place, None, damage.reason()))?;
                // What is left of the line in which the next member begins is part of the damage.
                if !stream.resume(b"") || stream.read_line(&mut spare, 0).is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        match found {
            Ok(None) => {}
            Ok(Some(document)) => out.keep(document)?,
            Err(reason) => out.reject(file.dropped(place, None, reason))?,
        }
    }
    Ok(())
}

/// The document of a line; `None` for a blank one.
fn document(
    line: &[u8],
    number: u64,
    file: &FileRef,
    place: Place,
    fields: &Fields,
) -> Result<Option<RawDocument>, Reason> {
    let line = match place.offset {
        0 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
        _ => line,
    };
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let object = match scan::members(line, |name| fields.is_wanted(name)) {
        Some(object) => object,
        None => parse(line, fields).map_err(|detail| invalid(number, &detail))?,
    };
    let mut row = file.document(place);
    fields
        .fill(object, &mut row, &file.source.config)
        .map_err(|names| {
            Reason::new("collect.no_text")
                .detail(format!("line {number}: no text in any of {names}"))
        })?;
    Ok(Some(row))
}

fn parse(line: &[u8], fields: &Fields) -> Result<Map<String, Value>, String> {
    if !sniff::is_text(line.get(..1024).unwrap_or(line)) || line.starts_with(b"\xff\xfe") {
        return Err("not UTF-8 text; convert the file to UTF-8".to_owned());
    }
    fields.parse(line).map_err(|error| message(&error))
}

fn invalid(number: u64, detail: &str) -> Reason {
    Reason::new("collect.invalid_json").detail(format!("line {number}: {detail}"))
}

/// The parser's message. It calls each line the first; only the column says something.
fn message(error: &serde_json::Error) -> String {
    error.to_string().replace("at line 1 column", "at column")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::reader::testing::{read_bytes, source};

    fn lines(text: &str) -> crate::record::memory::Memory {
        read_bytes(&source("jsonl"), "a.jsonl", text.as_bytes().to_vec())
    }

    #[test]
    fn rows_carry_what_they_say() {
        let out = lines(concat!(
            "\u{feff}{\"text\": \"words\", \"title\": \"T\", \"author\": \"A\", \"lang\": \"zh\", ",
            "\"meta\": {\"url\": \"http://x/\"}, \"created_utc\": 1580702706, \"n\": [[1]]}\r\n",
            "\n",
            "{\"content\": \"\\u4e2d\", \"text\": \"  \", \"date\": \"2020-02-03\"}\n",
            "{\"html\": \"<p>a\", \"url\": \"http://y/\"}",
        ));
        assert_eq!(out.dropped, []);
        assert_eq!(out.bodies(), ["words", "中", "<p>a"]);
        let [first, second, third] = &out.kept[..] else {
            panic!("{:?}", out.kept)
        };
        assert_eq!(first.title.as_deref(), Some("T"));
        assert_eq!(first.author.as_deref(), Some("A"));
        assert_eq!(first.lang.as_deref(), Some("zh"));
        assert_eq!(first.url.as_deref(), Some("http://x/"));
        assert_eq!(first.time.as_deref(), Some("2020-02-03T04:05:06Z"));
        assert_eq!((first.offset, first.media_type.as_str()), (0, "text/plain"));
        assert_eq!(second.time.as_deref(), Some("2020-02-03T00:00:00Z"));
        assert_eq!(third.media_type, "text/html");
        assert_ne!(first.id, second.id);
        assert_eq!(first.id.len(), 32);
    }

    #[test]
    fn bad_lines_say_where_and_why() {
        let deep = format!("{{\"text\": {}", "[".repeat(100_000));
        let text = format!(
            "{{\"text\": 1}}\n{{\"text\": \"a\",}}\n[1]\n{{\"text\":\"b\"}} x\n{deep}\n{{\"text\":\"end\"}}\n"
        );
        let out = lines(&text);
        assert_eq!(out.bodies(), ["end"]);
        assert_eq!(out.rules()[0], "collect.no_text");
        assert_eq!(out.rules()[1..], ["collect.invalid_json"; 4]);
        assert_eq!(out.dropped[1].offset, 12);
        let detail = out.dropped[1].detail.as_deref().unwrap();
        assert!(
            detail.starts_with("line 2: ") && detail.contains("column 14"),
            "{detail}"
        );
        assert!(
            out.dropped[0]
                .detail
                .as_deref()
                .unwrap()
                .ends_with("text, content, body, raw_content, html, messages, conversations")
        );
    }

    #[test]
    fn long_lines_are_dropped_with_their_length() {
        let text = format!(
            "{{\"text\":\"{}\"}}\n{{\"text\":\"a\"}}\n",
            "x".repeat(5000)
        );
        let mut source = source("jsonl");
        source.settings.max_record = 1000;
        let out = read_bytes(&source, "a", text.into_bytes());
        assert_eq!(out.rules(), ["collect.too_large"]);
        assert_eq!(
            (out.dropped[0].value, out.dropped[0].limit),
            (Some(5011.0), Some(1000.0))
        );
        assert_eq!(out.bodies(), ["a"]);
    }

    proptest! {
        #[test]
        fn any_text_round_trips(texts in prop::collection::vec("\\PC*[a-z]", 1..10)) {
            let file: String = texts.iter().map(|text| format!("{}\n", serde_json::json!({"text": text, "x": 1}))).collect();
            let out = lines(&file);
            prop_assert_eq!(out.bodies(), texts);
            for row in &out.kept {
                prop_assert_eq!(file.as_bytes()[row.offset as usize], b'{');
            }
        }
    }
}
