//! How two `[filter]` sections differ.

use std::collections::BTreeMap;

use serde_json::Value;
use textmill_filter::{FAMILIES, MEASURED_WITH, rules::Rule};

/// A key with another value.
pub struct Change {
    /// The key, without `filter.`.
    pub name: String,
    /// The value that the run was made with.
    pub old: Value,
    /// The value to try.
    pub new: Value,
    /// Whether signals tell what it changes.
    pub can_be_retuned: bool,
}

/// The keys in which two sections differ.
pub fn between(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (flat(old), flat(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let value = |values: &BTreeMap<String, Value>, name: &String| {
        values.get(name).cloned().unwrap_or(Value::Null)
    };
    let differ = |name: &&String| name.as_str() != "signals" && old.get(*name) != new.get(*name);
    names
        .into_iter()
        .filter(differ)
        .map(|name| {
            let (old, new) = (value(&old, name), value(&new, name));
            Change {
                can_be_retuned: can_be_retuned(name, &old, &new),
                name: name.clone(),
                old,
                new,
            }
        })
        .collect()
}

/// Values by dotted key.
fn flat(section: &Value) -> BTreeMap<String, Value> {
    fn walk(prefix: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(table) => {
                for (key, value) in table {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    walk(&format!("{prefix}{dot}{key}"), value, out);
                }
            }
            other => {
                out.insert(prefix.to_owned(), other.clone());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk("", section, &mut out);
    out
}

fn can_be_retuned(name: &str, old: &Value, new: &Value) -> bool {
    let key = name.rsplit('.').next().unwrap_or(name);
    match key {
        // What an absent table of a language stands for is not written down.
        "disable" => {
            let either = names(old).chain(names(new));
            let changed = either
                .filter(|rule| names(old).any(|r| r == *rule) != names(new).any(|r| r == *rule));
            let rewrites = |rule: &str| Rule::ALL.iter().any(|r| r.name() == rule && r.rewrites());
            changed.into_iter().all(|rule| !rewrites(rule))
        }
        "families" => FAMILIES
            .iter()
            .all(|family| !names(new).any(|n| n == *family) || names(old).any(|o| o == *family)),
        _ => !MEASURED_WITH.iter().any(|fixed| {
            let within = name
                .strip_prefix(fixed)
                .is_some_and(|rest| rest.starts_with('.'));
            within || *fixed == name || *fixed == key
        }),
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn retunable(old: Value, new: Value) -> Vec<(String, bool)> {
        let changes = between(&old, &new).into_iter();
        changes.map(|c| (c.name, c.can_be_retuned)).collect()
    }

    #[test]
    fn thresholds_can_be_retuned_and_what_changes_the_text_cannot() {
        let old = json!({"min_words": 50, "c4_min_line_words": 3, "language": {}, "signals": true});
        let new =
            json!({"min_words": 80, "c4_min_line_words": 3, "language": {"zh": {"min_words": 9}}});
        let expected = [
            ("language.zh.min_words".to_owned(), true),
            ("min_words".to_owned(), true),
        ];
        assert_eq!(retunable(old.clone(), new), expected);
        let lines = json!({"min_words": 50, "c4_min_line_words": 5, "language": {}});
        assert_eq!(
            retunable(old, lines),
            [("c4_min_line_words".to_owned(), false)]
        );
    }

    #[test]
    fn rules_can_be_switched_unless_they_rewrite() {
        let disable = |rules: &[&str]| json!({"disable": rules});
        let change = |rules: &[&str]| retunable(disable(&["c4.policy"]), disable(rules))[0].1;
        assert!(change(&["c4.policy", "c4.sentences"]));
        assert!(!change(&[]));
        let families = |names: &[&str]| json!({"families": names});
        assert!(retunable(families(&["c4", "lang"]), families(&["c4"]))[0].1);
        assert!(!retunable(families(&["c4"]), families(&["c4", "lang"]))[0].1);
    }
}
