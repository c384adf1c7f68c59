//! Words of scripts without spaces, without a dictionary.
//!
//! UAX #29 gives one word per Han character, Hiragana character or Thai cluster, and runs of
//! Katakana, Latin letters and digits. That is finer than true words; the built-in limits of these
//! languages allow for it.

use unicode_segmentation::UnicodeSegmentation;

use super::classes::is_space;

/// Calls `emit` for each word of `text`.
pub(super) fn words<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    for word in text.split_word_bounds() {
        if !word.chars().all(is_space) {
            emit(word);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn splits_without_a_dictionary() {
        let mut out = Vec::new();
        super::words("東京でカタカナ abc。", &mut |word| out.push(word));
        assert_eq!(out, ["東", "京", "で", "カタカナ", "abc", "。"]);
    }
}
