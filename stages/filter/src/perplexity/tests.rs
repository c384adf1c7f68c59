use std::collections::{BTreeMap, BTreeSet};

use super::units::{BEGIN, END, UNKNOWN};
use super::*;
use crate::Error;

fn options(order: usize, prune: &[u32]) -> TrainOptions {
    TrainOptions {
        order,
        prune: prune.to_vec(),
        units: Units::Tokens,
        ..TrainOptions::default()
    }
}

/// Logarithms of the units of one sentence, its end included.
fn logarithms(model: &KneserNey, sentence: &str) -> Vec<f32> {
    let mut context = model.after_begin();
    let mut found = Vec::new();
    model.units.each(sentence, |unit| {
        found.push(model.advance(&mut context, unit).0)
    });
    found
}

/// The formulas of Chen & Goodman (1999) word for word, over maps of whole n-grams.
struct Reference {
    order: usize,
    sentences: Vec<Vec<u64>>,
    vocabulary: BTreeSet<u64>,
    prune: Vec<u32>,
}

impl Reference {
    fn new(text: &str, order: usize, prune: &[u32]) -> Self {
        let mut sentences = vec![vec![BEGIN]];
        Units::Tokens.each(text, |unit| {
            sentences.last_mut().unwrap().push(unit);
            if unit == END {
                sentences.push(vec![BEGIN]);
            }
        });
        sentences.pop();
        let vocabulary = sentences
            .iter()
            .flat_map(|s| s[1..].to_vec())
            .chain([UNKNOWN])
            .collect();
        Self {
            order,
            sentences,
            vocabulary,
            prune: prune.to_vec(),
        }
    }

    /// How often each n-gram of `n` units stands.
    fn occurrences(&self, n: usize) -> BTreeMap<Vec<u64>, u32> {
        let mut found = BTreeMap::new();
        for ngram in self.sentences.iter().flat_map(|s| s.windows(n)) {
            *found.entry(ngram.to_vec()).or_default() += 1;
        }
        found.remove(&vec![BEGIN]);
        found
    }

    /// Kneser–Ney counts: different units to the left, where there is a left.
    fn adjusted(&self, n: usize) -> BTreeMap<Vec<u64>, u32> {
        let mut counts = self.occurrences(n);
        if n < self.order {
            let longer = self.occurrences(n + 1);
            for (ngram, count) in &mut counts {
                if ngram[0] != BEGIN {
                    *count = longer.keys().filter(|key| key[1..] == **ngram).count() as u32;
                }
            }
        }
        counts
    }

    fn discounts(counts: &BTreeMap<Vec<u64>, u32>) -> [f64; 4] {
        let n = |count: u32| counts.values().filter(|c| **c == count).count() as f64;
        let y = n(1) / (n(1) + 2.0 * n(2));
        let d =
            [1, 2, 3].map(|c| f64::from(c) - f64::from(c + 1) * y * n(c as u32 + 1) / n(c as u32));
        let holds = d
            .iter()
            .zip([1.0, 2.0, 3.0])
            .all(|(d, most)| *d >= 0.0 && *d <= most);
        if holds {
            [0.0, d[0], d[1], d[2]]
        } else {
            [0.0, 0.5, 1.0, 1.5]
        }
    }

    /// The probability of a unit after a context, that of `<unk>` if it is unknown.
    fn probability(&self, context: &[u64], unit: u64) -> f64 {
        let context = &context[context.len().saturating_sub(self.order - 1)..];
        let lower = match context {
            [] => 1.0 / self.vocabulary.len() as f64,
            [_, shorter @ ..] => self.probability(shorter, unit),
        };
        let n = context.len() + 1;
        let counts = self.adjusted(n);
        let discounts = Self::discounts(&counts);
        let raw = self.occurrences(n);
        let limit = *self.prune.get(n - 1).or(self.prune.last()).unwrap();
        let (mut total, mut freed, mut own) = (0.0, 0.0, 0.0);
        for (ngram, &count) in counts
            .iter()
            .filter(|(ngram, _)| ngram[..n - 1] == *context)
        {
            let off = if raw[ngram] > limit {
                discounts[count.min(3) as usize]
            } else {
                f64::from(count)
            };
            total += f64::from(count);
            freed += off;
            if ngram[n - 1] == unit {
                own = f64::from(count) - off;
            }
        }
        // A pruned context is none; its followers are pruned with it.
        if total == 0.0 {
            lower
        } else {
            own / total + freed / total * lower
        }
    }
}

