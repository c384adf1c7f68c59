//! Speed of the document stages on one core: `document_stages PAGES.jsonl [TEXTS.jsonl]`.
//!
//! Pages are `{"id", "url", "html"}` lines. Every stage works on what extract makes of all of them,
//! which is also written to TEXTS, for other programs to be timed on. Prints one JSON object a
//! stage. `make bench` runs this, turn by turn with the peers.
#![allow(missing_docs)]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use textmill_schemas::{Document, DocumentStage, RawDocument, Verdict};

const AT_LEAST: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    // cargo puts in a `--bench` of its own.
    let mut files = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let pages = files
        .next()
        .ok_or("usage: document_stages PAGES.jsonl [TEXTS.jsonl]")?;
    let pages = read(&pages)?;
    let extract = textmill_extract::Extract::new(&Default::default())?;
    let documents: Vec<Document> = pages
        .iter()
        .filter_map(|page| kept(&extract, page))
        .collect();
    if let Some(path) = files.next() {
        write_texts(&path, &documents)?;
    }
    report("extract", &extract, &pages, |page| page.body.len());
    passes(&pages)?;
    let text = |document: &Document| document.text.len();
    let filter = textmill_filter::Filter::new(&Default::default())?;
    report("filter", &filter, &documents, text);
    let language = textmill_filter::Config {
        families: Vec::new(),
        ..Default::default()
    };
    let language = textmill_filter::Filter::new(&language)?;
    report("language", &language, &documents, text);
    rules(&language, &documents)?;
    let normalize = textmill_normalize::Normalize::new(&Default::default())?;
    report("segmented", &normalize, &documents, text);
    // The peers neither count words nor find sentences.
    let normalize = textmill_normalize::Config {
        segment: false,
        ..Default::default()
    };
    let normalize = textmill_normalize::Normalize::new(&normalize)?;
    report("normalize", &normalize, &documents, text);
    minhash(&documents);
    Ok(())
}

fn read(path: &str) -> Result<Vec<RawDocument>, Box<dyn Error>> {
    let mut pages = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let page: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| page[name].as_str().unwrap_or_default().to_owned();
        pages.push(RawDocument {
            id: field("id"),
            url: Some(field("url")).filter(|url| !url.is_empty()),
            media_type: "text/html".to_owned(),
            charset: Some("utf-8".to_owned()),
            body: field("html").into_bytes(),
            ..RawDocument::default()
        });
    }
    Ok(pages)
}

fn kept<S: DocumentStage>(stage: &S, input: &S::Input) -> Option<S::Output> {
    match stage.process(input.clone()) {
        Verdict::Keep(output) => Some(output),
        Verdict::Drop(_) => None,
    }
}

fn write_texts(path: &str, documents: &[Document]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    for document in documents {
        writeln!(out, "{}", json!({"id": document.id, "text": document.text}))?;
    }
    Ok(out.flush()?)
}

fn report<S: DocumentStage>(
    name: &str,
    stage: &S,
    inputs: &[S::Input],
    size: impl Fn(&S::Input) -> usize,
) {
    let bytes = inputs.iter().map(size).sum();
    let work = || {
        // A stage takes its input: the copies are made before the clock starts.
        let inputs = inputs.to_vec();
        let start = Instant::now();
        for input in inputs {
            std::hint::black_box(stage.process(input));
        }
        start.elapsed()
    };
    print(name, inputs.len(), bytes, best(work));
}

/// All rules of the filter together, by language, and without its identification.
fn rules(language: &textmill_filter::Filter, documents: &[Document]) -> Result<(), Box<dyn Error>> {
    let mut config = textmill_filter::Config {
        signals: false,
        ..Default::default()
    };
    config.families.retain(|family| family != "lang");
    let filter = textmill_filter::Filter::new(&config)?;
    let identified: Vec<Document> = documents
        .iter()
        .filter_map(|document| kept(language, document))
        .collect();
    for lang in ["en", "zh"] {
        let is_in = |document: &&Document| document.lang.as_deref() == Some(lang);
        let documents: Vec<Document> = identified.iter().filter(is_in).cloned().collect();
        if !documents.is_empty() {
            let size = |document: &Document| document.text.len();
            report(&format!("rules, {lang}"), &filter, &documents, size);
        }
    }
    Ok(())
}

/// The two halves of extraction beside html5ever, which builds scraper's tree: what the parser does,
/// and what comes after it.
fn passes(pages: &[RawDocument]) -> Result<(), Box<dyn Error>> {
    let pages: Vec<&str> = pages
        .iter()
        .map(|page| std::str::from_utf8(&page.body))
        .collect::<Result<_, _>>()?;
    let bytes = pages.iter().map(|page| page.len()).sum();
    let html5ever = best(|| {
        timed(&pages, |page| {
            drop(std::hint::black_box(scraper::Html::parse_document(page)))
        })
    });
    let parse = best(|| {
        timed(&pages, |page| {
            drop(std::hint::black_box(textmill_extract::Parsed::of(page)))
        })
    });
    let extractor = textmill_extract::Extractor::new(&Default::default())?;
    let parsed: Vec<_> = pages
        .iter()
        .map(|page| textmill_extract::Parsed::of(page))
        .collect();
    let after = best(|| {
        timed(&parsed, |page| {
            drop(std::hint::black_box(extractor.extract_parsed(page, None)))
        })
    });
    for (who, stage, time) in [
        ("textmill", "parse", parse),
        ("html5ever", "parse", html5ever),
        ("textmill", "after parse", after),
        ("html5ever", "after parse", html5ever),
    ] {
        print_as(who, stage, pages.len(), bytes, time);
    }
    Ok(())
}

fn timed<T>(inputs: &[T], work: impl Fn(&T)) -> Duration {
    let start = Instant::now();
    inputs.iter().for_each(work);
    start.elapsed()
}

/// Signatures of 14 bands of 8 rows, as dedupe computes them.
fn minhash(documents: &[Document]) {
    let config = textmill_dedupe::Config::default();
    let minhash = textmill_dedupe::MinHash::new(&config);
    let mut shingler = textmill_dedupe::Shingler::new(&config);
    let mut signature = Vec::new();
    let work = || {
        let start = Instant::now();
        for document in documents {
            minhash.sign(shingler.shingle(&document.text).shingles, &mut signature);
            std::hint::black_box(minhash.band_keys(&signature).fold(0, |a, b| a ^ b));
        }
        start.elapsed()
    };
    let bytes = documents.iter().map(|document| document.text.len()).sum();
    print("minhash", documents.len(), bytes, best(work));
}

/// Best of several rounds: other work on the machine only ever slows a round down.
fn best(mut round: impl FnMut() -> Duration) -> Duration {
    let (started, mut best) = (Instant::now(), Duration::MAX);
    while best == Duration::MAX || started.elapsed() < AT_LEAST {
        best = best.min(round());
    }
    best
}

fn print(stage: &str, documents: usize, bytes: usize, best: Duration) {
    print_as("textmill", stage, documents, bytes, best);
}

fn print_as(who: &str, stage: &str, documents: usize, bytes: usize, best: Duration) {
    let row = json!({
        "who": who, "stage": stage, "documents": documents, "bytes": bytes,
        "seconds": best.as_secs_f64(),
    });
    println!("{row}");
}
