//! scratch
use std::io::{BufRead, Write};
use textmill_filter::*;
use textmill_schemas::*;
fn cpu() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let stdin = std::io::stdin().lock();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if args.first().map(String::as_str) == Some("identify") {
        for l in stdin.lines() {
            let l = l.unwrap();
            let v: serde_json::Value = serde_json::from_str(&l).unwrap();
            let r = identify(v["text"].as_str().unwrap());
            writeln!(out, "{}\t{}\t{:.4}", r.code, r.script, r.confidence).unwrap();
        }
        return;
    }
    if args.first().map(String::as_str) == Some("segment") {
        let seg = words::Segmenter::of(&args[1]);
        let t: Vec<String> = stdin
            .lines()
            .map(|l| {
                serde_json::from_str::<serde_json::Value>(&l.unwrap()).unwrap()["text"]
                    .as_str()
                    .unwrap()
                    .to_string()
            })
            .collect();
        let n: usize = t.iter().map(|t| t.len()).sum();
        for _ in 0..5 {
            let s = cpu();
            let mut c = 0;
            for t in &t {
                seg.words(t, |_| c += 1);
            }
            eprintln!("{c} words {:.1} MB/s", n as f64 / 1e6 / (cpu() - s));
        }
        return;
    }
    if args.first().map(String::as_str) == Some("words") {
        let seg = words::Segmenter::of(&args[1]);
        for l in stdin.lines() {
            let l = l.unwrap();
            let v: serde_json::Value = serde_json::from_str(&l).unwrap();
            let mut w = vec![];
            seg.words(v["text"].as_str().unwrap(), |x| w.push(x));
            writeln!(out, "{}", serde_json::to_string(&w).unwrap()).unwrap();
        }
        return;
    }
    let config: Config =
        serde_json::from_str(args.first().map(String::as_str).unwrap_or("{}")).unwrap();
    let f = Filter::new(&config).unwrap();
    let docs: Vec<Document> = stdin
        .lines()
        .map(|l| {
            let v: serde_json::Value = serde_json::from_str(&l.unwrap()).unwrap();
            Document {
                text: v["text"].as_str().unwrap().into(),
                ..Default::default()
            }
        })
        .collect();
    let bytes: usize = docs.iter().map(|d| d.text.len()).sum();
    let reps: usize = args.get(1).map_or(1, |r| r.parse().unwrap());
    for _ in 1..reps {
        let d2 = docs.clone();
        let t = cpu();
        for d in d2 {
            std::hint::black_box(f.process(d));
        }
        eprintln!("{:.1} MB/s", bytes as f64 / 1e6 / (cpu() - t));
    }
    if reps > 1 {
        let t = cpu();
        for d in &docs {
            std::hint::black_box(identify(&d.text));
        }
        eprintln!("identify {:.1} MB/s", bytes as f64 / 1e6 / (cpu() - t));
    }
    for d in docs {
        let j = match f.process(d) {
            Verdict::Keep(d) => {
                serde_json::json!({"kept":true,"text":d.text,"lang":d.lang,"script":d.script,"conf":d.lang_confidence})
            }
            Verdict::Drop(r) => {
                serde_json::json!({"kept":false,"rule":r.rule,"value":r.value,"limit":r.limit,"detail":r.detail})
            }
        };
        writeln!(out, "{j}").unwrap();
    }
}
