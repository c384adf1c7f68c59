//! What a mixture comes to: shares of the tokens, and the epochs that a training budget means.

use serde::Serialize;
use textmill_schemas::{Side, TokenGroup};

use crate::Mixture;

/// Epochs up to which repeated tokens are worth nearly as much as new ones; beyond, their worth
/// falls (Muennighoff et al. 2023, "Scaling Data-Constrained Language Models").
pub const MANY_EPOCHS: f64 = 4.0;

/// One group of the training documents in a mixture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Name of the source.
    pub source: String,
    /// Identified language.
    pub lang: Option<String>,
    /// Documents.
    pub documents: u64,
    /// Tokens, each document once and with the one that ends it, as in all that follows.
    pub tokens: u64,
    /// Share of a pass with all weights 1.
    pub natural_share: f64,
    /// Weight in the mixture.
    pub weight: f64,
    /// Share of a pass.
    pub share: f64,
    /// How often a document is seen in a pass, on average.
    pub repetitions: f64,
    /// Tokens that training draws.
    pub drawn: u64,
    /// How often training sees a document of the group that it sees at all, on average. Where a
    /// weight below 1 leaves documents out, the others are seen the more often.
    pub epochs: f64,
}

/// All groups of the training documents in a mixture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// Tokens that training draws.
    pub budget: u64,
    /// Tokens of a pass.
    pub pass: u64,
    /// Passes that the budget means.
    pub passes: f64,
    /// By source and language, as in `groups.json`.
    pub groups: Vec<Share>,
}

impl Shares {
    /// What `mixture` makes of the training groups when training draws `budget` tokens.
    #[must_use]
    pub fn of(mixture: &Mixture, groups: &[TokenGroup], budget: u64) -> Self {
        let train = groups.iter().filter(|group| group.side == Side::Train);
        let groups: Vec<Weighted> = train.map(|group| Weighted::of(mixture, group)).collect();
        let natural: f64 = groups.iter().map(|group| group.natural).sum();
        let pass: f64 = groups.iter().map(Weighted::in_pass).sum();
        let passes = ratio(budget as f64, pass);
        let share = |group: &Weighted| {
            let TokenGroup {
                source,
                lang,
                documents,
                ..
            } = group.group;
            let drawn = group.in_pass() * passes;
            Share {
                source: source.clone(),
                lang: lang.clone(),
                documents: *documents,
                tokens: group.tokens as u64,
                natural_share: ratio(group.natural, natural),
                weight: group.weight,
                share: ratio(group.in_pass(), pass),
                repetitions: ratio(group.in_pass(), group.tokens),
                drawn: drawn.round() as u64,
                epochs: ratio(drawn, group.tokens * group.weight.min(1.0)),
            }
        };
        Self {
            budget,
            pass: pass.round() as u64,
            passes,
            groups: groups.iter().map(share).collect(),
        }
    }

    /// Whether some group is seen in so many epochs that it is worth a warning.
    #[must_use]
    pub fn has_many_epochs(&self) -> bool {
        self.groups.iter().any(|group| group.epochs > MANY_EPOCHS)
    }
}

/// A group and its tokens, those that end documents included.
struct Weighted<'a> {
    group: &'a TokenGroup,
    weight: f64,
    tokens: f64,
    /// As often as dedupe's repetitions say; how many documents they are of is not known, so they
    /// are taken to be as long as the others.
    natural: f64,
}

impl<'a> Weighted<'a> {
    fn of(mixture: &Mixture, group: &'a TokenGroup) -> Self {
        let tokens = (group.tokens + group.documents) as f64;
        let repetitions = match group.tokens {
            0 => 1.0,
            tokens => group.repeated_tokens as f64 / tokens as f64,
        };
        Self {
            group,
            weight: mixture.weight(&group.source, group.lang.as_deref()),
            tokens,
            natural: tokens * repetitions,
        }
    }

    fn in_pass(&self) -> f64 {
        self.natural * self.weight
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    match b > 0.0 {
        true => a / b,
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(source: &str, lang: &str, documents: u64, tokens: u64, repeated: u64) -> TokenGroup {
        TokenGroup {
            source: source.to_owned(),
            lang: Some(lang.to_owned()),
            documents,
            tokens,
            repeated_tokens: repeated,
            ..TokenGroup::default()
        }
    }

    fn weights(weights: &[(&str, f64)]) -> Mixture {
        let weights = weights
            .iter()
            .map(|(name, weight)| ((*name).to_owned(), *weight));
        Mixture {
            sources: weights.collect(),
            ..Mixture::default()
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        let groups = [
            group("books", "en", 10, 590, 590),
            group("news", "en", 20, 180, 180),
            group("news", "zh", 20, 180, 180),
            TokenGroup {
                side: Side::Validation,
                ..group("news", "en", 9, 99, 99)
            },
        ];
        let found = Shares::of(&weights(&[("news", 3.0)]), &groups, 5400);
        assert_eq!((found.pass, found.passes), (1800, 3.0));
        let [books, english, chinese] = &found.groups[..] else {
            panic!("{found:?}");
        };
        assert_eq!((books.natural_share, books.share), (0.6, 600.0 / 1800.0));
        assert_eq!(
            (books.repetitions, books.epochs, books.drawn),
            (1.0, 3.0, 1800)
        );
        assert_eq!(
            (english.natural_share, english.share),
            (0.2, 600.0 / 1800.0)
        );
        assert_eq!(
            (english.repetitions, english.epochs, english.drawn),
            (3.0, 9.0, 1800)
        );
        assert_eq!((chinese.share, chinese.tokens), (english.share, 200));
        assert!(found.has_many_epochs());
        assert!(!Shares::of(&weights(&[]), &groups, 4000).has_many_epochs());
    }

    #[test]
    fn documents_left_out_leave_more_epochs_to_the_others() {
        let groups = [
            group("books", "en", 10, 990, 990),
            group("news", "en", 10, 990, 1980),
        ];
        let found = Shares::of(&weights(&[("books", 0.25)]), &groups, 4500);
        assert_eq!(found.passes, 2.0);
        let [books, news] = &found.groups[..] else {
            panic!("{found:?}");
        };
        assert_eq!(
            (books.repetitions, books.drawn, books.epochs),
            (0.25, 500, 2.0)
        );
        // Dedupe's repetitions count: each document twice a pass.
        assert_eq!(
            (news.repetitions, news.drawn, news.epochs),
            (2.0, 4000, 4.0)
        );
    }

    #[test]
    fn nothing_is_nothing() {
        let found = Shares::of(
            &weights(&[("news", 0.0)]),
            &[group("news", "en", 1, 9, 9)],
            100,
        );
        assert_eq!((found.pass, found.passes), (0, 0.0));
        assert_eq!((found.groups[0].epochs, found.groups[0].drawn), (0.0, 0));
        assert!(Shares::of(&weights(&[]), &[], 100).groups.is_empty());
    }
}
