//! Tables and records.

pub(crate) mod arrow;
mod columns;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod parquet;

/// Names of columns for people, not too many and none too long.
fn shown(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let short = |name: &String| name.chars().take(40).collect::<String>();
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(short).collect();
    if names.len() > SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
