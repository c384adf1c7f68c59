//! Which part of a text is looked at, and in which pieces.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Longest text, in bytes, that is read whole; of longer ones as much is read in four places.
const SAMPLE: usize = 2048;
/// A piece ends at the first end of a line or sentence after so many bytes, or anywhere after
/// `LONGEST`.
const SHORTEST: usize = 40;
const LONGEST: usize = 400;

/// Text that stands for the whole of `text`.
pub(super) fn of(text: &str) -> Cow<'_, str> {
    match text.len() {
        ..=SAMPLE => Cow::Borrowed(text),
        _ => Cow::Owned(four_places(text)),
    }
}

/// The same text with letters and their accents in one character.
pub(super) fn composed(sample: Cow<'_, str>) -> Cow<'_, str> {
    // The first bytes of combining accents; no other byte has these values.
    match memchr::memchr2(0xCC, 0xCD, sample.as_bytes()) {
        Some(_) => Cow::Owned(sample.nfc().collect()),
        None => sample,
    }
}

fn four_places(text: &str) -> String {
    let part = SAMPLE / 4;
    let mut sample = String::with_capacity(SAMPLE + 4);
    for place in 0..4 {
        let start = text.floor_char_boundary((text.len() - part) / 3 * place);
        let end = text.floor_char_boundary(start + part);
        sample.push_str(&text[start..end]);
        sample.push('\n');
    }
    sample
}

/// The pieces of a sample: lines or sentences, short ones together with the next.
pub(super) fn pieces(sample: &str) -> impl Iterator<Item = &str> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        let length = piece(rest);
        let (first, after) = rest.split_at(length);
        rest = after;
        (length > 0).then_some(first)
    })
}

/// Length of the first piece, in bytes.
fn piece(text: &str) -> usize {
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let closes = matches!(c, '\n' | '.' | '!' | '?' | '。' | '！' | '？' | '।' | '؟');
        if (closes && end >= SHORTEST) || end >= LONGEST {
            return end;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_and_sentences_are_pieces() {
        let text = "Short.\nThe first sentence ends somewhere about here. 这是第二句话，比第一句话还要长一些。\nEnd";
        let found: Vec<&str> = pieces(text).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].ends_with('。'));
    }

    #[test]
    fn accents_become_one_with_their_letters() {
        assert_eq!(composed("tie\u{302}\u{301}ng".into()), "tiếng");
        assert!(matches!(composed("tiếng".into()), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn pieces_lose_nothing(text in "(?s).{0,900}") {
            prop_assert_eq!(pieces(&text).collect::<String>(), text);
        }

        #[test]
        fn samples_are_bounded(text in "[aé中\n.]{0,4000}") {
            prop_assert!(of(&text).len() <= SAMPLE + 4);
        }
    }
}
