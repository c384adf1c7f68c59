//! `textmill train-filter`: the models that the filter scores documents with.

pub mod texts;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use textmill_filter::perplexity::{Buckets, KneserNey, TrainOptions as PerplexityOptions, Units};
use textmill_filter::{Classifier, TrainOptions};

use crate::output::sayln;
use texts::Texts;

/// The kinds of models.
#[derive(Debug, Subcommand)]
pub enum Model {
    /// A linear classifier on words and hashed n-grams, from good and bad documents
    #[command(after_help = "Examples:\n  \
textmill train-filter classifier --good wikipedia.jsonl --bad runs/crawl/extract --out good.bin\n  \
textmill filter --set 'filter.classifier.model=\"good.bin\"' --set filter.classifier.min_score=0.2\n\n\
The model is in fastText's format. Documents are held back to measure it on.")]
    Classifier(ClassifierArgs),
    /// A Kneser-Ney n-gram model, for perplexity as in CCNet, from texts in one language
    #[command(after_help = "Examples:\n  \
textmill train-filter perplexity --lang en --texts wikipedia.jsonl --buckets runs/crawl/extract --out en.lm\n  \
textmill train-filter perplexity --lang zh --arpa zh.arpa --out zh.lm\n  \
textmill filter --set 'filter.perplexity.models={en=\"en.lm\"}' --set 'filter.perplexity.last_bucket=\"middle\"'")]
    Perplexity(PerplexityArgs),
}

/// Where documents are read from: Parquet shards, a stage's folder, JSON lines (also .gz) with
/// `text`, or text files, of which each is a document; folders of them as well.
#[derive(Args, Debug)]
pub struct ClassifierArgs {
    /// Good documents: Parquet or JSON lines with `text`, text files, folders of these.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    good: Vec<PathBuf>,
    /// Bad documents, likewise.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    bad: Vec<PathBuf>,
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Longest n-gram of words.
    #[arg(long, default_value_t = 2)]
    ngrams: usize,
    /// Times that each document is learnt.
    #[arg(long, default_value_t = 5)]
    epochs: usize,
    /// Chooses the documents held back, and the order of the others.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// How a perplexity model is made.
#[derive(Args, Debug)]
pub struct PerplexityArgs {
    /// Code of the language; documents that say that they are in another one are passed over.
    #[arg(long)]
    lang: String,
    /// Texts to learn: Parquet or JSON lines with `text`, text files, folders of these.
    #[arg(long, num_args = 1.., value_name = "PATH", required_unless_present = "arpa")]
    texts: Vec<PathBuf>,
    /// A model in ARPA form to take instead; its units are what stands between spaces.
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    arpa: Option<PathBuf>,
    /// Documents whose perplexities part head, middle and tail.
    #[arg(long, num_args = 1.., value_name = "PATH")]
    buckets: Vec<PathBuf>,
    /// Share of those documents in the head.
    #[arg(long, default_value_t = 1.0 / 3.0)]
    head: f64,
    /// Share of those documents in the tail.
    #[arg(long, default_value_t = 1.0 / 3.0)]
    tail: f64,
    /// Longest n-gram.
    #[arg(long, default_value_t = 5)]
    order: usize,
    /// N-grams that stand in the texts at most so often are left out, by order: 0,0,1 drops what
    /// stands once, from trigrams on.
    #[arg(long, value_delimiter = ',', default_value = "0")]
    prune: Vec<u32>,
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes a model.
pub fn train_filter(model: &Model) -> Result<()> {
    match model {
        Model::Classifier(args) => classifier(args),
        Model::Perplexity(args) => perplexity(args),
    }
}

fn classifier(args: &ClassifierArgs) -> Result<()> {
    let options = TrainOptions {
        word_ngrams: args.ngrams,
        epochs: args.epochs,
        seed: args.seed,
        ..TrainOptions::default()
    };
    let (good, bad) = (Texts::of(&args.good, None)?, Texts::of(&args.bad, None)?);
    let (good_error, bad_error) = (good.error(), bad.error());
    let trained = Classifier::train(good, bad, &options);
    texts::check(&good_error)?;
    texts::check(&bad_error)?;
    let (model, report) = trained?;
    make_folder(&args.out)?;
    model.save(&args.out)?;
    let held_out = report.held_out;
    sayln!(
        "Trained on {} good and {} bad documents; {} words.",
        report.good,
        report.bad,
        report.words
    );
    sayln!(
        "On {} documents held back: accuracy {:.4}, precision {:.4}, recall {:.4}, AUC {:.4}",
        held_out.documents,
        held_out.accuracy,
        held_out.precision,
        held_out.recall,
        held_out.auc
    );
    sayln!("Model: {}", args.out.display());
    Ok(())
}

fn perplexity(args: &PerplexityArgs) -> Result<()> {
    let mut model = match &args.arpa {
        Some(path) => KneserNey::load_arpa(path, Units::Tokens)?,
        None => {
            let options = PerplexityOptions {
                language: args.lang.clone(),
                order: args.order,
                prune: args.prune.clone(),
                ..PerplexityOptions::default()
            };
            let texts = Texts::of(&args.texts, Some(&args.lang))?;
            let error = texts.error();
            let trained = KneserNey::train(texts, &options);
            texts::check(&error)?;
            trained?
        }
    };
    if !args.buckets.is_empty() {
        set_buckets(&mut model, args)?;
    }
    make_folder(&args.out)?;
    model.save(&args.out)?;
    let counts: Vec<String> = model.ngrams().iter().map(ToString::to_string).collect();
    sayln!("N-grams by order: {}", counts.join(", "));
    if let Some(buckets) = model.buckets() {
        sayln!(
            "Perplexity below {:.1} is the head, from {:.1} on the tail.",
            buckets.head,
            buckets.tail
        );
    }
    sayln!(
        "Model: {} ({} bytes in memory)",
        args.out.display(),
        model.bytes()
    );
    Ok(())
}

fn set_buckets(model: &mut KneserNey, args: &PerplexityArgs) -> Result<()> {
    let texts = Texts::of(&args.buckets, Some(&args.lang))?;
    let error = texts.error();
    let scores = texts.map(|text| model.perplexity(&text));
    let mut scores: Vec<f64> = scores.filter(|score| score.is_finite()).collect();
    texts::check(&error)?;
    let buckets = Buckets::from_sample(&mut scores, args.head, args.tail);
    if buckets.is_none() {
        bail!(
            "--buckets: {} documents in {}, a head of {} and a tail of {} make no buckets; give \
             documents, and shares that are at most 1 together",
            scores.len(),
            args.lang,
            args.head,
            args.tail
        );
    }
    model.set_buckets(buckets);
    Ok(())
}

fn make_folder(file: &Path) -> Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) => std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display())),
        None => Ok(()),
    }
}
