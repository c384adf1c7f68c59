//! `textmill privacy recite`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use textmill_evaluate::{LanguageModel, Memorization, ModelFolder, Recited, Watch, recited};
use textmill_model::best_device;

use super::passages::{Drawn, of_run, of_texts};
use crate::explore::table;
use crate::model_folder::of_model;
use crate::output::{say, sayln};
use crate::run::Interrupt;
use crate::runner::Reporter;

/// Which model, which documents.
#[derive(Args, Clone, Debug)]
pub struct ReciteArgs {
    /// The model's folder: a checkpoint, a run (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(value_name = "CHECKPOINT")]
    checkpoint: PathBuf,
    /// A file or folder of texts (.jsonl, .txt, shards of a stage), in place of the documents of the
    /// checkpoint's run; may be given several times.
    #[arg(long, value_name = "PATH")]
    text: Vec<PathBuf>,
    /// Documents to try at most, a passage of each.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    prompts: usize,
    /// Tokens that the model is given.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    prompt_tokens: usize,
    /// Tokens that it has to find.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    continuation_tokens: usize,
    /// Draws documents and passages.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Rows that are computed together.
    #[arg(long, default_value_t = 16, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    batch: usize,
    /// Threads [default: one for each core]. The figures do not depend on them.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Draws passages, tries them, and prints how many the model knows.
pub fn recite(args: &ReciteArgs) -> Result<()> {
    let device = best_device(); // before any other use of tensors
    let folder = of_model(&args.checkpoint)?;
    let settings = Memorization {
        prompts: args.prompts,
        prompt_tokens: args.prompt_tokens,
        continuation_tokens: args.continuation_tokens,
    };
    let drawn = match args.text.is_empty() {
        true => of_run(&folder, &settings, args.seed)?,
        false => of_texts(&folder, &args.text, &settings, args.seed)?,
    };
    let cores = || available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = args.threads.map_or_else(cores, NonZeroUsize::get);
    let mut model = ModelFolder::open(&folder, device, threads)?;
    let interrupt = Interrupt::listen()?;
    let reporter = Reporter::start("recite", args.quiet);
    let watch = Watch {
        progress: &reporter,
        cancelled: &|| interrupt.came(),
    };
    let found = tried(&mut model.model(args.batch), drawn, watch);
    reporter.finish();
    print(args, &found?)
}

fn tried(
    model: &mut LanguageModel,
    drawn: Drawn,
    watch: Watch,
) -> Result<Vec<(&'static str, Recited)>> {
    let mut all = Vec::new();
    for (name, passages) in drawn {
        match recited(model, &passages, watch)? {
            Some(Recited { passages: 0, .. }) => bail!(
                "none of the {name} has as many tokens as prompt and continuation together: lower \
                 --prompt-tokens or --continuation-tokens"
            ),
            Some(found) => all.push((name, found)),
            None => bail!(
                "prompt and continuation do not fit the model's context of {} tokens: lower \
                 --prompt-tokens or --continuation-tokens",
                model.max_length()
            ),
        }
    }
    Ok(all)
}

fn print(args: &ReciteArgs, found: &[(&str, Recited)]) -> Result<()> {
    if args.json {
        let mut all = Map::new();
        all.insert("prompt_tokens".to_owned(), json!(args.prompt_tokens));
        all.insert(
            "continuation_tokens".to_owned(),
            json!(args.continuation_tokens),
        );
        for (name, recited) in found {
            all.insert(name.replace(' ', "_"), json!(recited));
        }
        sayln!("{}", Value::Object(all));
        return Ok(());
    }
    sayln!(
        "Given {} tokens, the model goes on with exactly the next {}:",
        args.prompt_tokens,
        args.continuation_tokens
    );
    let head = ["", "passages", "by heart", "share"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (name, recited) in found {
        rows.push(vec![
            (*name).to_owned(),
            recited.passages.to_string(),
            recited.exact.to_string(),
            format!(
                "{:.2}% ± {:.2}",
                100.0 * recited.rate,
                100.0 * recited.stderr
            ),
        ]);
    }
    say!("{}", table(&rows, &[false, true, true, true]));
    Ok(())
}
