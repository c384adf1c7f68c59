//! The loss on the frozen validation windows.

use tch::Tensor;

use super::Trainer;
use crate::Error;
use crate::checkpoint::{self, BEST, Best};
use crate::loader::{Batch, RowFormat, validation_windows};
use crate::masking::Purpose;
use crate::metrics::rounded;
use crate::smaller::halve_until_it_fits;
use crate::vocabulary::copy_tokenizer;
use crate::workers::Work;

impl Trainer<'_> {
    /// Mean loss on the frozen validation windows; keeps the parameters if it is the lowest.
    pub(super) fn validate(&mut self) -> Result<Option<f64>, Error> {
        if self.plan.validation.length() < 2 {
            return Ok(None);
        }
        let mut rows = self.state.rows;
        let say = |text: &str| self.ctx.progress.note(text);
        let context = self.plan.format.context;
        let (sum, targets) = halve_until_it_fits(&mut rows, context, say, |rows| self.score(rows))?;
        let sums = Tensor::f_from_slice(&[sum, targets as f64])?;
        self.plan.ranks.sum(&sums)?;
        let targets = sums.f_double_value(&[1])?;
        if targets == 0.0 {
            return Ok(None);
        }
        let val_loss = rounded(sums.f_double_value(&[0])? / targets);
        self.state.val_loss = Some(val_loss);
        if self.state.best.is_none_or(|best| val_loss < best.val_loss) {
            self.state.best = Some(Best {
                step: self.state.step,
                val_loss,
            });
            self.plan.ranks.first_does(|| {
                checkpoint::commit(self.ctx.out, BEST, |dir| {
                    self.gpt.save(dir)?;
                    self.state.write(dir)?;
                    copy_tokenizer(&self.plan.tokenizer, &self.plan.model, dir)
                })
            })?;
        }
        Ok(Some(val_loss))
    }

    /// Sum of the losses on this rank's validation windows, so many at a time, and the targets
    /// there.
    fn score(&self, at_a_time: u64) -> Result<(f64, u64), Error> {
        let stream = &self.plan.validation;
        let context = self.plan.format.context.min(stream.length() - 1);
        let format = RowFormat {
            context,
            ..self.plan.format
        };
        let windows = validation_windows(stream.length(), context, self.plan.config.eval_windows);
        let documents = stream.documents();
        let pieces = |window: &textmill_packing::Piece| match format.apart {
            true => documents.pieces(window.start, window.length.into()),
            false => vec![*window],
        };
        let own = self.plan.ranks.share().of(&windows);
        let (numbers, rows): (Vec<u64>, Vec<_>) =
            own.map(|(number, window)| (number, pieces(window))).unzip();
        let at_a_time = at_a_time as usize;
        let chunks = rows.chunks(at_a_time).zip(numbers.chunks(at_a_time));
        let jobs = chunks.map(|(rows, numbers)| {
            let batch = Batch::read(stream, rows, format)?;
            let batch = match &self.plan.masking {
                Some(masking) => masking.apply(batch, Purpose::Validation, numbers)?,
                None => batch,
            };
            Ok((batch, Work::Score))
        });
        let (mut sum, mut targets) = (0.0, 0);
        self.workers.run(jobs, |outcome| {
            sum += f64::try_from(&outcome.loss)?;
            targets += outcome.targets;
            Ok(())
        })?;
        Ok((sum, targets))
    }
}
