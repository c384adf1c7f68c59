//! What a request asks of the model, and what comes back.

use serde::Serialize;
use textmill_model::Sampling;
use tokio::sync::mpsc::UnboundedSender;

use super::error::ApiError;
use super::writer::Piece;

/// A request, ready to be computed. Its choices are numbered prompt by prompt, `n` of each.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub prompts: Vec<Vec<u32>>,
    /// Choices of each prompt.
    pub n: usize,
    /// Whether the prompt is part of the text.
    pub echo: bool,
    /// How many of the likeliest tokens to name at each place; none: no log-probabilities at all.
    pub logprobs: Option<usize>,
    /// Tokens to generate at most; none: until the context is full.
    pub max_tokens: Option<usize>,
    /// How tokens are drawn, and the seed.
    pub sampling: Sampling,
    /// Strings that end a text; they are not part of it.
    pub stops: Vec<String>,
    /// Tokens that end a text.
    pub stop_ids: Vec<u32>,
}

impl Task {
    /// Number of choices.
    pub fn choices(&self) -> usize {
        self.prompts.len() * self.n
    }

    /// The prompt of a choice.
    pub fn prompt(&self, choice: usize) -> &[u32] {
        self.prompts
            .get(choice / self.n.max(1))
            .map_or(&[], Vec::as_slice)
    }

    /// Tokens of all prompts.
    pub fn prompt_tokens(&self) -> usize {
        self.prompts.iter().map(Vec::len).sum()
    }

    /// Whether one run through the network answers all: the prompt's log-probabilities, and no
    /// more than the likeliest next token.
    pub fn is_scoring(&self) -> bool {
        let greedy = self.sampling.temperature == 0.0;
        let short = match self.max_tokens {
            Some(0) => true,
            Some(1) => greedy,
            _ => false,
        };
        self.echo && self.logprobs.is_some() && short
    }
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Finish {
    /// At a stop string or a token that ends texts.
    Stop,
    /// At `max_tokens`, or with the context full.
    Length,
}

/// What becomes known of a choice.
#[derive(Debug)]
pub(crate) enum Event {
    /// More of its text.
    Piece(Piece),
    /// It is whole, after so many generated tokens.
    End(Finish, usize),
    /// It cannot be computed.
    Failed(ApiError),
}

/// Where the events of a task go; the other end hangs up when the client has gone.
pub(crate) type Events = UnboundedSender<(usize, Event)>;
