//! What `textmill finetune` and `textmill predict` are told.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use textmill_finetune::{Columns, Noise, Private, Task};

/// Kinds of task.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// One class of several for each text
    Classification,
    /// The same, for opinions
    Sentiment,
    /// Another language, or any text for a text
    Translation,
    /// Answers to questions about contexts
    Qa,
    /// Answers in chats
    Instruct,
}

impl From<Kind> for Task {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Classification => Self::Classification,
            Kind::Sentiment => Self::Sentiment,
            Kind::Translation => Self::Translation,
            Kind::Qa => Self::Qa,
            Kind::Instruct => Self::Instruct,
        }
    }
}

/// How questions are answered.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Mode {
    /// The model points at the answer in the context
    Span,
    /// The model writes it
    Generate,
}

/// What `--help` says first.
pub const FINETUNE: &str = "Fine-tunes a pre-trained model for a task, on all of its weights or by low-rank adapters (LoRA), \
stops when the dev rows get no better, and prints a table: the trivial answer, for classes a bag of words, the same \
network from scratch, the fine-tuned model, and with --dataset what others have published.\n\n\
Rows come from .jsonl, .csv, .tsv or .txt (tab-separated), .parquet, or .json in SQuAD's form. Columns are found by \
their names or, without any, by what they hold:\n  \
classification, sentiment: text and label; several columns of text are joined\n  \
translation: source and target (English and Chinese, the first and second column, …)\n  \
qa: context, question and answers\n  \
instruct: messages of role and content; or prompt and completion; or instruction, input and output\n\
Rows that cannot be used are named and left out; texts longer than the model's context are cut, and counted.\n\n\
The folder that it writes is read by `textmill predict`, `textmill chat`, `textmill serve` and transformers. It holds \
results.json, table.md and predictions.jsonl. The result depends on rows, options and seed, not on the threads.\n\n\
--dp-epsilon or --dp-noise trains in private: what each row teaches is clipped by itself and drowned in noise, and the output \
says what that promises and what it does not. Noise comes from the operating system, so that two runs differ.";

/// What to learn, from what.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill finetune --task sentiment --model runs/sample/train/best --train sample_corpus/tasks/reviews.en.tsv --out runs/reviews\n  \
textmill finetune --task classification --model gpt2/ --train train.csv --test test.csv --lora --out runs/topics\n  \
textmill finetune --task translation --model runs/sample/train/best --train sample_corpus/tasks/pairs.tsv --out runs/zh\n  \
textmill finetune --task qa --qa-mode generate --model gpt2/ --train train-v1.1.json --dev dev-v1.1.json --out runs/qa\n  \
textmill finetune --task instruct --model gpt2/ --train chats.jsonl --out runs/helper && textmill chat --model runs/helper\n  \
textmill finetune --task sentiment --model gpt2/ --train letters.tsv --dp-epsilon 8 --batch 256 --lora --no-scratch --out runs/letters")]
pub struct FinetuneArgs {
    /// What the model is to do.
    #[arg(long, value_enum)]
    pub task: Kind,
    /// The pre-trained model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(long, value_name = "DIR", value_parser = crate::model_folder::model_folder)]
    pub model: PathBuf,
    /// Where the fine-tuned model goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the results as one JSON object.
    #[arg(long)]
    pub json: bool,

    /// Rows to learn from.
    #[arg(long, value_name = "FILE", help_heading = "Rows")]
    pub train: PathBuf,
    /// Rows that decide when to stop [default: a tenth of --train, of each class].
    #[arg(long, value_name = "FILE", help_heading = "Rows")]
    pub dev: Option<PathBuf>,
    /// Rows that the table is of [default: the dev rows].
    #[arg(long, value_name = "FILE", help_heading = "Rows")]
    pub test: Option<PathBuf>,
    /// Rows to learn from at most; 0: all.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rows")]
    pub max_train: usize,
    /// Dev rows and test rows at most; 0: all.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rows")]
    pub max_test: usize,
    /// A column with text; may be given several times.
    #[arg(long, value_name = "COLUMN", help_heading = "Rows")]
    pub text_column: Vec<String>,
    /// The column with the class. Columns without names are called 0, 1, …
    #[arg(long, value_name = "COLUMN", help_heading = "Rows")]
    pub label_column: Option<String>,
    /// The column with the source of a translation.
    #[arg(long, value_name = "COLUMN", help_heading = "Rows")]
    pub source_column: Option<String>,
    /// The column with its target.
    #[arg(long, value_name = "COLUMN", help_heading = "Rows")]
    pub target_column: Option<String>,
    /// Translate from the second column to the first.
    #[arg(long, conflicts_with_all = ["source_column", "target_column"], help_heading = "Rows")]
    pub reverse: bool,
    /// A file with the names of the classes that rows number from 0 or 1, a line each.
    #[arg(long, value_name = "FILE", help_heading = "Rows")]
    pub labels: Option<PathBuf>,
    /// The first line of tables names the columns.
    #[arg(long, conflicts_with = "no_header", help_heading = "Rows")]
    pub header: bool,
    /// The first line of tables is a row.
    #[arg(long, help_heading = "Rows")]
    pub no_header: bool,
    /// The data's name, to print published figures: agnews, chnsenticorp, cmrc2018, sst2,
    /// thucnews, xquad-en.
    #[arg(long, value_name = "NAME", help_heading = "Rows")]
    pub dataset: Option<String>,

