//! The rules by family. A family measures a document, into [`Scores`], and decides nothing;
//! [`Bounds`] hold what the configuration allows of each score, and the first one missed decides.

mod bounds;
pub mod c4;
pub mod fineweb;
pub mod gopher_quality;
pub mod gopher_repetition;
pub mod prose;
pub mod refinedweb;
mod scores;

pub use bounds::{Bound, Bounds, Violation};
pub use scores::Scores;

use crate::error::Error;

/// Declares the rules with their names.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A rule, by which a document is dropped or a line removed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// All rules, in the order in which they decide.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant,)*];

            /// Number of rules.
            pub const COUNT: usize = Self::ALL.len();

            /// The rule's name, as `family.rule`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)* }
            }
        }
    };
}

rules! {
    /// The host, or one above it, is on a block list.
    UrlDomain = "url.domain";
    /// The address, or one above it, is on a block list.
    UrlAddress = "url.address";
    /// A banned word in the address.
    UrlWord = "url.word";
    /// Several suspicious words in the address.
    UrlSoftWords = "url.soft_words";
    /// A banned text in the address.
    UrlSubstring = "url.substring";
    /// The page asks not to be used for training.
    OptOut = "url.opt_out";
    /// The language is not among those to keep.
    Language = "lang.language";
    /// The language is too uncertain.
    LanguageConfidence = "lang.confidence";
    /// Parts of the document are in another language.
    LanguageMixed = "lang.mixed";
    /// Paragraphs that repeat an earlier one, by number.
    DuplicateParagraphs = "gopher_repetition.duplicate_paragraphs";
    /// Paragraphs that repeat an earlier one, by characters.
    DuplicateParagraphChars = "gopher_repetition.duplicate_paragraph_chars";
    /// Lines that repeat an earlier one, by number.
    DuplicateLines = "gopher_repetition.duplicate_lines";
    /// Lines that repeat an earlier one, by characters.
    DuplicateLineChars = "gopher_repetition.duplicate_line_chars";
    /// The commonest 2-gram's share of characters.
    Top2Gram = "gopher_repetition.top_2gram";
    /// The commonest 3-gram's share of characters.
    Top3Gram = "gopher_repetition.top_3gram";
    /// The commonest 4-gram's share of characters.
    Top4Gram = "gopher_repetition.top_4gram";
    /// Repeated 5-grams' share of characters.
    Duplicate5Grams = "gopher_repetition.duplicate_5grams";
    /// Repeated 6-grams' share of characters.
    Duplicate6Grams = "gopher_repetition.duplicate_6grams";
    /// Repeated 7-grams' share of characters.
    Duplicate7Grams = "gopher_repetition.duplicate_7grams";
    /// Repeated 8-grams' share of characters.
    Duplicate8Grams = "gopher_repetition.duplicate_8grams";
    /// Repeated 9-grams' share of characters.
    Duplicate9Grams = "gopher_repetition.duplicate_9grams";
    /// Repeated 10-grams' share of characters.
    Duplicate10Grams = "gopher_repetition.duplicate_10grams";
    /// Number of words.
    WordCount = "gopher_quality.word_count";
    /// Mean length of the words.
    MeanWordLength = "gopher_quality.mean_word_length";
    /// `#` characters per word.
    HashRatio = "gopher_quality.hash_ratio";
    /// Ellipses per word.
    EllipsisRatio = "gopher_quality.ellipsis_ratio";
    /// Lines that begin with a bullet.
    BulletLines = "gopher_quality.bullet_lines";
    /// Lines that end with an ellipsis.
    EllipsisLines = "gopher_quality.ellipsis_lines";
    /// Words with a letter in them.
    AlphabeticWords = "gopher_quality.alphabetic_words";
    /// Different stop words.
    StopWords = "gopher_quality.stop_words";
    /// Removes lines with a very long word.
    LongWord = "c4.long_word";
    /// Removes citation marks such as `[12]`.
    Citations = "c4.citations";
    /// Removes lines without terminal punctuation.
    TerminalPunctuation = "c4.terminal_punctuation";
    /// Removes lines of few words.
    ShortLine = "c4.short_line";
    /// "lorem ipsum" in the text.
    LoremIpsum = "c4.lorem_ipsum";
    /// Removes lines that mention JavaScript.
    Javascript = "c4.javascript";
    /// A curly bracket in the text.
    CurlyBracket = "c4.curly_bracket";
    /// Removes lines about cookies, privacy and terms of use.
    Policy = "c4.policy";
    /// Number of sentences.
    Sentences = "c4.sentences";
    /// Removes lines, and parts of lines, of page furniture; drops what loses many words by it.
    RemovedWords = "refinedweb.removed_words";
    /// Lines that end with terminal punctuation.
    PunctuatedLines = "fineweb.punctuated_lines";
    /// Short lines.
    ShortLines = "fineweb.short_lines";
    /// Characters in lines that repeat an earlier one.
    DuplicateChars = "fineweb.duplicate_chars";
    /// Line feeds per word.
    Newlines = "fineweb.newlines";
    /// Characters on lines that read as sentences.
    SentenceShare = "prose.sentence_share";
    /// Words of the safety lists.
    SafetyWords = "safety.words";
    /// The classifier's probability that the document is good.
    ClassifierScore = "classifier.score";
    /// Perplexity under the language's model.
    Perplexity = "perplexity.perplexity";
    /// Head, middle or tail of the language by perplexity.
    PerplexityBucket = "perplexity.bucket";
    /// Items of evaluation sets in the text.
    Contamination = "decontamination.items";
}

