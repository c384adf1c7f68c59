//! `textmill index query`: JSON lines in, matches out.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use anyhow::Result;
use rayon::prelude::*;
use serde_json::{Value, json};
use textmill_dedupe::Config;
use textmill_dedupe::index::{Index, Match, Probe, Prober, query};

use crate::apply::{document, read_line};

/// Lines are read and hashed in blocks of about this many bytes, in parallel.
const BLOCK_BYTES: usize = 8 << 20;
/// Blocks are gathered until their probes take about this many bytes: each time the index is read.
const BATCH_BYTES: usize = 256 << 20;

/// Answers each line of standard input on standard output.
pub fn answer(indexes: &[Index], config: &Config) -> Result<()> {
    // Before the first text is read.
    indexes.iter().try_for_each(|index| index.check(config))?;
    let output = BufWriter::new(stdout().lock());
    answer_lines(indexes, config, stdin().lock(), output, BATCH_BYTES)
}

fn answer_lines(
    indexes: &[Index],
    config: &Config,
    input: impl BufRead,
    mut output: impl Write,
    batch_bytes: usize,
) -> Result<()> {
    let mut lines = Lines { input, read: 0 };
    loop {
        let batch = lines.read_batch(config, batch_bytes)?;
        if batch.lines.is_empty() {
            return Ok(output.flush()?);
        }
        let matches = match batch.probes.is_empty() {
            true => Vec::new(),
            false => query(indexes, config, &batch.probes)?,
        };
        let mut matches = matches.into_iter();
        for line in batch.lines {
            let answer = match line {
                Line::Asked(id) => to_json(&id, matches.next().flatten()),
                Line::Malformed(answer) => answer,
            };
            serde_json::to_writer(&mut output, &answer)?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
    }
}

fn to_json(id: &str, found: Option<Match>) -> Value {
    match found {
        Some(found) => json!({
            "id": id,
            "level": found.level.name(),
            "match": found.id,
            "source": found.source,
            "url": found.url,
            "similarity": found.similarity,
        }),
        None => json!({"id": id, "level": null}),
    }
}

/// What is to be answered.
enum Line {
    /// The id of a text, whose probe is the next one.
    Asked(String),
    /// The answer to a line that is no document.
    Malformed(Value),
}

#[derive(Default)]
struct Batch {
    lines: Vec<Line>,
    probes: Vec<Probe>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, line: Result<(String, Probe), Value>) {
        let line = match line {
            Ok((id, probe)) => {
                self.bytes += probe.size() + id.len();
                self.probes.push(probe);
                Line::Asked(id)
            }
            Err(answer) => {
                self.bytes += answer.to_string().len();
                Line::Malformed(answer)
            }
        };
        self.lines.push(line);
    }
}

/// The lines of the input, of which some are read.
struct Lines<R> {
    input: R,
    read: usize,
}

impl<R: BufRead> Lines<R> {
    /// Reads on until the probes take this many bytes. Without lines at the end of the input.
    fn read_batch(&mut self, config: &Config, bytes: usize) -> Result<Batch> {
        let mut batch = Batch::default();
        while batch.bytes < bytes {
            let block = self.read_block(BLOCK_BYTES.min(bytes))?;
            if block.is_empty() {
                break;
            }
            let first = self.read + 1;
            self.read += block.len();
            let lines: Vec<_> = block
                .into_par_iter()
                .enumerate()
                .map_init(
                    || Prober::new(config),
                    |prober, (index, line)| {
                        read_line(&line, first + index, |line| {
                            let document = document(line)?;
                            let probe = prober.probe(document.url.as_deref(), &document.text);
                            Ok((document.id, probe))
                        })
                    },
                )
                .collect();
            lines
                .into_iter()
                .flatten()
                .for_each(|line| batch.push(line));
        }
        Ok(batch)
    }

    fn read_block(&mut self, bytes: usize) -> Result<Vec<Vec<u8>>> {
        let (mut lines, mut read) = (Vec::new(), 0);
        while read < bytes {
            let mut line = Vec::new();
            if self.input.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            read += line.len();
            lines.push(line);
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use textmill_dedupe::Shingler;
    use textmill_dedupe::index::{IndexWriter, Parameters, entry};
    use textmill_schemas::Origin;

    use super::*;

    fn answers(input: &str, batch_bytes: usize) -> Vec<Value> {
        let (dir, config) = (tempfile::tempdir().unwrap(), Config::default());
        let parameters = Parameters::of(&config);
        let mut writer = IndexWriter::create(dir.path(), "part.parquet", &parameters).unwrap();
        let mut shingler = Shingler::new(&config);
        let shingled = shingler.shingle("The ferry left.");
        let origin = Origin {
            id: "kept".into(),
            url: Some("https://example.com/".into()),
            ..Origin::default()
        };
        let entry = entry(origin, shingled.length, shingled.exact, Vec::new());
        writer.write(entry).unwrap();
        writer.finish().unwrap();
        let index = [Index::open(dir.path()).unwrap()];
        let mut output = Vec::new();
        answer_lines(&index, &config, input.as_bytes(), &mut output, batch_bytes).unwrap();
        let output = String::from_utf8(output).unwrap();
        output
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_is_answered_in_order() {
        let input = [
            r#"{"id":7,"text":"the  FERRY left."}"#,
            "not json",
            "",
            r#"{"id":"b","text":"another"}"#,
            r#"{"id":"c","url":"http://www.example.com?fbclid=1","text":"new"}"#,
        ];
        let expected = answers(&input.join("\n"), 1 << 20);
        assert_eq!(expected.len(), 4);
        let exact = json!({"id": "7", "level": "exact", "match": "kept", "source": "",
            "url": "https://example.com/", "similarity": 1.0});
        assert_eq!(expected[0], exact);
        assert_eq!(expected[1]["line"], 2);
        assert!(expected[1]["error"].is_string());
        assert_eq!(expected[2], json!({"id": "b", "level": null}));
        assert_eq!(expected[3]["level"], "url");
        assert_eq!(expected[3]["similarity"], Value::Null);
        // A batch for each line, and blank lines alone.
        assert_eq!(answers(&input.join("\n"), 1), expected);
        assert!(answers("\n\n", 1).is_empty());
    }
}
