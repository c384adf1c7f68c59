//! Speed of encoding, of the fast path and of the `tokenizers` crate, on texts in memory.
//!
//!     cargo bench -p textmill -p textmill-tokenize --bench encode -- TOKENIZER TEXTS... [--threads N] [--crate]
//!
//! TEXTS are JSON lines with a `text`. A line of JSON for each file, the mean of several rounds:
//! seconds are CPU time (with --threads wall time), and `ids` and `ids_hash` tell whether two
//! encoders agree.

#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use textmill_tokenize::Encoder;
use xxhash_rust::xxh3::Xxh3;

use support::{cpu_seconds, texts};

const AT_LEAST: Duration = Duration::from_secs(2);

fn main() {
    let mut arguments = Vec::new();
    let (mut threads, mut by_crate) = (None, false);
    let mut given = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--threads" => threads = given.next().and_then(|n| n.parse().ok()),
            "--crate" => by_crate = true,
            _ => arguments.push(argument),
        }
    }
    let (tokenizer, files) = arguments
        .split_first()
        .expect("a tokenizer and files of texts");
    let encoder = Encoder::load(Path::new(tokenizer)).expect("a tokenizer");
    eprintln!("{tokenizer}: slow because {:?}", encoder.slow_because());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1));
    pool.build().expect("threads").install(|| {
        for file in files {
            report(&encoder, file, by_crate, threads);
        }
    });
}

fn report(encoder: &Encoder, file: &str, by_crate: bool, threads: Option<usize>) {
    let texts = texts(file);
    let encode = |text: &String| {
        let mut ids = Vec::new();
        let done = match by_crate {
            true => encoder.encode_by_crate(text, &mut ids),
            false => encoder.encode(text, &mut ids),
        };
        done.expect("ids");
        ids
    };
    let (started, cpu, mut rounds) = (Instant::now(), cpu_seconds(), 0);
    let mut all: Vec<Vec<u32>> = Vec::new();
    while started.elapsed() < AT_LEAST {
        all = match threads {
            Some(_) => texts.par_iter().map(encode).collect(),
            None => texts.iter().map(encode).collect(),
        };
        rounds += 1;
    }
    let seconds = match threads {
        Some(_) => started.elapsed().as_secs_f64(),
        None => cpu_seconds() - cpu,
    } / f64::from(rounds);
    let mut hash = Xxh3::new();
    all.iter()
        .flatten()
        .for_each(|id| hash.update(&id.to_le_bytes()));
    let bytes: usize = texts.iter().map(String::len).sum();
    let line = serde_json::json!({
        "stage": Path::new(file).file_stem().map(|stem| stem.to_string_lossy()),
        "who": if by_crate { "tokenizers" } else { "textmill" },
        "threads": threads.unwrap_or(1),
        "documents": texts.len(),
        "bytes": bytes,
        "seconds": seconds,
        "ids": all.iter().map(Vec::len).sum::<usize>(),
        "ids_hash": format!("{:016x}", hash.digest()),
    });
    println!("{line}");
}
