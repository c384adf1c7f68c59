//! One fine-tuning, with all that it is compared with.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use tch::Device;
use textmill_model::{CONFIG_FILE, Gpt, TOKENIZER_FILE};
use textmill_tokenize::Encoder;

use crate::Error;
use crate::answers::{Score, answer, judge, references, score};
use crate::bag_of_words::BagOfWords;
use crate::data::Data;
use crate::encode::Rows;
use crate::learner::{Epoch, Learner, Learnt, Settings, Watch};
use crate::private::{Private, Spent};
use crate::published::published;
use crate::recipe::{QaMode, Recipe};
use crate::rows::Header;
use crate::save::{save, write_json};
use crate::table::{Line, Table};
use crate::tasks::{Columns, Example, Task};

/// What to fine-tune, on what, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// The task.
    pub task: Task,
    /// The pre-trained model's folder.
    pub model: PathBuf,
    /// Where the fine-tuned one goes.
    pub out: PathBuf,
    /// Rows to learn from.
    pub train: PathBuf,
    /// Rows that decide when to stop; none: a tenth of `train`.
    pub dev: Option<PathBuf>,
    /// Rows that the table is of; none: those of `dev`.
    pub test: Option<PathBuf>,
    /// Whether tables have headers.
    pub header: Header,
    /// Which columns hold what.
    pub columns: Columns,
    /// Names of the classes, where rows hold numbers.
    pub names: Vec<String>,
    /// How questions are answered.
    pub qa: QaMode,
    /// Rows to learn from at most, and to test on at most; 0: all.
    pub limits: [usize; 2],
    /// Tokens of an answer at most.
    pub max_new_tokens: usize,
    /// How to fine-tune.
    pub settings: Settings,
    /// Learning rate of the same model from scratch; none: it is left out.
    pub scratch_lr: Option<f64>,
    /// Name of the data, for published figures.
    pub dataset: Option<String>,
}

/// How it went.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// All models.
    pub table: Table,
    /// Rows to learn from, to stop by, to test on.
    pub rows: [usize; 3],
    /// Whether the table is of the dev rows.
    pub tested_on_dev: bool,
    /// Rows that were left out, with place and reason.
    pub refused: Vec<String>,
    /// Texts that were cut to the context.
    pub cut: usize,
    /// Losses and dev scores by epoch, of the fine-tuned model.
    pub epochs: Vec<Epoch>,
    /// Which class was taken for which.
    pub confusion: Option<Value>,
    /// What private training promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Spent>,
    /// Trained parameters.
    pub trained: i64,
    /// Seconds of fine-tuning.
    pub seconds: f64,
}

impl Job {
    /// Does it. `progress(name)` is asked for a watch for each model that is trained.
    ///
    /// # Errors
    /// When files cannot be read or written, or training diverges.
    pub fn run<'w>(
        &self,
        device: Device,
        watch: &mut dyn FnMut(&'static str) -> Watch<'w>,
    ) -> Result<Outcome, Error> {
        let others = self.others()?;
        if !self.model.join(CONFIG_FILE).exists() {
            let problem = format!("is no model's folder: it holds no {CONFIG_FILE}");
            return Err(Error::file(&self.model, problem));
        }
        let data = self.data()?;
        let encoder = Encoder::load(&self.model.join(TOKENIZER_FILE))?;
        let gpt = Gpt::load(&self.model, device)?;
        let recipe = self.recipe(&data, &encoder)?;
        let rows = Rows::new(&self.model, &recipe, &encoder, &gpt)?;
        let mut table = Table::default();
        self.trivial(&data, &recipe, &mut table)?;
        if recipe.outputs() == 0 {
            gpt.require_causal()?;
            table.lines.push(self.untouched(&gpt, &rows, &data)?);
        }
        let mut beside = None;
        if let Some(lr) = self.scratch_lr {
            let fresh = Gpt::new(gpt.config(), self.settings.seed, device)?;
            let watch = watch("from scratch");
            let (line, privacy) = self.scratch(fresh, lr, &rows, &data, &watch)?;
            table.lines.push(line);
            beside = privacy;
        }
        let start = std::time::Instant::now();
        let watch = watch("fine-tuning");
        let (learner, learnt) = self.learn(gpt, &self.settings, &rows, &data, &watch)?;
        let seconds = start.elapsed().as_secs_f64();
        let (scores, confusion, answers) = self.test(&learner, &rows, &data)?;
        let privacy = match (learnt.privacy, &beside) {
            (Some(spent), Some(scratch)) => Some(spent.beside(scratch)?),
            (spent, _) => spent,
        };
        let note = self.how(learnt.epochs.len(), privacy.as_ref());
        table.lines.push(line("fine-tuned", &note, scores));
        table.lines.extend(others);
        save(&learner, &recipe, &self.model, &self.out)?;
        let outcome = Outcome {
            cut: rows.encode(&data.train)?.cut,
            rows: [data.train.len(), data.dev.len(), data.test.len()],
            tested_on_dev: data.same,
            refused: data.refused.iter().map(ToString::to_string).collect(),
            trained: learner.trained(),
            table,
            epochs: learnt.epochs,
            privacy,
            confusion,
            seconds,
        };
        self.write(&outcome, &data, &answers)?;
        Ok(outcome)
    }

