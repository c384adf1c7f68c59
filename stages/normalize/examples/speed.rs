//! Speed of the stage: `speed TEXTS.jsonl …` (objects with `text`, one a line) gives MB/s of each
//! file; `speed --hostile` gives seconds a megabyte of single-line documents made to be slow, at two
//! sizes, so that what is not linear shows.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use textmill_normalize::{Config, Normalize, segment};
use textmill_schemas::{Document, DocumentStage};

fn main() -> Result<(), Box<dyn Error>> {
    let stage = Normalize::new(&Config::default())?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == "--hostile") {
        let megabytes = arguments.get(1).and_then(|m| m.parse().ok()).unwrap_or(4);
        hostile(&stage, megabytes);
        return Ok(());
    }
    for path in &arguments {
        let lines = std::fs::read_to_string(path)?;
        let mut documents = Vec::new();
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            documents.push(row["text"].as_str().unwrap_or_default().to_owned());
        }
        let bytes: usize = documents.iter().map(String::len).sum();
        let rate = |work: &dyn Fn(&str)| {
            let best = (0..7).map(|_| {
                let start = Instant::now();
                documents.iter().for_each(|text| work(text));
                start.elapsed().as_secs_f64()
            });
            bytes as f64 / best.fold(f64::MAX, f64::min) / 1e6
        };
        let whole = rate(&|text| drop(black_box(stage.process(document(text)))));
        let normalize = rate(&|text| drop(black_box(stage.normalize(text))));
        let segments = rate(&|text| drop(black_box(segment(text))));
        println!(
            "{path}: {bytes} bytes; stage {whole:.0} MB/s; normalize {normalize:.0}; segment {segments:.0}"
        );
    }
    Ok(())
}

fn document(text: &str) -> Document {
    Document {
        text: text.to_owned(),
        ..Document::default()
    }
}

fn hostile(stage: &Normalize, megabytes: usize) {
    const UNITS: &[&str] = &[
        "a",
        "A",
        "7",
        "@",
        "&",
        "Ã",
        "中",
        "a@",
        "a.",
        "1-",
        "1 ",
        ":",
        "2001:",
        "::",
        "&#",
        "&amp;",
        "Ã©",
        "â€",
        "浣犲ソ",
        "ÄãºÃ",
        "├",
        "\u{1b}]",
        "\u{1b}[",
        "\u{200d}",
        "e\u{301}",
        "\u{323}\u{302}",
        " ",
        "\u{3000}",
        "\r",
        "\n",
        "-\n",
        "a-\n",
        "ab-\nab\n",
        "\u{ad}\n",
        "-----BEGIN PRIVATE KEY-----",
        "AKIA",
        "(at)",
        "a(at)",
        "eyJ",
        "a1",
        "token: a1B2",
        "password=",
        "passport ",
        "passport A1",
        "//a:b@",
        "，",
        "a，",
        "ﾊﾞ",
        "かな",
        "ไทย",
        ".",
        "?",
        "’",
        "a.b",
        "1,",
        "DE89 ",
        "(1) ",
        "Ø",
        "Г",
        "\u{e0041}",
        "\u{fffd}",
        "x\u{8}",
        "電話",
        "card 4",
        "+1 ",
    ];
    for unit in UNITS {
        let seconds = |megabytes: usize| {
            let text = unit.repeat(megabytes * 1_000_000 / unit.len());
            let start = Instant::now();
            black_box(stage.process(document(&text)));
            start.elapsed().as_secs_f64() / megabytes as f64
        };
        let (small, large) = (seconds(1), seconds(megabytes));
        let mark = if large > 2.0 * small + 0.02 || large > 0.3 {
            "  <<<"
        } else {
            ""
        };
        println!("{unit:?}: {small:.3} s/MB at 1 MB, {large:.3} at {megabytes}{mark}");
    }
}
