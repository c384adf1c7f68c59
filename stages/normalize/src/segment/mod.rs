//! Words and sentences of a text: how many, and where they end.
//!
//! One walk over the bytes finds both. Words of alphabets follow UAX 29 as far as counting needs it
//! (apostrophes and full stops within a word, points and commas within a number). Chinese is
//! segmented with a word list ([`textmill_words`]); Japanese, Thai, Lao, Khmer and Burmese with the
//! dictionaries of ICU (`icu_segmenter`), which knows no faster way.

mod class;
mod sentence;

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};

use class::Class;

/// How many words and sentences a text has, and where its sentences end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// Number of words: Chinese and Japanese ones too; punctuation and signs do not count.
    pub words: u32,
    /// Byte offsets behind the last character of each sentence, ascending.
    pub sentence_ends: Vec<u32>,
}

/// Counts the words of a text and finds the ends of its sentences.
///
/// ```
/// let found = textmill_normalize::segment("Dr. No didn't. 我们学习中文。");
/// assert_eq!((found.words, found.sentence_ends.len()), (6, 2));
/// ```
#[must_use]
pub fn segment(text: &str) -> Segments {
    let mut found = Segments::default();
    let mut words = 0u32;
    let end = |end: usize| {
        found
            .sentence_ends
            .push(u32::try_from(end).unwrap_or(u32::MAX))
    };
    walk(text, |_| words = words.saturating_add(1), end);
    found.words = words;
    found
}

/// The words of a text, as byte ranges. What lies between them is punctuation, signs and spaces.
#[must_use]
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    walk(text, |word| found.push(word), |_| {});
    found
}

/// Walks over a text; tells each word and the end of each sentence.
fn walk(text: &str, mut word: impl FnMut(Range<usize>), mut sentence: impl FnMut(usize)) {
    let bytes = text.as_bytes();
    // Where the word that stands open began, and where the last sentence ended.
    let mut open: Option<usize> = None;
    let mut ended = 0;
    // The characters of a run, kept for the next one.
    let mut run = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let class = class::of_byte(byte);
        match class {
            Class::Word => {
                open.get_or_insert(at);
                at += 1;
                while bytes
                    .get(at)
                    .is_some_and(|b| class::of_byte(*b) == Class::Word)
                {
                    at += 1;
                }
                // The commonest end of a word, ahead of the rest.
                if bytes.get(at) == Some(&b' ')
                    && let Some(start) = open.take()
                {
                    word(start..at);
                    at += 1;
                }
                continue;
            }
            Class::Inner if open.is_some() && class::joins(bytes, at) => {
                at += 1;
                continue;
            }
            _ => {}
        }
        let (class, length) = match class {
            Class::Wide => class::of_character(text, at),
            class => (class, 1),
        };
        match class {
            Class::Word | Class::Wide => {
                open.get_or_insert(at);
                at += length;
                continue;
            }
            Class::Apostrophe if open.is_some() && class::letter_follows(text, at + length) => {
                at += length;
                continue;
            }
            _ => {}
        }
        if let Some(start) = open.take() {
            word(start..at);
        }
        match class {
            Class::Stop | Class::WideStop | Class::Inner => {
                let (stop, end) = sentence::at_stop(text, ended, at);
                if let Some(end) = end {
                    sentence(end);
                    ended = end;
                }
                at = stop.max(at + length);
            }
            Class::Newline => {
                if let Some(end) = sentence::at_newline(text, ended, at) {
                    sentence(end);
                    ended = end;
                }
                at += 1;
            }
            Class::Han | Class::Kana => at = east_asian(text, at, &mut run, &mut word),
            Class::Unspaced => {
                let end = run_end(text, at, |class| class == Class::Unspaced);
                by_dictionary(text, at..end, &mut word);
                at = end;
            }
            _ => at += length,
        }
    }
    if let Some(start) = open {
        word(start..at);
    }
    let end = text.trim_end().len();
    if end > ended && sentence::has_content(text, ended, end) {
        sentence(end);
    }
}

/// Longest run of Han characters and kana that is looked at in one go, so that memory is bounded.
const MAX_RUN: usize = 4096;

