//! {"id","url","body_base64"} lines to {"id","text"} lines.
use base64::Engine;
use std::io::{BufRead, Write};
use textmill_extract::{Config, Extract};
use textmill_schemas::{DocumentStage, RawDocument, Verdict};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stage = Extract::new(&Config::default())?;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let j: serde_json::Value = serde_json::from_str(&line?)?;
        let body = base64::engine::general_purpose::STANDARD.decode(j["body_base64"].as_str().unwrap_or(""))?;
        let raw = RawDocument { id: j["id"].to_string(), url: j["url"].as_str().map(str::to_owned), media_type: j["media_type"].as_str().unwrap_or("text/html").into(), charset: j["charset"].as_str().map(str::to_owned), body, ..Default::default() };
        let r = match stage.process(raw) {
            Verdict::Keep(d) => serde_json::json!({"id": j["id"], "text": d.text, "charset": d.charset, "title": d.title, "date": d.date, "author": d.author, "lang": d.lang_hint}),
            Verdict::Drop(r) => serde_json::json!({"id": j["id"], "text": null, "rule": r.rule}),
        };
        writeln!(out, "{r}")?;
    }
    Ok(())
}