impl Rule {
    /// Whether the rule removes lines, or parts of them, instead of dropping documents.
    #[must_use]
    pub fn rewrites(self) -> bool {
        matches!(
            self,
            Self::LongWord
                | Self::Citations
                | Self::TerminalPunctuation
                | Self::ShortLine
                | Self::Javascript
                | Self::Policy
        )
    }
}

// A set of rules is a number of 64 bits.
const _: () = assert!(Rule::COUNT <= 64);

/// A set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSet(u64);

impl RuleSet {
    /// Whether the rule is in the set.
    #[must_use]
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u64) != 0
    }

    /// The rules by their names.
    ///
    /// # Errors
    /// A name that no rule has; `key` is where it stands in the configuration.
    pub fn parse(names: &[String], key: &str) -> Result<Self, Error> {
        let mut set = Self::default();
        for name in names {
            match Rule::ALL.iter().find(|rule| rule.name() == name) {
                Some(&rule) => set.0 |= 1 << rule as u64,
                None => return Err(unknown(name, key)),
            }
        }
        Ok(set)
    }
}

fn unknown(name: &str, key: &str) -> Error {
    let names = || Rule::ALL.iter().map(|rule| rule.name());
    let family = name.split('.').next().unwrap_or_default();
    let mut known: Vec<&str> = names()
        .filter(|known| known.split('.').next() == Some(family))
        .collect();
    if known.is_empty() {
        known = names().collect();
    }
    Error::UnknownRule {
        key: key.to_string(),
        name: name.to_string(),
        known: known.join(", "),
    }
}

/// A share of a whole; nothing of nothing is 0.
#[must_use]
pub fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, LanguageConfig, Limits};

    /// The literature's limits.
    pub(super) fn limits() -> Limits {
        Limits::for_language(&Config::default(), "", &LanguageConfig::default()).unwrap()
    }

    /// The first rule that the literature's limits miss, with what was measured.
    pub(super) fn first_miss(scores: &Scores) -> Option<(Rule, f64)> {
        let bounds = Bounds::new(&limits(), RuleSet::default());
        bounds
            .first_miss(scores)
            .map(|miss| (miss.rule, miss.value))
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Rule::COUNT);
    }

    #[test]
    fn unknown_rules_are_named_with_their_family() {
        let error = RuleSet::parse(&["c4.curly".into()], "filter.disable")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("filter.disable")
                && error.contains("c4.curly_bracket")
                && !error.contains("fineweb")
        );
    }
}
