//! A model that learns a task: its body, a head on it, and the steps that teach both.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use tch::Tensor;
use textmill_model::Gpt;
use textmill_schemas::Progress;

use crate::Error;
use crate::batches::{Row, batches};
use crate::lora::{Lora, LoraSettings};
use crate::private::{Guard, Private, Spent};
use crate::rules::Rules;
use crate::threads::{Handle, Handles};

/// How to fine-tune.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Times that the rows are seen at most.
    pub epochs: u64,
    /// Rows of a step.
    pub batch: usize,
    /// Highest learning rate of the body (or of its adapters), from which it falls to 0.
    pub lr: f64,
    /// The same for the head.
    pub head_lr: f64,
    /// Decoupled weight decay of matrices.
    pub weight_decay: f64,
    /// Largest norm of a gradient; private training has one for each row in its place.
    pub clip: f64,
    /// Probability of dropout.
    pub dropout: f64,
    /// Of everything random.
    pub seed: u64,
    /// Epochs without a better dev score after which to stop.
    pub patience: u64,
    /// Adapters in place of all weights.
    pub lora: Option<LoraSettings>,
    /// Differentially private training in place of the ordinary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// Threads of a CPU.
    pub threads: usize,
}

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Mean training loss in nats; none in private training, which must not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The dev score, of which more is better.
    pub dev: f64,
}

/// What came of teaching.
#[derive(Debug)]
pub(crate) struct Learnt {
    /// One by one.
    pub epochs: Vec<Epoch>,
    /// What private training promises.
    pub privacy: Option<Spent>,
}

/// What is heard of the work.
pub struct Watch<'a> {
    /// Steps done.
    pub progress: &'a dyn Progress,
    /// Whether to stop; the best so far is kept.
    pub cancelled: &'a dyn Fn() -> bool,
}

/// A model and its head, with what computes them.
pub(crate) struct Learner {
    pub gpt: Gpt,
    /// `[outputs, width]`; none where the model's own head answers.
    pub head: Option<Tensor>,
    pub lora: Option<Lora>,
    handles: RefCell<Handles>,
}