const TEXT: &str = "the cat sat on the mat\nthe cat ate the fish on the mat\na dog sat\na dog ate a cat\n\
    the dog sat on a mat and the cat sat on the dog\nfish\nthe fish ate\nthe cat sat on the mat\n";

#[test]
fn probabilities_are_those_of_the_formulas() {
    for (order, prune) in [
        (1, vec![0]),
        (2, vec![0]),
        (3, vec![0]),
        (5, vec![0]),
        (3, vec![0, 0, 1]),
        (4, vec![0, 1]),
    ] {
        let model = KneserNey::train([TEXT], &options(order, &prune)).unwrap();
        let reference = Reference::new(TEXT, order, &prune);
        for sentence in [
            "the cat sat on the mat",
            "a zebra ate the fish",
            "dog the the a",
            "fish",
        ] {
            let units: Vec<u64> = Reference::new(sentence, 1, &[0]).sentences.remove(0);
            for (at, found) in (1..).zip(logarithms(&model, sentence)) {
                let known = |unit: &u64| reference.vocabulary.contains(unit) || *unit == BEGIN;
                let context: Vec<u64> = units[..at]
                    .iter()
                    .map(|u| if known(u) { *u } else { UNKNOWN })
                    .collect();
                let expected = reference.probability(&context, units[at]).log10();
                assert!(
                    (f64::from(found) - expected).abs() < 1e-5,
                    "{order} {prune:?} {sentence} {at}: {found} {expected}"
                );
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn probabilities_sum_to_one(
        text in "([a-f]( [a-f]){0,6}\n){3,20}",
        context in "[a-g]( [a-g]){0,5}",
        order in 1usize..6,
        pruned in 0u32..2,
    ) {
        let model = KneserNey::train([&text], &options(order, &[0, 0, pruned])).unwrap();
        let mut before = model.after_begin();
        Units::Tokens.each(&context, |unit| if unit != END { model.advance(&mut before, unit); });
        let mut vocabulary = BTreeSet::from([UNKNOWN, END]);
        Units::Tokens.each(&text, |unit| { vocabulary.insert(unit); });
        let sum: f64 = vocabulary
            .iter()
            .map(|unit| 10f64.powf(f64::from(model.advance(&mut before.clone(), *unit).0)))
            .sum();
        proptest::prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
    }

    #[test]
    fn perplexity_takes_any_text(text in "\\PC{0,60}") {
        let model = KneserNey::train([TEXT], &TrainOptions::default()).unwrap();
        let score = model.score(&text);
        proptest::prop_assert_eq!(score.units == 0, score.perplexity().is_infinite());
        proptest::prop_assert!(score.perplexity() >= 1.0);
    }
}

#[test]
fn files_keep_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let [path, again] = ["a.tmkn", "b.tmkn"].map(|name| folder.path().join(name));
    let mut model = KneserNey::train(
        [TEXT],
        &TrainOptions {
            language: "en".into(),
            ..TrainOptions::default()
        },
    )
    .unwrap();
    model.set_buckets(Some(Buckets {
        head: 3.5,
        tail: 99.0,
    }));
    model.save(&path).unwrap();
    let loaded = KneserNey::load(&path).unwrap();
    assert_eq!(
        (loaded.language(), loaded.buckets(), loaded.order()),
        ("en", model.buckets(), 5)
    );
    assert_eq!(loaded.ngrams(), model.ngrams());
    for text in ["The cat sat on a zebra.", TEXT, "dog", "猫"] {
        assert_eq!(loaded.score(text), model.score(text));
    }
    loaded.save(&again).unwrap();
    assert_eq!(
        std::fs::read(&path).unwrap(),
        std::fs::read(&again).unwrap()
    );
}

#[test]
fn damaged_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("en.tmkn");
    KneserNey::train(["a b a b c\na c"], &options(2, &[0]))
        .unwrap()
        .save(&path)
        .unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x11;
        std::fs::write(&path, &bytes).unwrap();
        assert!(
            matches!(KneserNey::load(&path), Err(Error::Model { .. })),
            "byte {at}"
        );
        std::fs::write(&path, &whole[..at]).unwrap();
        let error = KneserNey::load(&path).unwrap_err();
        assert!(error.to_string().contains("en.tmkn"), "{error}");
    }
    assert!(matches!(
        KneserNey::load(&folder.path().join("none")),
        Err(Error::Read { .. })
    ));
}

