//! What can be wrong with the stage's configuration.

/// The configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The placeholder template lacks `{kind}`.
    #[error(
        "normalize.placeholder is `{0}`, which does not say what was masked; put `{{kind}}` into it, as in `<{{kind}}>`"
    )]
    PlaceholderWithoutKind(String),
    /// The placeholder would itself be changed by normalization.
    #[error(
        "normalize.placeholder gives `{0}`, which normalization would change again; use printable characters without runs of spaces, `@`, entities or long numbers, as in `<{{kind}}>`"
    )]
    UnstablePlaceholder(String),
    /// The tables for Simplified Chinese, which are part of the program, cannot be read.
    #[error(
        "the tables for normalize.chinese = \"simplified\" cannot be read ({0}); this build is broken: use \"keep\", or build again"
    )]
    Tables(String),
}
