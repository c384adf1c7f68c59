//! JSON lines with `text` and, where they are there, `id`, `lang`, `source` and `words`.

use std::io::BufRead;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::files::Found;
use super::{Text, reader};

/// What of a line matters.
#[derive(Deserialize)]
struct Line {
    text: String,
    lang: Option<String>,
    source: Option<String>,
    words: Option<u32>,
}

/// The texts of a file, and `None` for lines that have none. Blank lines do not count.
pub fn read(file: Found) -> Result<impl Iterator<Item = Result<Option<Text>>> + Send> {
    let mut input = reader(&file.path)?;
    let (mut number, mut line) = (0, Vec::new());
    Ok(std::iter::from_fn(move || {
        loop {
            line.clear();
            match input.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => number += 1,
                Err(error) => {
                    return Some(Err(error).with_context(|| file.path.display().to_string()));
                }
            }
            if !line.trim_ascii().is_empty() {
                return Some(Ok(text(&line, number, &file)));
            }
        }
    }))
}

fn text(line: &[u8], number: u64, file: &Found) -> Option<Text> {
    let line: Line = serde_json::from_slice(line).ok()?;
    Some(Text {
        place: format!("{}:{number}", file.path.display()),
        source: line.source.unwrap_or_else(|| file.named.clone()),
        lang: line.lang,
        words: line.words.filter(|words| *words > 0),
        text: line.text,
    })
}