    /// What the model makes of the test rows as it is.
    fn untouched(&self, gpt: &Gpt, rows: &Rows, data: &Data) -> Result<Line, Error> {
        let learner = Learner::new(gpt.share()?, 0, &self.settings)?;
        let (scores, ..) = self.test(&learner, rows, data)?;
        let note = "the pre-trained model, as it is";
        Ok(line("before fine-tuning", note, scores))
    }

    /// What the same network learns without having been pre-trained, on all of its weights.
    fn scratch(
        &self,
        fresh: Gpt,
        lr: f64,
        rows: &Rows,
        data: &Data,
        watch: &Watch,
    ) -> Result<(Line, Option<Spent>), Error> {
        // Noise of its own: the difference of two models with the same noise would have none.
        let apart = |private: &Private| Private {
            stream: private.stream + 1,
            ..private.clone()
        };
        let settings = Settings {
            lr,
            lora: None,
            private: self.settings.private.as_ref().map(apart),
            ..self.settings.clone()
        };
        let (learner, learnt) = self.learn(fresh, &settings, rows, data, watch)?;
        let (scores, ..) = self.test(&learner, rows, data)?;
        let mut note = format!("the same network and rows, learning rate {lr:e}");
        note += &in_private(learnt.privacy.as_ref());
        Ok((line("from scratch", &note, scores), learnt.privacy))
    }

    /// How the model was fine-tuned, in words.
    fn how(&self, epochs: usize, privacy: Option<&Spent>) -> String {
        let kind = match self.settings.lora {
            Some(lora) => format!("LoRA of rank {}", lora.rank),
            None => "all weights".to_owned(),
        };
        format!(
            "{kind}, learning rate {:e}, {epochs} epochs{}",
            self.settings.lr,
            in_private(privacy)
        )
    }

    /// Fine-tunes a network; the dev score is accuracy, or less loss.
    fn learn(
        &self,
        gpt: Gpt,
        settings: &Settings,
        rows: &Rows,
        data: &Data,
        watch: &Watch,
    ) -> Result<(Learner, Learnt), Error> {
        let mut learner = Learner::new(gpt, rows.recipe.outputs(), settings)?;
        let train = rows.encode(&data.train)?.rows;
        if train.is_empty() {
            return Err(Error::file(
                &self.train,
                "has no row that fits the model's context",
            ));
        }
        let dev = rows.encode(&data.dev)?.rows;
        let learnt = learner.fit(&train, settings, watch, &mut |learner| {
            if rows.recipe.outputs() == 0 {
                let (sum, count) = learner.loss(&dev)?;
                return Ok(-sum / count.max(1) as f64);
            }
            // Accuracy stands first, F1 of answers last.
            let (scores, ..) = self.judged(learner, rows, &data.dev)?;
            let decides = match self.task.has_classes() {
                true => scores.first(),
                false => scores.last(),
            };
            Ok(decides.map_or(0.0, |score| score.value))
        })?;
        Ok((learner, learnt))
    }

    fn judged(
        &self,
        learner: &Learner,
        rows: &Rows,
        examples: &[Example],
    ) -> Result<Judged, Error> {
        let answers = answer(learner, rows, examples)?;
        let texts: Vec<String> = answers.into_iter().map(|answer| answer.text).collect();
        let (scores, confusion) = judge(self.task, &rows.recipe.labels, examples, &texts)?;
        Ok((scores, confusion, texts))
    }

    /// The figures of a model on the test rows.
    fn test(&self, learner: &Learner, rows: &Rows, data: &Data) -> Result<Judged, Error> {
        let (mut scores, confusion, texts) = self.judged(learner, rows, &data.test)?;
        if rows.recipe.outputs() == 0 {
            let (sum, count) = learner.loss(&rows.encode(&data.test)?.rows)?;
            scores.push(score("loss", sum / count.max(1) as f64, None));
        }
        Ok((scores, confusion, texts))
    }

