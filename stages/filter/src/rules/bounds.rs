//! What the configuration allows of each score.

use super::{Rule, RuleSet, Scores};
use crate::config::Limits;

/// What is allowed of one score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Bound {
    /// Anything: the rule is off, or only removes lines.
    #[default]
    None,
    /// At least so much.
    Least(f64),
    /// At most so much.
    Most(f64),
    /// From the first to the second.
    Within(f64, f64),
}

impl Bound {
    /// The limit that `value` misses.
    #[must_use]
    pub fn missed_by(self, value: f64) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Least(least) | Self::Within(least, _) if value < least => Some(least),
            Self::Most(most) | Self::Within(_, most) if value > most => Some(most),
            _ => None,
        }
    }

    /// The same in single precision.
    #[must_use]
    pub fn single(self) -> Self {
        let single = |limit: f64| f64::from(limit as f32);
        match self {
            Self::None => Self::None,
            Self::Least(least) => Self::Least(single(least)),
            Self::Most(most) => Self::Most(single(most)),
            Self::Within(least, most) => Self::Within(single(least), single(most)),
        }
    }
}

/// A rule that a document failed, with what was measured and the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was measured.
    pub value: f64,
    /// The limit that the value missed.
    pub limit: f64,
}

/// The bounds of all rules, for one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    by_rule: [Bound; Rule::COUNT],
    off: RuleSet,
}

impl Bounds {
    /// The bounds that `limits` set; the rules in `off` decide nothing and remove nothing.
    #[must_use]
    pub fn new(limits: &Limits, off: RuleSet) -> Self {
        let mut bounds = Self {
            by_rule: [Bound::None; Rule::COUNT],
            off,
        };
        for &rule in Rule::ALL.iter().filter(|rule| !off.contains(**rule)) {
            bounds.by_rule[rule as usize] = of_limits(rule, limits);
        }
        bounds
    }

    /// The same in single precision, for scores that were kept so.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.by_rule = self.by_rule.map(Bound::single);
        self
    }

    /// Sets the bound of a rule whose limit does not stand in [`Limits`]; a rule that is off
    /// stays so.
    pub fn set(&mut self, rule: Rule, bound: Bound) {
        if self.on(rule) {
            self.by_rule[rule as usize] = bound;
        }
    }

    /// Whether the rule counts.
    #[must_use]
    pub fn on(&self, rule: Rule) -> bool {
        !self.off.contains(rule)
    }

    /// What is allowed of a rule's score.
    #[must_use]
    pub fn of(&self, rule: Rule) -> Bound {
        self.by_rule[rule as usize]
    }

    /// The first rule, in the order in which they decide, whose score misses its bound. What was
    /// not measured misses nothing.
    #[must_use]
    pub fn first_miss(&self, scores: &Scores) -> Option<Violation> {
        Rule::ALL
            .iter()
            .filter_map(|&rule| Some((rule, scores.get(rule)?)))
            .find_map(|(rule, value)| {
                let limit = self.of(rule).missed_by(value)?;
                Some(Violation { rule, value, limit })
            })
    }
}

fn of_limits(rule: Rule, limits: &Limits) -> Bound {
    use Bound::{Least, Most, Within};
    let [top2, top3, top4] = limits.max_top_ngrams;
    let [dup5, dup6, dup7, dup8, dup9, dup10] = limits.max_duplicate_ngrams;
    match rule {
        Rule::DuplicateParagraphs => Most(limits.max_duplicate_paragraphs),
        Rule::DuplicateParagraphChars => Most(limits.max_duplicate_paragraph_chars),
        Rule::DuplicateLines => Most(limits.max_duplicate_lines),
        Rule::DuplicateLineChars => Most(limits.max_duplicate_line_chars),
        Rule::Top2Gram => Most(top2),
        Rule::Top3Gram => Most(top3),
        Rule::Top4Gram => Most(top4),
        Rule::Duplicate5Grams => Most(dup5),
        Rule::Duplicate6Grams => Most(dup6),
        Rule::Duplicate7Grams => Most(dup7),
        Rule::Duplicate8Grams => Most(dup8),
        Rule::Duplicate9Grams => Most(dup9),
        Rule::Duplicate10Grams => Most(dup10),
        Rule::WordCount => Within(limits.min_words as f64, limits.max_words as f64),
        Rule::MeanWordLength => Within(limits.min_mean_word_length, limits.max_mean_word_length),
        Rule::HashRatio | Rule::EllipsisRatio => Most(limits.max_symbol_ratio),
        Rule::BulletLines => Most(limits.max_bullet_lines),
        Rule::EllipsisLines => Most(limits.max_ellipsis_lines),
        Rule::AlphabeticWords => Least(limits.min_alphabetic_words),
        Rule::StopWords => Least(limits.min_stop_words as f64),
        Rule::UrlDomain
        | Rule::UrlAddress
        | Rule::UrlWord
        | Rule::UrlSoftWords
        | Rule::UrlSubstring
        | Rule::OptOut
        | Rule::LoremIpsum
        | Rule::CurlyBracket
        | Rule::Contamination => Most(0.0),
        Rule::RemovedWords => Most(limits.max_removed_words),
        Rule::SentenceShare => Least(limits.min_sentence_share),
        Rule::Sentences => Least(limits.c4_min_sentences as f64),
        Rule::PunctuatedLines => Least(limits.min_punctuated_lines),
        Rule::ShortLines => Most(limits.max_short_lines),
        Rule::DuplicateChars => Most(limits.max_duplicate_chars),
        Rule::Newlines => Most(limits.max_newlines),
        _ => Bound::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::limits;

    #[test]
    fn bounds_are_allowed_themselves() {
        assert_eq!(Bound::Within(1.0, 2.0).missed_by(1.0), None);
        assert_eq!(Bound::Within(1.0, 2.0).missed_by(2.0), None);
        assert_eq!(Bound::Within(1.0, 2.0).missed_by(0.9), Some(1.0));
        assert_eq!(Bound::Within(1.0, 2.0).missed_by(2.1), Some(2.0));
        assert_eq!(Bound::None.missed_by(f64::INFINITY), None);
    }

    #[test]
    fn rules_that_are_off_or_not_measured_miss_nothing() {
        let off = RuleSet::parse(&["c4.sentences".into()], "").unwrap();
        let bounds = Bounds::new(&limits(), off);
        let mut scores = Scores::default();
        let miss = |scores: &Scores| {
            let miss = bounds.first_miss(scores);
            miss.map(|miss| miss.rule)
        };
        assert_eq!(miss(&scores), None);
        scores.set(Rule::Sentences, 0.0);
        assert_eq!(miss(&scores), None);
        scores.set(Rule::Newlines, 0.31);
        assert_eq!(miss(&scores), Some(Rule::Newlines));
    }
}
