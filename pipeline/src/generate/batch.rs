//! Many prompts: JSON lines in, JSON lines out, on all cores.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use textmill_model::{Gpt, Sampling, crew, in_order};
use textmill_schemas::{Cancelled, Progress};

use super::GenerateArgs;
use super::author::{Author, Commission, Finish, write};
use crate::run::Interrupt;
use crate::runner::Reporter;
use crate::serve::vocabulary::Vocabulary;

/// Rows that are in memory at a time, for each thread.
const ROWS: usize = 16;

/// What a row may say.
#[derive(Deserialize)]
struct Row {
    prompt: String,
    seed: Option<u64>,
    max_tokens: Option<usize>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Serialize)]
struct Completion {
    text: String,
    tokens: usize,
    finish: Finish,
}

/// Works off a file.
pub(super) fn run(
    args: &GenerateArgs,
    author: Author,
    sampling: &Sampling,
    file: &Path,
) -> Result<()> {
    let named = || file.display().to_string();
    let lines = BufReader::new(File::open(file).with_context(named)?).lines();
    let mut lines = (1..).zip(lines);
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(File::create(path).with_context(|| path.display().to_string())?),
        None => Box::new(stdout().lock()),
    };
    let mut out = BufWriter::new(&mut out);
    let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut press = Press::new(
        author,
        args,
        sampling.clone(),
        args.threads.unwrap_or_else(cores),
    )?;
    let interrupt = Interrupt::listen()?;
    let reporter = Reporter::start("generate", args.quiet);
    let (mut rows, mut malformed) = (0, 0);
    loop {
        let chunk: Vec<(u64, String)> = lines
            .by_ref()
            .map(|(number, line)| Ok((number, line.with_context(named)?)))
            .filter(|line| !matches!(line, Ok((_, text)) if text.trim().is_empty()))
            .take(ROWS * press.handles.len())
            .collect::<Result<_>>()?;
        if chunk.is_empty() {
            break;
        }
        reporter.add_total(chunk.len() as u64);
        for answer in press.print(&chunk, interrupt, &reporter)? {
            malformed += u64::from(answer.get("error").is_some());
            rows += 1;
            serde_json::to_writer(&mut out, &answer)?;
            out.write_all(b"\n")?;
        }
        if interrupt.came() {
            out.flush()?;
            return Err(Cancelled.into());
        }
    }
    out.flush()?;
    reporter.finish();
    if !args.quiet {
        eprintln!("{rows} rows, {malformed} of them malformed (see their \"error\")");
    }
    ensure!(rows > 0, "{}: there are no rows in this file", named());
    Ok(())
}

/// A model with a handle for each thread.
struct Press {
    handles: Vec<Gpt>,
    vocabulary: Vocabulary,
    sampling: Sampling,
    samples: usize,
    stops: Vec<String>,
    echo: bool,
}

impl Press {
    fn new(
        author: Author,
        args: &GenerateArgs,
        sampling: Sampling,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let Author { gpt, vocabulary } = author;
        let threads = crew(&gpt, threads.get());
        let shares = (1..threads).map(|_| gpt.share());
        let mut handles = shares.collect::<Result<Vec<_>, _>>()?;
        handles.push(gpt);
        Ok(Self {
            handles,
            vocabulary,
            sampling,
            samples: args.samples.get(),
            stops: args.sampling.stops.clone(),
            echo: args.echo,
        })
    }

    /// Answers rows, in their order.
    fn print(
        &mut self,
        rows: &[(u64, String)],
        interrupt: Interrupt,
        reporter: &Reporter,
    ) -> Result<Vec<Value>> {
        let Self {
            handles,
            vocabulary,
            sampling,
            samples,
            stops,
            echo,
        } = self;
        let desk = Desk {
            vocabulary,
            sampling,
            samples: *samples,
            stops,
            echo: *echo,
        };
        // Rows that are left over by an interrupt have no answer.
        let answers = in_order(handles, rows, |gpt, _, (number, line)| {
            let answer = (!interrupt.came()).then(|| desk.answer(gpt, *number, line, interrupt));
            reporter.advance(1);
            answer.transpose().map_err(Failed)
        });
        let answers = answers.map_err(|Failed(error)| error)?;
        Ok(answers.into_iter().flatten().collect())
    }
}

/// An error of any kind, as threads hand it on.
struct Failed(anyhow::Error);

impl From<textmill_model::Error> for Failed {
    fn from(error: textmill_model::Error) -> Self {
        Self(error.into())
    }
}

/// What each thread needs beside its handle.
struct Desk<'a> {
    vocabulary: &'a Vocabulary,
    sampling: &'a Sampling,
    samples: usize,
    stops: &'a [String],
    echo: bool,
}

impl Desk<'_> {
    fn answer(&self, gpt: &Gpt, number: u64, line: &str, interrupt: Interrupt) -> Result<Value> {
        let row: Row = match serde_json::from_str(line) {
            Ok(row) => row,
            Err(error) => return Ok(json!({"line": number, "error": error.to_string()})),
        };
        let sampling = Sampling {
            seed: row.seed.unwrap_or(self.sampling.seed),
            max_new_tokens: row.max_tokens.unwrap_or(self.sampling.max_new_tokens),
            ..self.sampling.clone()
        };
        let ids = self.vocabulary.encode(&row.prompt, false)?;
        let first = if row.seed.is_some() { 0 } else { number - 1 };
        let mut completions = Vec::with_capacity(self.samples);
        for sample in 0..self.samples as u64 {
            let commission = Commission {
                prompt: &ids,
                sampling: &sampling,
                // Rows of a file with the same prompt are to differ.
                index: first * self.samples as u64 + sample,
                stops: self.stops,
            };
            let stopped = || interrupt.came();
            let written = write(gpt, self.vocabulary, commission, &stopped, &mut |_| {})?;
            let shown = if self.echo { row.prompt.as_str() } else { "" };
            completions.push(Completion {
                text: format!("{shown}{}", written.text),
                tokens: written.tokens,
                finish: written.finish,
            });
        }
        let mut answer = row.others;
        answer.insert("prompt".to_owned(), json!(row.prompt));
        answer.insert("completions".to_owned(), json!(completions));
        Ok(Value::Object(answer))
    }
}
