//! Accuracies and perplexities of a task's answers.

use serde::Serialize;

use super::forms::Question;
use super::loglikelihood::LogLikelihood;
use super::rows::Refused;

/// What a model reached on a task.
///
/// The figures are those of lm-evaluation-harness. Standard errors are sample standard deviation
/// / √n; that of the total of several files is pooled over them, as the harness does for groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TaskScores {
    /// The task, or its part, as `mmlu_virology`.
    pub task: String,
    /// Questions answered.
    pub documents: u64,
    /// Rows that were no questions of this task.
    pub refused: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_rows: Vec<Refused>,
    /// What guessing gives; absent for a cloze.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// Share of the questions where the right choice has the highest log-likelihood; of a cloze,
    /// where each token of the continuation is the most likely one.
    pub acc: f64,
    /// Its standard error; absent for one question.
    pub acc_stderr: Option<f64>,
    /// The same with the log-likelihood divided by the choice's characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_norm: Option<f64>,
    /// Its standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_norm_stderr: Option<f64>,
    /// The same with the log-likelihood divided by the choice's bytes in UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_bytes: Option<f64>,
    /// Its standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_bytes_stderr: Option<f64>,
    /// exp(−mean log-likelihood of the continuations); of a cloze.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// Its standard error, perplexity · that of the mean (the delta method, where the harness
    /// draws a bootstrap).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity_stderr: Option<f64>,
    /// The files of a folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TaskScores>,
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Answer {
    chance: f64,
    acc: f64,
    acc_norm: f64,
    acc_bytes: f64,
    /// Log-likelihood of the right choice.
    likelihood: f64,
}

impl Answer {
    /// Judges a multiple choice: the first of equals is chosen.
    pub fn choice(question: &Question, found: &[LogLikelihood]) -> Self {
        let by = |length: fn(&str) -> usize| {
            let divided = found.iter().zip(&question.choices);
            let divided = divided.map(|(found, choice)| found.sum / length(choice) as f64);
            let mut best: Option<(usize, f64)> = None;
            for (place, value) in divided.enumerate() {
                if best.is_none_or(|(_, highest)| value > highest) {
                    best = Some((place, value));
                }
            }
            f64::from(u8::from(
                best.map(|(place, _)| place) == Some(question.gold),
            ))
        };
        Self {
            chance: 1.0 / question.choices.len().max(1) as f64,
            acc: by(|_| 1),
            acc_norm: by(|choice| choice.chars().count()),
            acc_bytes: by(str::len),
            likelihood: found.get(question.gold).map_or(0.0, |found| found.sum),
        }
    }

    /// Judges a cloze.
    pub fn cloze(found: &[LogLikelihood]) -> Self {
        let found = found.first().copied().unwrap_or_default();
        Self {
            acc: f64::from(u8::from(found.is_greedy)),
            likelihood: found.sum,
            ..Self::default()
        }
    }
}

/// A figure of each answer.
type Figure = fn(&Answer) -> f64;

/// The answers to the files of a task.
pub(super) struct Answers<'a> {
    pub cloze: bool,
    pub files: Vec<&'a [Answer]>,
}

