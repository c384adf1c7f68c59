//! Encoders: ids of texts in memory, one document at a time.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use xxhash_rust::xxh3::Xxh3;

use crate::measure::{AT_LEAST, cpu_seconds, texts};

/// What gives the ids of a text.
type Encode = Box<dyn Fn(&str) -> Vec<u32>>;

/// Times each peer that has the vocabulary: `tokenizer` is a tokenizer.json, named cl100k_base or
/// gpt2 for those that bring their vocabularies with them. Prints what benches/encode.rs does.
pub fn run(tokenizer: &str, files: &[&str]) -> Result<(), Box<dyn Error>> {
    let peers = peers(tokenizer)?;
    for &file in files {
        let texts = texts(file)?;
        for (who, encode) in &peers {
            report(who, file, &texts, |texts| {
                texts.iter().map(|text| encode(text)).collect()
            });
        }
        batch(tokenizer, file, &texts)?;
    }
    Ok(())
}

fn peers(tokenizer: &str) -> Result<Vec<(&'static str, Encode)>, Box<dyn Error>> {
    let cl100k = Path::new(tokenizer).file_stem() == Some("cl100k_base".as_ref());
    let mut peers: Vec<(&'static str, Encode)> = Vec::new();

    let tokie = tokie::Tokenizer::from_json(tokenizer)?;
    peers.push(("tokie", Box::new(move |text| tokie.encode_ids(text, false))));

    if cl100k {
        let bpe = bpe_openai::cl100k_base();
        peers.push(("bpe-openai", Box::new(move |text| bpe.encode(text))));
    }

    let tiktoken = match cl100k {
        true => tiktoken_rs::cl100k_base()?,
        false => tiktoken_rs::r50k_base()?,
    };
    let encode = move |text: &str| tiktoken.encode_ordinary(text);
    peers.push(("tiktoken-rs", Box::new(encode)));

    let kitoken = kitoken::Kitoken::from_tokenizers_file(tokenizer)?;
    let encode = move |text: &str| kitoken.encode(text, false).unwrap_or_default();
    peers.push(("kitoken", Box::new(encode)));

    let mut tokenizers = tokenizers::Tokenizer::from_file(tokenizer).map_err(|e| e.to_string())?;
    // As textmill: text that spells a special token is text.
    tokenizers.set_encode_special_tokens(true);
    let encode = move |text: &str| {
        let encoding = tokenizers.encode_fast(text, false);
        encoding.map_or_else(|_| Vec::new(), |encoding| encoding.get_ids().to_vec())
    };
    peers.push(("tokenizers", Box::new(encode)));
    Ok(peers)
}

/// tokie's cache of pieces works in its batches alone, which start threads of their own: CPU time
/// counts those too.
fn batch(tokenizer: &str, file: &str, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let tokie = tokie::Tokenizer::from_json(tokenizer)?;
    report("tokie, batch", file, texts, |texts| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        vec![tokie.encode_batch_flat(&texts, false).0]
    });
    Ok(())
}

fn report(who: &str, file: &str, texts: &[String], work: impl Fn(&[String]) -> Vec<Vec<u32>>) {
    let mut ids = work(texts); // warm
    let (started, cpu, mut rounds) = (Instant::now(), cpu_seconds(), 0);
    while rounds == 0 || started.elapsed() < AT_LEAST {
        ids = work(texts);
        rounds += 1;
    }
    let seconds = (cpu_seconds() - cpu) / f64::from(rounds);
    let mut hash = Xxh3::new();
    for id in ids.iter().flatten() {
        hash.update(&id.to_le_bytes());
    }
    let row = json!({
        "stage": Path::new(file).file_stem().map(|stem| stem.to_string_lossy()),
        "who": who,
        "threads": 1,
        "documents": texts.len(),
        "bytes": texts.iter().map(String::len).sum::<usize>(),
        "seconds": seconds,
        "ids": ids.iter().map(Vec::len).sum::<usize>(),
        "ids_hash": format!("{:016x}", hash.digest()),
    });
    println!("{row}");
}
