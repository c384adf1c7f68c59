//! A cluster as it is shown: its documents and how they differ.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use serde::Serialize;
use textmill_schemas::{Document, Dropped};

use super::Deduplicated;
use super::difference::{Difference, difference};
use super::members::{Member, Members};
use super::places::{Place, read_at};
use super::survey::Cluster;

/// Rule of documents whose normal forms are equal: their differences say nothing.
const EXACT: &str = "dedupe.exact";

/// A cluster to print.
#[derive(Serialize)]
pub struct Shown {
    /// The kept document's id.
    pub id: String,
    pub size: u32,
    /// Dropped documents by rule.
    pub rules: BTreeMap<String, u64>,
    pub kept: Card,
    pub members: Vec<ShownMember>,
}

/// A dropped document to print.
#[derive(Serialize)]
pub struct ShownMember {
    pub id: String,
    pub rule: String,
    /// Similarity to the kept one.
    pub value: Option<f64>,
    #[serde(flatten)]
    pub card: Card,
    /// How it differs from the kept one; absent for exact duplicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// Where a document is from, and how long it is.
#[derive(Default, Serialize)]
pub struct Card {
    pub source: String,
    pub file: String,
    pub url: Option<String>,
    pub characters: usize,
}

/// Reads the documents of a cluster. `width` bounds the columns of a line of differences.
pub fn cluster(
    run: &Deduplicated,
    cluster: Cluster,
    members: Members,
    width: usize,
) -> Result<Shown> {
    let mut kept = None;
    let columns = ["source", "file", "url", "text"];
    read_at(&run.kept, &[cluster.place], &columns, |_, row: Document| {
        kept = Some((
            Card {
                source: row.source,
                file: row.file,
                url: row.url,
                characters: row.text.chars().count(),
            },
            row.text,
        ));
    })?;
    let (kept, text) = kept.context("the kept document of a cluster")?;
    Ok(Shown {
        members: shown_members(run, members.shown, &text, width)?,
        id: cluster.id,
        size: cluster.size,
        rules: members.by_rule,
        kept,
    })
}

fn shown_members(
    run: &Deduplicated,
    members: Vec<Member>,
    kept: &str,
    width: usize,
) -> Result<Vec<ShownMember>> {
    let exact: HashMap<Place, bool> = members
        .iter()
        .map(|member| (member.place, member.rule == EXACT))
        .collect();
    let mut places: Vec<Place> = members.iter().map(|member| member.place).collect();
    places.sort_unstable();
    let mut read = HashMap::new();
    let columns = ["source", "file", "url", "text"];
    read_at(&run.dropped, &places, &columns, |place, row: Dropped| {
        let text = row.text.unwrap_or_default();
        let compare = exact.get(&place) != Some(&true) && !text.is_empty();
        let difference = compare.then(|| difference(kept, &text, width));
        let card = Card {
            source: row.source,
            file: row.file,
            url: row.url,
            characters: text.chars().count(),
        };
        read.insert(place, (card, difference));
    })?;
    let shown = members.into_iter().map(|member| {
        let (card, difference) = read.remove(&member.place).unwrap_or_default();
        ShownMember {
            id: member.id,
            rule: member.rule,
            value: member.value,
            card,
            difference,
        }
    });
    Ok(shown.collect())
}
