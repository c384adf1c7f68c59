//! How often each document is seen: weights by source and language.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use textmill_schemas::{Side, TokenGroup, Tokens};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Error;

/// Keeps the choice of documents apart from other draws by hash, such as the split's.
const SALT: u64 = 0x6d_69_78_74_75_72_65;
/// The greatest weight: what it makes of a corpus must be a number of copies that one can store.
const MOST: f64 = 1000.0;

/// Weights of a training mixture; 1 for what is not named.
///
/// A weight says how often a document is seen in one pass, relative to its natural once (or its
/// `repetitions`, where dedupe gave it some): 2 is seen twice, 0.5 stands for every second
/// document, 0 for none. The weight of a document is that of its source times that of its
/// language. So a group's share of the tokens is its natural share times its weight, made to add
/// up to 1: the sampling weights of GPT-3 (Brown et al. 2020, table 2.2) are such shares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mixture {
    /// By name of the source.
    pub sources: BTreeMap<String, f64>,
    /// By language, as the filter identified it; documents without one have the weight 1.
    pub languages: BTreeMap<String, f64>,
}

/// Sources and languages of which no training document is seen. Their validation documents tell
/// how well a model does on texts unlike those that it has learnt from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Names of sources.
    pub sources: BTreeSet<String>,
    /// Languages.
    pub languages: BTreeSet<String>,
}

impl HeldOut {
    /// Whether nothing is held out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.languages.is_empty()
    }

    /// Whether documents of a source in a language are held out.
    #[must_use]
    pub fn holds(&self, source: &str, lang: Option<&str>) -> bool {
        self.sources.contains(source) || lang.is_some_and(|lang| self.languages.contains(lang))
    }
}

/// What decides how often a document is seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its source.
    pub source: &'a str,
    /// Its language.
    pub lang: Option<&'a str>,
    /// How often dedupe says that it should be seen.
    pub repetitions: u32,
}

impl<'a> Seen<'a> {
    /// Columns of a token shard that this takes.
    pub const COLUMNS: [&'static str; 4] = ["id", "source", "lang", "repetitions"];

    /// That of a row of a token shard.
    #[must_use]
    pub fn of(document: &'a Tokens) -> Self {
        Self {
            id: &document.id,
            source: &document.source,
            lang: document.lang.as_deref(),
            repetitions: document.repetitions,
        }
    }
}

impl Mixture {
    /// Checks the weights themselves.
    ///
    /// # Errors
    /// [`Error::Weight`] names the one that makes no sense.
    pub fn validate(&self) -> Result<(), Error> {
        let sources = self.sources.iter().map(|weight| ("sources", weight));
        let languages = self.languages.iter().map(|weight| ("languages", weight));
        for (part, (name, weight)) in sources.chain(languages) {
            if !(0.0..=MOST).contains(weight) {
                return Err(Error::Weight {
                    key: format!("{part}.{name}"),
                    value: *weight,
                    most: MOST,
                });
            }
        }
        Ok(())
    }

    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.languages.is_empty()
    }

    /// The weight of a source's documents in a language.
    #[must_use]
    pub fn weight(&self, source: &str, lang: Option<&str>) -> f64 {
        let source = self.sources.get(source);
        let lang = lang.and_then(|lang| self.languages.get(lang));
        source.copied().unwrap_or(1.0) * lang.copied().unwrap_or(1.0)
    }

    /// What has the weight 0.
    #[must_use]
    pub fn held_out(&self) -> HeldOut {
        let zero = |weights: &BTreeMap<String, f64>| {
            let zero = weights.iter().filter(|(_, weight)| **weight == 0.0);
            zero.map(|(name, _)| name.clone()).collect()
        };
        HeldOut {
            sources: zero(&self.sources),
            languages: zero(&self.languages),
        }
    }

    /// How often a document is seen in one pass: its repetitions times its weight. Of what is
    /// left of a whole number, the hash of the id decides who has one more: with 2.3, three of
    /// ten documents are seen three times and the others twice, the same ones in each pass.
    #[must_use]
    pub fn times(&self, document: Seen, seed: u64) -> u32 {
        let weight = self.weight(document.source, document.lang);
        let wanted = f64::from(document.repetitions.max(1)) * weight;
        let whole = wanted.floor();
        let fraction = wanted - whole;
        let one_more = fraction > 0.0 && {
            let hash = xxh3_64_with_seed(document.id.as_bytes(), seed ^ SALT);
            // The upper 53 bits are a number in [0, 1) that a float holds exactly.
            ((hash >> 11) as f64) < fraction * (1u64 << 53) as f64
        };
        // Saturates far beyond what a shard's repetitions can ask for.
        whole as u32 + u32::from(one_more)
    }

    /// Checks the weights against what the training shards hold.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a source or language that no training document has, with the
    /// nearest one; [`Error::Nothing`] when no document is left.
    pub fn check(&self, groups: &[TokenGroup]) -> Result<(), Error> {
        let train = || groups.iter().filter(|group| group.side == Side::Train);
        let sources: BTreeSet<&str> = train().map(|group| group.source.as_str()).collect();
        let languages = train().filter_map(|group| group.lang.as_deref()).collect();
        known("sources", "source", &self.sources, &sources)?;
        known("languages", "language", &self.languages, &languages)?;
        let left = |group: &TokenGroup| self.weight(&group.source, group.lang.as_deref()) > 0.0;
        if train().next().is_some() && !train().any(left) {
            return Err(Error::Nothing);
        }
        Ok(())
    }
}

