//! Tasks from their files to their scores.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::hash_file;

use super::encode::LanguageModel;
use super::forms::{Question, question};
use super::kind::{TaskKind, part_of_name};
use super::loglikelihood::{LogLikelihood, Request, Watch};
use super::measure::{Answer, Answers, TaskScores};
use super::rows::{Refused, files, read, stem};
use crate::Error;

/// Rows left out that the figures name.
const NAMED: usize = 10;

/// A task to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Task {
    /// Its name, which says what form the rows have: see [`TaskKind`].
    pub kind: String,
    /// A file of rows, or a folder of such files, each of which is a part of the task.
    pub path: PathBuf,
    /// Rows to read of a file at most, the first ones; 0 reads all.
    pub limit: usize,
}

/// A choice as it was scored.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The task or its part.
    pub task: &'a str,
    /// Number of the row in its file, from 0.
    pub doc: usize,
    /// Number of the choice, from 0.
    pub choice: usize,
    /// What the model read.
    pub context: &'a str,
    /// What was scored behind it.
    pub continuation: &'a str,
    /// How likely it is.
    pub found: LogLikelihood,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The figures.
    pub scores: TaskScores,
    /// Rows that were left out.
    pub refused: Vec<Refused>,
}

/// The questions of one file.
struct Part {
    name: String,
    /// Each with the number of its row, and the place of its first request.
    questions: Vec<(usize, Question, usize)>,
    refused: Vec<Refused>,
}

impl Part {
    /// Reads a file's rows, and adds the requests of each question.
    fn read(
        name: String,
        task: &Task,
        file: &Path,
        model: &LanguageModel,
        requests: &mut Vec<Request>,
    ) -> Result<Self, Error> {
        let kind: TaskKind = task.kind.parse()?;
        let subject = part_of_name(&task.kind).map_or_else(|| stem(file), str::to_owned);
        let mut part = Self {
            name,
            questions: Vec::new(),
            refused: Vec::new(),
        };
        let rows = read(file)?.into_iter().enumerate();
        for (number, (line, row)) in rows.take(limit(task)) {
            let asked = row.and_then(|row| question(kind, &subject, &row));
            match asked.and_then(|asked| Ok((encode(&asked, model)?, asked))) {
                Ok((encoded, asked)) => {
                    part.questions.push((number, asked, requests.len()));
                    requests.extend(encoded);
                }
                Err(problem) => part.refused.push(Refused {
                    file: file.to_path_buf(),
                    line,
                    problem,
                }),
            }
        }
        Ok(part)
    }
}

/// Asks a task. `each` gets every choice of every question, in order.
///
/// A row that is malformed, or whose choice does not fit the model's context, is left out and
/// named in the outcome. Memory grows with the task's text.
///
/// # Errors
/// When a file cannot be read, or has no row of the task; as
/// [`loglikelihoods`](super::loglikelihoods); and what `each` answers.
pub fn run<E: From<Error>>(
    task: &Task,
    model: &mut LanguageModel,
    watch: Watch,
    each: &mut dyn FnMut(Item) -> Result<(), E>,
) -> Result<Outcome, E> {
    let kind: TaskKind = task.kind.parse()?;
    let (mut parts, mut requests) = (Vec::new(), Vec::new());
    let files = files(&task.path)?;
    for file in &files {
        watch.check().map_err(Error::from)?;
        let name = match files.len() {
            1 => task.kind.clone(),
            _ => format!("{}_{}", task.kind, stem(file)),
        };
        parts.push(Part::read(name, task, file, model, &mut requests)?);
    }
    check_any(task, &parts)?;
    let found = model.loglikelihoods(&requests, watch)?;
    finish(task, kind, parts, &found, each)
}

/// Hash of the files of tasks: what they are asked from.
pub(crate) fn files_hash(tasks: &[Task]) -> Result<String, Error> {
    let mut hashes = Vec::new();
    for task in tasks {
        for file in files(&task.path)? {
            hashes.push(hash_file(&file)?);
        }
    }
    Ok(hashes.join(" "))
}

fn limit(task: &Task) -> usize {
    match task.limit {
        0 => usize::MAX,
        limit => limit,
    }
}

/// The requests of a question; in words, why the model cannot answer it.
fn encode(question: &Question, model: &LanguageModel) -> Result<Vec<Request>, String> {
    let encode = |choice: &String| {
        let request = model.encode_pair(&question.context, &question.continuation(choice));
        let request = request.map_err(|error| error.to_string())?;
        let (length, most) = (request.continuation.len(), model.max_length());
        match length {
            0 => Err("a choice has no token of its own".to_owned()),
            length if length > most => Err(format!(
                "a choice has {length} tokens, the model's context {most}"
            )),
            _ => Ok(request),
        }
    };
    question.choices.iter().map(encode).collect()
}

/// Refuses a file of another form, of which no row is a question.
fn check_any(task: &Task, parts: &[Part]) -> Result<(), Error> {
    if parts.iter().any(|part| !part.questions.is_empty()) {
        return Ok(());
    }
    let mut refused = parts.iter().flat_map(|part| &part.refused);
    Err(Error::NoQuestions {
        path: task.path.clone(),
        kind: task.kind.clone(),
        first: match refused.next() {
            Some(refused) => format!("line {}: {}", refused.line, refused.problem),
            None => "it is empty".to_owned(),
        },
    })
}

fn finish<E>(
    task: &Task,
    kind: TaskKind,
    parts: Vec<Part>,
    found: &[LogLikelihood],
    each: &mut dyn FnMut(Item) -> Result<(), E>,
) -> Result<Outcome, E> {
    let mut answers = Vec::new();
    for part in &parts {
        let mut of_part = Vec::with_capacity(part.questions.len());
        for (doc, question, first) in &part.questions {
            let found = found.get(*first..).unwrap_or_default();
            let found = found.get(..question.choices.len()).unwrap_or_default();
            for (choice, (text, found)) in question.choices.iter().zip(found).enumerate() {
                each(Item {
                    task: &part.name,
                    doc: *doc,
                    choice,
                    context: &question.context,
                    continuation: &question.continuation(text),
                    found: *found,
                })?;
            }
            of_part.push(match kind.is_cloze() {
                true => Answer::cloze(found),
                false => Answer::choice(question, found),
            });
        }
        answers.push(of_part);
    }
    let cloze = kind.is_cloze();
    let scores = |files: Vec<&[Answer]>, name: &str, refused: usize| {
        Answers { cloze, files }.scores(name.to_owned(), refused as u64)
    };
    let all = answers.iter().map(Vec::as_slice);
    let all = all.filter(|of_part| !of_part.is_empty()).collect();
    let refused: Vec<Refused> = parts.iter().flat_map(|part| part.refused.clone()).collect();
    let mut total = scores(all, &task.kind, refused.len());
    total.refused_rows = refused.iter().take(NAMED).cloned().collect();
    if parts.len() > 1 {
        let each = parts.iter().zip(&answers);
        let each =
            each.map(|(part, of_part)| scores(vec![of_part], &part.name, part.refused.len()));
        total.parts = each.collect();
    }
    Ok(Outcome {
        scores: total,
        refused,
    })
}
