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
    /// Full-width Latin letters and digits, and full-width punctuation between Latin words: `narrow`
    /// or `keep`. Punctuation beside Chinese and Japanese is their typography and always stays.
    pub fullwidth: Width,
    /// Half-width katakana and hangul: `widen` or `keep`.
    pub halfwidth: HalfWidth,
    /// Curly quotation marks: `keep` or `ascii`.
    pub quotes: Marks,
    /// Dashes of all lengths: `keep` or `ascii`.
    pub dashes: Marks,
    /// Chinese text: `keep`, or `simplified` for Traditional characters in Simplified ones (OpenCC).
    pub chinese: Chinese,
    /// Put words together that a hyphen broke across a line end (`exam-` `ple`); true compounds stay.
    pub join_hyphens: bool,
    /// Keep the spaces and tabs that a line begins with, which carry meaning in code.
    pub keep_indent: bool,
    /// Kinds of private data to mask.
    pub mask: Vec<PrivateKind>,
    /// What stands in place of a masked item; `{kind}` becomes `EMAIL`, `PHONE`, `IP`, `ID`, `CARD`,
    /// `IBAN`, `PASSPORT` or `SECRET`.
    pub placeholder: String,
    /// With a key that is not empty, `{kind}` goes on with a pseudonym (`EMAIL_kfbnaoehmdcj`): the
    /// same item gets the same one in every document, and nobody without the key can try out items.
    pub pseudonym_key: String,
    /// Count words and sentences and say where sentences end.
    pub segment: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            form: Form::Nfc,
            repair_mojibake: true,
            decode_entities: true,
            fullwidth: Width::Narrow,
            halfwidth: HalfWidth::Widen,
            quotes: Marks::Keep,
            dashes: Marks::Keep,
            chinese: Chinese::Keep,
            join_hyphens: true,
            keep_indent: true,
            mask: PrivateKind::ALL.to_vec(),
            placeholder: "<{kind}>".to_owned(),
            pseudonym_key: String::new(),
            segment: true,
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

/// What becomes of full-width forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// They stay.
    Keep,
    /// They become ASCII.
    Narrow,
}

/// What becomes of half-width katakana and hangul.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HalfWidth {
    /// They stay.
    Keep,
    /// They become the ordinary letters, voicing marks joined to them.
    Widen,
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

/// What becomes of Traditional Chinese.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chinese {
    /// It stays.
    Keep,
    /// It becomes Simplified Chinese; Japanese stays.
    Simplified,
}

/// A kind of private data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivateKind {
    /// E-mail addresses.
    Email,
    /// Telephone numbers: international; national where the shape tells, else beside a telling word.
    Phone,
    /// Public IPv4 and IPv6 addresses.
    Ip,
    /// Chinese resident identity numbers (GB 11643-1999).
    ResidentId,
    /// Payment card numbers (ISO/IEC 7812, Luhn).
    Card,
    /// International bank account numbers (ISO 13616, mod 97).
    Iban,
    /// Passport numbers beside a word that says so.
    Passport,
    /// Cloud keys, private key blocks; tokens and passwords beside a telling word.
    Secret,
}

impl PrivateKind {
    /// Every kind, in the order of their counters.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Phone,
        Self::Ip,
        Self::ResidentId,
        Self::Card,
        Self::Iban,
        Self::Passport,
        Self::Secret,
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
            Self::Passport => "PASSPORT",
            Self::Secret => "SECRET",
        }
    }
}
