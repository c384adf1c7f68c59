//! `textmill embed`: word embeddings and sentence vectors.

mod sentences;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use textmill_embeddings::Pool;
use textmill_model::{Gpt, TOKENIZER_FILE, best_device};
use textmill_tokenize::Encoder;

/// What to do with the vectors of a model.
#[derive(Clone, Debug, Subcommand)]
pub enum Embed {
    /// Write the vectors of all tokens to a file
    #[command(
        long_about = "Writes the input embedding, one vector for each token of the vocabulary. By the file's name:\n  \
            *.parquet  columns id, token, vector (a list of float32 of fixed length)\n  \
            all others the text format of word2vec, which gensim's KeyedVectors.load_word2vec_format, fastText and \
            spaCy read\n\n\
            A token is written as its text, with ▁ for a space (so ▁mill is mill behind a space); bytes that are no \
            text of their own, parts of Chinese characters for example, as <0xE6>; and of tokens that would be written \
            alike the later ones with # and their id.",
        after_help = "Examples:\n  \
            textmill embed export runs/sample/train/best --out vectors.txt\n  \
            textmill embed export gpt2 --out vectors.parquet"
    )]
    Export(Export),
    /// Tokens nearest to words, by cosine of the input embedding
    #[command(
        long_about = "Prints the tokens whose input embeddings have the greatest cosine with that of each word. A word \
            is read as inside of a text, behind a space, unless it takes fewer tokens without one, as Chinese words \
            do; of a word that is several tokens the mean counts. The word's own tokens and special ones are left out.",
        after_help = "Examples:\n  \
            textmill embed neighbours gpt2 king river\n  \
            textmill embed neighbours runs/zh/train/best 水 国王 --top 5"
    )]
    Neighbours(Neighbours),
    /// Tokens d for “a is to b as c is to d”
    #[command(
        long_about = "Prints tokens d for “A is to B as C is to d”: `analogy MODEL man king woman` asks what is to woman \
            as king is to man. 3CosAdd (Mikolov, Yih and Zweig, 2013) takes the greatest cosine with B − A + C of unit \
            vectors; --mul 3CosMul (Levy and Goldberg, 2014) the greatest product of cosines. Words are read as by \
            `neighbours`, and left out of what is printed.",
        after_help = "Example:\n  textmill embed analogy gpt2 man king woman --mul"
    )]
    Analogy(AnalogyArgs),
    /// Write a vector for each text of a file
    #[command(
        long_about = "Writes the hidden states after the model's last norm, pooled over the tokens of each text, to a \
            Parquet file with columns id (the line, from 1), text, vector. Texts: lines, or *.jsonl with \"text\". \
            Empty texts and lines that cannot be read are left out and counted; of a text longer than the model's \
            context the start is read.\n\n\
            Cosines of such vectors are high between any two texts (Ethayarajh, 2019): their order says something, \
            their size little.",
        after_help = "Example:\n  textmill embed sentences gpt2 --file texts.jsonl --out vectors.parquet --pool mean"
    )]
    Sentences(Sentences),
    /// Texts of a file that are most like a text
    #[command(
        long_about = "Prints the texts of a file whose vectors (as of `sentences`) have the greatest cosine with that of \
            a text.",
        after_help = "Example:\n  textmill embed similar gpt2 --file texts.txt --query \"the mill by the river\""
    )]
    Similar(Similar),
}

/// Arguments of `embed export`.
#[derive(Args, Clone, Debug)]
pub struct Export {
    #[command(flatten)]
    model: Model,
    /// Where to write; *.parquet, or word2vec's text format under any other name.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `embed neighbours`.
#[derive(Args, Clone, Debug)]
pub struct Neighbours {
    #[command(flatten)]
    model: Model,
    /// Words.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    show: Show,
}

/// Arguments of `embed analogy`.
#[derive(Args, Clone, Debug)]
pub struct AnalogyArgs {
    #[command(flatten)]
    model: Model,
    /// Is to B …
    a: String,
    /// … as
    b: String,
    /// … is to what is printed.
    c: String,
    /// 3CosMul instead of 3CosAdd.
    #[arg(long)]
    mul: bool,
    #[command(flatten)]
    show: Show,
}

/// Arguments of `embed sentences`.
#[derive(Args, Clone, Debug)]
pub struct Sentences {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    texts: Texts,
    /// The Parquet file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `embed similar`.
#[derive(Args, Clone, Debug)]
pub struct Similar {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    texts: Texts,
    /// The text to compare with.
    #[arg(long, value_name = "TEXT")]
    query: String,
    #[command(flatten)]
    show: Show,
}

#[derive(Args, Clone, Debug)]
struct Model {
    /// The model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(value_name = "MODEL", value_parser = crate::model_folder::model_folder)]
    model: PathBuf,
}

#[derive(Args, Clone, Debug)]
struct Show {
    /// How many to print.
    #[arg(long, default_value_t = 10, value_name = "N")]
    top: usize,
    /// Print JSON lines.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
struct Texts {
    /// Texts: lines, or *.jsonl with "text".
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// How the tokens' states become one vector: mean, last, max.
    #[arg(long, default_value = "mean", value_name = "HOW")]
    pool: Pool,
    /// Texts that are computed together.
    #[arg(long, default_value_t = 16, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    batch: usize,
    /// Threads [default: one for each core]. The numbers do not depend on them.
    #[arg(long)]
    threads: Option<usize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Runs a command of `textmill embed`.
///
/// # Errors
/// When the model or a file cannot be read or written, or a word has no tokens.
pub fn embed(command: &Embed) -> Result<()> {
    match command {
        Embed::Export(args) => words::export(args),
        Embed::Neighbours(args) => words::neighbours(args),
        Embed::Analogy(args) => words::analogy(args),
        Embed::Sentences(args) => sentences::sentences(args),
        Embed::Similar(args) => sentences::similar(args),
    }
}

impl Model {
    fn open(&self) -> Result<(Gpt, Encoder)> {
        let device = best_device(); // before any other use of tensors
        let gpt = Gpt::load(&self.model, device)?;
        let tokenizer = self.model.join(TOKENIZER_FILE);
        let encoder = Encoder::load(&tokenizer).with_context(|| {
            format!("{}: words need the model's tokenizer", tokenizer.display())
        })?;
        Ok((gpt, encoder))
    }
}

fn is_parquet(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "parquet")
}

/// Refuses a name under which someone would look for another format.
fn expect_parquet(path: &Path) -> Result<()> {
    ensure!(
        is_parquet(path),
        "{}: vectors of texts are written as Parquet; name the file *.parquet",
        path.display()
    );
    Ok(())
}
