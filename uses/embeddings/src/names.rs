//! A name for each token: readable, without white space, no two alike.

use std::collections::HashSet;
use std::fmt::Write;

use textmill_tokenize::Encoder;
use tokenizers::DecoderWrapper;

/// Stands for a space, as in SentencePiece.
const SPACE: char = '\u{2581}';

/// Names by id; `None` for an id without a token.
pub(crate) fn names(encoder: &Encoder) -> Vec<Option<String>> {
    let byte_level = matches!(
        encoder.tokenizer().get_decoder(),
        Some(DecoderWrapper::ByteLevel(_))
    );
    let count = u32::try_from(encoder.vocab_size()).unwrap_or(u32::MAX);
    let mut taken = HashSet::new();
    (0..count)
        .map(|id| {
            let spelling = encoder.tokenizer().id_to_token(id)?;
            let name = match encoder.token_bytes(id).filter(|_| byte_level) {
                Some(bytes) => of_bytes(bytes),
                None => plain(&spelling),
            };
            Some(match taken.insert(name.clone()) {
                true => name,
                false => format!("{name}#{id}"),
            })
        })
        .collect()
}

/// Text as [`plain`]; bytes that are no UTF-8 as `<0xE6><0xB0>`.
fn of_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => plain(text),
        Err(_) => bytes.iter().map(|byte| format!("<0x{byte:02X}>")).collect(),
    }
}

/// Text with `▁` for a space and escapes for other white space and control characters.
fn plain(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' => name.push(SPACE),
            c if c.is_whitespace() || c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(name, "\\u{{{:x}}}", c as u32);
            }
            c => name.push(c),
        }
    }
    match name.is_empty() {
        true => "<empty>".to_owned(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_white_space() {
        assert_eq!(of_bytes(" the".as_bytes()), "▁the");
        assert_eq!(of_bytes("水\n\u{3000}".as_bytes()), "水\\u{a}\\u{3000}");
        assert_eq!(of_bytes(&[0xe6, 0xb0]), "<0xE6><0xB0>");
        assert_eq!(of_bytes(b""), "<empty>");
    }
}
