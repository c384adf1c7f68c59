//! Counting sentences.

use crate::words::{Scratch, Segmenter, chunk_len, chunk_words, is_space, is_terminal};

/// Number of sentences of one line.
///
/// For languages that write spaces this is spaCy's sentencizer, which datatrove uses: a sentence
/// ends with a word that is a terminal mark, and the next one begins with the first word after it
/// that is not punctuation. For the others it is the number of runs of terminal marks, and one for
/// what follows the last.
#[must_use]
pub fn count(line: &str, segmenter: Segmenter) -> usize {
    match segmenter {
        Segmenter::Spaced => count_spaced(line),
        Segmenter::Chinese | Segmenter::Unspaced => count_unspaced(line),
    }
}

fn count_spaced(line: &str) -> usize {
    let mut counter = Counter::default();
    let mut scratch = Scratch::default();
    let mut rest = line;
    while !rest.is_empty() {
        let space = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
        // One space belongs to the word before it; anything more is a word to spaCy.
        if space > 0 && &rest[..space] != " " {
            counter.other();
        }
        rest = &rest[space..];
        let (chunk, after) = rest.split_at(chunk_len(rest));
        rest = after;
        if !chunk.is_empty() {
            chunk_words(chunk, &mut scratch, &mut |word| counter.word(word));
        }
    }
    counter.sentences
}

/// Follows the words of a line.
#[derive(Default)]
struct Counter {
    sentences: usize,
    /// A terminal mark was seen since the sentence began.
    ended: bool,
}

impl Counter {
    fn word(&mut self, word: &str) {
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

fn count_unspaced(line: &str) -> usize {
    let (mut sentences, mut open) = (0, false);
    for c in line.chars() {
        if is_terminal(c) && c != '.' {
            sentences += usize::from(open);
            open = false;
        } else if c.is_alphanumeric() {
            open = true;
        }
    }
    sentences + usize::from(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_sentencizer_does() {
        for (line, sentences) in [
            ("One. Two! Three?", 3),
            ("He said \"no.\" Then left.", 2),
            ("Version 1.2 of e.g. this", 1),
            ("Wait... what", 1),
            ("Really?! Yes", 2),
            ("It is so.  B is here. ", 2),
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
