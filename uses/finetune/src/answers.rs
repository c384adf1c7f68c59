//! What a model answers, and how good that is.

use serde::Serialize;
use serde_json::{Value, json};
use textmill_metrics::{BleuOptions, ChrfOptions, Confusion, Tokenize, bleu, chrf, cmrc, squad};
use textmill_model::{Sampling, generate};
use textmill_tokenize::Encoder;

use crate::Error;
use crate::encode::{Rows, has_han};
use crate::learner::Learner;
use crate::recipe::QaMode;
use crate::tasks::{Example, Task};

/// Tokens of an answer that a model may point at.
const LONGEST_SPAN: usize = 30;

/// A number about a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Its name, with a signature where there is one.
    pub name: String,
    /// More is better, unless the name says loss. Shares lie between 0 and 1, BLEU and the like
    /// between 0 and 100.
    pub value: f64,
    /// Standard error, where it is known.
    pub stderr: Option<f64>,
}

pub(crate) fn score(name: &str, value: f64, stderr: Option<f64>) -> Score {
    Score {
        name: name.to_owned(),
        value,
        stderr,
    }
}

/// An answer of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The label or text.
    pub text: String,
    /// Probabilities of the labels.
    pub probabilities: Vec<f32>,
}

impl Answer {
    fn of(text: String) -> Self {
        Self {
            text,
            probabilities: Vec::new(),
        }
    }
}

/// Answers examples, in their order.
pub(crate) fn answer(
    learner: &Learner,
    rows: &Rows,
    examples: &[Example],
) -> Result<Vec<Answer>, Error> {
    match (rows.recipe.task, rows.recipe.qa) {
        (Task::Classification | Task::Sentiment, _) => classes(learner, rows, examples),
        (Task::Qa, QaMode::Span) => spans(learner, rows, examples),
        _ => texts(learner, rows, examples),
    }
}

fn classes(learner: &Learner, rows: &Rows, examples: &[Example]) -> Result<Vec<Answer>, Error> {
    let encoded = rows.encode(examples)?.rows;
    let found = learner.classify(&encoded)?;
    let answers = found.into_iter().map(|logits| {
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let weights: Vec<f32> = logits.iter().map(|logit| (logit - most).exp()).collect();
        let sum: f32 = weights.iter().sum();
        let best = logits.iter().position(|logit| *logit == most).unwrap_or(0);
        Answer {
            text: rows.recipe.labels.get(best).cloned().unwrap_or_default(),
            probabilities: weights.into_iter().map(|weight| weight / sum).collect(),
        }
    });
    Ok(answers.collect())
}

/// Greedy continuations of the prompts.
fn texts(learner: &Learner, rows: &Rows, examples: &[Example]) -> Result<Vec<Answer>, Error> {
    let mut stop = vec![rows.end];
    stop.extend(rows.recipe.chat.as_ref().map(|marks| marks.end));
    let greedy = Sampling {
        temperature: 0.0,
        max_new_tokens: rows.recipe.max_new_tokens.min(rows.context / 2),
        stop,
        ..Sampling::default()
    };
    let prompts = examples.iter().map(|example| rows.prompt(example));
    let prompts: Vec<Vec<i64>> = prompts.collect::<Result<_, _>>()?;
    let found = learner.each(&prompts, |handle, _, prompt| {
        let prompt: Vec<u32> = prompt.iter().map(|&id| id as u32).collect();
        tch::no_grad(|| {
            let go_on = |_| std::ops::ControlFlow::Continue(());
            Ok(generate(&handle.gpt, &prompt, &greedy, go_on)?)
        })
    })?;
    let text = |ids: Vec<u32>| -> Result<Answer, Error> {
        let text = decode(rows.encoder, &ids)?;
        Ok(Answer::of(text.trim().to_owned()))
    };
    found.into_iter().map(text).collect()
}

fn decode(encoder: &Encoder, ids: &[u32]) -> Result<String, Error> {
    let text = encoder.decode(ids)?;
    Ok(text
        .trim_end_matches(char::REPLACEMENT_CHARACTER)
        .to_owned())
}

/// The likeliest span of the context, over all windows of it.
fn spans(learner: &Learner, rows: &Rows, examples: &[Example]) -> Result<Vec<Answer>, Error> {
    let (mut windows, mut asked) = (Vec::new(), Vec::new());
    for (number, example) in examples.iter().enumerate() {
        if let Example::Question {
            context, question, ..
        } = example
        {
            for window in rows.windows(context, question)? {
                windows.push(window.row);
                asked.push((number, window.places));
            }
        }
    }
    let found = learner.spans(&windows)?;
    let mut best: Vec<(f32, Option<(usize, usize)>)> = vec![(f32::MIN, None); examples.len()];
    for (((number, places), logits), row) in asked.iter().zip(&found).zip(&windows) {
        let from = row.tokens.len() - places.len();
        let (first, last) = logits.split_at(logits.len() / 2);
        let here = best_span(first, last, from, places.len());
        if let (Some((score, first, last)), Some(slot)) = (here, best.get_mut(*number)) {
            let bytes = places
                .get(first)
                .zip(places.get(last))
                .map(|(a, b)| (a.0, b.1));
            if score > slot.0 {
                *slot = (score, bytes);
            }
        }
    }
    let answers = examples
        .iter()
        .zip(best)
        .map(|(example, (_, bytes))| match (example, bytes) {
            (Example::Question { context, .. }, Some((from, to))) => {
                Answer::of(context.get(from..to).unwrap_or_default().trim().to_owned())
            }
            _ => Answer::of(String::new()),
        });
    Ok(answers.collect())
}

