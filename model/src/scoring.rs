//! How well tokens are predicted: losses, ranks and likeliest tokens, chunk by chunk.

use tch::Tensor;

use crate::Error;
use crate::apart::Apart;
use crate::dropout::Dropout;
use crate::gpt::Gpt;
use crate::gradients::with_targets;
use crate::head::{self, Predictions, Scores};
use crate::layers::Pass;

impl Gpt {
    /// Hidden states of all rows, one behind the other: `[batch · tokens, width]`.
    fn flat_hidden(&self, tokens: &Tensor, apart: Option<&Apart>) -> Result<Tensor, Error> {
        let hidden = self.run(tokens, Pass::apart(&mut Dropout::off(), apart))?;
        Ok(hidden.f_reshape([-1, self.config.width])?)
    }

    /// How well `targets` follow from `tokens`, position by position; both int64
    /// `[batch, tokens]`, and so are the results. The logits never exist whole.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn score(&self, tokens: &Tensor, targets: &Tensor) -> Result<Scores, Error> {
        self.score_apart(tokens, targets, None)
    }

    /// The same for rows of several documents that do not see each other.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn score_apart(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        apart: Option<&Apart>,
    ) -> Result<Scores, Error> {
        let hidden = self.flat_hidden(tokens, apart)?;
        let found = self.score_hidden(&hidden, &targets.f_reshape([-1])?)?;
        Ok(Scores {
            nll: found.nll.f_reshape(targets.size())?,
            rank: found.rank.f_reshape(targets.size())?,
        })
    }

    /// Log-probabilities of `targets` behind `tokens`, and of the `count` likeliest tokens, position
    /// by position; both int64 `[batch, tokens]`. The logits never exist whole.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn predictions(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        count: i64,
    ) -> Result<Predictions, Error> {
        let hidden = self.before_head(&self.hidden(tokens)?)?;
        let hidden = hidden.f_reshape([-1, self.config.width])?;
        let (vocab, flat) = (self.config.vocab_size, targets.f_reshape([-1])?);
        let found = head::predictions(&hidden, self.net.output(), vocab, &flat, count)?;
        let (batch, length) = targets.size2()?;
        let by_position = [batch, length, found.top.size()[1]];
        Ok(Predictions {
            target: found.target.f_reshape(targets.size())?,
            top: found.top.f_reshape(by_position)?,
            top_logs: found.top_logs.f_reshape(by_position)?,
        })
    }

    /// How well `targets` `[tokens]` follow from the [`Gpt::hidden`] states `[tokens, width]` of
    /// chosen positions.
    ///
    /// # Errors
    /// [`Error::Torch`] when memory runs out.
    pub fn score_hidden(&self, hidden: &Tensor, targets: &Tensor) -> Result<Scores, Error> {
        let hidden = self.before_head(hidden)?;
        let vocab = self.config.vocab_size;
        head::scores(&hidden, self.net.output(), vocab, targets)
    }

    /// How well the targets are predicted that are none of [`crate::NO_TARGET`], one after the other;
    /// `tokens` and `targets` are int64 `[batch, tokens]`.
    ///
    /// # Errors
    /// As [`Gpt::hidden`].
    pub fn score_targets(
        &self,
        tokens: &Tensor,
        targets: &Tensor,
        apart: Option<&Apart>,
    ) -> Result<Scores, Error> {
        let hidden = self.flat_hidden(tokens, apart)?;
        let (hidden, targets) = with_targets(&hidden, &targets.f_reshape([-1])?)?;
        self.score_hidden(&hidden, &targets)
    }
}
