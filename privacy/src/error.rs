//! What can be wrong with canaries or a privacy budget.

/// Errors name the value and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A budget that nothing meets, or a value that makes no sense.
    #[error("{0}")]
    Budget(String),
    /// Canaries that make no sense.
    #[error("`canaries.{key}` {problem}")]
    Canaries {
        /// The key.
        key: &'static str,
        /// What is wrong with it, and what it should be.
        problem: String,
    },
}