/// Score, first and last token (counted from `from`) of the best span.
fn best_span(
    first: &[f32],
    last: &[f32],
    from: usize,
    length: usize,
) -> Option<(f32, usize, usize)> {
    let mut best = None::<(f32, usize, usize)>;
    for start in 0..length {
        for end in start..length.min(start + LONGEST_SPAN) {
            let score = first.get(from + start)? + last.get(from + end)?;
            if best.is_none_or(|(found, ..)| score > found) {
                best = Some((score, start, end));
            }
        }
    }
    best
}

/// The right answers of an example.
pub(crate) fn references(example: &Example) -> Vec<String> {
    match example {
        Example::Labelled { label, .. } => vec![label.clone()],
        Example::Pair { target, .. } => vec![target.clone()],
        Example::Question { answers, .. } => answers.clone(),
        Example::Chat(turns) => {
            let last = turns.iter().rfind(|turn| turn.role == "assistant");
            last.map(|turn| turn.content.trim().to_owned())
                .into_iter()
                .collect()
        }
    }
}

/// How good answers are.
pub(crate) fn judge(
    task: Task,
    labels: &[String],
    examples: &[Example],
    answers: &[String],
) -> Result<(Vec<Score>, Option<Value>), Error> {
    let references: Vec<Vec<String>> = examples.iter().map(references).collect();
    let first: Vec<&str> = references
        .iter()
        .map(|all| all.first().map_or("", String::as_str))
        .collect();
    match task {
        Task::Classification | Task::Sentiment => confusion(labels, &first, answers),
        Task::Translation => Ok((translation(answers, &first)?, None)),
        Task::Qa => {
            let chinese = examples.iter().any(|example| matches!(example, Example::Question { question, .. } if has_han(question)));
            Ok((questions(chinese, answers, &references), None))
        }
        Task::Instruct => {
            let same = answers
                .iter()
                .zip(&first)
                .filter(|(answer, wanted)| answer.as_str() == **wanted);
            let mut scores = vec![share("exact match", same.count(), answers.len())];
            scores.push(chrf_of(answers, &first)?);
            Ok((scores, None))
        }
    }
}

fn share(name: &str, hits: usize, all: usize) -> Score {
    let (hits, all) = (hits as f64, all.max(1) as f64);
    let p = hits / all;
    score(name, p, Some((p * (1.0 - p) / all).sqrt()))
}

fn confusion(
    labels: &[String],
    wanted: &[&str],
    answers: &[String],
) -> Result<(Vec<Score>, Option<Value>), Error> {
    let mut found = Confusion::new(labels.iter().cloned());
    for (wanted, answer) in wanted.iter().zip(answers) {
        found.add_named(wanted, answer)?;
    }
    let means = found.macro_average();
    let scores = vec![
        score("accuracy", found.accuracy(), Some(found.accuracy_error())),
        score("macro precision", means.precision, None),
        score("macro recall", means.recall, None),
        score("macro F1", means.f1, None),
        score("MCC", found.matthews(), None),
    ];
    let matrix = json!({"labels": found.labels(), "counts": found.counts()});
    Ok((scores, Some(matrix)))
}

fn chrf_of(answers: &[String], wanted: &[&str]) -> Result<Score, Error> {
    let found = chrf(answers, &[wanted], &ChrfOptions::default())?;
    Ok(score(
        &format!("chrF ({})", found.signature),
        found.score,
        None,
    ))
}

fn translation(answers: &[String], wanted: &[&str]) -> Result<Vec<Score>, Error> {
    let chinese = wanted.iter().filter(|text| has_han(text)).count() * 2 > wanted.len();
    let options = BleuOptions {
        tokenize: if chinese {
            Tokenize::Zh
        } else {
            Tokenize::V13a
        },
        ..BleuOptions::default()
    };
    let found = bleu(answers, &[wanted], &options)?;
    let bleu = score(&format!("BLEU ({})", found.signature), found.score, None);
    Ok(vec![bleu, chrf_of(answers, wanted)?])
}

/// Exact match and F1: of words as the script of SQuAD counts them, of characters as that of
/// CMRC 2018.
fn questions(chinese: bool, answers: &[String], references: &[Vec<String>]) -> Vec<Score> {
    let mean = |metric: &dyn Fn(&str, &[String]) -> f64| {
        let all: Vec<f64> = answers
            .iter()
            .zip(references)
            .map(|(answer, right)| metric(answer, right))
            .collect();
        let count = all.len().max(1) as f64;
        let mean = all.iter().sum::<f64>() / count;
        let variance = all.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (mean, Some((variance / count).sqrt()))
    };
    let (exact, f1) = match chinese {
        true => (
            mean(&|a, r| cmrc::exact(a, r)),
            mean(&|a, r| cmrc::f1(a, r)),
        ),
        false => (
            mean(&|a, r| squad::exact(a, r)),
            mean(&|a, r| squad::f1(a, r)),
        ),
    };
    let name = if chinese {
        "F1 (characters)"
    } else {
        "F1 (words)"
    };
    vec![
        score("exact match", exact.0, exact.1),
        score(name, f1.0, f1.1),
    ]
}
