//! `textmill apply STAGE`: a document stage as a filter on a pipe.

use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use textmill_schemas::{Document, DocumentStage, RawDocument, Verdict};

use crate::config::Config;
use crate::runner::decide;

/// Lines are worked off in blocks of at most this many bytes, in parallel, and written in order.
const BLOCK_BYTES: usize = 4 << 20;

/// Reads JSON lines from standard input, writes a verdict for each to standard output.
pub fn apply(stage: &str, config: &Config, tokenizer: Option<&Path>) -> Result<()> {
    match stage {
        "extract" => {
            let stage = textmill_extract::Extract::new(&config.extract)?;
            pipe(|line| verdict("extract", &stage, raw_document(line)?))
        }
        "filter" => {
            let stage = textmill_filter::Filter::new(&config.filter)?;
            pipe(|line| verdict("filter", &stage, document(line)?))
        }
        "normalize" => {
            let stage = textmill_normalize::Normalize::new(&config.normalize)?;
            pipe(|line| verdict("normalize", &stage, document(line)?))
        }
        "tokenize" => {
            let default = config.run.dir.join("tokenize/tokenizer.json");
            let path = tokenizer.unwrap_or(&default);
            let stage = textmill_tokenize::Encoder::load(path).with_context(|| {
                "apply tokenize needs a tokenizer: run `textmill tokenize` first or give --tokenizer"
            })?;
            pipe(|line| verdict("tokenize", &stage, document(line)?))
        }
        other => bail!(
            "`{other}` does not work on one document alone; apply takes extract, filter, normalize \
             or tokenize"
        ),
    }
}

/// One verdict a line, in the order of the lines; a malformed line gives its number and the error.
fn pipe(process: impl Fn(&str) -> Result<Value> + Sync) -> Result<()> {
    let mut input = BufReader::with_capacity(BLOCK_BYTES, stdin().lock());
    let mut output = std::io::BufWriter::new(stdout().lock());
    let mut first_line = 1;
    loop {
        let lines = read_block(&mut input)?;
        if lines.is_empty() {
            return Ok(output.flush()?);
        }
        let answer = |(index, line): (usize, &Vec<u8>)| {
            let answer = read_line(line, first_line + index, &process)?;
            Some(answer.unwrap_or_else(|error| error))
        };
        let answers: Vec<Option<Value>> = lines.par_iter().enumerate().map(answer).collect();
        for answer in answers.into_iter().flatten() {
            serde_json::to_writer(&mut output, &answer)?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
        first_line += lines.len();
    }
}

/// What `process` makes of a line, or for a malformed one what is to be answered: its number and
/// the error. Nothing for a blank line.
pub fn read_line<T>(
    line: &[u8],
    number: usize,
    process: impl FnOnce(&str) -> Result<T>,
) -> Option<Result<T, Value>> {
    let text = std::str::from_utf8(line).context("not UTF-8");
    if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
        return None;
    }
    let answer = text.and_then(process);
    Some(answer.map_err(|error| json!({"line": number, "error": format!("{error:#}")})))
}

/// The lines at hand, at least one: reading on would wait for a writer that may itself wait for
/// our answer. Empty at the end of the input.
fn read_block<R: Read>(input: &mut BufReader<R>) -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(lines);
        }
        lines.push(line);
        if !input.buffer().contains(&b'\n') {
            return Ok(lines);
        }
    }
}

fn object(line: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(line)? {
        Value::Object(object) => Ok(object),
        _ => bail!("a line must be a JSON object"),
    }
}

/// The input of filter, normalize, tokenize and of queries to an index.
pub fn document(line: &str) -> Result<Document> {
    let mut object = object(line)?;
    id_as_text(&mut object);
    Ok(serde_json::from_value(Value::Object(object))?)
}

/// The input of extract: `html`, or `body_base64` with `media_type` and `charset`.
fn raw_document(line: &str) -> Result<RawDocument> {
    let mut object = object(line)?;
    id_as_text(&mut object);
    let (body, charset) = match (object.remove("html"), object.remove("body_base64")) {
        (Some(Value::String(html)), _) => (html.into_bytes(), Some("utf-8")),
        (None, Some(Value::String(body))) => {
            (STANDARD.decode(body.trim()).context("body_base64")?, None)
        }
        _ => bail!("a line for extract needs `html` or `body_base64`, as a string"),
    };
    let mut document: RawDocument = serde_json::from_value(Value::Object(object))?;
    document.body = body;
    if let Some(charset) = charset {
        document.charset = Some(charset.to_owned());
    }
    if document.media_type.is_empty() {
        "text/html".clone_into(&mut document.media_type);
    }
    Ok(document)
}

/// Other people's ids are often numbers.
fn id_as_text(object: &mut Map<String, Value>) {
    if let Some(id) = object.get_mut("id").filter(|id| id.is_number()) {
        *id = Value::String(id.to_string());
    }
}

fn verdict<S: DocumentStage>(name: &str, stage: &S, input: S::Input) -> Result<Value> {
    let (origin, verdict) = decide(name, stage, input);
    let mut object = Map::new();
    match verdict {
        Verdict::Keep(output) => {
            object.insert("id".to_owned(), origin.id.into());
            object.insert("kept".to_owned(), true.into());
            if let Value::Object(columns) = serde_json::to_value(output)? {
                object.extend(columns);
            }
        }
        Verdict::Drop(reason) => {
            object.insert("id".to_owned(), origin.id.into());
            object.insert("kept".to_owned(), false.into());
            object.insert("rule".to_owned(), reason.rule.into());
            object.insert("value".to_owned(), reason.value.into());
            object.insert("limit".to_owned(), reason.limit.into());
            if let Some(detail) = reason.detail {
                object.insert("detail".to_owned(), detail.into());
            }
        }
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_bytes_are_read() {
        let raw = raw_document(r#"{"id":7,"html":"<p>é","url":"https://a.example/"}"#).unwrap();
        assert_eq!(
            (raw.id.as_str(), raw.charset.as_deref()),
            ("7", Some("utf-8"))
        );
        assert_eq!(raw.body, "<p>é".as_bytes());
        assert_eq!(raw.media_type, "text/html");
        let line =
            r#"{"id":"a","body_base64":"/////w==","media_type":"text/plain","charset":"gbk"}"#;
        let raw = raw_document(line).unwrap();
        assert_eq!(raw.body, [255; 4]);
        assert_eq!(
            (raw.media_type.as_str(), raw.charset.as_deref()),
            ("text/plain", Some("gbk"))
        );
        assert!(raw_document(r#"{"id":"a"}"#).is_err());
        assert!(raw_document(r#"["a"]"#).is_err());
    }

    #[test]
    fn blocks_end_with_what_is_at_hand() {
        let mut input = BufReader::with_capacity(8, "ab\ncd\nefghijkl\nm".as_bytes());
        let mut blocks = Vec::new();
        loop {
            let block = read_block(&mut input).unwrap();
            if block.is_empty() {
                break;
            }
            blocks.push(block.concat());
        }
        assert_eq!(blocks[0], b"ab\ncd\n");
        assert_eq!(blocks.concat(), b"ab\ncd\nefghijkl\nm");
    }

    #[test]
    fn absent_columns_take_their_defaults() {
        let read = document(r#"{"id":"x","text":"t","cluster_size":3}"#).unwrap();
        let expected = Document {
            id: "x".into(),
            text: "t".into(),
            cluster_size: Some(3),
            ..Document::default()
        };
        assert_eq!(read, expected);
        assert!(document(r#"{"id":"x","text":5}"#).is_err());
    }
}
