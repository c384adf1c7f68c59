//! Plain text, in parts: a file may be larger than memory.

use std::io::{BufRead, Read};

use anyhow::{Context, Result};

use super::files::Found;
use super::{BATCH_BYTES, Text, reader};

/// The parts of a file. They end at line ends where lines are short enough, and never within a
/// character; bytes that are no UTF-8 are replaced.
pub fn read(file: Found) -> Result<impl Iterator<Item = Result<Option<Text>>> + Send> {
    let mut input = reader(&file.path)?;
    let (mut rest, mut offset) = (Vec::new(), 0);
    Ok(std::iter::from_fn(move || {
        let mut part = std::mem::take(&mut rest);
        if let Err(error) = fill(&mut part, &mut input) {
            return Some(Err(error).with_context(|| file.path.display().to_string()));
        }
        if part.len() >= BATCH_BYTES {
            rest = part.split_off(whole(&part));
        }
        if part.is_empty() {
            return None;
        }
        let place = format!("{} at byte {offset}", file.path.display());
        offset += part.len();
        Some(Ok(Some(Text {
            place,
            source: file.named.clone(),
            text: String::from_utf8(part)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ..Text::default()
        })))
    }))
}

/// Reads lines until the part is full, and of the last no more than fits.
fn fill(part: &mut Vec<u8>, input: &mut impl BufRead) -> std::io::Result<()> {
    while part.len() < BATCH_BYTES {
        let room = (BATCH_BYTES - part.len()) as u64;
        if input.by_ref().take(room).read_until(b'\n', part)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Where to cut a full part: behind its last line end, or else before a character that is not whole.
fn whole(part: &[u8]) -> usize {
    let line_end = part.iter().rposition(|byte| *byte == b'\n');
    line_end.map_or_else(|| part.len() - unfinished(part), |line_end| line_end + 1)
}

/// Bytes of a character at the end that goes on behind it.
fn unfinished(part: &[u8]) -> usize {
    let tail = part.len().saturating_sub(3)..part.len();
    let lead = tail
        .rev()
        .find(|at| part.get(*at).is_some_and(|byte| *byte >= 0xc0));
    let end = lead.and_then(|lead| part.get(lead..)).unwrap_or_default();
    match std::str::from_utf8(end) {
        Err(error) if error.error_len().is_none() => end.len(),
        _ => 0,
    }
}
