//! The table of accelerators.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::estimate::Precision;

/// An accelerator, as a row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// Its name.
    pub name: String,
    /// Peak of dense bf16 products in TFLOP/s.
    pub bf16: f64,
    /// Peak of fp32 products in TFLOP/s.
    pub fp32: f64,
    /// Memory in GB.
    pub memory: f64,
    /// Power limit of the board.
    pub watts: f64,
    /// Where the peaks stand.
    pub source: String,
    /// Dollars an hour.
    #[serde(default)]
    pub price: Option<f64>,
    /// Where the price was read.
    #[serde(default)]
    pub price_source: Option<String>,
    /// When.
    #[serde(default)]
    pub price_date: Option<String>,
}

impl Accelerator {
    /// Its peak in FLOP/s.
    #[must_use]
    pub fn peak(&self, precision: Precision) -> f64 {
        match precision {
            Precision::Bf16 => self.bf16 * 1e12,
            Precision::Fp32 => self.fp32 * 1e12,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    accelerator: Vec<Accelerator>,
}

/// The accelerators of a file in the form of `data/accelerators.toml`.
///
/// # Errors
/// When the text is no such file, with line and column.
pub fn parse(text: &str) -> Result<Vec<Accelerator>, Error> {
    let file: File = toml::from_str(text)?;
    let wrong = file.accelerator.iter().find(|one| {
        let all = [one.bf16, one.fp32, one.memory, one.watts];
        all.iter().any(|value| !(*value > 0.0 && value.is_finite()))
    });
    match wrong {
        Some(one) => Err(Error::Config(format!(
            "the accelerator `{}` has a number that is not above 0",
            one.name
        ))),
        None => Ok(file.accelerator),
    }
}

/// The accelerators that are built in.
///
/// # Errors
/// When the file that is built in is damaged.
pub fn accelerators() -> Result<Vec<Accelerator>, Error> {
    parse(include_str!("../data/accelerators.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_price_has_a_source_and_a_date() {
        let all = accelerators().unwrap();
        assert!(
            all.iter()
                .any(|one| one.name == "H100" && one.bf16 == 989.4)
        );
        for one in &all {
            assert!(!one.source.is_empty());
            assert_eq!(one.price.is_some(), one.price_source.is_some());
            assert_eq!(one.price.is_some(), one.price_date.is_some());
        }
    }

    #[test]
    fn a_damaged_table_says_where() {
        let error = parse("[[accelerator]]\nname = \"X\"\nspeed = 3\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("speed") && error.contains("line 3"),
            "{error}"
        );
        let text = "[[accelerator]]\nname = \"X\"\nbf16 = 0\nfp32 = 1\nmemory = 1\nwatts = 1\nsource = \"s\"\n";
        assert!(parse(text).unwrap_err().to_string().contains("`X`"));
    }
}