fn known(
    part: &'static str,
    what: &'static str,
    weights: &BTreeMap<String, f64>,
    there: &BTreeSet<&str>,
) -> Result<(), Error> {
    let Some(name) = weights.keys().find(|name| !there.contains(name.as_str())) else {
        return Ok(());
    };
    let similarity = |other: &&&str| strsim::jaro_winkler(name, other);
    let nearest = there
        .iter()
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    Err(Error::Unknown {
        part,
        what,
        name: name.clone(),
        nearest: nearest.map_or(String::new(), |nearest| {
            format!("; the nearest is `{nearest}`")
        }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mixture(sources: &[(&str, f64)], languages: &[(&str, f64)]) -> Mixture {
        let map = |weights: &[(&str, f64)]| {
            let weights = weights
                .iter()
                .map(|(name, weight)| ((*name).to_owned(), *weight));
            weights.collect()
        };
        Mixture {
            sources: map(sources),
            languages: map(languages),
        }
    }

    fn times(mixture: &Mixture, id: &str, repetitions: u32) -> u32 {
        let document = Seen {
            id,
            source: "news",
            lang: Some("zh"),
            repetitions,
        };
        mixture.times(document, 1)
    }

    #[test]
    fn weights_multiply() {
        let mixture = mixture(&[("news", 2.0)], &[("zh", 0.5)]);
        assert_eq!(mixture.weight("news", Some("zh")), 1.0);
        assert_eq!(mixture.weight("news", None), 2.0);
        assert_eq!(mixture.weight("books", Some("en")), 1.0);
        assert!(!mixture.is_empty() && Mixture::default().is_empty());
    }

    #[test]
    fn fractions_are_a_share_of_the_documents() {
        for (weight, repetitions, least) in [(2.3, 1, 2), (0.25, 1, 0), (0.5, 3, 1)] {
            let mixture = mixture(&[("news", weight)], &[]);
            let all: Vec<u32> = (0..20_000)
                .map(|id| times(&mixture, &id.to_string(), repetitions))
                .collect();
            assert!(
                all.iter()
                    .all(|times| *times == least || *times == least + 1)
            );
            let mean = f64::from(all.iter().sum::<u32>()) / 20_000.0;
            assert!(
                (mean - weight * f64::from(repetitions)).abs() < 0.01,
                "{mean}"
            );
        }
    }

    proptest! {
        #[test]
        fn whole_weights_are_exact(id: String, weight in 0u32..1000, repetitions in 0u32..1000) {
            let mixture = mixture(&[("news", f64::from(weight))], &[]);
            prop_assert_eq!(times(&mixture, &id, repetitions), repetitions.max(1) * weight);
        }

        /// Documents that a smaller weight takes are among those that a greater one takes.
        #[test]
        fn greater_weights_take_more(id: String, a in 0.0f64..5.0, b in 0.0f64..5.0) {
            let at = |weight| times(&mixture(&[], &[("zh", weight)]), &id, 1);
            prop_assert!(at(a.min(b)) <= at(a.max(b)));
        }
    }

    #[test]
    fn mistakes_are_named() {
        let group = |side, source: &str, lang: Option<&str>| TokenGroup {
            side,
            source: source.to_owned(),
            lang: lang.map(str::to_owned),
            ..TokenGroup::default()
        };
        let groups = [
            group(Side::Train, "news", Some("en")),
            group(Side::Train, "books", None),
            group(Side::Validation, "forum", Some("zh")),
        ];
        let complaint = |mixture: Mixture| mixture.check(&groups).unwrap_err().to_string();
        mixture(&[("news", 0.0)], &[("en", 2.0)])
            .check(&groups)
            .unwrap();
        let said = complaint(mixture(&[("new", 2.0)], &[]));
        assert!(
            said.contains("`new`") && said.contains("nearest is `news`"),
            "{said}"
        );
        let said = complaint(mixture(&[], &[("zh", 2.0)]));
        assert!(
            said.contains("language `zh`") && said.contains("`en`"),
            "{said}"
        );
        let said = complaint(mixture(&[("news", 0.0), ("books", 0.0)], &[]));
        assert!(said.contains("no training document"), "{said}");
        for weight in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
            let error = mixture(&[], &[("zh", weight)]).validate().unwrap_err();
            assert!(error.to_string().contains("languages.zh"), "{error}");
        }
    }

    #[test]
    fn what_weighs_nothing_is_held_out() {
        let held_out = mixture(&[("news", 0.0), ("books", 0.5)], &[("zh", 0.0)]).held_out();
        assert!(held_out.holds("news", None) && held_out.holds("books", Some("zh")));
        assert!(!held_out.holds("books", Some("en")) && !held_out.holds("web", None));
        assert!(mixture(&[("news", 2.0)], &[]).held_out().is_empty());
    }
}
