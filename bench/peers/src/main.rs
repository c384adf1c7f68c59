//! Times the peers that are Rust crates, each on one core, one JSON object a peer, as peers.py does
//! for those in Python.

use std::error::Error;

mod encode;
mod measure;
mod minhash;
mod train;
mod vocabularies;

const USAGE: &str = "usage: textmill-peers minhash TEXTS.jsonl
       textmill-peers vocabularies FOLDER
       textmill-peers encode TOKENIZER.json TEXTS.jsonl...
       textmill-peers train TEXTS.jsonl VOCABULARY_SIZE";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["minhash", texts] => minhash::run(texts),
        ["vocabularies", folder] => vocabularies::write(folder.as_ref()),
        ["encode", tokenizer, texts @ ..] => encode::run(tokenizer, texts),
        ["train", texts, size] => train::run(texts, size.parse()?),
        _ => Err(USAGE.into()),
    }
}
