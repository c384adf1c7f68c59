//! `textmill predict`.

use std::fs::{self, File};
use std::io::{BufWriter, Write, stdout};
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use textmill_finetune::{Example, Header, Predictor, Task, Turn, examples, read};
use textmill_model::best_device;

use super::PredictArgs;
use crate::explore::escape;

/// Rows that are answered at a time.
const ROWS: usize = 512;

/// Answers rows.
pub fn predict(args: &PredictArgs) -> Result<()> {
    let device = best_device(); // before any other use of tensors
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = args.threads.map_or_else(cores, NonZeroUsize::get);
    let model = Predictor::open(&args.folder, device, threads)?;
    let asked = match &args.file {
        None => args
            .text
            .iter()
            .map(|text| of_text(model.recipe().task, text))
            .collect::<Result<_>>()?,
        Some(file) => of_file(&model, file)?,
    };
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(File::create(path).with_context(|| path.display().to_string())?),
        None => Box::new(stdout().lock()),
    };
    let mut out = BufWriter::new(&mut out);
    let labels = &model.recipe().labels;
    for rows in asked.chunks(ROWS) {
        for answer in model.answer(rows)? {
            let mut line = json!({"answer": answer.text});
            if !answer.probabilities.is_empty() {
                let each = labels.iter().zip(&answer.probabilities);
                let each: Map<String, Value> =
                    each.map(|(label, p)| (label.clone(), json!(p))).collect();
                line["probabilities"] = Value::Object(each);
            }
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}

/// A text as the task reads it.
fn of_text(task: Task, text: &str) -> Result<Example> {
    let text = text.to_owned();
    Ok(match task {
        Task::Classification | Task::Sentiment => Example::Labelled {
            text,
            label: String::new(),
        },
        Task::Translation => Example::Pair {
            source: text,
            target: String::new(),
        },
        Task::Instruct => Example::Chat(vec![Turn {
            role: "user".to_owned(),
            content: text,
        }]),
        Task::Qa => {
            bail!("a question needs its context: give --file with rows of context and question")
        }
    })
}

fn of_file(model: &Predictor, file: &Path) -> Result<Vec<Example>> {
    let recipe = model.recipe();
    if file.extension().is_some_and(|ending| ending == "txt") && recipe.task != Task::Qa {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        return text
            .lines()
            .map(|line| of_text(recipe.task, line))
            .collect();
    }
    let rows = read(file, Header::Guess)?;
    let found = examples(recipe.task, rows, &recipe.columns, false)?;
    // Answers stand line by line beside the rows, so none may be missing.
    if let Some(refused) = found.refused.first() {
        bail!(
            "{}; mend or remove the row ({} in all)",
            escape(&refused.to_string()),
            found.refused.len()
        );
    }
    ensure!(
        !found.examples.is_empty(),
        "{}: there are no rows in this file",
        file.display()
    );
    Ok(found.examples)
}
