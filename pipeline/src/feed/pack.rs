//! What packing costs at some contexts, by the lengths in the token shards alone.

use anyhow::{Context, Result};
use serde_json::json;
use textmill_packing::{Lengths, Packing, Seen, Statistics};
use textmill_schemas::{ShardReader, Tokens};

use super::{Feeding, Tokenized, percent};
use crate::cli::PackArgs;
use crate::config::Config;
use crate::explore::table;
use crate::output::{say, sayln};

/// Prints padding and cuts of both kinds of packing at each context.
pub fn pack(config: &Config, args: &PackArgs) -> Result<()> {
    let feeding = Feeding::of(config)?;
    let run = Tokenized::of(config)?;
    feeding.mixture.check(&run.groups).context("[train]")?;
    let contexts = match args.context.as_slice() {
        [] => vec![
            feeding
                .context
                .context("give --context, the tokens of a row")?,
        ],
        given => given.to_vec(),
    };
    let lengths = lengths(&run, &feeding, config.run.seed)?;
    let mut found = Vec::new();
    for context in contexts {
        for packing in [Packing::Concatenate, Packing::BestFit] {
            found.push(lengths.pack(context, packing).context("--context")?);
        }
    }
    if args.json {
        for statistics in &found {
            sayln!("{}", as_json(statistics));
        }
        return Ok(());
    }
    let documents = found.first().map_or(0, |statistics| statistics.documents);
    let tokens = found.first().map_or(0, |statistics| statistics.tokens);
    sayln!(
        "{}: {documents} documents and {tokens} tokens a pass, as the mixture wants them\n",
        run.dir.display()
    );
    say!("{}", text(&found));
    sayln!(
        "\nshorter: documents that fit into the context. concatenate cuts by chance, so its cuts \
         are those to be expected.\nThe trainer is configured with [train] packing = {:?}.",
        name(feeding.packing)
    );
    Ok(())
}

/// Lengths of the training documents, each as often as a pass has it. Reads no token.
fn lengths(run: &Tokenized, feeding: &Feeding, seed: u64) -> Result<Lengths> {
    let mut columns = vec!["count", "repetitions"];
    if !feeding.mixture.is_empty() {
        columns.extend(Seen::COLUMNS);
    }
    let mut lengths = Lengths::default();
    for path in run.train_shards() {
        for group in ShardReader::<Tokens>::open(&path)?.with_columns(&columns) {
            for document in group? {
                let times = feeding.mixture.times(Seen::of(&document), seed);
                lengths.add(document.count.into(), times.into());
            }
        }
    }
    Ok(lengths)
}

fn text(found: &[Statistics]) -> String {
    let head = [
        "context", "packing", "rows", "padding", "share", "cut", "share", "shorter", "cut", "share",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(found.iter().map(|statistics| {
        vec![
            statistics.context.to_string(),
            name(statistics.packing).to_owned(),
            statistics.rows.to_string(),
            statistics.padding.to_string(),
            percent(statistics.padding_share()),
            format!("{:.0}", statistics.cut),
            percent(statistics.cut_share()),
            statistics.shorter.to_string(),
            format!("{:.0}", statistics.shorter_cut),
            percent(statistics.shorter_cut_share()),
        ]
    }));
    let mut right = [true; 10];
    right[1] = false;
    table(&rows, &right)
}

fn as_json(statistics: &Statistics) -> serde_json::Value {
    let shares = json!({
        "padding_share": statistics.padding_share(),
        "cut_share": statistics.cut_share(),
        "shorter_cut_share": statistics.shorter_cut_share(),
    });
    let mut all = json!(statistics);
    if let (Some(all), serde_json::Value::Object(mut shares)) = (all.as_object_mut(), shares) {
        all.append(&mut shares);
    }
    all
}

/// The packing as the configuration has it.
fn name(packing: Packing) -> &'static str {
    match packing {
        Packing::Concatenate => "concatenate",
        Packing::BestFit => "best_fit",
    }
}
