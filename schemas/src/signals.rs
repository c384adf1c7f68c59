//! What the filter stage measured of each document.

use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Float32Type, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::column::Column;
use crate::row::{Origin, Row, read_column};

/// The columns of scores, one for each rule of the filter, in the order in which rules decide.
pub const SCORES: &[(&str, &str)] = &[
    ("url_domain", "1 if the host is on a block list, else 0."),
    (
        "url_address",
        "1 if the address is on a block list, else 0.",
    ),
    ("url_word", "Banned words in the address."),
    (
        "url_soft_words",
        "Suspicious words in the address, if there are as many as ban it.",
    ),
    ("url_substring", "Banned texts in the address."),
    (
        "url_opt_out",
        "1 if the page asks not to be used for training, else 0.",
    ),
    (
        "lang_language",
        "1 if the language is among those to keep, else 0.",
    ),
    (
        "lang_confidence",
        "Confidence of the identified language, 0 to 1.",
    ),
    (
        "lang_mixed",
        "1 if parts of the document are in another language, else 0.",
    ),
    (
        "gopher_repetition_duplicate_paragraphs",
        "Share of paragraphs that repeat an earlier one.",
    ),
    (
        "gopher_repetition_duplicate_paragraph_chars",
        "Share of characters in such paragraphs.",
    ),
    (
        "gopher_repetition_duplicate_lines",
        "Share of lines that repeat an earlier one.",
    ),
    (
        "gopher_repetition_duplicate_line_chars",
        "Share of characters in such lines.",
    ),
    (
        "gopher_repetition_top_2gram",
        "Share of characters in the commonest 2-gram of words.",
    ),
    (
        "gopher_repetition_top_3gram",
        "Share of characters in the commonest 3-gram of words.",
    ),
    (
        "gopher_repetition_top_4gram",
        "Share of characters in the commonest 4-gram of words.",
    ),
    (
        "gopher_repetition_duplicate_5grams",
        "Share of characters in repeated 5-grams of words.",
    ),
    (
        "gopher_repetition_duplicate_6grams",
        "Share of characters in repeated 6-grams of words.",
    ),
    (
        "gopher_repetition_duplicate_7grams",
        "Share of characters in repeated 7-grams of words.",
    ),
    (
        "gopher_repetition_duplicate_8grams",
        "Share of characters in repeated 8-grams of words.",
    ),
    (
        "gopher_repetition_duplicate_9grams",
        "Share of characters in repeated 9-grams of words.",
    ),
    (
        "gopher_repetition_duplicate_10grams",
        "Share of characters in repeated 10-grams of words.",
    ),
    (
        "gopher_quality_word_count",
        "Words, punctuation marks not counted.",
    ),
    (
        "gopher_quality_mean_word_length",
        "Mean length of the words in characters.",
    ),
    ("gopher_quality_hash_ratio", "# characters per word."),
    ("gopher_quality_ellipsis_ratio", "Ellipses per word."),
    (
        "gopher_quality_bullet_lines",
        "Share of lines that begin with a bullet.",
    ),
    (
        "gopher_quality_ellipsis_lines",
        "Share of lines that end with an ellipsis.",
    ),
    (
        "gopher_quality_alphabetic_words",
        "Share of words with a letter in them.",
    ),
    ("gopher_quality_stop_words", "Different stop words."),
    ("c4_long_word", "Lines removed for a very long word."),
    ("c4_citations", "Lines freed of citation marks."),
    (
        "c4_terminal_punctuation",
        "Lines removed for want of terminal punctuation.",
    ),
    ("c4_short_line", "Lines removed for few words."),
    ("c4_lorem_ipsum", "Lines with \"lorem ipsum\"."),
    ("c4_javascript", "Lines removed that mention JavaScript."),
    ("c4_curly_bracket", "Lines with a curly bracket."),
    (
        "c4_policy",
        "Lines removed that speak of cookies, privacy or terms of use.",
    ),
    ("c4_sentences", "Sentences on the lines that stay."),
    (
        "refinedweb_removed_words",
        "Share of words on lines of page furniture, which were removed.",
    ),
    (
        "fineweb_punctuated_lines",
        "Share of lines that end with terminal punctuation.",
    ),
    ("fineweb_short_lines", "Share of short lines."),
    (
        "fineweb_duplicate_chars",
        "Share of characters in lines that repeat an earlier one.",
    ),
    ("fineweb_newlines", "Line feeds per word."),
    (
        "prose_sentence_share",
        "Share of characters on lines that read as sentences.",
    ),
    (
        "safety_words",
        "Words of the safety lists per thousand words.",
    ),
    (
        "classifier_score",
        "The classifier's probability that the document is good.",
    ),
    (
        "perplexity_perplexity",
        "Perplexity under the language's model.",
    ),
    (
        "perplexity_bucket",
        "0 head, 1 middle, 2 tail of the language by perplexity.",
    ),
    (
        "decontamination_items",
        "Items of evaluation sets in the text.",
    ),
];