#[test]
fn training_says_what_it_cannot_do() {
    for (options, words) in [
        (options(0, &[0]), "between 1 and"),
        (options(9, &[0]), "between 1 and"),
        (options(3, &[1]), "first number"),
        (options(3, &[0, 2, 1]), "falls"),
        (
            TrainOptions {
                max_units: 5,
                ..options(3, &[0])
            },
            "max_units",
        ),
    ] {
        let error = KneserNey::train([TEXT], &options).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(KneserNey::train(["", " \n"], &TrainOptions::default()).is_err());
}

#[test]
fn training_does_not_depend_on_how_texts_are_cut() {
    let lines = KneserNey::train(TEXT.lines(), &TrainOptions::default()).unwrap();
    let whole = KneserNey::train([TEXT], &TrainOptions::default()).unwrap();
    assert_eq!(lines.ngrams(), whole.ngrams());
    assert_eq!(lines.perplexity("a cat sat"), whole.perplexity("a cat sat"));
}

/// A model with what SRILM leaves out, no `<unk>`, and the scores that KenLM 0.3 gives: `a b c` has
/// no `b c`, which is filled in by backing off.
const ARPA: &str = r"
\data\
ngram 1=5
ngram 2=6
ngram 3=1

\1-grams:
-1.5	</s>
-99	<s>	-0.4
-1.0	a	-0.3
-0.8	b	-0.2
-1.2	c	-0.1

\2-grams:
-0.6	<s> a	-0.05
-0.7	a b	-0.15
-0.9	c </s>
-0.95	a a	-0.01
-1.1	b a	-0.02
-1.3	b b	-0.03

\3-grams:
-0.25	a b c

\end\
";

/// Sums of logarithms by KenLM.
const KENLM: &[(&str, f64)] = &[
    ("a b c", -2.500000),
    ("b c", -3.500000),
    ("a b c c", -3.800000),
    ("c a b", -5.250000),
    ("zebra", -101.900002),
    ("a zebra b c", -104.050011),
    ("c c b a", -6.720000),
];

fn arpa(text: &str) -> Result<KneserNey, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lm.arpa");
    std::fs::write(&path, text).unwrap();
    KneserNey::load_arpa(&path, Units::Tokens)
}

#[test]
fn arpa_models_score_as_kenlm_does() {
    let model = arpa(ARPA).unwrap();
    for (sentence, expected) in KENLM {
        let found = model.score(sentence).log10_probability;
        assert!(
            (found - expected).abs() < 1e-4,
            "{sentence}: {found} {expected}"
        );
    }
    assert_eq!(model.ngrams(), [5, 7, 1]);
}

#[test]
fn arpa_mistakes_are_named_with_their_line() {
    for (from, to, at, words) in [
        (r"\data\", "data", 2, "begins with"),
        ("ngram 2=6", "ngram 3=6", 4, "ORDER=COUNT"),
        ("ngram 2=6", "ngram 2=7", 22, "fewer"),
        ("ngram 2=6", "ngram 2=5", 20, "is expected here"),
        ("-1.0\ta", "-one\ta", 10, "a logarithm"),
        ("-1.0\ta", "0.5\ta", 10, "above 0"),
        ("-0.8\tb", "-0.8\ta", 11, "twice"),
        ("-0.7\ta b", "-0.7\ta", 16, "1-grams"),
        ("-0.7\ta b", "-0.7\tz b", 16, "beginning"),
        ("-0.25\ta b c", "-0.25\ta b c -0.1", 23, "highest"),
        (r"\end\", "", 26, "too early"),
    ] {
        let error = arpa(&ARPA.replacen(from, to, 1)).unwrap_err();
        assert!(
            matches!(error, Error::Arpa { line, .. } if line == at),
            "{error}"
        );
        let text = error.to_string();
        assert!(text.contains("lm.arpa") && text.contains(words), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_arpa_is_read_or_refused(text in "\\PC{0,40}", at in 0usize..200, cut in 0usize..20) {
        let at = ARPA.floor_char_boundary(at.min(ARPA.len()));
        let rest = ARPA.get(at + cut..).unwrap_or("");
        if let Err(error) = arpa(&format!("{}{text}{rest}", &ARPA[..at])) {
            let typed = matches!(error, Error::Arpa { .. });
            proptest::prop_assert!(typed);
        }
    }
}
