//! Fine-tunes a pre-trained model for tasks, and says by how much that helped.
//!
//! A [`Job`] reads rows, teaches them to a model (a linear head on the last token for classes, the
//! model's own head for texts, two pointers for answers in a context), stops when the dev rows say
//! so, and compares: with the trivial answer, a bag of words, the same network from scratch, and
//! what others have published. The folder that it writes is read by [`Predictor`], `textmill chat`,
//! `textmill serve` and transformers.
//!
//! Results depend on rows, settings and seed alone, not on the number of threads; but private
//! training ([`Private`]) draws from the operating system unless it is given a seed of its own.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answers;
mod bag_of_words;
mod batches;
mod data;
mod encode;
mod error;
mod gradient;
mod lbfgs;
mod learner;
mod lesson;
mod lora;
mod measure;
mod names;
mod predict;
mod private;
mod published;
mod recipe;
mod rows;
mod rules;
mod run;
mod save;
mod split;
mod table;
mod tasks;
mod threads;

pub use answers::{Answer, Score};
pub use error::Error;
pub use learner::{Epoch, Settings, Watch};
pub use lora::LoraSettings;
pub use predict::Predictor;
pub use private::{Noise, Private, Spent};
pub use published::{Published, published};
pub use recipe::{Marks, QaMode, RECIPE_FILE, Recipe};
pub use rows::{Header, Raw, Refused, Rows as FileRows, read};
pub use run::{Job, Outcome};
pub use table::{Line, Table};
pub use tasks::{Columns, Example, Examples, Task, Turn, examples};