/// The words of a run of Han characters and kana; gives its end.
fn east_asian(
    text: &str,
    start: usize,
    run: &mut Vec<char>,
    word: &mut impl FnMut(Range<usize>),
) -> usize {
    let mut kana = false;
    let mut end = start;
    run.clear();
    for c in text.get(start..).unwrap_or_default().chars().take(MAX_RUN) {
        match class::of_char(c) {
            Class::Han => {}
            Class::Kana => kana = true,
            _ => break,
        }
        run.push(c);
        end += c.len_utf8();
    }
    if kana {
        by_dictionary(text, start..end, word);
    } else {
        textmill_words::chinese(run, start, word);
    }
    end
}

fn run_end(text: &str, start: usize, mut inside: impl FnMut(Class) -> bool) -> usize {
    let mut at = start;
    while at < text.len() {
        let (class, length) = class::of_character(text, at);
        if !inside(class) {
            break;
        }
        at += length;
    }
    at
}

/// The words of a run of Japanese or a script of South-East Asia.
fn by_dictionary(text: &str, range: Range<usize>, word: &mut impl FnMut(Range<usize>)) {
    static DICTIONARY: LazyLock<WordSegmenterBorrowed<'static>> =
        LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));
    let run = text.get(range.clone()).unwrap_or_default();
    let mut last = 0;
    for end in DICTIONARY.segment_str(run) {
        if end > last {
            word(range.start + last..range.start + end);
        }
        last = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words_of(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|range| &text[range]).collect()
    }

    fn sentences_of(text: &str) -> Vec<&str> {
        let mut from = 0;
        let ends = segment(text).sentence_ends;
        ends.into_iter()
            .map(|end| {
                let sentence = text[from..end as usize].trim();
                from = end as usize;
                sentence
            })
            .collect()
    }

    #[test]
    fn words_of_alphabets() {
        assert_eq!(
            words_of("Don't pay $1,000.50, e.g. to l’été_2 — ok?"),
            ["Don't", "pay", "1,000.50", "e.g", "to", "l’été_2", "ok"]
        );
        assert_eq!(
            words_of("Привет, мир! नमस्ते दुनिया"),
            ["Привет", "мир", "नमस्ते", "दुनिया"]
        );
        assert_eq!(words_of("... -- ***"), [""; 0]);
    }

    #[test]
    fn words_without_spaces() {
        assert_eq!(
            words_of("我们今天学习中文，iPhone手机。"),
            ["我们", "今天", "学习", "中文", "iPhone", "手机"]
        );
        assert!(words_of("私は日本語を勉強しています。").len() > 4);
        assert!(words_of("ภาษาไทยไม่มีช่องว่าง").len() > 3);
    }

    #[test]
    fn sentences_in_english() {
        assert_eq!(
            sentences_of(
                "Mr. Smith paid $3.50. He left (at 5 p.m. on Friday). \"Why?\" she asked. See Fig. 3 and J. Doe."
            ),
            [
                "Mr. Smith paid $3.50.",
                "He left (at 5 p.m. on Friday).",
                "\"Why?\" she asked.",
                "See Fig. 3 and J. Doe."
            ]
        );
        assert_eq!(
            sentences_of("1. First thing. 2. Second thing"),
            ["1. First thing.", "2. Second thing"]
        );
    }

    #[test]
    fn sentences_in_chinese_and_over_lines() {
        assert_eq!(
            sentences_of("他说：“你好。”然后走了！真的吗？"),
            ["他说：“你好。”", "然后走了！", "真的吗？"]
        );
        assert_eq!(
            sentences_of("A heading\n\nA line that\nis wrapped. Done"),
            ["A heading", "A line that\nis wrapped.", "Done"]
        );
    }

    proptest! {
        #[test]
        fn everything_lies_in_the_text_and_in_order(text in "\\PC{0,40}|[a-zA-Z0-9 .!?'’,\n。！？“”中文學ผไมか\u{301}]{0,40}") {
            let mut last = 0;
            for word in words(&text) {
                prop_assert!(word.start >= last && word.end > word.start);
                prop_assert!(text.get(word.clone()).is_some());
                last = word.end;
            }
            let found = segment(&text);
            prop_assert_eq!(found.words as usize, words(&text).len());
            let mut last = 0;
            for end in found.sentence_ends {
                prop_assert!(end > last && text.is_char_boundary(end as usize));
                last = end;
            }
            if !text.trim().is_empty() {
                prop_assert_eq!(last as usize, text.trim_end().len());
            }
        }
    }
}
