//! `textmill score`: predictions against references.

mod files;
mod print;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use textmill_metrics::{
    BleuOptions, ChrfOptions, Confusion, Smoothing, Tokenize, bleu, chrf, cmrc, squad,
};

use files::{Predictions, References};
use print::Scores;

/// What is scored.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Metric {
    /// Translations: n-grams of words
    Bleu,
    /// Translations: n-grams of characters
    Chrf,
    /// Translations: n-grams of characters, words and pairs of words
    #[value(name = "chrf++")]
    ChrfPlusPlus,
    /// Answers: exact match and F1 of words, as SQuAD 2.0
    Squad,
    /// Chinese answers: exact match and F1 of the longest common stretch, as CMRC 2018
    Cmrc,
    /// Labels: accuracy, precision, recall, F1, MCC, confusion matrix
    Classification,
}

/// What `--help` says first.
pub const LONG_ABOUT: &str = "Scores predictions against references and prints the numbers with what they were computed with. \
        BLEU, chrF and chrF++ and their signatures are those of sacreBLEU 2.6.0; exact match and F1 those of SQuAD's \
        evaluate-v2.0.py and of cmrc2018_evaluate.py; classification those of scikit-learn, 0/0 being 0.\n\n\
        Files are read by their names:\n  \
        *.jsonl      one JSON object a line. Predictions: \"prediction\". References: \"reference\" (a string; of \
        classification also a number or true/false), or \"references\" or \"answers\" (a list of strings, or SQuAD's \
        {\"text\": [...]}); an empty list is a question without an answer. Rows with an \"id\" in both files must \
        have the same one.\n  \
        all others   text, one prediction or reference a line; for squad and cmrc an empty line is no answer.\n\n\
        Several files of references give several references for each prediction. Row n of each file goes with row n \
        of the others: a row that cannot be read ends the command, for a score of other rows would be another score.";

/// What to compare with what.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
        textmill score --metric bleu --tokenize zh --predictions ours.zh --references ref.A.zh ref.B.zh\n  \
        textmill score --metric chrf++ --predictions ours.en --references ref.en --json\n  \
        textmill score --metric squad --predictions answers.jsonl --references dev.jsonl\n  \
        textmill score --metric classification --predictions labels.txt --references gold.txt")]
pub struct ScoreArgs {
    /// What to compute.
    #[arg(long, value_enum)]
    metric: Metric,
    /// What the model said.
    #[arg(long, value_name = "FILE")]
    predictions: PathBuf,
    /// What is right; several files are several references.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    references: Vec<PathBuf>,
    /// Tokenizer of BLEU: 13a, zh (for Chinese), char, intl, none [default: 13a].
    #[arg(long, value_name = "NAME")]
    tokenize: Option<Tokenize>,
    /// Smoothing of BLEU: exp, floor, add-k, none [default: exp].
    #[arg(long, value_name = "NAME")]
    smooth: Option<Smoothing>,
    /// Upper case counts as lower case; of BLEU and chrF.
    #[arg(long)]
    lowercase: bool,
    /// Orders of n-grams that the predictions are too short for do not count; of BLEU.
    #[arg(long)]
    effective_order: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Computes and prints a metric.
///
/// # Errors
/// When a file cannot be read, or the files do not go together.
pub fn score(args: &ScoreArgs) -> Result<()> {
    args.check()?;
    let predictions = Predictions::read(&args.predictions, args.metric)?;
    let references = References::read(&args.references, args.metric)?;
    references.check(&predictions)?;
    let scores = match args.metric {
        Metric::Bleu | Metric::Chrf | Metric::ChrfPlusPlus => {
            args.translations(&predictions, &references)?
        }
        Metric::Squad => answers(&predictions, &references, squad::exact, squad::f1),
        Metric::Cmrc => answers(&predictions, &references, cmrc::exact, cmrc::f1),
        Metric::Classification => {
            let labels = references.columns()?;
            let [labels] = &labels[..] else {
                bail!("classification takes one label a row; give one file of references");
            };
            let confusion = Confusion::of(labels, &predictions.texts)?;
            Scores::Classification(confusion)
        }
    };
    scores.print(args.metric, predictions.texts.len(), args.json)
}

impl ScoreArgs {
    /// Refuses options that would be ignored.
    fn check(&self) -> Result<()> {
        let (bleu, chrf) = match self.metric {
            Metric::Bleu => (true, false),
            Metric::Chrf | Metric::ChrfPlusPlus => (false, true),
            _ => (false, false),
        };
        for (given, fits, name) in [
            (self.tokenize.is_some(), bleu, "--tokenize"),
            (self.smooth.is_some(), bleu, "--smooth"),
            (self.effective_order, bleu, "--effective-order"),
            (self.lowercase, bleu || chrf, "--lowercase"),
        ] {
            ensure!(
                !given || fits,
                "{name} is not for this metric; leave it out"
            );
        }
        Ok(())
    }

    fn translations(&self, predictions: &Predictions, references: &References) -> Result<Scores> {
        let columns = references.columns()?;
        let columns: Vec<&[&str]> = columns.iter().map(Vec::as_slice).collect();
        let found = match self.metric {
            Metric::Bleu => {
                let options = BleuOptions {
                    tokenize: self.tokenize.unwrap_or_default(),
                    smoothing: self.smooth.unwrap_or_default(),
                    lowercase: self.lowercase,
                    effective_order: self.effective_order,
                };
                bleu(&predictions.texts, &columns, &options).map(Scores::Bleu)
            }
            metric => {
                let options = ChrfOptions {
                    lowercase: self.lowercase,
                    ..match metric {
                        Metric::ChrfPlusPlus => ChrfOptions::plus_plus(),
                        _ => ChrfOptions::default(),
                    }
                };
                chrf(&predictions.texts, &columns, &options).map(Scores::Chrf)
            }
        };
        found.with_context(|| self.predictions.display().to_string())
    }
}

/// Exact match and F1 of answers, in percent.
fn answers(
    predictions: &Predictions,
    references: &References,
    exact: fn(&str, &[String]) -> f64,
    f1: fn(&str, &[String]) -> f64,
) -> Scores {
    let rows = || predictions.texts.iter().zip(&references.rows);
    let mean = |sum: f64| 100.0 * sum / predictions.texts.len().max(1) as f64;
    Scores::Answers {
        exact_match: mean(rows().map(|(answer, right)| exact(answer, right)).sum()),
        f1: mean(rows().map(|(answer, right)| f1(answer, right)).sum()),
    }
}
