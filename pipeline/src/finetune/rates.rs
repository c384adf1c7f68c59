//! Learning rates for those who give none.

use std::fs;
use std::path::Path;

use serde_json::Value;
use textmill_model::CONFIG_FILE;

/// Width of the models that the rates of [`Rates::of`] were tried on.
const NARROW: f64 = 192.0;

/// Highest learning rates of a fine-tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Of all weights.
    pub weights: f64,
    /// Of low-rank adapters.
    pub adapters: f64,
    /// Of the same network from scratch.
    pub scratch: f64,
}

impl Rates {
    /// For a model of a width. Those of narrow ones were tried here; from them they fall to what is
    /// usual for wide ones: 6e-5 of all weights at 768 (Devlin et al. 2018 took 2e-5 to 5e-5),
    /// 1e-5 at 4,096 (Touvron et al. 2023, arXiv:2307.09288, took 2e-5), and of adapters 4e-4 at
    /// 1,024 and 1e-4 (Hu et al. 2021, arXiv:2106.09685, took 2e-4 for GPT-2 and less for GPT-3).
    pub fn of(width: f64) -> Self {
        let share = (NARROW / width.max(1.0)).min(1.0);
        Self {
            weights: two_digits((5e-4 * share.powf(1.5)).max(1e-5)),
            adapters: two_digits((2e-3 * share).max(1e-4)),
            scratch: two_digits((1e-3 * share.sqrt()).max(1e-4)),
        }
    }
}

/// A number that people can write down.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// The width that a model's config.json tells; that of narrow ones where it tells none, which
/// loading the model finds out.
pub fn width(folder: &Path) -> f64 {
    let json = fs::read(folder.join(CONFIG_FILE)).unwrap_or_default();
    let config: Value = serde_json::from_slice(&json).unwrap_or_default();
    let keys = ["hidden_size", "n_embd"];
    let width = keys.iter().find_map(|key| config.get(key)?.as_f64());
    width.unwrap_or(NARROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_models_learn_at_lower_rates() {
        let narrow = Rates {
            weights: 5e-4,
            adapters: 2e-3,
            scratch: 1e-3,
        };
        assert_eq!((Rates::of(64.0), Rates::of(192.0)), (narrow, narrow));
        let base = Rates {
            weights: 6.3e-5,
            adapters: 5e-4,
            scratch: 5e-4,
        };
        assert_eq!(Rates::of(768.0), base);
        assert_eq!(Rates::of(8192.0).weights, 1e-5);
    }

    #[test]
    fn the_width_stands_in_either_form_of_config() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(width(dir.path()), NARROW);
        for (config, expected) in [
            ("{\"hidden_size\": 768}", 768.0),
            ("{\"n_embd\": 1024}", 1024.0),
        ] {
            fs::write(dir.path().join(CONFIG_FILE), config).unwrap();
            assert_eq!(width(dir.path()), expected);
        }
    }
}
