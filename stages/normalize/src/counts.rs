//! What normalization changed, by kind.

use crate::config::PrivateKind;

/// Characters changed (or items masked), by kind of change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Non-ASCII characters of text that was decoded with the wrong charset.
    pub mojibake: u32,
    /// HTML entities decoded.
    pub entities: u32,
    /// Characters of terminal escape sequences removed.
    pub escapes: u32,
    /// Control, private-use and non-characters removed, C1 controls replaced.
    pub controls: u32,
    /// Zero-width and bidirectional marks and soft hyphens removed.
    pub invisible: u32,
    /// Full-width letters and ligatures written in the usual form.
    pub forms: u32,
    /// Quotation marks and dashes replaced.
    pub marks: u32,
    /// Line ends, spaces and blank lines changed.
    pub spaces: u32,
    /// Characters changed by Unicode normalization.
    pub unicode: u32,
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
            self.escapes,
            self.controls,
            self.invisible,
            self.forms,
            self.marks,
            self.spaces,
            self.unicode,
        ]
        .into_iter()
        .fold(0, u32::saturating_add)
    }

    /// Private items masked.
    #[must_use]
    pub fn masked(&self) -> u32 {
        self.masked.iter().copied().fold(0, u32::saturating_add)
    }
}

/// Counts one more.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
