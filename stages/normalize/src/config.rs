//! Configuration of the stage.

use serde::{Deserialize, Serialize};

/// Section `[normalize]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Unicode normalization form: `nfc` keeps the meaning of every text (UAX 15), `nfkc` also
    /// folds compatibility characters (`10³` becomes `103`), `none` leaves the text as it is.
    pub form: Form,
    /// Repair text that was decoded with the wrong charset (`schÃ¶n`, `浣犲ソ`).
    pub repair_mojibake: bool,
    /// Decode HTML entities left over in prose (`&amp;`, `&#8217;`).
    pub decode_entities: bool,
    /// Full-width Latin letters and digits: `narrow` or `keep`. Full-width punctuation belongs to
    /// Chinese and Japanese typography and always stays.
    pub fullwidth: Width,
    /// Curly quotation marks: `keep` or `ascii`.
    pub quotes: Marks,
    /// Dashes of all lengths: `keep` or `ascii`.
    pub dashes: Marks,
    /// Keep the spaces and tabs that a line begins with, which carry meaning in code.
    pub keep_indent: bool,
    /// Kinds of private data to mask.
    pub mask: Vec<PrivateKind>,
    /// What stands in place of a masked item; `{kind}` becomes `EMAIL`, `PHONE`, `IP`, `ID`,
    /// `CARD` or `IBAN`.
    pub placeholder: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            form: Form::Nfc,
            repair_mojibake: true,
            decode_entities: true,
            fullwidth: Width::Narrow,
            quotes: Marks::Keep,
            dashes: Marks::Keep,
            keep_indent: true,
            mask: PrivateKind::ALL.to_vec(),
            placeholder: "<{kind}>".to_owned(),
        }
    }
}

/// Unicode normalization form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Canonical composition.
    Nfc,
    /// Compatibility composition.
    Nfkc,
    /// No normalization.
    None,
}

/// What becomes of full-width Latin letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// They stay.
    Keep,
    /// They become ASCII.
    Narrow,
}

/// What becomes of typographic marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marks {
    /// They stay.
    Keep,
    /// They become their ASCII stand-ins.
    Ascii,
}

/// A kind of private data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivateKind {
    /// E-mail addresses.
    Email,
    /// Telephone numbers: international, North American, Chinese; others beside a telling word.
    Phone,
    /// Public IPv4 and IPv6 addresses.
    Ip,
    /// Chinese resident identity numbers (GB 11643-1999).
    ResidentId,
    /// Payment card numbers (ISO/IEC 7812, Luhn).
    Card,
    /// International bank account numbers (ISO 13616, mod 97).
    Iban,
}

impl PrivateKind {
    /// Every kind, in the order of their counters.
    pub const ALL: [Self; 6] = [
        Self::Email,
        Self::Phone,
        Self::Ip,
        Self::ResidentId,
        Self::Card,
        Self::Iban,
    ];

    /// The word that stands in the placeholder.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Ip => "IP",
            Self::ResidentId => "ID",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
        }
    }
}
