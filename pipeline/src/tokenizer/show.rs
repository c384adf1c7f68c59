//! `textmill tokenizer show`: the pieces of a text, in colours.

use std::io::Read;

use anyhow::{Context, Result};
use textmill_tokenize::Encoder;

use super::Vocabulary;
use super::spell::spell;
use crate::explore::{Paint, table};
use crate::output::{say, sayln};

/// Black on light backgrounds, one after the other, so that neighbours differ.
const COLORS: [&str; 5] = [
    "30;48;5;153",
    "30;48;5;223",
    "30;48;5;157",
    "30;48;5;219",
    "30;48;5;229",
];

/// Prints the tokens of a text, for each vocabulary.
pub fn show(text: &str, vocabularies: &[Vocabulary], ids: bool) -> Result<()> {
    let mut input = String::new();
    let text = match text {
        "-" => {
            let read = std::io::stdin().lock().read_to_string(&mut input);
            read.context("standard input")?;
            &input
        }
        text => text,
    };
    let paint = Paint::of_stdout();
    for (place, vocabulary) in vocabularies.iter().enumerate() {
        if vocabularies.len() > 1 {
            let gap = if place == 0 { "" } else { "\n" };
            sayln!("{gap}{}", paint.dim(&vocabulary.name));
        }
        let mut tokens = Vec::new();
        vocabulary.encoder.encode(text, &mut tokens)?;
        sayln!("{}", pieces(&vocabulary.encoder, &tokens, paint));
        if ids {
            say!("\n{}", listed(&vocabulary.encoder, &tokens));
        }
        sayln!("\n{}", counts(text, tokens.len()));
    }
    Ok(())
}

/// The tokens one after the other; a line ends where the text has a line end.
fn pieces(encoder: &Encoder, tokens: &[u32], paint: Paint) -> String {
    let mut out = String::new();
    for (place, token) in tokens.iter().enumerate() {
        let bytes = encoder.token_bytes(*token).unwrap_or_default();
        let spelled = spell(bytes);
        match (paint.is_on(), COLORS.get(place % COLORS.len())) {
            (true, Some(color)) => out.push_str(&paint.with(color, &spelled)),
            _ => out.push_str(&format!("[{spelled}]")),
        }
        if bytes.contains(&b'\n') && place + 1 < tokens.len() {
            out.push('\n');
        }
    }
    out
}

fn listed(encoder: &Encoder, tokens: &[u32]) -> String {
    let mut rows = vec![["id", "bytes", "token"].map(str::to_owned).to_vec()];
    rows.extend(tokens.iter().map(|token| {
        let bytes = encoder.token_bytes(*token).unwrap_or_default();
        vec![token.to_string(), bytes.len().to_string(), spell(bytes)]
    }));
    table(&rows, &[true, true, false])
}

fn counts(text: &str, tokens: usize) -> String {
    let characters = text.chars().count();
    let words = textmill_normalize::segment(text).words;
    let rate = |share: f64, of: usize| share / (of.max(1) as f64);
    format!(
        "{tokens} tokens, {words} words, {characters} characters, {} bytes: {:.2} tokens per word, {:.2} per \
         character, {:.2} bytes per token",
        text.len(),
        rate(tokens as f64, words as usize),
        rate(tokens as f64, characters),
        rate(text.len() as f64, tokens)
    )
}
