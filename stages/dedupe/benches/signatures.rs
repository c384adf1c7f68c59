//! Speed of the signature kernel on one core: generated English and Chinese documents of the
//! length of usual web pages, 112 MinHash values, shingles of 5 words or characters.

use std::hint::black_box;
use std::time::{Duration, Instant};

use textmill_dedupe::{Config, MinHash, Shingler, normal_form};

/// Bytes of a document, about: the mean of a corpus of documentation pages.
const DOCUMENT_BYTES: usize = 4200;
/// Few, so that a round is short and the best one undisturbed.
const DOCUMENTS: usize = 50;
const AT_LEAST: Duration = Duration::from_secs(1);

fn main() {
    let config = Config::default();
    for (name, chinese) in [("English", false), ("Chinese", true)] {
        let texts: Vec<String> = (0..DOCUMENTS).map(|i| text(i as u64, chinese)).collect();
        report(name, "normal form", &texts, |text| {
            black_box(normal_form(text));
        });
        let mut shingler = Shingler::new(&config);
        report(name, "normal form, shingles", &texts, |text| {
            black_box(shingler.shingle(text));
        });
        let mut shingler = Shingler::new(&config);
        let minhash = MinHash::new(&config);
        let mut signature = Vec::new();
        report(
            name,
            "normal form, shingles, signature, band keys",
            &texts,
            |text| {
                minhash.sign(shingler.shingle(text).shingles, &mut signature);
                black_box(minhash.band_keys(&signature).fold(0, |a, b| a ^ b));
            },
        );
    }
}

/// Best of several rounds: other work on the machine only ever slows a round down.
fn report(language: &str, what: &str, texts: &[String], mut work: impl FnMut(&str)) {
    let (started, mut best) = (Instant::now(), Duration::MAX);
    while started.elapsed() < AT_LEAST {
        let round = Instant::now();
        texts.iter().for_each(|text| work(text));
        best = best.min(round.elapsed());
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    let seconds = best.as_secs_f64();
    let (documents, megabytes) = (texts.len() as f64 / seconds, bytes as f64 / 1e6 / seconds);
    println!("{language:8} {documents:9.0} documents/s {megabytes:7.1} MB/s  {what}");
}

fn text(seed: u64, chinese: bool) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut text = String::new();
    let mut units = 0;
    while text.len() < DOCUMENT_BYTES {
        if chinese {
            text.extend(char::from_u32(0x4e00 + below(3000) as u32));
        } else {
            let length = 2 + below(7);
            text.extend((0..length).filter_map(|_| char::from_u32(0x61 + below(26) as u32)));
        }
        units += 1;
        match (units % 12, chinese) {
            (0, true) => text.push('。'),
            (0, false) => text.push_str(". "),
            (_, true) => {}
            (_, false) => text.push(' '),
        }
    }
    text
}
