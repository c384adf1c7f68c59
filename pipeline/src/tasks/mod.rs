//! `textmill tasks`: multiple-choice and cloze tasks, as lm-evaluation-harness scores them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use textmill_evaluate::{Item, ModelFolder, Outcome, Task, Watch, run_task};
use textmill_model::best_device;

use crate::explore::escape;
use crate::output::{say, sayln};
use crate::report;
use crate::run::Interrupt;
use crate::runner::Reporter;

/// Malformed rows of a task that are named one by one.
const NAMED: usize = 10;

/// Which model to ask what.
#[derive(Args, Debug)]
pub struct TasksArgs {
    /// The model: a checkpoint's folder, a run's (its best checkpoint), or a GPT-2 or Llama of Hugging
    /// Face with tokenizer.json.
    #[arg(long, value_name = "FOLDER", value_parser = crate::model_folder::model_folder)]
    model: PathBuf,
    /// A task and its file or folder of files; may be given several times.
    #[arg(long = "task", value_name = "KIND=PATH", required = true, value_parser = task)]
    tasks: Vec<Task>,
    /// Rows of each file to ask at most, the first ones.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Write each choice's log-likelihood to a file of JSON lines.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Write contexts and continuations there, too.
    #[arg(long, requires = "items")]
    prompts: bool,
    /// Print JSON lines, one for each task.
    #[arg(long)]
    json: bool,
    /// Rows that are computed together.
    #[arg(long, default_value_t = 16, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    batch: usize,
    /// Threads [default: one for each core]. The figures do not depend on them.
    #[arg(long)]
    threads: Option<usize>,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
}

fn task(text: &str) -> Result<Task, String> {
    let (kind, path) = text.split_once('=').ok_or("write it as KIND=PATH")?;
    let known: Result<textmill_evaluate::TaskKind, _> = kind.parse();
    known.map_err(|error| error.to_string())?;
    Ok(Task {
        kind: kind.to_owned(),
        path: PathBuf::from(path),
        limit: 0,
    })
}

/// Asks the tasks and prints how the model did.
pub fn tasks(args: &TasksArgs) -> Result<()> {
    let device = best_device(); // before any other use of tensors
    let threads = args.threads.unwrap_or_else(cores);
    let mut folder = ModelFolder::open(&args.model, device, threads)?;
    let mut model = folder.model(args.batch);
    let mut items = args.items.as_deref().map(Items::create).transpose()?;
    let interrupt = Interrupt::listen()?;
    let mut all = Vec::new();
    for task in &args.tasks {
        let task = Task {
            limit: args.limit.unwrap_or(0),
            ..task.clone()
        };
        let reporter = Reporter::start("tasks", args.quiet);
        let watch = Watch {
            progress: &reporter,
            cancelled: &|| interrupt.came(),
        };
        let outcome = run_task(&task, &mut model, watch, &mut |item| match &mut items {
            Some(items) => items.write(&item, args.prompts),
            None => Ok(()),
        });
        reporter.finish();
        ensure!(!interrupt.came(), "stopped; the task was not scored");
        let outcome = outcome?;
        report_refused(&outcome);
        if args.json {
            sayln!("{}", serde_json::to_string(&outcome.scores)?);
        }
        all.push(outcome.scores);
    }
    if let Some(items) = items {
        items.finish()?;
    }
    if !args.json {
        let all = serde_json::from_value::<Vec<report::TaskScores>>(serde_json::to_value(&all)?)?;
        say!("{}", report::tasks(&all));
    }
    Ok(())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn report_refused(outcome: &Outcome) {
    for refused in outcome.refused.iter().take(NAMED) {
        eprintln!("left out: {}", escape(&refused.to_string()));
    }
    let more = outcome.refused.len().saturating_sub(NAMED);
    if more > 0 {
        eprintln!("left out: {more} more rows of {}", outcome.scores.task);
    }
}

/// The file of log-likelihoods.
struct Items {
    path: PathBuf,
    file: BufWriter<File>,
}

/// One of its lines.
#[derive(Serialize)]
struct Line<'a> {
    task: &'a str,
    doc: usize,
    choice: usize,
    loglikelihood: f64,
    is_greedy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation: Option<&'a str>,
}

impl Items {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self {
            path: path.to_path_buf(),
            file: BufWriter::new(file),
        })
    }

    fn write(&mut self, item: &Item, prompts: bool) -> Result<()> {
        serde_json::to_writer(
            &mut self.file,
            &Line {
                task: item.task,
                doc: item.doc,
                choice: item.choice,
                loglikelihood: item.found.sum,
                is_greedy: item.found.is_greedy,
                context: prompts.then_some(item.context),
                continuation: prompts.then_some(item.continuation),
            },
        )?;
        Ok(self.file.write_all(b"\n")?)
    }

    fn finish(mut self) -> Result<()> {
        self.file
            .flush()
            .with_context(|| self.path.display().to_string())
    }
}
