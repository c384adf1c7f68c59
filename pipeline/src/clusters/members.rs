//! The documents that were dropped for a kept one.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::Result;
use textmill_schemas::{Dropped, ShardReader};

use super::places::Place;
use super::survey::Cluster;

/// Which members of a cluster are shown.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Those that this rule dropped.
    pub rule: Option<&'a str>,
    /// Before others those whose id begins so.
    pub id: Option<&'a str>,
    /// So many.
    pub most: usize,
}

/// A dropped document.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub rule: String,
    /// Similarity to the kept one.
    pub value: Option<f64>,
    pub place: Place,
}

/// The dropped documents of a cluster.
#[derive(Debug, Default)]
pub struct Members {
    /// All of them, by rule.
    pub by_rule: BTreeMap<String, u64>,
    /// Those that are shown, from the least similar on.
    pub shown: Vec<Member>,
}

/// Finds the members of clusters, in the clusters' order.
pub fn of(dropped: &[PathBuf], clusters: &[Cluster], choice: Choice) -> Result<Vec<Members>> {
    let mut all: Vec<Members> = clusters.iter().map(|_| Members::default()).collect();
    if clusters.is_empty() {
        return Ok(all);
    }
    let ids = clusters.iter().enumerate();
    let ids: HashMap<&str, usize> = ids.map(|(at, cluster)| (cluster.id.as_str(), at)).collect();
    for (shard, path) in dropped.iter().enumerate() {
        let groups = ShardReader::<Dropped>::open(path)?;
        let groups = groups.with_columns(&["id", "rule", "value", "cluster_id"]);
        for (group, rows) in groups.enumerate() {
            for (row, document) in rows?.into_iter().enumerate() {
                let cluster = document.cluster_id.as_deref();
                let cluster = cluster.and_then(|id| ids.get(id).copied());
                if let Some(members) = cluster.and_then(|at| all.get_mut(at)) {
                    members.add(document, Place { shard, group, row }, choice);
                }
            }
        }
    }
    all.iter_mut().for_each(|members| members.sort(choice));
    Ok(all)
}

impl Members {
    /// Whether a rule dropped one of them.
    pub fn has(&self, rule: &str) -> bool {
        self.by_rule.contains_key(rule)
    }

    fn add(&mut self, document: Dropped, place: Place, choice: Choice) {
        let fits = choice.rule.is_none_or(|rule| rule == document.rule);
        *self.by_rule.entry(document.rule.clone()).or_default() += 1;
        if !fits || choice.most == 0 {
            return;
        }
        self.shown.push(Member {
            id: document.id,
            rule: document.rule,
            value: document.value,
            place,
        });
        // Sorting now and then costs less than a heap, and holds at most twice as many.
        if self.shown.len() >= choice.most.saturating_mul(2).max(64) {
            self.sort(choice);
        }
    }

    fn sort(&mut self, choice: Choice) {
        let asked = |member: &Member| choice.id.is_some_and(|id| member.id.starts_with(id));
        self.shown.sort_unstable_by(|a, b| {
            let value = |member: &Member| member.value.unwrap_or(f64::INFINITY);
            asked(b)
                .cmp(&asked(a))
                .then(value(a).total_cmp(&value(b)))
                .then_with(|| a.id.cmp(&b.id))
        });
        self.shown.truncate(choice.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(choice: Choice) -> Vec<String> {
        let mut members = Members::default();
        for number in 0..500_u32 {
            let near = !number.is_multiple_of(3);
            let document = Dropped {
                id: format!("{number:03}"),
                rule: if near { "dedupe.near" } else { "dedupe.exact" }.into(),
                value: Some(if near {
                    1.0 - f64::from(number) / 1000.0
                } else {
                    1.0
                }),
                ..Dropped::default()
            };
            members.add(document, Place::default(), choice);
        }
        members.sort(choice);
        assert_eq!(members.by_rule["dedupe.exact"], 167);
        members.shown.into_iter().map(|member| member.id).collect()
    }

    #[test]
    fn the_least_similar_come_first_and_after_those_asked_for() {
        let choice = Choice {
            rule: None,
            id: None,
            most: 3,
        };
        assert_eq!(shown(choice), ["499", "497", "496"]);
        let id = Some("123");
        assert_eq!(shown(Choice { id, ..choice }), ["123", "499", "497"]);
        let rule = Some("dedupe.exact");
        assert_eq!(shown(Choice { rule, ..choice }), ["000", "003", "006"]);
        assert!(shown(Choice { most: 0, ..choice }).is_empty());
    }
}
