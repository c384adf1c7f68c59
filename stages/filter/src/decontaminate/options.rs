//! What of an evaluation set is compared, and how much must be the same.

use super::units::Kind;
use super::window::MAX_WINDOW;
use crate::error::Error;

/// Numbers of units by script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Words of scripts that write spaces.
    pub words: usize,
    /// Characters of Chinese and Japanese.
    pub ideographs: usize,
    /// Characters of Thai, Lao, Khmer and Burmese.
    pub unspaced: usize,
}

impl Lengths {
    pub(super) fn of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Word => self.words,
            Kind::Ideograph => self.ideographs,
            Kind::Unspaced => self.unspaced,
        }
    }
}

/// How documents are compared with evaluation sets.
#[derive(Clone, Debug, PartialEq)]
pub struct DecontaminationOptions {
    /// Keys whose strings are compared, wherever they stand in an item: long ones by n-grams, short
    /// ones as a whole.
    pub fields: Vec<String>,
    /// Keys whose strings are compared by n-grams alone: a short answer says nothing by itself.
    pub answer_fields: Vec<String>,
    /// Length of the n-grams. 13 words are GPT-3's. 16 characters of Chinese: with 13, set phrases
    /// of politics and law match; 20 would say as much as 13 words, and miss halves of questions. A
    /// character of Thai says about half as much.
    pub ngram: Lengths,
    /// Fewest units of a text that is compared as a whole.
    pub shortest: Lengths,
    /// An n-gram in more different texts than this is no evidence. GPT-3 ignored those in more than
    /// 10 documents.
    pub max_shared: usize,
    /// A short text of more different items than this is no evidence: "Which of these is true?"
    pub max_shared_whole: usize,
}

impl Default for DecontaminationOptions {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
        Self {
            fields: names(&[
                "question",
                "query",
                "prompt",
                "text",
                "context",
                "goal",
                "ctx",
                "stem",
                "problem",
                "instruction",
                "input",
                "content",
                "passage",
                "article",
                "story",
                "sentence",
                "sentence1",
                "sentence2",
                "premise",
                "hypothesis",
                "startphrase",
                "sent1",
                "Question",
            ]),
            answer_fields: names(&[
                "answer",
                "answers",
                "choices",
                "choice",
                "options",
                "endings",
                "target",
                "targets",
                "solution",
                "canonical_solution",
                "output",
                "sol1",
                "sol2",
                "best_answer",
                "correct_answers",
                "incorrect_answers",
                "Answer",
            ]),
            ngram: Lengths {
                words: 13,
                ideographs: 16,
                unspaced: 32,
            },
            shortest: Lengths {
                words: 5,
                ideographs: 8,
                unspaced: 16,
            },
            max_shared: 10,
            max_shared_whole: 2,
        }
    }
}

impl DecontaminationOptions {
    /// Whether the options make sense.
    pub(super) fn check(&self) -> Result<(), Error> {
        for kind in Kind::ALL {
            let (ngram, shortest) = (self.ngram.of(kind), self.shortest.of(kind));
            if !(2..=MAX_WINDOW).contains(&ngram) || !(1..=ngram).contains(&shortest) {
                return Err(Error::Decontamination {
                    problem: format!(
                        "n-grams of {ngram} units, {shortest} for whole texts: n-grams have 2 to \
                         {MAX_WINDOW} units, whole texts at least 1 and no more than n-grams"
                    ),
                });
            }
        }
        Ok(())
    }
}
