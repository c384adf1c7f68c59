//! What others have published on the same data.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Error;

/// A published figure.
#[derive(Clone, Debug, Deserialize)]
pub struct Published {
    /// Name of the data, as `--dataset` gives it.
    pub dataset: String,
    /// Which model.
    pub model: String,
    /// Name of the metric, as our tables have it (without signature).
    pub metric: String,
    /// On the scale of our tables.
    pub value: f64,
    /// Where it stands.
    pub source: String,
}

#[derive(Deserialize)]
struct File {
    figure: Vec<Published>,
}

/// The figures about some data; those of one model stand side by side.
///
/// # Errors
/// When there are none; the message names the data of which there are.
pub fn published(dataset: &str) -> Result<Vec<Published>, Error> {
    let file: File = toml::from_str(include_str!("../data/published.toml"))
        .map_err(|error| Error::Config(format!("published.toml: {error}")))?;
    let known: BTreeSet<String> = file.figure.iter().map(|one| one.dataset.clone()).collect();
    let mut figures = file.figure;
    figures.retain(|figure| figure.dataset == dataset);
    match figures.is_empty() {
        true => Err(Error::Config(format!(
            "--dataset {dataset}: there are published figures of {} only",
            known.into_iter().collect::<Vec<_>>().join(", ")
        ))),
        false => Ok(figures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_says_where_it_comes_from() {
        let file: File = toml::from_str(include_str!("../data/published.toml")).unwrap();
        assert!(file.figure.len() > 5);
        for one in &file.figure {
            let words = one.source.split(|c: char| !c.is_ascii_digit());
            let year = words.filter_map(|word| word.parse().ok());
            let year: Option<u32> = year.clone().find(|year| (1990..2030).contains(year));
            let by = one.source.contains("arXiv:") || one.source.contains("README of");
            assert!(year.is_some() && by, "{}", one.source);
            assert!(one.value > 0.5 && one.value < 1.0, "{}", one.value);
            let known = ["accuracy", "exact match", "F1 (words)", "F1 (characters)"];
            assert!(known.contains(&one.metric.as_str()), "{}", one.metric);
        }
        assert_eq!(published("sst2").unwrap()[0].metric, "accuracy");
        let none = published("nothing").unwrap_err().to_string();
        assert!(none.contains("cmrc2018, sst2"), "{none}");
    }
}
