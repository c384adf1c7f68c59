//! Reading crawls and JSON lines beside merely decompressing the same files, on one core.
//!
//!     cargo bench -p textmill-collect --bench read -- PAGES.jsonl TEXTS.jsonl
//!
//! Or a dump of a wiki alone, once: `-- --wiki FILE`.
//!
//! Prints one JSON object a row, as the other benchmarks do.
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot go on may stop so"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use data_encoding::BASE32;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use sha1::{Digest, Sha1};
use textmill_collect::{Collect, Config, SourceConfig, measure};
use textmill_schemas::{CorpusStage, NoProgress, TaskContext};

/// Content of each file at most. None comes twice in it: of the second copy a decompressor with
/// a large window would make short work. Instead a small file is read several times.
const BYTES: usize = 96 << 20;
const ROUNDS: usize = 3;
/// What both read and give at a time.
const BUFFER: usize = 128 << 10;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = words.iter().position(|word| word == "--wiki") {
        return wiki(Path::new(words.get(at + 1).expect("--wiki FILE")));
    }
    let mut files = words.iter().filter(|word| !word.starts_with('-'));
    let mut next = |what: &str| PathBuf::from(files.next().expect(what));
    let pages = strings(&next("PAGES.jsonl: one object with `html` a line"), "html");
    let texts = strings(&next("TEXTS.jsonl: one object with `text` a line"), "text");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plain = dir.path().join("plain.warc.gz");
    let digested = dir.path().join("digests.warc.gz");
    let lines = dir.path().join("lines.jsonl.zst");
    write_crawl(&plain, &pages, false);
    write_crawl(&digested, &pages, true);
    write_lines(&lines, &texts);
    compare("warc.gz", &plain, "zlib-rs", gunzip);
    compare("warc.gz, digests", &digested, "zlib-rs", gunzip);
    compare("jsonl.zst", &lines, "zstd", unzstd);
}

/// In turn: the machine's speed drifts.
fn compare(what: &str, file: &Path, name: &str, decompress: fn(&Path) -> u64) {
    let mut best = [f64::MAX; 3];
    let (bytes, mut documents) = (decompress(file), 0);
    let times = (BYTES as u64 / bytes).max(1);
    for _ in 0..ROUNDS {
        let works: [&mut dyn FnMut(); 3] = [
            &mut || assert_eq!(decompress(file), bytes),
            &mut || {
                let read = measure::read(file, &Config::default()).expect("the file");
                assert!(read.documents > 0 && read.dropped == 0, "{read:?}");
                documents = read.documents;
            },
            &mut || stage(file),
        ];
        for (best, work) in best.iter_mut().zip(works) {
            let clock = Clock::start();
            (0..times).for_each(|_| work());
            *best = best.min(clock.seconds() / times as f64);
        }
    }
    let stage = format!("read {what}");
    for (who, seconds) in [name, "textmill", "textmill, to shards"]
        .into_iter()
        .zip(best)
    {
        println!(
            "{}",
            serde_json::json!({"stage": stage, "who": who, "documents": documents, "bytes": bytes, "seconds": seconds})
        );
    }
}

/// To shards and to nowhere; its peer takes its turn in bench/wiki_speed.py. All pages count, also
/// those that are dropped.
fn wiki(file: &Path) {
    let bytes = file.metadata().expect("the file").len();
    let clock = Clock::start();
    let read = measure::read(file, &Config::default()).expect("the file");
    let alone = clock.seconds();
    let clock = Clock::start();
    stage(file);
    let shards = clock.seconds();
    assert!(read.documents > 0, "{read:?}");
    let documents = read.documents + read.dropped;
    for (who, seconds) in [("textmill", shards), ("textmill, no shards", alone)] {
        println!(
            "{}",
            serde_json::json!({"stage": "read wiki", "who": who, "documents": documents, "bytes": bytes, "seconds": seconds})
        );
    }
}

