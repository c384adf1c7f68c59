//! What was measured of one document.

use super::Rule;

/// What the rules measured of one document, by rule: a share, a number or a mean, as the rule's
/// limit has it; for rules that remove lines, the number of lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores([f64; Rule::COUNT]);

impl Default for Scores {
    fn default() -> Self {
        Self([f64::NAN; Rule::COUNT])
    }
}

impl Scores {
    /// Notes what `rule` measured.
    pub fn set(&mut self, rule: Rule, value: f64) {
        self.0[rule as usize] = value;
    }

    /// Adds one to what `rule` counted.
    pub fn count(&mut self, rule: Rule) {
        let value = &mut self.0[rule as usize];
        *value = if value.is_nan() { 1.0 } else { *value + 1.0 };
    }

    /// The scores as a row of signals has them, one for each of
    /// [`SCORES`](textmill_schemas::SCORES).
    #[must_use]
    pub fn to_signals(&self) -> Vec<f32> {
        self.0.iter().map(|&score| score as f32).collect()
    }

    /// Reads what [`Scores::to_signals`] gave.
    #[must_use]
    pub fn from_signals(scores: &[f32]) -> Self {
        let mut read = Self::default();
        for (score, &value) in read.0.iter_mut().zip(scores) {
            *score = f64::from(value);
        }
        read
    }

    /// What `rule` measured, if it did.
    #[must_use]
    pub fn get(&self, rule: Rule) -> Option<f64> {
        let value = self.0[rule as usize];
        (!value.is_nan()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_column_of_signals() {
        let columns: Vec<&str> = textmill_schemas::SCORES
            .iter()
            .map(|score| score.0)
            .collect();
        let rules = Rule::ALL
            .iter()
            .map(|rule| rule.name().replacen('.', "_", 1));
        assert_eq!(columns, rules.collect::<Vec<_>>());
    }

    #[test]
    fn scores_go_through_signals() {
        let mut scores = Scores::default();
        scores.set(Rule::Sentences, 7.0);
        scores.count(Rule::Policy);
        scores.count(Rule::Policy);
        let back = Scores::from_signals(&scores.to_signals());
        assert_eq!(back.get(Rule::Sentences), Some(7.0));
        assert_eq!(back.get(Rule::Policy), Some(2.0));
        assert_eq!(back.get(Rule::Newlines), None);
    }
}
