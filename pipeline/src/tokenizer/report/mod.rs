//! `textmill tokenizer report`: what text costs, by language and source.

mod print;
mod summary;
mod tally;

use anyhow::{Result, bail};

use super::Vocabulary;
use super::texts::Texts;
use crate::config::Config;
use crate::output::{say, sayln};
use summary::Summary;
use tally::Tally;

/// What to show.
pub struct Options {
    /// Tokens used less often are rare.
    pub rare: u64,
    /// Longest tokens to show.
    pub top: usize,
    /// One JSON object in place of tables.
    pub json: bool,
}

/// Encodes all texts and prints what they cost.
pub fn report(
    vocabularies: &[Vocabulary],
    texts: Texts,
    config: &Config,
    options: &Options,
) -> Result<()> {
    let threads = config.run.resolved_threads();
    let (tallies, passed_over) = texts.work(
        threads,
        || Tally::new(vocabularies),
        |tally, _, text| tally.add(vocabularies, &text),
    )?;
    let mut all = Tally::new(vocabularies);
    tallies.iter().for_each(|tally| all.merge(tally));
    if all.is_empty() {
        bail!("there is no text in these files");
    }
    let summary = Summary::new(vocabularies, &all, passed_over, options);
    match options.json {
        true => sayln!("{}", serde_json::to_string(&summary)?),
        false => say!("{}", print::tables(&summary, options)),
    }
    Ok(())
}
