//! What others have published on the same data.

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

/// The figures about some data.
///
/// # Errors
/// When the file that is built in is damaged.
pub fn published(dataset: &str) -> Result<Vec<Published>, Error> {
    let file: File = toml::from_str(include_str!("../data/published.toml"))
        .map_err(|error| Error::Config(format!("published.toml: {error}")))?;
    let mut figures = file.figure;
    figures.retain(|figure| figure.dataset == dataset);
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_says_where_it_comes_from() {
        let file: File = toml::from_str(include_str!("../data/published.toml")).unwrap();
        assert!(
            file.figure
                .iter()
                .all(|figure| figure.source.contains("arXiv:") && figure.value > 0.0)
        );
        assert_eq!(published("sst2").unwrap()[0].metric, "accuracy");
        assert!(published("nothing").unwrap().is_empty());
    }
}
