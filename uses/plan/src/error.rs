//! What can be wrong with a plan.

/// An error of one sentence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number or name that makes no sense.
    #[error("{0}")]
    Config(String),
    /// A file of accelerators that cannot be read.
    #[error("the table of accelerators: {0}")]
    Table(#[from] toml::de::Error),
}
