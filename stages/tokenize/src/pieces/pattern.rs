//! The patterns by name.

use serde::{Deserialize, Serialize};

/// Whose way of cutting text into pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// GPT-2's: letters, digits and other characters apart, each with the space before it
    /// (Radford et al. 2019).
    Gpt2,
    /// That of OpenAI's cl100k_base, which Llama 3 and Qwen took over: a word may begin with any one
    /// character that is no letter, and line ends stay together.
    Cl100k,
    /// That of o200k_base: as cl100k, but words also end where a capital follows a small letter,
    /// contractions belong to their word, and marks count as letters.
    O200k,
}

/// How runs of digits are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digits {
    /// Each digit is a piece of its own.
    One,
    /// From the left in groups of three.
    Three,
    /// A run of digits is one piece.
    All,
}

/// How text is cut into pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Whose way.
    pub family: Family,
    /// How digits are cut.
    pub digits: Digits,
}

const CONTRACTIONS: &str = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gpt2, Self::Cl100k, Self::O200k];

    /// The pattern as it was published.
    #[must_use]
    pub fn pattern(self) -> Pattern {
        let digits = match self {
            Self::Gpt2 => Digits::All,
            Self::Cl100k | Self::O200k => Digits::Three,
        };
        Pattern {
            family: self,
            digits,
        }
    }
}

impl Digits {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Three, Self::All];
}

impl Pattern {
    /// The regular expression that defines the pieces, as Hugging Face's `Split` takes it.
    #[must_use]
    pub fn regex(self) -> String {
        let digits = match (self.family, self.digits) {
            (_, Digits::One) => r"\p{N}",
            (_, Digits::Three) => r"\p{N}{1,3}",
            (Family::Gpt2, Digits::All) => r" ?\p{N}+",
            (_, Digits::All) => r"\p{N}+",
        };
        match self.family {
            Family::Gpt2 => format!(
                r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+|\s+(?!\S)|\s+"
            ),
            Family::Cl100k => format!(
                r"{CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            ),
            Family::O200k => format!(
                r"[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]*[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]+[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]*{CONTRACTIONS}?|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            ),
        }
    }

    /// The pattern that a regular expression defines, where it is one of these.
    #[must_use]
    pub fn from_regex(regex: &str) -> Option<Self> {
        let all = Family::ALL.into_iter().flat_map(|family| {
            let of = move |digits| Self { family, digits };
            Digits::ALL.into_iter().map(of)
        });
        all.into_iter().find(|pattern| pattern.regex() == regex)
    }
}