    /// Times that the rows are seen at most.
    #[arg(
        long,
        default_value = "10",
        value_name = "N",
        help_heading = "Training"
    )]
    pub epochs: NonZeroU64,
    /// Rows of a step.
    #[arg(
        long,
        default_value = "32",
        value_name = "N",
        help_heading = "Training"
    )]
    pub batch: NonZeroUsize,
    /// Highest learning rate of the weights [default: 5e-4, of adapters 2e-3; less for models wider
    /// than 192: at 768 6e-5 and 5e-4].
    #[arg(long, help_heading = "Training")]
    pub lr: Option<f64>,
    /// Highest learning rate of the new head [default: 1e-3].
    #[arg(long, help_heading = "Training")]
    pub head_lr: Option<f64>,
    /// Highest learning rate of the same network from scratch [default: 1e-3, at a width of 768 5e-4].
    #[arg(long, help_heading = "Training")]
    pub scratch_lr: Option<f64>,
    /// Leave out the same network from scratch.
    #[arg(long, help_heading = "Training")]
    pub no_scratch: bool,
    /// Train low-rank adapters in place of all weights; the folder holds both, merged and apart.
    #[arg(long, help_heading = "Training")]
    pub lora: bool,
    /// Rank of the adapters [default: 8].
    #[arg(long, value_name = "R", help_heading = "Training")]
    pub lora_rank: Option<NonZeroU32>,
    /// The adapters are scaled by alpha / rank [default: twice the rank].
    #[arg(long, value_name = "A", help_heading = "Training")]
    pub lora_alpha: Option<f64>,
    /// Probability of dropout.
    #[arg(long, default_value_t = 0.1, help_heading = "Training")]
    pub dropout: f64,
    /// Decoupled weight decay.
    #[arg(long, default_value_t = 0.01, help_heading = "Training")]
    pub weight_decay: f64,
    /// Epochs without a better dev score after which to stop.
    #[arg(long, default_value = "3", value_name = "N", help_heading = "Training")]
    pub patience: NonZeroU64,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1, help_heading = "Training")]
    pub seed: u64,
    /// Threads [default: one for each core]. The result does not depend on them.
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub threads: Option<NonZeroUsize>,
    /// Train in private (DP-SGD), with as little noise as keeps this epsilon. Batches of hundreds
    /// suit it, and adapters (--lora): the noise is on all that is trained.
    #[arg(
        long,
        value_name = "E",
        conflicts_with = "dp_noise",
        help_heading = "Privacy"
    )]
    pub dp_epsilon: Option<f64>,
    /// Train in private, with noise of this deviation, in clipping norms.
    #[arg(long, value_name = "S", help_heading = "Privacy")]
    pub dp_noise: Option<f64>,
    /// Delta [default: 1e-5, or 1/(10 n) for n rows to learn from, whichever is less].
    #[arg(long, value_name = "D", help_heading = "Privacy")]
    pub dp_delta: Option<f64>,
    /// Norm to which what each row teaches is clipped [default: 1].
    #[arg(long, value_name = "C", help_heading = "Privacy")]
    pub dp_clip: Option<f64>,
    /// Draw sampling and noise from a seed, to repeat a run. The promise then holds only while the
    /// seed is secret [default: a key from the operating system, never written].
    #[arg(long, value_name = "N", help_heading = "Privacy")]
    pub dp_seed: Option<u64>,

    /// How questions are answered.
    #[arg(long, value_enum, default_value_t = Mode::Span, help_heading = "Answers")]
    pub qa_mode: Mode,
    /// Tokens of an answer at most.
    #[arg(long, default_value_t = 64, value_name = "N", help_heading = "Answers")]
    pub max_tokens: usize,
}

impl FinetuneArgs {
    /// Which columns hold what.
    pub fn columns(&self) -> Columns {
        Columns {
            text: self.text_column.clone(),
            label: self.label_column.clone(),
            source: self.source_column.clone(),
            target: self.target_column.clone(),
            reverse: self.reverse,
        }
    }

    /// Whether and how to train in private.
    pub fn private(&self) -> Result<Option<Private>> {
        let noise = match (self.dp_epsilon, self.dp_noise) {
            (Some(epsilon), _) => Noise::Epsilon(epsilon),
            (_, Some(noise)) => Noise::Multiplier(noise),
            (None, None) => {
                let further = self.dp_delta.is_some() || self.dp_clip.is_some();
                ensure!(
                    !further && self.dp_seed.is_none(),
                    "--dp-delta, --dp-clip and --dp-seed need --dp-epsilon or --dp-noise"
                );
                return Ok(None);
            }
        };
        Ok(Some(Private {
            noise,
            delta: self.dp_delta,
            clip: self.dp_clip.unwrap_or(1.0),
            seed: self.dp_seed,
            stream: 0,
        }))
    }

    /// The names of classes.
    pub fn names(&self) -> Result<Vec<String>> {
        let Some(path) = &self.labels else {
            return Ok(Vec::new());
        };
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(text.lines().map(|line| line.trim().to_owned()).collect())
    }
}

/// What `--help` says first.
pub const PREDICT: &str = "Uses a folder that `textmill finetune` wrote: labels with their probabilities, translations, or answers, \
for each row of a file. Rows are read as finetune reads them, from the same columns where the file has them, without their \
answers; a .txt file without tabs holds a text a line. \
One JSON object comes out for each row, in the same order.";

/// What to answer, with what.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
textmill predict runs/reviews --text \"The soup was simply lovely.\" --text 很敷衍。\n  \
textmill predict runs/zh --file sentences.txt\n  \
textmill predict runs/qa --file questions.json --out answers.jsonl")]
pub struct PredictArgs {
    /// The fine-tuned model's folder.
    pub folder: PathBuf,
    /// A text to classify or translate, or a turn of a chat; may be given several times.
    #[arg(long, required_unless_present = "file")]
    pub text: Vec<String>,
    /// A file of rows.
    #[arg(long, conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// Where the answers go [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Threads [default: one for each core].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}
