//! The command line.

mod args;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use args::{ClusterArgs, ConfigArgs, DEFAULT_CONFIG, MixArgs, PackArgs, RunArgs};

/// Raw text in, training tokens and a trained, evaluated GPT out.
#[derive(Debug, Parser)]
#[command(
    name = "textmill",
    version,
    long_about = "textmill turns raw text (web pages, crawls, news, forums, blogs, encyclopedias, books) \
into Parquet shards of training tokens, and those into a trained and evaluated GPT.\n\n\
The stages, in order: collect → extract → filter → dedupe → normalize → tokenize → train → evaluate. \
Each writes a folder under runs/NAME: shards of what it kept, shards of what it dropped (with rule, \
value and limit), and a manifest.",
    after_help = "Examples:\n  \
textmill run                                 the whole pipeline of pipeline.toml\n  \
textmill filter --set filter.min_words=30    one stage (and what it needs), one value changed\n  \
textmill inspect runs/sample/filter          look at what a stage wrote\n  \
textmill trace news/market.html              one document's whole way\n\n\
A run that was stopped or killed goes on where it stood when it is started again."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline: every stage that is not up to date
    #[command(after_help = "Examples:\n  \
textmill run\n  \
textmill run --config configs/rust-docs.toml\n  \
textmill run --until dedupe --set run.threads=4\n  \
textmill run --until tokenize --cluster ray://head:10001    on a Ray cluster (docs/cluster.md)")]
    Run {
        /// Last stage to run [default: the last one, or the configuration's [run] until].
        #[arg(long, value_name = "STAGE")]
        until: Option<String>,
        #[command(flatten)]
        ray: crate::cluster::RayArgs,
        #[command(flatten)]
        args: RunArgs,
    },
    /// Read web pages, crawls, JSON lines and plain text into raw documents
    #[command(after_help = ONE_STAGE)]
    Collect(RunArgs),
    /// Decode the bytes and keep the main content of each page
    #[command(after_help = "Examples:\n  \
textmill extract                                   the stage, and what it needs\n  \
textmill extract page.html                         one page's text (- reads standard input)\n  \
textmill extract https://www.example.org/ --explain\n  \
textmill extract page.html --html why.html         every part coloured, with its reasons\n  \
textmill extract page.html --set 'extract.format=\"markdown\"'")]
    Extract {
        /// One page to extract instead of running the stage: a file, an http(s) address, or -.
        page: Option<String>,
        /// Show the page's tree: every block of text, whether it was kept, and why.
        #[arg(long, requires = "page")]
        explain: bool,
        /// Write the same as an HTML page, kept and dropped parts coloured.
        #[arg(long, value_name = "FILE", requires = "page")]
        html: Option<PathBuf>,
        #[command(flatten)]
        args: RunArgs,
    },
    /// Identify the language and drop what the quality rules name
    #[command(after_help = ONE_STAGE)]
    Filter(RunArgs),
    /// Keep one document of each address, text and cluster of similar texts; cut out what repeats
    #[command(after_help = "Examples:\n  \
textmill dedupe\n  \
textmill dedupe --set dedupe.bands=20 --explain    what the configured numbers will find\n  \
textmill dedupe --set dedupe.lines.enabled=true    lines that many documents share go, too\n  \
textmill clusters --rule near                      what it took for duplicates")]
    Dedupe {
        /// Print which similarities are found, at what cost, and what else could be set, and stop.
        #[arg(long)]
        explain: bool,
        #[command(flatten)]
        args: RunArgs,
    },
    /// Clean Unicode, repair mojibake, mask private data
    #[command(after_help = ONE_STAGE)]
    Normalize(RunArgs),
    /// Train or load a tokenizer and write token shards for training and validation
    #[command(after_help = ONE_STAGE)]
    Tokenize(RunArgs),
    /// Train the GPT, with checkpoints that resume exactly
    #[command(after_help = ONE_STAGE)]
    Train(RunArgs),
    /// Measure the model by source and language, and let it write
    #[command(after_help = ONE_STAGE)]
    Evaluate(RunArgs),
    /// Look into shards: schema, sizes, rows, or SQL over them
    #[command(after_help = "Examples:\n  \
