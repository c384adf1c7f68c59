//! `textmill tokenizer`: vocabularies compared, the pieces of a text, the encoder proved.

mod check;
mod report;
mod show;
mod spell;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use textmill_tokenize::{Encoder, read_as};

use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::load_if_there;
use texts::Texts;

/// What can be done with vocabularies.
#[derive(Debug, Subcommand)]
pub enum Tokenizer {
    /// Measure what text costs: by language and source, several vocabularies side by side
    #[command(
        long_about = "Encodes the normalized documents of a run, or other texts, with one or more vocabularies, and \
shows by language and source what they cost: tokens per word (fertility), tokens per character, bytes per token; \
which tokens are never or rarely used; the longest tokens; and what Chinese costs against English. Words are those \
of the column `words`, where there is one; else Chinese and other scripts without spaces are segmented. Memory does \
not grow with the text.",
        after_help = TEXTS_HELP
    )]
    Report {
        /// Vocabularies [default: the run's].
        #[arg(value_name = "TOKENIZER")]
        tokenizers: Vec<PathBuf>,
        /// Texts to encode [default: the run's normalized documents].
        #[arg(long, value_name = "FILE", num_args = 1..)]
        text: Vec<PathBuf>,
        /// Tokens used less often are rare.
        #[arg(long, default_value_t = 10)]
        rare: u64,
        /// Longest tokens to show.
        #[arg(long, default_value_t = 10)]
        top: usize,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Colour the pieces of a text
    #[command(
        long_about = "Prints a text piece by piece, in alternating colours on a terminal, in brackets elsewhere or with \
NO_COLOR set. Spaces are shown as ·, line ends as ⏎, tabs as →, bytes that are no whole character as <e7>, and control \
and invisible characters as escapes.",
        after_help = "Examples:\n  \
textmill tokenizer show \"The ferry left at 7:15.\"\n  \
textmill tokenizer show --ids --tokenizer gpt2/ --tokenizer cl100k_base.tiktoken \"渡船离开了。\"\n  \
textmill tokenizer show - < story.txt"
    )]
    Show {
        /// The text; - reads standard input.
        text: String,
        /// A vocabulary; may be given several times [default: the run's].
        #[arg(long, value_name = "FILE")]
        tokenizer: Vec<PathBuf>,
        /// List the tokens with their ids and bytes.
        #[arg(long)]
        ids: bool,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Prove the encoder on texts: the same ids as the `tokenizers` crate, the same text back
    #[command(
        long_about = "Encodes texts with textmill's encoder and with the `tokenizers` crate, compares all ids, and what \
they are decoded to with the text. Prints counts and the first differences, and ends with 1 if there is any.",
        after_help = TEXTS_HELP
    )]
    Check {
        /// Texts [default: the run's normalized documents].
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A vocabulary [default: the run's].
        #[arg(long, value_name = "FILE")]
        tokenizer: Option<PathBuf>,
        /// Differences to show.
        #[arg(long, default_value_t = 5)]
        top: usize,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

const TEXTS_HELP: &str = "Texts are files or folders: JSON lines (.jsonl) with `text` and, if there, `lang`, `source` and `words`; \
shards of documents (.parquet, or a stage's folder); everything else is plain text, with bytes that are no UTF-8 \
replaced, in parts of 1 MiB. Files may be compressed (.gz).\n\nExamples:\n  \
textmill tokenizer report --config configs/rust-docs.toml\n  \
textmill tokenizer report runs/sample/tokenize/tokenizer.json gpt2/ --text news.jsonl books/\n  \
textmill tokenizer report o200k_base.tiktoken --json | jq .vocabularies[0].languages\n  \
textmill tokenizer check\n  \
textmill tokenizer check --tokenizer cl100k_base.tiktoken books/";

/// Runs one of the commands.
pub fn tokenizer(command: &Tokenizer) -> Result<()> {
    match command {
        Tokenizer::Report {
            tokenizers,
            text,
            rare,
            top,
            json,
            config,
        } => {
            let config = load_if_there(config)?;
            let vocabularies = open_all(tokenizers, &config)?;
            let options = report::Options {
                rare: *rare,
                top: *top,
                json: *json,
            };
            report::report(&vocabularies, texts(text, &config)?, &config, &options)
        }
        Tokenizer::Show {
            text,
            tokenizer,
            ids,
            config,
        } => show::show(text, &open_all(tokenizer, &load_if_there(config)?)?, *ids),
        Tokenizer::Check {
            files,
            tokenizer,
            top,
            config,
        } => {
            let config = load_if_there(config)?;
            let vocabulary = open(tokenizer.as_deref(), &config)?;
            check::check(&vocabulary, texts(files, &config)?, &config, *top)
        }
    }
}

/// A vocabulary that was asked for.
struct Vocabulary {
    /// As it was named.
    name: String,
    encoder: Encoder,
}

fn open_all(paths: &[PathBuf], config: &Config) -> Result<Vec<Vocabulary>> {
    if paths.is_empty() {
        return Ok(vec![open(None, config)?]);
    }
    paths.iter().map(|path| open(Some(path), config)).collect()
}

fn open(path: Option<&Path>, config: &Config) -> Result<Vocabulary> {
    let (path, default) = match path {
        Some(path) => (path.to_path_buf(), false),
        None => (config.run.dir.join("tokenize/tokenizer.json"), true),
    };
    let tokenizer = read_as(&path, &config.tokenize);
    let tokenizer = match default {
        true => tokenizer
            .context("the run has no vocabulary yet; run `textmill tokenize`, or name one")?,
        false => tokenizer?,
    };
    Ok(Vocabulary {
        name: path.display().to_string(),
        encoder: Encoder::new(tokenizer),
    })
}

/// The texts of some files, or of the run.
fn texts(files: &[PathBuf], config: &Config) -> Result<Texts> {
    if !files.is_empty() {
        return Texts::of(files);
    }
    let dir = config.run.dir.join("normalize");
    Texts::of(std::slice::from_ref(&dir))
        .context("the run has no normalized documents yet; run `textmill normalize`, or name files")
}
