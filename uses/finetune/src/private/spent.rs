//! What a private training promises, and what it does not.

use std::fmt;

use serde::Serialize;
use textmill_privacy::Accountant;

use crate::Error;

/// What differentially private training promises of the rows to learn from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spent {
    /// ε of the steps taken; infinite, in JSON null, without noise.
    pub epsilon: f64,
    /// The same for all that is published, where the table has a line from scratch: that network
    /// has learnt from the same rows.
    pub epsilon_with_scratch: Option<f64>,
    /// δ.
    pub delta: f64,
    /// Deviation of the noise, in clipping norms.
    pub noise: f64,
    /// Norm to which what each row teaches was clipped.
    pub clip: f64,
    /// Probability with which a step takes a row.
    pub rate: f64,
    /// Steps taken.
    pub steps: u64,
    /// What is protected.
    pub unit: &'static str,
    /// How ε was computed.
    pub accountant: &'static str,
    /// Whether sampling and noise came from a seed, which has to stay secret.
    pub seeded: bool,
    /// What is not protected.
    pub not_covered: [&'static str; 6],
}

/// What is protected.
const UNIT: &str =
    "one row of the rows to learn from, added or removed (a text, pair, question or chat)";
const ACCOUNTANT: &str = "Rényi accountant (Mironov et al. 2019)";
/// What is not.
const NOT_COVERED: [&str; 6] = [
    "what the model was pre-trained on",
    "the dev and test rows: they choose the epoch and make the figures",
    "the set of labels, the numbers of rows, and rows that were left out",
    "the table's lines of majority and bag of words",
    "a person with k rows has k times this ε, and more than k times this δ",
    "the noise is drawn in floating point, which may betray more than the theory says",
];

impl Spent {
    /// For steps taken at a rate, noise, clipping norm and δ.
    pub(crate) fn new(
        [rate, noise, clip, delta]: [f64; 4],
        steps: u64,
        seeded: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            epsilon: Accountant::new(rate, noise)?.epsilon(steps, delta)?,
            epsilon_with_scratch: None,
            delta,
            noise,
            clip,
            rate,
            steps,
            unit: UNIT,
            accountant: ACCOUNTANT,
            seeded,
            not_covered: NOT_COVERED,
        })
    }

    /// Beside the steps of the same network from scratch, on the same rows with as much noise.
    pub(crate) fn beside(self, scratch: &Self) -> Result<Self, Error> {
        let accountant = Accountant::new(self.rate, self.noise)?;
        let both = accountant.epsilon(self.steps + scratch.steps, self.delta)?;
        Ok(Self {
            epsilon_with_scratch: Some(both),
            ..self
        })
    }

    /// ε and δ in short.
    #[must_use]
    pub fn short(&self) -> String {
        format!("(ε, δ) = ({}, {:e})", upwards(self.epsilon), self.delta)
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "differentially private: {} after {} steps; unit: {}; noise multiplier {:.4}, \
             clipping norm {}, sampling rate {:.4}; {}",
            self.short(),
            self.steps,
            self.unit,
            self.noise,
            self.clip,
            self.rate,
            self.accountant
        )?;
        if let Some(both) = self.epsilon_with_scratch {
            let both = upwards(both);
            write!(
                f,
                "\nwith the line from scratch, which has learnt from the same rows, ε is {both}; --no-scratch leaves it out"
            )?;
        }
        if self.seeded {
            write!(
                f,
                "\nthis holds only while the seed of --dp-seed is secret: whoever knows it can subtract the noise"
            )?;
        }
        write!(f, "\nnot covered: {}", self.not_covered.join("; "))
    }
}

/// An ε with two places, never less than it is.
fn upwards(epsilon: f64) -> String {
    match epsilon.is_finite() {
        true => format!("{:.2}", (100.0 * epsilon).ceil() / 100.0),
        false => "∞".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_said_with_all_that_it_depends_on() {
        let spent = Spent::new([0.01, 1.1, 0.5, 1e-5], 10_000, false).unwrap();
        assert_eq!(spent.short(), "(ε, δ) = (5.64, 1e-5)"); // 5.63199…
        let said = spent.to_string();
        for part in [
            "after 10000 steps",
            "one row",
            "noise multiplier 1.1000",
            "clipping norm 0.5",
            "sampling rate 0.0100",
            "Mironov",
            "not covered: what the model was pre-trained on; the dev and test rows",
            "floating point",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("--dp-seed") && !said.contains("scratch"));
        let both = Spent::new([0.01, 1.1, 0.5, 1e-5], 5_000, true).unwrap();
        let both = both.beside(&spent).unwrap();
        assert!(both.epsilon < spent.epsilon);
        assert!(both.epsilon_with_scratch.unwrap() > spent.epsilon);
        let said = both.to_string();
        assert!(
            said.contains("--dp-seed is secret") && said.contains("--no-scratch"),
            "{said}"
        );
        let none = Spent::new([0.01, 0.0, 1.0, 1e-5], 1, false).unwrap();
        assert_eq!(none.short(), "(ε, δ) = (∞, 1e-5)");
        assert_eq!(serde_json::json!(none)["epsilon"], serde_json::Value::Null);
    }
}