/// What the filter stage measured of one document, kept or dropped. It is small beside the text,
/// so that thresholds can be looked for and changed without reading the text again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// Stable identity, the same in every stage.
    pub id: String,
    /// Name of the source in the configuration.
    pub source: String,
    /// Identified language.
    pub lang: Option<String>,
    /// Identified script.
    pub script: Option<String>,
    /// UTF-8 bytes of the text as it came.
    pub bytes: u64,
    /// The rule that dropped the document; null if it was kept.
    pub dropped_by: Option<String>,
    /// One value for each of [`SCORES`]; NaN, null in the shard, where nothing was measured.
    pub scores: Vec<f32>,
}

const FIELDS: &[(&str, bool, &str)] = &[
    ("id", false, "Stable identity, the same in every stage."),
    ("source", false, "Name of the source in the configuration."),
    (
        "lang",
        true,
        "Identified language, ISO 639-1 where there is one.",
    ),
    ("script", true, "Identified script, ISO 15924."),
    ("bytes", false, "UTF-8 bytes of the text as it came."),
    (
        "dropped_by",
        true,
        "Rule that dropped the document; null if it was kept.",
    ),
];

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fixed = FIELDS.iter().map(|&(name, nullable, doc)| {
        let data_type = match name {
            "bytes" => DataType::UInt64,
            _ => DataType::Utf8,
        };
        (name, data_type, nullable, doc)
    });
    let scores = SCORES
        .iter()
        .map(|&(name, doc)| (name, DataType::Float32, true, doc));
    let fields = fixed.chain(scores).map(|(name, data_type, nullable, doc)| {
        let doc = [("doc".to_owned(), doc.to_owned())];
        Field::new(name, data_type, nullable).with_metadata(doc)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
});

impl Row for Signals {
    const NAME: &'static str = "Signals";

    fn schema() -> SchemaRef {
        SCHEMA.clone()
    }

    fn origin(&self) -> Origin {
        Origin {
            id: self.id.clone(),
            source: self.source.clone(),
            ..Origin::default()
        }
    }

    fn size(&self) -> usize {
        self.id.len() + self.source.len() + 32 + self.scores.len() * size_of::<f32>()
    }

    fn to_batch(rows: &[Self]) -> Result<RecordBatch, Error> {
        let mut columns = vec![
            Column::to_array(rows.iter().map(|row| &row.id)),
            Column::to_array(rows.iter().map(|row| &row.source)),
            Column::to_array(rows.iter().map(|row| &row.lang)),
            Column::to_array(rows.iter().map(|row| &row.script)),
            Column::to_array(rows.iter().map(|row| &row.bytes)),
            Column::to_array(rows.iter().map(|row| &row.dropped_by)),
        ];
        for at in 0..SCORES.len() {
            let scores = rows.iter().map(|row| {
                let score = row.scores.get(at).copied();
                score.filter(|score| !score.is_nan())
            });
            columns.push(Arc::new(
                scores.collect::<arrow::array::PrimitiveArray<Float32Type>>(),
            ));
        }
        RecordBatch::try_new(Self::schema(), columns).map_err(|source| Error::Arrow {
            path: Default::default(),
            source,
        })
    }

    fn from_batch(batch: &RecordBatch) -> Result<Vec<Self>, Error> {
        let mut rows = vec![Self::default(); batch.num_rows()];
        macro_rules! read {
            ($($field:ident),*) => {$(
                let column = read_column(batch, stringify!($field))?;
                for (row, value) in rows.iter_mut().zip(column.unwrap_or_default()) {
                    row.$field = value;
                }
            )*};
        }
        read!(id, source, lang, script, bytes, dropped_by);
        for (name, _) in SCORES {
            let column = read_column::<Option<f32>>(batch, name)?;
            let column = column.unwrap_or_else(|| vec![None; batch.num_rows()]);
            for (row, value) in rows.iter_mut().zip(column) {
                row.scores.push(value.unwrap_or(f32::NAN));
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_through_a_batch() {
        let mut scores = vec![f32::NAN; SCORES.len()];
        scores[3] = 0.25;
        let row = Signals {
            id: "7".into(),
            bytes: 12,
            dropped_by: Some("c4.policy".into()),
            scores,
            ..Signals::default()
        };
        let batch = Signals::to_batch(std::slice::from_ref(&row)).unwrap();
        assert_eq!(batch.num_columns(), FIELDS.len() + SCORES.len());
        let back = Signals::from_batch(&batch).unwrap();
        assert_eq!(format!("{back:?}"), format!("{:?}", [row]));
    }
}