/// Seconds of the processor for this thread: other programs do not show. Those of the wall where
/// the system does not tell.
struct Clock(Option<f64>, Instant);

impl Clock {
    fn start() -> Self {
        Self(Self::processor(), Instant::now())
    }

    fn processor() -> Option<f64> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds: f64 = stat.split_whitespace().next()?.parse().ok()?;
        Some(nanoseconds / 1e9)
    }

    fn seconds(&self) -> f64 {
        match (self.0, Self::processor()) {
            (Some(start), Some(end)) => end - start,
            _ => self.1.elapsed().as_secs_f64(),
        }
    }
}

fn gunzip(path: &Path) -> u64 {
    let input = BufReader::with_capacity(BUFFER, File::open(path).expect("the file"));
    length(MultiGzDecoder::new(input))
}

fn unzstd(path: &Path) -> u64 {
    let input = BufReader::with_capacity(BUFFER, File::open(path).expect("the file"));
    length(zstd::stream::read::Decoder::with_buffer(input).expect("a decoder"))
}

fn length(mut decoder: impl Read) -> u64 {
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        match decoder.read(&mut buffer).expect("sound data") {
            0 => return bytes,
            read => bytes += read as u64,
        }
    }
}

fn stage(file: &Path) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let config = Config {
        task_bytes: u64::MAX,
        source: vec![SourceConfig {
            name: "bench".to_owned(),
            path: file.display().to_string(),
            ..SourceConfig::default()
        }],
        ..Config::default()
    };
    let stage = Collect::new(&config).expect("a sound configuration");
    let (inputs, cancel) = (BTreeMap::new(), AtomicBool::new(false));
    let context = TaskContext {
        out: out.path(),
        inputs: &inputs,
        seed: 0,
        threads: 1,
        progress: &NoProgress,
        cancel: &cancel,
    };
    stage.task("read", 0, &context).expect("the stage");
}

fn strings(path: &Path, field: &str) -> Vec<String> {
    let file = std::fs::read_to_string(path).expect("the file");
    let rows = file.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        row[field].as_str().expect("a text").to_owned()
    });
    rows.filter(|text| text.len() > 200).collect()
}

/// One gzip member a record, as Common Crawl writes them.
fn write_crawl(path: &Path, pages: &[String], digests: bool) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let mut written = 0;
    for (number, page) in pages.iter().enumerate() {
        let block = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        );
        let digest = |bytes: &[u8]| BASE32.encode(&Sha1::digest(bytes));
        let lines = match digests {
            true => format!(
                "WARC-Block-Digest: sha1:{}\r\nWARC-Payload-Digest: sha1:{}\r\n",
                digest(block.as_bytes()),
                digest(page.as_bytes())
            ),
            false => String::new(),
        };
        let record = format!(
            "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number:032x}>\r\nWARC-Date: 2024-05-18T01:58:10Z\r\nWARC-Target-URI: https://example.org/{number}\r\n{lines}Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            block.len()
        );
        let mut encoder = GzEncoder::new(&mut out, Compression::default());
        encoder.write_all(record.as_bytes()).expect("room");
        encoder.finish().expect("room");
        written += record.len();
        if written > BYTES {
            break;
        }
    }
    out.flush().expect("room");
}

fn write_lines(path: &Path, texts: &[String]) {
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut out = zstd::stream::write::Encoder::new(file, 3).expect("an encoder");
    let mut written = 0;
    for (number, text) in texts.iter().enumerate() {
        let row = serde_json::json!({
            "id": format!("<urn:uuid:{number:032x}>"),
            "text": text,
            "metadata": {"url": format!("https://example.org/{number}"), "language_score": 0.98},
            "date": "2024-05-18T01:58:10Z",
            "token_count": text.len() / 4,
        });
        let line = format!("{row}\n");
        out.write_all(line.as_bytes()).expect("room");
        written += line.len();
        if written > BYTES {
            break;
        }
    }
    out.finish().expect("room").flush().expect("room");
}
