//! Speed of training a vocabulary on texts in memory, and its peak of memory.
//!
//!     cargo bench -p textmill -p textmill-tokenize --bench train -- TEXTS [--crate] [--size N]
//!
//! TEXTS is JSON lines with a `text`. The cl100k pattern, on one thread. Prints a line of JSON:
//! seconds are CPU time; the peak is that of the process, without the texts.

#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use textmill_tokenize::{Counts, Family, Limits, SharedCounts, Start, learn};
use tokenizers::Tokenizer;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};

use support::{cpu_seconds, texts};

fn main() {
    let mut given = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut file, mut by_crate, mut size) = (None, false, 32_000);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--crate" => by_crate = true,
            "--size" => size = given.next().and_then(|n| n.parse().ok()).expect("a number"),
            _ => file = Some(argument),
        }
    }
    let texts = texts(&file.expect("a file of texts"));
    let (before, start) = (status("VmRSS:"), cpu_seconds());
    let merges = match by_crate {
        true => train_by_crate(&texts, size),
        false => train(&texts, size),
    };
    let bytes: usize = texts.iter().map(String::len).sum();
    let line = serde_json::json!({
        "stage": "train vocabulary",
        "who": if by_crate { "tokenizers" } else { "textmill" },
        "documents": texts.len(),
        "bytes": bytes,
        "seconds": cpu_seconds() - start,
        "peak_mib": (status("VmHWM:") - before) / 1024,
        "merges": merges,
    });
    println!("{line}");
}

fn train(texts: &[String], size: usize) -> usize {
    let shared = SharedCounts::new(u64::MAX);
    // As the stage counts: row group by row group.
    for some in texts.chunks(4000) {
        let some = some.iter().map(String::as_str);
        shared
            .count(Family::Cl100k.pattern(), some)
            .expect("no limit");
    }
    let counts: Vec<Counts> = shared.into_parts();
    let limits = Limits {
        vocab_size: size,
        min_frequency: 2,
        max_token_length: usize::MAX,
    };
    let start = Start {
        bytes: std::array::from_fn(|byte| byte as u32),
        tokens: (0..=255).map(|byte| Some(vec![byte])).collect(),
    };
    learn(&counts, &start, limits, |_| true).merges.len()
}

fn train_by_crate(texts: &[String], size: usize) -> usize {
    tokenizers::utils::parallelism::set_parallelism(false);
    let pattern = SplitPattern::Regex(Family::Cl100k.pattern().regex());
    let split = Split::new(pattern, tokenizers::SplitDelimiterBehavior::Isolated, false);
    let pieces = vec![
        split.expect("a pattern").into(),
        ByteLevel::new(false, true, false).into(),
    ];
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(Sequence::new(pieces)));
    let mut trainer: tokenizers::models::TrainerWrapper = BpeTrainer::builder()
        .vocab_size(size)
        .min_frequency(2)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .show_progress(false)
        .build()
        .into();
    let texts = texts.iter().map(String::as_str);
    tokenizer.train(&mut trainer, texts).expect("a vocabulary");
    tokenizer.get_vocab_size(false) - 256
}

/// A figure of the process in KiB.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    figure.expect("a number")
}
