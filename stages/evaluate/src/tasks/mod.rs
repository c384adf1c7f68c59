//! Multiple-choice and cloze tasks, asked and scored as lm-evaluation-harness 0.4.13 does.
//!
//! A task's file is read row by row into questions: a context and the choices that may follow
//! ([`TaskKind`] has the forms). The model gives the log-likelihood of each choice behind the
//! context ([`loglikelihoods`]), and [`run`] makes accuracies of them. Prompts, the tokens at the
//! border of context and choice, truncation and the metrics are the harness', so that the figures
//! can be put beside published ones.

mod csv;
mod encode;
mod forms;
mod kind;
mod loglikelihood;
mod measure;
mod open;
mod python;
mod rows;
mod run;
mod subjects;

#[cfg(test)]
mod tests;

pub use encode::{LanguageModel, encode_pair};
pub use kind::TaskKind;
pub use loglikelihood::{LogLikelihood, Request, Watch, loglikelihoods};
pub use measure::TaskScores;
pub use open::{ModelFolder, text_prefix};
pub use rows::Refused;
pub(crate) use run::files_hash;
pub use run::{Item, Outcome, Task, run};
