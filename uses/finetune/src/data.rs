//! The rows of a job, and what they say of its task.

use std::path::Path;

use textmill_tokenize::Encoder;

use crate::Error;
use crate::answers::references;
use crate::names::Names;
use crate::recipe::{Marks, Recipe};
use crate::rows::{Refused, read};
use crate::run::Job;
use crate::split::{hold_back, limit};
use crate::tasks::{Columns, Example, Task, examples};

/// The rows of a job.
pub(crate) struct Data {
    pub train: Vec<Example>,
    pub dev: Vec<Example>,
    pub test: Vec<Example>,
    pub refused: Vec<Refused>,
    /// The columns that they were read from.
    pub columns: Columns,
    /// Whether test is dev.
    pub same: bool,
}

impl Job {
    /// Reads all rows.
    pub(crate) fn data(&self) -> Result<Data, Error> {
        let mut refused = Vec::new();
        // The first file tells of columns and classes what holds for the others.
        let (mut columns, mut names) = (self.columns.clone(), Names::of(&self.names));
        let mut load = |path: &Path| -> Result<Vec<Example>, Error> {
            let found = examples(self.task, read(path, self.header)?, &columns, true);
            let found = found.map_err(|error| Error::file(path, error))?;
            refused.extend(found.refused);
            columns = found.columns;
            let mut all = found.examples;
            names.give(&mut all).map_err(|why| Error::file(path, why))?;
            match all.is_empty() {
                true => Err(Error::file(path, no_rows(&refused))),
                false => Ok(all),
            }
        };
        let seed = self.settings.seed;
        let [most_train, most_test] = self
            .limits
            .map(|most| if most == 0 { usize::MAX } else { most });
        let (mut train, dev) = match &self.dev {
            Some(dev) => (load(&self.train)?, load(dev)?),
            None => hold_back(load(&self.train)?, seed),
        };
        train = limit(train, most_train, seed);
        let test = self.test.as_deref().map(&mut load).transpose()?;
        let same = test.is_none();
        let test = limit(test.unwrap_or_else(|| dev.clone()), most_test, seed);
        let dev = limit(dev, most_test, seed);
        if train.is_empty() || dev.is_empty() {
            return Err(Error::file(
                &self.train,
                "has too few rows to hold some back; give --dev",
            ));
        }
        Ok(Data {
            train,
            dev,
            test,
            refused,
            columns,
            same,
        })
    }

    /// What the model must remember of the task.
    pub(crate) fn recipe(&self, data: &Data, encoder: &Encoder) -> Result<Recipe, Error> {
        let mut labels: Vec<String> = Vec::new();
        if self.task.has_classes() {
            labels = data.train.iter().flat_map(references).collect();
            labels.sort_unstable();
            labels.dedup();
            let unknown = data.dev.iter().chain(&data.test).flat_map(references);
            if let Some(label) = unknown.into_iter().find(|label| !labels.contains(label)) {
                let message = format!(
                    "the class `{label}` stands in dev or test, but in no row to learn from"
                );
                return Err(Error::Config(message));
            }
            if labels.len() < 2 {
                return Err(Error::file(&self.train, "has rows of one class only"));
            }
        }
        Ok(Recipe {
            task: self.task,
            labels,
            qa: self.qa,
            columns: data.columns.clone(),
            max_new_tokens: self.max_new_tokens,
            chat: Marks::of_vocabulary(encoder).filter(|_| self.task == Task::Instruct),
        })
    }
}

/// Why a file has no usable row.
fn no_rows(refused: &[Refused]) -> String {
    let last = refused.last().map(|last| format!(" (the last: {last})"));
    format!("holds no usable row{}", last.unwrap_or_default())
}
