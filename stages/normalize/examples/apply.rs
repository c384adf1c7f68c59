//! JSON lines filter
use std::io::{BufRead, Write};
use textmill_normalize::{Config, Normalize};
fn main() {
    let config: Config = std::env::args()
        .nth(1)
        .map_or_else(Config::default, |c| serde_json::from_str(&c).unwrap());
    let stage = Normalize::new(&config).unwrap();
    let rows: Vec<serde_json::Value> = std::io::stdin()
        .lock()
        .lines()
        .map(|l| serde_json::from_str(&l.unwrap()).unwrap())
        .collect();
    let mut bytes = 0;
    let start = std::time::Instant::now();
    let mut out = Vec::new();
    for row in &rows {
        let text = row["text"].as_str().unwrap();
        bytes += text.len();
        out.push(stage.normalize(text));
    }
    let s = start.elapsed().as_secs_f64();
    eprintln!(
        "{} rows {:.1} MB {:.3} s {:.1} MB/s",
        rows.len(),
        bytes as f64 / 1e6,
        s,
        bytes as f64 / 1e6 / s
    );
    let mut w = std::io::BufWriter::new(std::io::stdout().lock());
    for (t, c) in out {
        writeln!(w, "{}", serde_json::json!({"text": t, "mojibake": c.mojibake, "counts": format!("{c:?}"), "masked": c.masked()})).unwrap();
    }
}
