//! `textmill generate`: a model goes on with a text.

pub(crate) mod author;
mod batch;
pub(crate) mod sampling;

use std::fs;
use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;
use textmill_model::Sampling;
use textmill_schemas::Cancelled;

use crate::explore::escape_lines;
use crate::output::{say, sayln};
use crate::run::Interrupt;
use author::{Author, Commission, Finish, Written};
use sampling::SamplingArgs;

/// What `--help` says first.
pub const LONG_ABOUT: &str = "Lets a model go on with a text, printed as it comes. The model is a checkpoint of a run, or a \
GPT-2 or Llama folder from elsewhere with its tokenizer.json. Without a prompt it begins a document.\n\n\
The same seed, prompt and model give the same text. Only whole characters are printed. When the context is full, \
the model goes on with its later half in view.\n\n\
A file of JSON lines is worked off row by row on all cores: each row has a \"prompt\", and goes out again with its \
\"completions\", in the same order. A row may have a \"seed\" and \"max_tokens\" of its own.";

/// What to write, and how.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill generate --model runs/sample/train/best --prompt \"The town council\"\n  \
textmill generate --model runs/sample/train/best --prompt 这座城市 --temperature 0.7 --samples 3 --seed 7\n  \
textmill generate --model gpt2/ --file letter.txt --top-p 0.9 --stop \"\\n\\n\"\n  \
textmill generate --model gpt2/ --file prompts.jsonl --out texts.jsonl -n 50")]
pub struct GenerateArgs {
    /// The model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(long, value_name = "DIR", value_parser = crate::model_folder::model_folder)]
    model: PathBuf,
    /// The text to go on with; special tokens may be spelled.
    #[arg(short, long, value_name = "TEXT", conflicts_with = "file")]
    prompt: Option<String>,
    /// A file with the text to go on with (- reads standard input), or JSON lines (.jsonl) with a
    /// prompt each.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Texts for each prompt.
    #[arg(long, default_value_t = NonZeroUsize::MIN, value_name = "N")]
    samples: NonZeroUsize,
    /// Print the prompt before the text.
    #[arg(long)]
    echo: bool,
    /// Where the rows of JSON lines go [default: standard output].
    #[arg(long, value_name = "FILE", requires = "file")]
    out: Option<PathBuf>,
    /// Print a JSON object for each text.
    #[arg(long)]
    json: bool,
    /// Threads for JSON lines [default: one for each core]. The texts do not depend on them.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print neither progress nor speed.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    sampling: SamplingArgs,
}

/// Writes the texts.
pub fn generate(args: &GenerateArgs) -> Result<()> {
    let batch = args.file.as_deref().filter(|file| is_lines(file));
    ensure!(
        args.out.is_none() || batch.is_some(),
        "--out is for prompts in JSON lines; a single text goes to standard output: use > FILE"
    );
    let author = Author::open(&args.model)?;
    let end = author.gpt.config().eot_id;
    let sampling = Sampling {
        stop: end.into_iter().collect(),
        ..args.sampling.sampling(&args.model)?
    };
    match batch {
        Some(file) => batch::run(args, author, &sampling, file),
        None => one(args, &author, &sampling),
    }
}

fn is_lines(file: &Path) -> bool {
    let kinds = ["jsonl", "ndjson"];
    let kind = file.extension().and_then(|kind| kind.to_str());
    kind.is_some_and(|kind| kinds.contains(&kind))
}

fn one(args: &GenerateArgs, author: &Author, sampling: &Sampling) -> Result<()> {
    let prompt = read_prompt(args)?;
    let ids = author.vocabulary.encode(&prompt, false)?;
    let context = author.gpt.config().context as usize;
    if ids.len() > context && !args.quiet {
        let half = context / 2;
        eprintln!(
            "The prompt has {} tokens and the model's context {context}: only its last {half} are read.",
            ids.len()
        );
    }
    let interrupt = Interrupt::listen()?;
    let (start, mut tokens) = (Instant::now(), 0);
    for sample in 0..args.samples.get() {
        if args.samples.get() > 1 && !args.json {
            let line = if sample > 0 { "\n" } else { "" };
            sayln!("{line}── {} of {} ──", sample + 1, args.samples);
        }
        let commission = Commission {
            prompt: &ids,
            sampling,
            index: sample as u64,
            stops: &args.sampling.stops,
        };
        let written = write_one(args, author, commission, &prompt, interrupt)?;
        tokens += written.tokens;
        if written.finish == Finish::Interrupted {
            return Err(Cancelled.into());
        }
    }
    if !args.quiet {
        let seconds = start.elapsed().as_secs_f64();
        let rate = tokens as f64 / seconds.max(1e-9);
        eprintln!("{tokens} tokens in {seconds:.1} s ({rate:.0} a second)");
    }
    Ok(())
}

fn write_one(
    args: &GenerateArgs,
    author: &Author,
    commission: Commission,
    prompt: &str,
    interrupt: Interrupt,
) -> Result<Written> {
    let shown = if args.echo { prompt } else { "" };
    let mut hear = |part: &str| {
        if !args.json {
            print(part);
        }
    };
    hear(shown);
    let written = author.write(commission, &|| interrupt.came(), &mut hear)?;
    match args.json {
        false => sayln!(),
        true => sayln!(
            "{}",
            json!({
                "sample": commission.index,
                "text": format!("{shown}{}", written.text),
                "tokens": written.tokens,
                "finish": written.finish,
            })
        ),
    }
    Ok(written)
}

/// Prints a part of a text at once; on a terminal without what could steer it.
pub(crate) fn print(part: &str) {
    match stdout().is_terminal() {
        true => say!("{}", escape_lines(part)),
        false => say!("{part}"),
    }
    let _ = stdout().flush(); // a failure shows at the next write
}

fn read_prompt(args: &GenerateArgs) -> Result<String> {
    let Some(file) = &args.file else {
        return Ok(args.prompt.clone().unwrap_or_default());
    };
    let named = || file.display().to_string();
    let mut bytes = Vec::new();
    match file.as_os_str() == "-" {
        true => stdin().read_to_end(&mut bytes).map(drop),
        false => fs::read(file).map(|read| bytes = read),
    }
    .with_context(named)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => {
            let place = error.utf8_error().valid_up_to();
            bail!(
                "{}: byte {place} is not UTF-8; convert the file first, for instance with iconv",
                named()
            )
        }
    }
}