impl Learner {
    /// A model with a head of so many outputs, drawn by the seed; 0 for none.
    pub fn new(gpt: Gpt, outputs: i64, settings: &Settings) -> Result<Self, Error> {
        let width = gpt.config().width;
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&settings.seed.to_le_bytes());
        key[8..12].copy_from_slice(b"head");
        let mut rng = ChaCha8Rng::from_seed(key);
        // As transformers starts heads: deviation 0.02, here of a uniform draw.
        let bound = 0.02 * 3f64.sqrt();
        let draw = |_| {
            let uniform = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            ((2.0 * uniform - 1.0) * bound) as f32
        };
        let values: Vec<f32> = (0..outputs * width).map(draw).collect();
        let head = match outputs {
            0 => None,
            _ => {
                let head = Tensor::f_from_slice(&values)?.f_reshape([outputs, width])?;
                Some(head.f_to_device(gpt.device())?)
            }
        };
        let lora = settings
            .lora
            .map(|lora| Lora::new(&gpt, lora, settings.seed))
            .transpose()?;
        let handles = Handles::new(&gpt, head.as_ref(), lora.as_ref(), settings.threads)?;
        Ok(Self {
            handles: RefCell::new(handles),
            lora,
            gpt,
            head,
        })
    }

    /// A model that has learnt.
    pub fn with_head(gpt: Gpt, head: Option<Tensor>, threads: usize) -> Result<Self, Error> {
        Ok(Self {
            handles: RefCell::new(Handles::new(&gpt, head.as_ref(), None, threads)?),
            lora: None,
            gpt,
            head,
        })
    }

    /// Parameters that are trained: those of the body or of its adapters, and of the head.
    pub fn trained(&self) -> i64 {
        let body = self.lora.as_ref().map(|lora| lora.flat.numel() as i64);
        let head = self.head.as_ref().map_or(0, |head| head.numel() as i64);
        body.unwrap_or(self.gpt.parameters()) + head
    }

    /// Work for all threads.
    pub fn each<J: Sync, R: Send>(
        &self,
        jobs: &[J],
        work: impl Fn(&Handle, usize, &J) -> Result<R, Error> + Sync,
    ) -> Result<Vec<R>, Error> {
        self.handles.borrow_mut().each(jobs, work)
    }

    /// Teaches the rows, and keeps what `dev` scored highest. Where `watch` is cancelled, the
    /// best so far is kept as well.
    pub fn fit(
        &mut self,
        rows: &[Row],
        settings: &Settings,
        watch: &Watch,
        dev: &mut dyn FnMut(&Self) -> Result<f64, Error>,
    ) -> Result<Learnt, Error> {
        let mut rules = Rules::new(self, settings)?;
        let steps = settings.epochs * rows.len().div_ceil(settings.batch.max(1)) as u64;
        let guard = |private| Guard::new(private, rows.len(), settings.batch, steps);
        let mut guard = settings.private.as_ref().map(guard).transpose()?;
        watch.progress.add_total(steps);
        let (mut history, mut best, mut since) = (Vec::new(), None::<Best>, 0);
        for number in 0..settings.epochs {
            let course = Course {
                settings,
                watch,
                steps,
                number,
            };
            let loss = match &mut guard {
                None => self.epoch(rows, course, &mut rules)?.map(Some),
                Some(guard) => {
                    let whole = self.private_epoch(rows, course, &mut rules, guard)?;
                    whole.then_some(None)
                }
            };
            let Some(loss) = loss else {
                break;
            };
            let epoch = Epoch {
                loss,
                dev: dev(self)?,
            };
            history.push(epoch);
            let loss = loss.map_or(String::new(), |loss| format!("loss {loss:.4}, "));
            let said = format!("epoch {}: {loss}dev {:.4}", number + 1, epoch.dev);
            watch.progress.note(&said);
            since += 1;
            if best.as_ref().is_none_or(|best| epoch.dev > best.dev) {
                (best, since) = (Some(Best::of(self, epoch.dev)?), 0);
            }
            if since >= settings.patience {
                break;
            }
        }
        best.ok_or(Error::Stopped)?.restore(self)?;
        Ok(Learnt {
            epochs: history,
            privacy: guard.map(|guard| guard.spent()).transpose()?,
        })
    }

    /// Teaches all rows once; their mean loss, or none where that was cancelled.
    fn epoch(&self, rows: &[Row], course: Course, rules: &mut Rules) -> Result<Option<f64>, Error> {
        let Course {
            settings,
            watch,
            steps,
            number,
        } = course;
        let (mut sum, mut weight) = (0.0, 0.0);
        let batches = batches(rows, settings.batch, settings.seed, number);
        let first = number * batches.len() as u64;
        for (step, batch) in (first..).zip(batches) {
            if (watch.cancelled)() {
                return Ok(None);
            }
            let rows: Vec<&Row> = batch.iter().filter_map(|&index| rows.get(index)).collect();
            let lesson = self.lesson(&rows, settings, step)?;
            let count = rows.iter().map(|row| row.weight()).sum::<usize>() as f64;
            (sum, weight) = (sum + lesson.loss * count, weight + count);
            rules.apply(self, lesson, settings, step, steps)?;
            watch.progress.advance(1);
        }
        Ok(Some(sum / weight.max(1.0)))
    }
}

/// What an epoch is taught by.
pub(crate) struct Course<'a> {
    pub settings: &'a Settings,
    pub watch: &'a Watch<'a>,
    /// Of all epochs.
    pub steps: u64,
    /// Of the epoch, counted from 0.
    pub number: u64,
}

/// Parameters as they were when the dev score was highest.
struct Best {
    dev: f64,
    body: Tensor,
    head: Option<Tensor>,
    lora: Option<Tensor>,
}

impl Best {
    fn of(learner: &Learner, dev: f64) -> Result<Self, Error> {
        let copy = |tensor: &Tensor| tensor.f_detach_copy();
        let lora = learner.lora.as_ref().map(|lora| copy(&lora.flat));
        Ok(Self {
            dev,
            body: copy(learner.gpt.flat())?,
            head: learner.head.as_ref().map(copy).transpose()?,
            lora: lora.transpose()?,
        })
    }

    fn restore(self, learner: &Learner) -> Result<(), Error> {
        learner.gpt.flat().shallow_clone().f_copy_(&self.body)?;
        if let (Some(own), Some(head)) = (&learner.head, self.head) {
            own.shallow_clone().f_copy_(&head)?;
        }
        if let (Some(own), Some(lora)) = (&learner.lora, self.lora) {
            own.flat.shallow_clone().f_copy_(&lora)?;
        }
        Ok(())
    }
}
