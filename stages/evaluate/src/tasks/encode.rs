//! Texts into requests.

use tokenizers::Tokenizer;

use super::loglikelihood::{LogLikelihood, Request, Watch, loglikelihoods};
use super::python;
use crate::Error;
use crate::workers::Workers;

/// A model with what is needed to ask it about texts.
pub struct LanguageModel<'a> {
    /// The network.
    pub workers: &'a mut Workers,
    /// Its tokenizer.
    pub tokenizer: &'a Tokenizer,
    /// The token that stands for an empty context: the one that ends documents, or a model's own
    /// that begins them.
    pub prefix: u32,
    /// Rows that are computed together.
    pub batch: usize,
}

impl LanguageModel<'_> {
    /// As [`encode_pair`].
    ///
    /// # Errors
    /// When the tokenizer refuses the texts.
    pub fn encode_pair(&self, context: &str, continuation: &str) -> Result<Request, Error> {
        encode_pair(self.tokenizer, context, continuation, self.prefix)
    }

    /// As [`loglikelihoods`].
    ///
    /// # Errors
    /// As there.
    pub fn loglikelihoods(
        &mut self,
        requests: &[Request],
        watch: Watch,
    ) -> Result<Vec<LogLikelihood>, Error> {
        loglikelihoods(self.workers, requests, self.batch, watch)
    }

    /// The most tokens that a continuation may have.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.workers.context()
    }
}

/// Encodes a context and its continuation as lm-evaluation-harness does (`LM._encode_pair`):
/// white space at the end of the context belongs to the continuation, and the continuation's
/// tokens are those that the whole has more than the context. Behind an empty context the
/// continuation is encoded alone, and `prefix` is the context.
///
/// Text that spells a special token is that token unless the tokenizer was told otherwise.
///
/// # Errors
/// When the tokenizer refuses the texts.
pub fn encode_pair(
    tokenizer: &Tokenizer,
    context: &str,
    continuation: &str,
    prefix: u32,
) -> Result<Request, Error> {
    let encode = |text: &str, special: bool| -> Result<Vec<u32>, Error> {
        let encoding = tokenizer.encode_fast(text, special);
        let encoding =
            encoding.map_err(|error| Error::Request(format!("cannot be encoded: {error}")))?;
        Ok(encoding.get_ids().to_vec())
    };
    let stripped = python::rstrip(context);
    let moved = context.get(stripped.len()..).unwrap_or_default();
    let continuation = [moved, continuation].concat();
    if stripped.is_empty() {
        let mut tokens = encode(&continuation, false)?;
        return Ok(match tokens.first() {
            Some(first) if *first == prefix => Request {
                continuation: tokens.split_off(1),
                context: tokens,
            },
            _ => Request {
                context: vec![prefix],
                continuation: tokens,
            },
        });
    }
    let mut whole = encode(&[stripped, &continuation].concat(), true)?;
    let context = encode(stripped, true)?;
    Ok(Request {
        continuation: whole.split_off(context.len().min(whole.len())),
        context,
    })
}
