//! `textmill dedupe --explain`: what the configured bands and rows find, what they cost, and what
//! else could be set.

mod curve;
mod plot;

use anyhow::Result;
use textmill_dedupe::{Config, Verify};

use crate::explore::{bytes, table};
use crate::output::{say, sayln};
use curve::{Setting, alternatives};

/// Bytes of a band's key with the document that has it.
const KEY_BYTES: usize = 16;
/// Bytes of a MinHash value.
const HASH_BYTES: usize = 4;
/// Documents that disk space is told for.
const DOCUMENTS: u64 = 1_000_000;

/// Prints the S-curve of the configured bands and rows, and those of two other settings.
pub fn explain(config: &Config) -> Result<()> {
    config.validate()?;
    let configured = Setting::of(config);
    let (bands, rows) = (configured.bands, configured.rows);
    sayln!(
        "{bands} bands of {rows} rows: a document has {} MinHash values, and a pair of documents is \
         compared when all values of at least one band agree. For a pair of Jaccard similarity J \
         that happens with probability 1 - (1 - J^{rows})^{bands}:\n",
        configured.hashes()
    );
    say!("{}", plot::plot(configured, config.min_similarity));
    sayln!(
        "\n{:.3}  where the curve is steepest, (1/{bands})^(1/{rows})\n\
         {:.3}  where half of the pairs are found\n\
         {:.3}  where 99 of 100 are\n\
         {:.3}  min_similarity: pairs below it are compared in vain, pairs from it on are duplicates",
        configured.steepest(),
        configured.similarity_at(0.5),
        configured.similarity_at(0.99),
        config.min_similarity
    );
    let others = alternatives(config);
    let settings: Vec<Setting> = std::iter::once(configured)
        .chain(others.iter().map(|(setting, _)| *setting))
        .collect();
    sayln!();
    probabilities(config, &settings);
    sayln!(
        "\nfound: the pair is compared. dropped: and is then counted as duplicates, {}.",
        how(config)
    );
    sayln!();
    costs(&settings);
    suggest(config, configured, &others);
    if !config.near {
        sayln!("\nnear = false: near duplicates are not looked for at all.");
    }
    Ok(())
}

fn how(config: &Config) -> String {
    let min = config.min_similarity;
    match config.verify {
        Verify::Exact => format!("for its shingles have a similarity of at least {min}"),
        Verify::Estimate => {
            format!("for at least {min} of its MinHash values agree (verify = \"estimate\")")
        }
    }
}

fn probabilities(config: &Config, settings: &[Setting]) {
    let mut head = vec!["similarity".to_owned()];
    for setting in settings {
        head.extend([format!("{setting} found"), "dropped".to_owned()]);
    }
    let right = vec![true; head.len()];
    let mut rows = vec![head];
    for percent in (50..=95).step_by(5) {
        let jaccard = f64::from(percent) / 100.0;
        let mut row = vec![format!("{jaccard:.2}")];
        for setting in settings {
            row.push(format!("{:.4}", setting.found(jaccard)));
            row.push(format!("{:.4}", setting.dropped(config, jaccard)));
        }
        rows.push(row);
    }
    say!("{}", table(&rows, &right));
}

fn costs(settings: &[Setting]) {
    let head = [
        "bands x rows",
        "hashes",
        "keys",
        "signature",
        "on disk",
        "a million documents",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for setting in settings {
        let keys = setting.bands * KEY_BYTES;
        let signature = setting.hashes() * HASH_BYTES;
        rows.push(vec![
            setting.to_string(),
            setting.hashes().to_string(),
            format!("{keys} B"),
            format!("{signature} B"),
            format!("{} B", keys + signature),
            bytes((keys + signature) as u64 * DOCUMENTS),
        ]);
    }
    say!("{}", table(&rows, &[false, true, true, true, true, true]));
    sayln!(
        "\nA document, while the stage runs: {KEY_BYTES} bytes a band key, {HASH_BYTES} a MinHash value."
    );
}

fn suggest(config: &Config, configured: Setting, others: &[(Setting, &str)]) {
    let found = configured.found(config.min_similarity);
    sayln!(
        "\nAs configured, {:.1} % of the pairs at min_similarity = {} are found.",
        found * 100.0,
        config.min_similarity
    );
    if others.is_empty() {
        sayln!("No other setting of 128 to 512 hashes finds 99 % of them just so.");
        return;
    }
    sayln!("Of the settings with 128 to 512 hashes that find 99 %:");
    for (setting, why) in others {
        sayln!(
            "  {setting} {why}: --set dedupe.bands={} --set dedupe.rows={}",
            setting.bands,
            setting.rows
        );
    }
}
