//! `textmill clusters`: what dedupe took for duplicates, and how these differ.
//!
//! Shards are streamed a row group and the columns of ids, sizes and rules at a time. What is held
//! is the largest clusters, the members to be shown of each, and the texts of one cluster.

mod difference;
mod members;
mod places;
mod print;
mod show;
mod survey;
mod wanted;

use std::path::PathBuf;

use anyhow::{Result, bail};
use textmill_schemas::{Manifest, ShardEntry};

use crate::cli::ClusterArgs;
use crate::config::Config;
use members::{Choice, Members};
use survey::{Cluster, Survey};
use wanted::Wanted;

/// What `--help` says last.
pub const EXAMPLES: &str = "Examples:\n  \
textmill clusters\n  \
textmill clusters --rule near --top 20 --members 3\n  \
textmill clusters --id 3f2a9c             the cluster of one document, kept or dropped\n  \
textmill clusters --top 1000 --json > clusters.jsonl\n\n\
Members are listed from the least similar on, each with the places where it differs from the \
document that was kept: [-only in that one-]{+only in this one+}, or red and green.";

/// Prints how many clusters there are of which size, and the largest ones.
pub fn clusters(config: &Config, args: &ClusterArgs) -> Result<()> {
    let run = Deduplicated::of(config)?;
    let rule = args
        .rule
        .as_deref()
        .map(|rule| run.rule(rule))
        .transpose()?;
    let choice = Choice {
        rule: rule.as_deref(),
        id: args.id.as_deref(),
        most: args.members,
    };
    let wanted = Wanted::find(&run, choice)?;
    let (survey, found) = largest(&run, &wanted, choice, args.top)?;
    if let Some(id) = choice.id
        && found.is_empty()
    {
        bail!("{}", wanted.why_none(id));
    }
    print::figures(&run, &survey, args.json)?;
    for (cluster, members) in found {
        let columns = args.width.saturating_sub(print::INDENT.len());
        let shown = show::cluster(&run, cluster, members, columns)?;
        print::cluster(&shown, args.json, args.width)?;
    }
    Ok(())
}

/// The figures of all clusters, and the largest ones that are wanted, with their members.
fn largest(
    run: &Deduplicated,
    wanted: &Wanted,
    choice: Choice,
    top: usize,
) -> Result<(Survey, Vec<(Cluster, Members)>)> {
    let mut most = top;
    loop {
        let mut survey = Survey::of(&run.kept, wanted, most)?;
        let clusters = std::mem::take(&mut survey.largest);
        let all_taken = clusters.len() < most;
        let members = members::of(&run.dropped, &clusters, choice)?;
        let mut found: Vec<_> = clusters.into_iter().zip(members).collect();
        // `wanted` lets a few clusters without the rule through.
        found.retain(|(_, members)| choice.rule.is_none_or(|rule| members.has(rule)));
        if all_taken || found.len() >= top {
            found.truncate(top);
            return Ok((survey, found));
        }
        most = most.saturating_mul(4);
    }
}

/// What the dedupe stage of a run wrote.
struct Deduplicated {
    dir: PathBuf,
    manifest: Manifest,
    kept: Vec<PathBuf>,
    dropped: Vec<PathBuf>,
}

impl Deduplicated {
    fn of(config: &Config) -> Result<Self> {
        let (dir, manifest) = config.output_of("dedupe")?;
        let paths = |shards: &[ShardEntry]| -> Vec<PathBuf> {
            shards.iter().map(|shard| dir.join(&shard.path)).collect()
        };
        Ok(Self {
            kept: paths(&manifest.kept),
            dropped: paths(&manifest.dropped),
            dir,
            manifest,
        })
    }

    /// The whole name of a rule that dropped some document.
    fn rule(&self, name: &str) -> Result<String> {
        let rule = match name.contains('.') {
            true => name.to_owned(),
            false => format!("dedupe.{name}"),
        };
        let rules = &self.manifest.dropped_rows;
        if rules.contains_key(&rule) {
            return Ok(rule);
        }
        let those: Vec<String> = rules
            .iter()
            .map(|(rule, count)| format!("{} ({count})", short(rule)))
            .collect();
        let those = match those.is_empty() {
            true => "no rule did".to_owned(),
            false => format!("those that did are {}", those.join(", ")),
        };
        bail!(
            "{}: no document was dropped by `{rule}`; {those}",
            self.dir.display()
        )
    }
}

/// A rule's name without its stage.
fn short(rule: &str) -> &str {
    rule.strip_prefix("dedupe.").unwrap_or(rule)
}
