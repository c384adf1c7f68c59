//! `textmill look`: a text through a model, as one page.

mod print;
mod text;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Context, Result, ensure};
use clap::Args;
use textmill_look::{Look, Settings, page};
use textmill_model::{Gpt, TOKENIZER_FILE, best_device};
use textmill_schemas::write_atomically;

use crate::explore::bytes;
use crate::model_folder::of_model;
use crate::output::sayln;
use crate::runner::Reporter;
use crate::serve::vocabulary::Vocabulary;
use text::Reading;

/// Files over this are no text to look at.
const MOST_BYTES: u64 = 64 << 20;

/// What `--help` says first; `cli` takes it, for a command's own first line would hide it here.
pub const LONG_ABOUT: &str = "Runs a text through a model and writes one HTML file that shows what happens inside: how well each \
token was expected, what the model expected instead, the attention of every head, attention rollout, the logit lens \
(what each layer would answer), and which tokens speak for a prediction (gradient × input). The file needs no network \
and no other file; it opens from disk in any browser, with the mouse or the keyboard alone.\n\n\
Attention weights are not an explanation (Jain and Wallace 2019, arXiv:1902.10186), and the page says so.\n\n\
The token that begins or ends documents stands before the text, as in training, so that the first token is predicted, \
too. Numbers are fp32 and do not depend on the number of threads; the page keeps attention in 8 bits, --json all \
numbers whole.\n\n\
The page grows with layers × heads × tokens² × 2/3 bytes: 256 tokens of a GPT-2 of 124 M parameters (12 × 12 heads) \
take 7 MB, 1,024 tokens 100 MB. Over 256 MB it is refused. The JSON file is some 15 times as large.";

/// What to look at, and where the page goes.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill look runs/sample --text \"The ferry left at 7:15. 渡船离开了。\"\n  \
textmill look runs/sample/train/best --file article.txt --max-tokens 128 --out article.html\n  \
textmill look gpt2/ --text \"When Mary and John went to the store, John gave a drink to\" --json look.json")]
pub struct LookArgs {
    /// The model's folder: a checkpoint, a run (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(value_name = "CHECKPOINT")]
    checkpoint: PathBuf,
    #[command(flatten)]
    source: Source,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = "look.html")]
    out: PathBuf,
    /// Write all numbers, unrounded, as one JSON object.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Tokens of the text to read, the first ones; the model's context is a limit, too.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    max_tokens: usize,
    /// Likeliest next tokens to show of each layer and position.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100))]
    top: usize,
    /// Predictions to explain by gradient × input, from the end of the text backwards; each costs
    /// about as much as reading the text up to there [default: all].
    #[arg(long, value_name = "N")]
    attribution: Option<usize>,
    /// Read the spelling of special tokens in the text as these tokens, as a chat's turns need.
    #[arg(long)]
    special_tokens: bool,
    /// Threads [default: one a core].
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Where the text comes from.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// The text.
    #[arg(long, allow_hyphen_values = true)]
    text: Option<String>,
    /// A file with the text, in UTF-8.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Looks, writes the page, and prints a line about each layer.
pub fn look(args: &LookArgs) -> Result<()> {
    let text = args.source.read()?;
    let device = best_device(); // before any other use of tensors
    let folder = of_model(&args.checkpoint)?;
    let gpt = Gpt::load(&folder, device)?;
    gpt.require_causal()?;
    let vocabulary = Vocabulary::load(&folder.join(TOKENIZER_FILE))?;
    let reading = Reading {
        vocabulary: &vocabulary,
        prefix: textmill_evaluate::text_prefix(&folder, gpt.config().eot_id).ok(),
        model: gpt.config(),
        max_tokens: args.max_tokens,
        special_tokens: args.special_tokens,
    };
    let document = reading.read(&text)?;
    let threads = args.threads.or_else(|| available_parallelism().ok());
    let settings = Settings {
        top: args.top,
        attribution: args.attribution.unwrap_or(usize::MAX),
        threads: threads.map_or(1, NonZeroUsize::get),
    };
    let reporter = Reporter::start("look", args.quiet);
    let name = folder.display().to_string();
    let spell = |id| vocabulary.name(id).into_owned();
    let found = textmill_look::look(&gpt, &name, document, settings, spell, &reporter);
    reporter.finish();
    let found = found.with_context(|| name.clone())?;
    // Before anything is printed: whoever reads that may stop reading.
    let written = write(args, &found)?;
    print::summary(&found);
    sayln!("{}", written.join("\n"));
    Ok(())
}

/// Writes the page and the JSON file, each whole or not at all; a line about each.
fn write(args: &LookArgs, look: &Look) -> Result<Vec<String>> {
    let write = |path: &Path, content: &[u8], what: &str| -> Result<String> {
        write_atomically(path, content)?;
        let size = bytes(content.len() as u64);
        Ok(format!("{}: {size}, {what}", path.display()))
    };
    let page = page(look)?;
    let mut lines = vec![write(&args.out, page.as_bytes(), "to open in a browser")?];
    if let Some(path) = &args.json {
        lines.push(write(path, &serde_json::to_vec(look)?, "all numbers")?);
    }
    Ok(lines)
}

impl Source {
    fn read(&self) -> Result<String> {
        let Some(path) = &self.file else {
            return Ok(self.text.clone().unwrap_or_default());
        };
        let file = || path.display().to_string();
        let length = fs::metadata(path).with_context(file)?.len();
        ensure!(
            length <= MOST_BYTES,
            "{}: over {}; cut out the part to look at",
            file(),
            bytes(MOST_BYTES)
        );
        let content = fs::read(path).with_context(file)?;
        String::from_utf8(content).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            anyhow::anyhow!("{}: not UTF-8 at byte {at}; convert it with iconv", file())
        })
    }
}
