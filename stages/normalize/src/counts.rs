//! What normalization changed, by kind.

use textmill_schemas::Document;

use crate::config::PrivateKind;

/// Characters changed (or items masked), by kind of change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Non-ASCII characters of text that was decoded with the wrong charset.
    pub mojibake: u32,
    /// HTML entities decoded.
    pub entities: u32,
    /// Control, private-use and non-characters and terminal escapes removed, C1 controls replaced.
    pub controls: u32,
    /// Zero-width and bidirectional marks and soft hyphens removed.
    pub invisible: u32,
    /// Full-width and half-width forms and ligatures written in the usual form.
    pub forms: u32,
    /// Quotation marks and dashes replaced.
    pub marks: u32,
    /// Line ends, spaces and blank lines changed.
    pub spaces: u32,
    /// Words put together that a line end had broken.
    pub hyphens: u32,
    /// Characters changed by Unicode normalization.
    pub unicode: u32,
    /// Traditional Chinese characters written in Simplified.
    pub chinese: u32,
    /// Private items masked, in the order of [`PrivateKind::ALL`].
    pub masked: [u32; PrivateKind::ALL.len()],
}

impl Counts {
    /// Characters repaired, replaced or removed; masks not counted.
    #[must_use]
    pub fn repaired(&self) -> u32 {
        [
            self.mojibake,
            self.entities,
            self.controls,
            self.invisible,
            self.forms,
            self.marks,
            self.spaces,
            self.hyphens,
            self.unicode,
            self.chinese,
        ]
        .into_iter()
        .fold(0, u32::saturating_add)
    }

    /// Private items masked.
    #[must_use]
    pub fn masked(&self) -> u32 {
        self.masked.iter().copied().fold(0, u32::saturating_add)
    }

    /// Adds these counts to the columns of a document.
    pub(crate) fn add_to(&self, document: &mut Document) {
        add(&mut document.repaired, self.repaired());
        add(&mut document.repaired_mojibake, self.mojibake);
        add(&mut document.repaired_entities, self.entities);
        add(&mut document.repaired_controls, self.controls);
        add(&mut document.repaired_invisible, self.invisible);
        add(&mut document.repaired_forms, self.forms);
        add(&mut document.repaired_marks, self.marks);
        add(&mut document.repaired_spaces, self.spaces);
        add(&mut document.repaired_hyphens, self.hyphens);
        add(&mut document.repaired_unicode, self.unicode);
        add(&mut document.repaired_chinese, self.chinese);
        add(&mut document.masked, self.masked());
        let [email, phone, ip, resident_id, card, iban, passport, secret] = self.masked;
        add(&mut document.masked_email, email);
        add(&mut document.masked_phone, phone);
        add(&mut document.masked_ip, ip);
        add(&mut document.masked_resident_id, resident_id);
        add(&mut document.masked_card, card);
        add(&mut document.masked_iban, iban);
        add(&mut document.masked_passport, passport);
        add(&mut document.masked_secret, secret);
    }
}

/// Counts one more.
pub(crate) fn count(counter: &mut u32) {
    add(counter, 1);
}

/// Counts so many more.
pub(crate) fn add(counter: &mut u32, more: u32) {
    *counter = counter.saturating_add(more);
}
