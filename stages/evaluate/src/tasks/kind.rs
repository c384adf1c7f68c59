//! The tasks that are known by name.

use std::str::FromStr;

use crate::Error;

/// The form that a task's rows have, and the prompts that are made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// HellaSwag (Zellers et al. 2019, arXiv:1905.07830): which ending goes on. Rows
    /// `{activity_label, ctx_a, ctx_b, endings, label}`, or `{ctx, endings, label}` with the
    /// activity already in `ctx`.
    Hellaswag,
    /// ARC, easy or challenge (Clark et al. 2018, arXiv:1803.05457): school science. Rows
    /// `{question, choices: {text, label}, answerKey}`.
    Arc,
    /// PIQA (Bisk et al. 2020, arXiv:1911.11641): everyday physics. Rows `{goal, sol1, sol2,
    /// label}`.
    Piqa,
    /// LAMBADA (Paperno et al. 2016, arXiv:1606.06031): the last word of a passage, a cloze.
    /// Rows `{text}`.
    Lambada,
    /// BLiMP (Warstadt et al. 2020, arXiv:1912.00582): which of two sentences is grammatical. Rows
    /// `{sentence_good, sentence_bad}`, a file for each paradigm.
    Blimp,
    /// XCOPA (Ponti et al. 2020, arXiv:2005.00333): cause or effect in eleven languages. Rows
    /// `{premise, choice1, choice2, question, label}`; the language is named by the task
    /// (`xcopa_zh`) or the file (`val.zh.jsonl`).
    Xcopa,
    /// CMMLU (Li et al. 2023, arXiv:2306.09212): Chinese examinations. Rows `{Question, A, B, C,
    /// D, Answer}`, a file for each subject.
    Cmmlu,
    /// MMLU (Hendrycks et al. 2021, arXiv:2009.03300): examinations in 57 subjects. Rows
    /// `{question, choice0 … choice3, answer}` or `{question, choices, answer}`, a file for each
    /// subject.
    Mmlu,
    /// Any other multiple choice: rows `{query or context, choices, gold}`, which are accepted
    /// under the other names, too. A choice follows its context behind a space.
    Choice,
    /// Any other cloze: rows `{context, continuation}`; the continuation follows as it stands.
    Cloze,
}

/// Names, and whether a part may follow behind `_`.
const NAMES: [(&str, TaskKind, bool); 10] = [
    ("hellaswag", TaskKind::Hellaswag, false),
    ("arc", TaskKind::Arc, true),
    ("piqa", TaskKind::Piqa, false),
    ("lambada", TaskKind::Lambada, true),
    ("blimp", TaskKind::Blimp, true),
    ("xcopa", TaskKind::Xcopa, true),
    ("cmmlu", TaskKind::Cmmlu, true),
    ("mmlu", TaskKind::Mmlu, true),
    ("choice", TaskKind::Choice, true),
    ("cloze", TaskKind::Cloze, true),
];

impl TaskKind {
    /// Whether the model has to find the continuation alone instead of choosing one.
    #[must_use]
    pub fn is_cloze(self) -> bool {
        matches!(self, Self::Lambada | Self::Cloze)
    }
}

impl FromStr for TaskKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let fits = |known: &str, has_parts: bool| match name.strip_prefix(known) {
            Some(rest) => rest.is_empty() || has_parts && rest.starts_with('_'),
            None => false,
        };
        let found = NAMES.iter().find(|(known, _, parts)| fits(known, *parts));
        found.map(|(_, kind, _)| *kind).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _, _)| *name).collect();
            Error::UnknownTask {
                name: name.to_owned(),
                known: names.join(", "),
            }
        })
    }
}

/// The part that a task's name names: `zh` of `xcopa_zh`.
pub(super) fn part_of_name(name: &str) -> Option<&str> {
    name.split_once('_').map(|(_, part)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_harness() {
        for (name, kind) in [
            ("arc_challenge", TaskKind::Arc),
            ("lambada_openai", TaskKind::Lambada),
            ("xcopa_zh", TaskKind::Xcopa),
            ("mmlu", TaskKind::Mmlu),
            ("mmlu_abstract_algebra", TaskKind::Mmlu),
        ] {
            assert_eq!(name.parse::<TaskKind>().unwrap(), kind);
        }
        assert_eq!(
            part_of_name("mmlu_abstract_algebra"),
            Some("abstract_algebra")
        );
        for name in ["helaswag", "hellaswag_x", "arcx", ""] {
            let error = name.parse::<TaskKind>().unwrap_err().to_string();
            assert!(error.contains("hellaswag, arc"), "{error}");
        }
    }
}