impl Answers<'_> {
    /// Puts the figures together; `refused` rows are counted beside them.
    pub fn scores(&self, task: String, refused: u64) -> TaskScores {
        let chosen = |figure: Figure| (!self.cloze).then(|| rounded(self.mean(figure)));
        let chosen_error = |figure: Figure| match self.cloze {
            true => None,
            false => self.stderr(figure).map(rounded),
        };
        let mut scores = TaskScores {
            task,
            documents: self.all().count() as u64,
            refused,
            chance: chosen(|answer| answer.chance),
            acc: rounded(self.mean(|answer| answer.acc)),
            acc_stderr: self.stderr(|answer| answer.acc).map(rounded),
            acc_norm: chosen(|answer| answer.acc_norm),
            acc_norm_stderr: chosen_error(|answer| answer.acc_norm),
            acc_bytes: chosen(|answer| answer.acc_bytes),
            acc_bytes_stderr: chosen_error(|answer| answer.acc_bytes),
            ..TaskScores::default()
        };
        if self.cloze {
            let perplexity = (-self.mean(|answer| answer.likelihood)).exp();
            let error = self.stderr(|answer| answer.likelihood);
            scores.perplexity = Some(rounded(perplexity));
            scores.perplexity_stderr = error.map(|error| rounded(perplexity * error));
        }
        scores
    }

    fn all(&self) -> impl Iterator<Item = &Answer> {
        self.files.iter().copied().flatten()
    }

    fn mean(&self, figure: Figure) -> f64 {
        self.all().map(figure).sum::<f64>() / self.all().count().max(1) as f64
    }

    /// √(Σ (nᵢ − 1) sᵢ² / (Σ nᵢ − files) / Σ nᵢ) with the sample variances sᵢ² of the files.
    fn stderr(&self, figure: Figure) -> Option<f64> {
        let count = self.all().count();
        let freedom = count
            .checked_sub(self.files.len())
            .filter(|free| *free > 0)?;
        let squares = self.files.iter().map(|file| {
            let mean = file.iter().map(figure).sum::<f64>() / file.len().max(1) as f64;
            let deviations = file.iter().map(|answer| (figure(answer) - mean).powi(2));
            deviations.sum::<f64>()
        });
        Some((squares.sum::<f64>() / freedom as f64 / count as f64).sqrt())
    }
}

/// Six decimals: what lies beyond is rounding error.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(choices: &[&str], gold: usize) -> Question {
        Question {
            context: String::new(),
            delimiter: " ",
            choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
            gold,
        }
    }

    fn found(sums: &[f64]) -> Vec<LogLikelihood> {
        let found = |&sum: &f64| LogLikelihood {
            sum,
            is_greedy: false,
        };
        sums.iter().map(found).collect()
    }

    #[test]
    fn lengths_decide_by_characters_and_by_bytes() {
        // a character: −4, −3 and −2.5; a byte: −4, −1 and −2.5
        let choices = ["a", "磨", "mill"];
        let sums = found(&[-4.0, -3.0, -10.0]);
        for (gold, expected) in [
            (0, [0.0, 0.0, 0.0]),
            (1, [1.0, 0.0, 1.0]),
            (2, [0.0, 1.0, 0.0]),
        ] {
            let answer = Answer::choice(&question(&choices, gold), &sums);
            assert_eq!([answer.acc, answer.acc_norm, answer.acc_bytes], expected);
        }
        // the first of equals
        let answer = Answer::choice(&question(&["x", "y"], 0), &found(&[-1.0, -1.0]));
        assert_eq!((answer.acc, answer.chance), (1.0, 0.5));
    }

    #[test]
    fn standard_errors_are_those_of_the_harness() {
        let right = |acc| Answer {
            acc,
            ..Answer::default()
        };
        let (first, second) = ([1.0, 0.0, 0.0, 1.0].map(right), [1.0, 1.0, 0.0].map(right));
        let answers = |files| Answers {
            cloze: false,
            files,
        };
        let one = answers(vec![&first]).scores(String::new(), 0);
        // lm_eval.api.metrics.mean_stderr([1, 0, 0, 1])
        assert_eq!((one.acc, one.acc_stderr), (0.5, Some(0.288_675)));
        // pooled_sample_stderr([0.2886751, 0.3333333], [4, 3])
        let both = answers(vec![&first, &second]).scores(String::new(), 0);
        assert_eq!((both.acc, both.acc_stderr), (0.571_429, Some(0.218_218)));
        assert_eq!(
            answers(vec![&first[..1]])
                .scores(String::new(), 0)
                .acc_stderr,
            None
        );
    }

    #[test]
    fn a_cloze_has_a_perplexity() {
        let answers = [-1.0, -3.0].map(|sum| {
            Answer::cloze(&[LogLikelihood {
                sum,
                is_greedy: sum > -2.0,
            }])
        });
        let files = vec![answers.as_slice()];
        let scores = Answers { cloze: true, files }.scores(String::new(), 0);
        assert_eq!(
            (scores.acc, scores.acc_norm, scores.chance),
            (0.5, None, None)
        );
        assert_eq!(scores.perplexity, Some(rounded(2f64.exp())));
        // the mean's error is √2 / √2
        assert_eq!(scores.perplexity_stderr, scores.perplexity);
    }
}
