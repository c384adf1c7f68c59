//! Segments the lines of standard input: `segment words` writes each line's words with spaces between
//! them, `segment ends` the byte offsets at which its sentences end. For measuring.

use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let words = std::env::args().nth(1).as_deref() == Some("words");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer: Vec<String> = if words {
            textmill_normalize::words(&line)
                .into_iter()
                .filter_map(|word| line.get(word))
                .map(str::to_owned)
                .collect()
        } else {
            textmill_normalize::segment(&line)
                .sentence_ends
                .iter()
                .map(u32::to_string)
                .collect()
        };
        writeln!(out, "{}", answer.join(" "))?;
    }
    out.flush()
}