    /// What needs no network: the majority, a bag of words, the source itself.
    fn trivial(&self, data: &Data, recipe: &Recipe, table: &mut Table) -> Result<(), Error> {
        let mut add = |name: &str, note: &str, answers: Vec<String>| -> Result<(), Error> {
            let (scores, _) = judge(self.task, &recipe.labels, &data.test, &answers)?;
            // A copied source has learnt nothing.
            let open = self.settings.private.is_some() && name != "copy";
            let not = if open { NOT_PRIVATE } else { "" };
            table
                .lines
                .push(line(name, &format!("{note}{not}"), scores));
            Ok(())
        };
        if self.task == Task::Translation {
            let copied = data.test.iter().map(|example| match example {
                Example::Pair { source, .. } => source.clone(),
                _ => String::new(),
            });
            return add("copy", "the source, untranslated", copied.collect());
        }
        let most = most_frequent(&data.train);
        add(
            "majority",
            "the most frequent answer of the rows to learn from",
            vec![most; data.test.len()],
        )?;
        if !self.task.has_classes() {
            return Ok(());
        }
        let labelled = |examples: &[Example]| -> Vec<(String, usize)> {
            let one = |example: &Example| match example {
                Example::Labelled { text, label } => {
                    let class = recipe.labels.iter().position(|known| known == label);
                    Some((text.clone(), class?))
                }
                _ => None,
            };
            examples.iter().filter_map(one).collect()
        };
        let (train, dev) = (labelled(&data.train), labelled(&data.dev));
        let bag = BagOfWords::fit(&train, &dev, recipe.labels.len());
        let answers = labelled(&data.test).into_iter().map(|(text, _)| {
            recipe
                .labels
                .get(bag.predict(&text))
                .cloned()
                .unwrap_or_default()
        });
        add(
            "bag of words",
            "logistic regression on words and pairs of them, the same rows",
            answers.collect(),
        )
    }

    /// What others have published, a line for each model.
    fn others(&self) -> Result<Vec<Line>, Error> {
        let mut lines: Vec<Line> = Vec::new();
        for figure in self.dataset.as_deref().map_or(Ok(Vec::new()), published)? {
            let value = score(&figure.metric, figure.value, None);
            match lines.last_mut().filter(|line| line.name == figure.model) {
                Some(line) => line.scores.push(value),
                None => lines.push(line(
                    &figure.model,
                    &format!("published: {}", figure.source),
                    vec![value],
                )),
            }
        }
        Ok(lines)
    }

    fn write(&self, outcome: &Outcome, data: &Data, answers: &[String]) -> Result<(), Error> {
        write_json(
            &self.out.join("results.json"),
            &json!({"settings": self.settings, "outcome": outcome}),
        )?;
        let path = self.out.join("table.md");
        std::fs::write(&path, outcome.table.markdown()).map_err(Error::io(&path))?;
        let lines = data.test.iter().zip(answers).map(|(example, answer)| {
            let asked = match example {
                Example::Labelled { text, .. } => json!(text),
                Example::Pair { source, .. } => json!(source),
                Example::Question { id, question, .. } => json!({"id": id, "question": question}),
                Example::Chat(turns) => json!(turns),
            };
            json!({"input": asked, "references": references(example), "answer": answer}).to_string()
                + "\n"
        });
        let path = self.out.join("predictions.jsonl");
        std::fs::write(&path, lines.collect::<String>()).map_err(Error::io(&path))
    }
}

/// What is to be known of lines that private training does not protect.
const NOT_PRIVATE: &str = "; not private (its figures alone are shown)";

/// What private training promises, behind a note.
fn in_private(privacy: Option<&Spent>) -> String {
    let promise = |spent: &Spent| format!("; differentially private, {}", spent.short());
    privacy.map(promise).unwrap_or_default()
}

/// A model's figures, which class it took for which, and its answers.
type Judged = (Vec<Score>, Option<Value>, Vec<String>);

fn line(name: &str, note: &str, scores: Vec<Score>) -> Line {
    Line {
        name: name.to_owned(),
        note: note.to_owned(),
        scores,
    }
}

/// Of equally frequent ones the first by alphabet.
fn most_frequent(examples: &[Example]) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for answer in examples
        .iter()
        .filter_map(|example| references(example).into_iter().next())
    {
        *counts.entry(answer).or_default() += 1;
    }
    let most = counts.values().copied().max();
    let found = counts.into_iter().find(|(_, count)| Some(*count) == most);
    found.map(|(answer, _)| answer).unwrap_or_default()
}