textmill inspect runs/sample/filter\n  \
textmill inspect runs/sample/filter/dropped --rows 10\n  \
textmill inspect runs/sample/normalize --sql \"SELECT lang, count(*) AS documents FROM shards GROUP BY lang\"\n  \
textmill inspect runs/sample/filter/dropped --sql \"SELECT rule, value, text FROM shards\" --json | less")]
    Inspect {
        /// A shard, or a folder of shards; or its address (s3://bucket/run/filter).
        path: PathBuf,
        /// SQL over all the shards, as the table `shards`.
        #[arg(long)]
        sql: Option<String>,
        /// Rows to show.
        #[arg(long, default_value_t = 3)]
        rows: usize,
        /// Characters to show of a long value.
        #[arg(long, default_value_t = 160)]
        width: usize,
        /// Print the rows (all of them, or those of the SQL) whole, as JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Tell a document's whole way through the stages
    #[command(after_help = "Examples:\n  \
textmill trace 3f2a9c            the beginning of an id is enough\n  \
textmill trace https://www.harbour-courier.example/news/ferry\n  \
textmill trace news/ferry.html")]
    Trace {
        /// A document's id (or its beginning), URL or file.
        document: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Look at the largest clusters of duplicates: what was kept, what was dropped, how they differ
    #[command(after_help = crate::clusters::EXAMPLES)]
    Clusters {
        /// What to show.
        #[command(flatten)]
        show: ClusterArgs,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Show what training will draw of each source and language: shares, repetitions, epochs
    #[command(
        long_about = "Shows the training mixture of a run by source and language, before it is trained on: \
the natural share of the tokens, the weight that [train.mixture] gives, the share that it makes, how often \
a document is seen in one pass, the tokens drawn in the configured steps, and the epochs that they mean. \
Tokens count those that end documents. More than 4 epochs are marked. The same table is printed whenever the train stage begins.",
        after_help = "Examples:\n  \
textmill mix\n  \
textmill mix --set train.mixture.sources.news=2 --set train.mixture.languages.zh=0.5\n  \
textmill mix --tokens 300000000000        another budget than the configured steps\n  \
textmill mix --json"
    )]
    Mix {
        /// What to show.
        #[command(flatten)]
        show: MixArgs,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Show what packing documents into rows costs: padding, and documents cut
    #[command(
        long_about = "Reads the lengths of a run's training documents (and no tokens), and shows for each context \
how many rows they make, how much of them is padding, and how many documents are cut, also of those that would \
fit: once for documents joined and cut every context ([train] packing = \"concatenate\"), once for best-fit \
packing (\"best_fit\"), which keeps whole what fits.",
        after_help = "Examples:\n  \
textmill pack                             at the configured context\n  \
textmill pack --context 512,1024,2048\n  \
textmill pack --context 2048 --json"
    )]
    Pack {
        /// What to show.
        #[command(flatten)]
        show: PackArgs,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Run a document stage as a filter on a pipe: JSON lines in, verdicts out
    #[command(
        long_about = "Runs extract, filter, normalize or tokenize as a filter on a pipe. One JSON object a line \
in, with the columns of the stage's input (absent ones take their defaults; for extract `html`, or \
`body_base64` with `media_type` and `charset`). One object out for each, in the same order: \
{\"id\":…,\"kept\":true,\"text\":…} or {\"id\":…,\"kept\":false,\"rule\":…,\"value\":…,\"limit\":…}. \
A malformed line gives {\"line\":7,\"error\":…} and the work goes on.",
        after_help = "Examples:\n  \
echo '{\"id\":\"1\",\"html\":\"<p>Hello there.</p>\"}' | textmill apply extract\n  \
textmill apply filter --set 'filter.families=[\"c4\"]' < rows.jsonl > verdicts.jsonl\n  \
textmill apply tokenize --tokenizer runs/sample/tokenize/tokenizer.json < rows.jsonl"
    )]
    Apply {
        /// extract, filter, normalize or tokenize.
        stage: String,
        /// tokenizer.json for `apply tokenize` [default: the one of the configuration's run].
        #[arg(long)]
        tokenizer: Option<PathBuf>,
        /// Configuration file [default: the built-in defaults].
        #[arg(short, long)]
        config: Option<PathBuf>,
        /// Overrides one value, such as filter.min_words=30; may be given several times.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
    /// Try other thresholds of the filter over what it measured, without reading the text again
    #[command(
        long_about = "Decides again about every document of a run, by what the filter measured \
(runs/NAME/filter/signals), and shows how many documents and tokens change sides, by rule and \
language, with examples from both. Without --set it shows what each rule measured and drops.",
        after_help = "Examples:\n  \
textmill tune filter\n  \
textmill tune filter --set filter.min_words=80\n  \
textmill tune filter --set 'filter.language.zh.min_punctuated_lines=0.2' --examples 10\n  \
textmill inspect runs/sample/filter/signals --sql \"SELECT dropped_by, count(*) AS documents, \
avg(gopher_quality_word_count) AS words FROM shards GROUP BY dropped_by\""
    )]
    Tune {
        /// The stage: filter.
        stage: TunableStage,
        /// Documents to show from each side.
        #[arg(long, default_value_t = 3)]
        examples: usize,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Train a model that the filter scores documents with
    TrainFilter {
        /// The kind of model.
        #[command(subcommand)]
        model: crate::train_filter::Model,
    },
    /// Merge, ask and describe the indexes by which later runs know what earlier ones kept
    #[command(
        long_about = "A reference index holds, for every document that a run kept, hashes of its address and \
text and a MinHash signature, but no text. A run writes one to runs/NAME/dedupe/index with `write_index = true` \
under [dedupe], and drops what is in earlier ones with `reference = [\"runs/NAME/dedupe/index\"]`. \
Indexes can be compared and merged when they were made with the same ngram, cjk_ngram, bands, rows and seed.",
        after_help = "Examples:\n  \
textmill index show runs/monday\n  \
textmill index merge runs/monday runs/tuesday --out indexes/week\n  \
textmill index query indexes/week < rows.jsonl > matches.jsonl\n  \
textmill dedupe --set 'dedupe.reference=[\"indexes/week\"]'"
    )]
    Index {
        /// What to do with indexes.
        #[command(subcommand)]
        command: crate::index::Index,
    },
    /// Write a run's tokens as files for nanoGPT, llm.c or Megatron-LM
    #[command(
        long_about = "Writes the tokens of a run (runs/NAME/tokenize), in the order of its shards, as files that other \
trainers read: exactly the bytes that their own scripts would write. Documents keep their side, training or \
validation. Each ends with the document-end token, or begins with it for llm.c. tokenizer.json lies beside them.\n\n\
A training document stands there once, also if dedupe gave it several repetitions; --repeat writes it so \
often. Weights of a mixture are not applied: they are the trainer's.\n\n\
nanoGPT reads ids of 16 bits: vocabularies of over 65,536 entries need llmc or megatron. Files get their names \
when all of them are whole. Memory does not grow with the corpus.",
        after_help = "Examples:\n  \
textmill export --format nanogpt --out nanoGPT/data/sample\n  \
textmill export --format llmc --out tokens --shard-tokens 10000000\n  \
textmill export --format megatron --out tokens --config configs/rust-docs.toml --repeat"
    )]
    Export(crate::export::ExportArgs),
    /// Compare vocabularies, look at the pieces of a text, prove the encoder
    #[command(
        long_about = "Works with vocabularies of any kind: a run's or another Hugging Face tokenizer.json, a tiktoken \
rank file (lines \"base64 rank\"), or a folder with GPT-2's vocab.bpe and encoder.json. A rank file does not say how \
text is cut into pieces: its name does if it is OpenAI's (cl100k_base.tiktoken, o200k_base, p50k_base, r50k_base, \
gpt2), else `pre_tokenizer` under [tokenize].",
        after_help = "Examples:\n  \
textmill tokenizer report\n  \
textmill tokenizer report gpt2/ cl100k_base.tiktoken --text news.jsonl books/\n  \
textmill tokenizer show \"The ferry left at 7:15. 渡船离开了。\"\n  \
textmill tokenizer check --tokenizer cl100k_base.tiktoken books/"
    )]
    Tokenizer {
        /// What to do with vocabularies.
        #[command(subcommand)]
        command: crate::tokenizer::Tokenizer,
    },
    /// Serve a model over OpenAI's HTTP API, for chats, scripts and lm-evaluation-harness
    #[cfg(feature = "torch")]
    #[command(
        long_about = "Serves a trained model, or a GPT-2 or Llama folder from elsewhere, over HTTP: /v1/completions \
(prompts as text or token ids, in batches; echo, logprobs, streaming), /v1/chat/completions (the folder's chat template, \
else \"User: …\" and \"Assistant: …\" in paragraphs), /v1/models, /tokenizer_info, /tokenize, /detokenize, /health.\n\n\
No token is put before a prompt; an empty one starts as a new document does. Prompts longer than the context are \
refused, unless the request sets truncate_prompt_tokens (-1: as much of the end as leaves room for the answer). A \
text ends when the context is full. The same request, with a seed or temperature 0, gets the same answer, whatever \
else the server does.",
        after_help = "Examples:\n  \
textmill serve --model runs/sample/train/best\n  \
textmill serve --model gpt2/ --port 0 --precision bf16\n  \
lm_eval run --model local-completions --tasks hellaswag --model_args \
base_url=http://127.0.0.1:8000/v1/completions,model=best,max_length=512"
    )]
    Serve(crate::serve::ServeArgs),
    /// Ask a model multiple-choice and cloze tasks, as lm-evaluation-harness does
    #[cfg(feature = "torch")]
    #[command(
        long_about = "Scores a model on tasks as lm-evaluation-harness 0.4.13 does without examples: the same prompts, \
the same tokens at the border of context and choice, the same accuracies and standard errors. The model is a checkpoint \
of a run or a GPT-2 or Llama of Hugging Face with its tokenizer.json.\n\n\
Kinds: hellaswag, arc (arc_easy, arc_challenge), piqa, lambada, blimp, xcopa (xcopa_zh, …), cmmlu, mmlu (mmlu_SUBJECT), \
choice (rows {query, choices, gold}) and cloze (rows {context, continuation}). A path is a file of JSON lines or \
comma-separated values, packed or not (.gz), or a folder of them, each a part of the task: a paradigm of BLiMP, a \
subject of MMLU. Rows that are none of the task are named and left out.",
        after_help = "Examples:\n  \
textmill tasks --model runs/sample/train/best --task hellaswag=hellaswag_val.jsonl --limit 200\n  \
textmill tasks --model gpt2/ --task lambada=test.jsonl --task blimp=blimp/data/ --items items.jsonl\n  \
textmill tasks --model runs/sample/train/best --task xcopa=val.zh.jsonl --json"
    )]
    Tasks(crate::tasks::TasksArgs),
    /// Let a model write: go on with a prompt, or with each line of a file
    #[cfg(feature = "torch")]
    #[command(long_about = crate::generate::LONG_ABOUT)]
    Generate(crate::generate::GenerateArgs),
    /// Talk to a model in the terminal
    #[cfg(feature = "torch")]
    #[command(long_about = crate::chat::LONG_ABOUT)]
    Chat(crate::chat::ChatArgs),
    /// Fine-tune a model for a task, and show by how much that helped
    #[cfg(feature = "torch")]
    #[command(long_about = crate::finetune::FINETUNE)]
    Finetune(crate::finetune::FinetuneArgs),
    /// Use a fine-tuned model: labels, translations, answers for rows of a file
    #[cfg(feature = "torch")]
    #[command(long_about = crate::finetune::PREDICT)]
    Predict(crate::finetune::PredictArgs),
    /// Word embeddings and sentence vectors: export, nearest neighbours, analogies
    #[cfg(feature = "torch")]
    Embed {
        /// What to do with them.
        #[command(subcommand)]
        command: crate::embed::Embed,
    },
    /// Look inside a model: attention, logit lens, next tokens and losses of a text, as a page
    #[cfg(feature = "torch")]
    #[command(long_about = crate::look::LONG_ABOUT)]
    Look(crate::look::LookArgs),
    /// Estimate what training a model costs: operations, tokens, memory, time, energy, money
    #[command(long_about = crate::plan::LONG_ABOUT)]
    Plan(crate::plan::PlanArgs),
    /// What a model betrays of its training data: planted secrets, passages by heart, budgets
    Privacy {
        /// What to do.
        #[command(subcommand)]
        command: crate::privacy::Privacy,
    },
    /// Score predictions against references: BLEU, chrF, exact match, F1, accuracy
    #[command(long_about = crate::score::LONG_ABOUT)]
    Score(crate::score::ScoreArgs),
    /// Print the tasks of a run, for whoever starts them one by one
    #[command(long_about = crate::single::PLAN)]
    PlanTasks(crate::single::PlanArgs),
    /// Run one task of a stage: one process of many
    #[command(long_about = crate::single::TASK)]
    Task(crate::single::TaskArgs),
    /// Run batches of tasks that arrive on standard input
    #[command(hide = true, long_about = crate::single::WORK)]
    Work(crate::single::WorkArgs),
    /// Remove what processes that died have left in a run's folder
    Gc(crate::single::GcArgs),
    /// Print the summary of a run again
    Summary(ConfigArgs),
    /// Check the machine: libtorch, CUDA, cores, memory, free disk
    Doctor(ConfigArgs),
}

/// Stages that measure what they decide by.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum TunableStage {
    /// The filter.
    Filter,
}

const ONE_STAGE: &str = "Runs this stage and, before it, whatever it needs that is missing or out \
of date. --force runs it even if nothing changed.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::stages::STAGES;

    #[test]
    fn the_command_line_is_consistent_and_has_every_stage() {
        let command = Cli::command();
        command.clone().debug_assert();
        for stage in STAGES {
            assert!(
                command.find_subcommand(stage.name).is_some(),
                "{}",
                stage.name
            );
        }
    }
}
