//! Sketches of texts: gaoya, on one core.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use gaoya::minhash::{MinHasher, MinHasher32, MinHasher64V1};
use serde_json::json;

use crate::measure::{AT_LEAST, texts};

/// As textmill's 14 bands of 8 rows.
const HASHES: usize = 112;
const NGRAM: usize = 5;

/// Times the peers on the texts of a file.
pub fn run(path: &str) -> Result<(), Box<dyn Error>> {
    let texts = texts(path)?;
    let gaoya = MinHasher64V1::new(HASHES);
    report("gaoya", &texts, |text| sign(&gaoya, text));
    // Its fastest, of 31-bit hashes.
    let gaoya = MinHasher32::new(HASHES);
    report("gaoya, 32-bit", &texts, |text| sign(&gaoya, text));
    Ok(())
}

/// Best of several rounds: other work on the machine only ever slows a round down.
fn report<T>(who: &str, texts: &[String], work: impl Fn(&str) -> T) {
    let (started, mut best) = (Instant::now(), Duration::MAX);
    while best == Duration::MAX || started.elapsed() < AT_LEAST {
        let round = Instant::now();
        for text in texts {
            black_box(work(text));
        }
        best = best.min(round.elapsed());
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    let row = json!({
        "who": who, "stage": "minhash", "documents": texts.len(), "bytes": bytes,
        "seconds": best.as_secs_f64(),
    });
    println!("{row}");
}

fn sign<M: MinHasher>(minhasher: &M, text: &str) -> Vec<M::V> {
    let text = text.to_lowercase();
    let words = words(&text);
    // A window is hashed word by word: no shingle is put together as a text.
    minhasher.create_signature(words.windows(NGRAM.min(words.len().max(1))))
}

/// Runs of letters, digits and underlines; each character of a script without spaces is a word.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if is_unspaced(c) {
            c.len_utf8()
        } else {
            let ends = |c: char| is_unspaced(c) || !(c.is_alphanumeric() || c == '_');
            rest.find(ends).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(length.max(c.len_utf8()));
        if length > 0 {
            words.push(word);
        }
        rest = after;
    }
    words
}

/// Kana, Han and Thai letters.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{e01}'..='\u{e46}')
}
