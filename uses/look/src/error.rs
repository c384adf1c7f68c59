//! What can go wrong, one clear sentence each.

/// An error of the look crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network refused, or memory ran out.
    #[error(transparent)]
    Model(#[from] textmill_model::Error),
    /// Nothing is predicted in a row of one token.
    #[error("the text has {0} tokens; there must be two, for the first one predicts the second")]
    TooShort(usize),
    /// A page that no browser would open.
    #[error(
        "the page would have {megabytes} MB, over the {limit} MB that browsers open well; \
         --max-tokens {tokens} would do"
    )]
    TooLarge {
        /// What it would have.
        megabytes: u64,
        /// What it may have.
        limit: u64,
        /// The tokens that fit.
        tokens: u64,
    },
    /// The numbers cannot be written as JSON.
    #[error("the numbers cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Model(error.into())
    }
}
