//! Counting sentences.

use crate::words::{Piece, Segmenter, is_east_asian_letter, is_terminal, words_and_gaps};

/// Number of sentences of one line without white space at its ends; calls `emit` for each of its
/// words.
///
/// For languages that write spaces this is spaCy's sentencizer, which datatrove uses: a sentence
/// ends with a word that is a terminal mark, and the next one begins with the first word after it
/// that is not punctuation. For the others it is the number of runs of terminal marks, and one for
/// what follows the last.
pub fn count<'a>(line: &'a str, segmenter: Segmenter, mut emit: impl FnMut(&'a str)) -> u32 {
    match segmenter {
        Segmenter::Spaced => {
            let mut counter = Counter::default();
            words_and_gaps(line, &mut |piece| match piece {
                Piece::Word(word) => {
                    counter.word(word);
                    emit(word);
                }
                // One space belongs to the word before it; anything more is a word to spaCy.
                Piece::Gap => counter.other(),
            });
            counter.sentences
        }
        Segmenter::Chinese | Segmenter::Unspaced => {
            segmenter.words(line, emit);
            count_unspaced(line)
        }
    }
}

/// Follows the words of a line.
#[derive(Default)]
struct Counter {
    sentences: u32,
    /// A terminal mark was seen since the sentence began.
    ended: bool,
}

impl Counter {
    #[inline]
    fn word(&mut self, word: &str) {
        match word.as_bytes().first() {
            Some(byte) if byte.is_ascii_alphanumeric() => self.other(),
            _ => self.marks(word),
        }
    }

    /// A word that may be punctuation.
    fn marks(&mut self, word: &str) {
        let mut chars = word.chars();
        let terminal = matches!((chars.next(), chars.next()), (Some(c), None) if is_terminal(c));
        if terminal {
            self.sentences = self.sentences.max(1);
            self.ended = true;
        } else if word.chars().all(is_punctuation_mark) {
            self.sentences = self.sentences.max(1);
        } else {
            self.other();
        }
    }

    /// A word that is no punctuation.
    fn other(&mut self) {
        if self.ended || self.sentences == 0 {
            self.sentences += 1;
            self.ended = false;
        }
    }
}

/// Whether a character is of Unicode's category P (common scripts).
fn is_punctuation_mark(c: char) -> bool {
    match c {
        _ if c.is_ascii() => {
            c.is_ascii_punctuation()
                && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
        }
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' => true,
        '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{2043}'
        | '\u{2045}'..='\u{2051}'
        | '\u{2053}'..='\u{205E}' => true,
        '\u{3001}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}'
        | '\u{3014}'..='\u{301F}'
        | '\u{30FB}' => true,
        '\u{FF01}'..='\u{FF03}'
        | '\u{FF05}'..='\u{FF0A}'
        | '\u{FF0C}'..='\u{FF0F}'
        | '\u{FF1A}'
        | '\u{FF1B}' => true,
        '\u{FF1F}'
        | '\u{FF20}'
        | '\u{FF3B}'..='\u{FF3D}'
        | '\u{FF5F}'..='\u{FF65}'
        | '،'
        | '؛'
        | '٪' => true,
        _ => is_terminal(c),
    }
}

fn count_unspaced(line: &str) -> u32 {
    let (mut sentences, mut open) = (0, false);
    for c in line.chars() {
        if is_east_asian_letter(c) {
            open = true;
        } else if is_terminal(c) && c != '.' {
            sentences += u32::from(open);
            open = false;
        } else if c.is_alphanumeric() {
            open = true;
        }
    }
    sentences + u32::from(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(line: &str, segmenter: Segmenter) -> u32 {
        super::count(line, segmenter, |_| ())
    }

    #[test]
    fn counts_as_the_sentencizer_does() {
        for (line, sentences) in [
            ("One. Two! Three?", 3),
            ("He said \"no.\" Then left.", 2),
            ("Version 1.2 of e.g. this", 1),
            ("Wait... what", 1),
            ("Really?! Yes", 2),
            ("It is so.  B is here.", 2),
            ("", 0),
            ("...", 1),
        ] {
            assert_eq!(count(line, Segmenter::Spaced), sentences, "{line}");
        }
    }

    #[test]
    fn counts_chinese_sentences() {
        assert_eq!(
            count("他来了。真的吗？！“是的。”后来", Segmenter::Chinese),
            4
        );
        assert_eq!(count("没有标点", Segmenter::Chinese), 1);
    }
}
