//! Words of Chinese, by a word list.

use std::ops::Range;

use super::classes::chunks;

/// Most Han characters in a row that are segmented at once; bounds memory on text without breaks.
const MAX_RUN: usize = 4096;

/// Calls `emit` for each word of `text`: words of Han characters by the list, runs of other letters
/// and digits as they are, and each other character by itself.
pub(super) fn words<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    let mut run = Vec::new();
    for chunk in chunks(text) {
        chunk_words(chunk, &mut run, emit);
    }
}

fn chunk_words<'a>(chunk: &'a str, run: &mut Vec<char>, emit: &mut impl FnMut(&'a str)) {
    let mut characters = chunk.char_indices().peekable();
    while let Some((start, c)) = characters.next() {
        if is_han(c) {
            run.clear();
            run.push(c);
            while run.len() < MAX_RUN
                && let Some((_, next)) = characters.next_if(|(_, next)| is_han(*next))
            {
                run.push(next);
            }
            textmill_words::chinese(run, start, &mut |word: Range<usize>| emit(&chunk[word]));
            continue;
        }
        let mut end = start + c.len_utf8();
        if is_part_of_word(c) {
            while let Some((at, next)) =
                characters.next_if(|(_, next)| is_part_of_word(*next) && !is_han(*next))
            {
                end = at + next.len_utf8();
            }
        }
        emit(&chunk[start..end]);
    }
}

/// A Han character of the basic plane or beyond.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A letter or digit; the marks of Chinese are neither, and come without a look at the tables.
fn is_part_of_word(c: char) -> bool {
    match c {
        _ if c.is_ascii() => c.is_ascii_alphanumeric(),
        '\u{2000}'..='\u{206F}' | '\u{3000}'..='\u{3020}' | '\u{FF00}'..='\u{FF0F}' => false,
        _ => c.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    fn split(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        words(text, &mut |word| out.push(word));
        out
    }

    #[test]
    fn splits_by_the_list() {
        assert_eq!(
            split("我们在北京读书，\n很高兴。 GPT-4"),
            [
                "我们", "在", "北京", "读书", "，", "很", "高兴", "。", "GPT", "-", "4"
            ]
        );
    }

    #[test]
    fn long_runs_are_cut_at_characters() {
        let text = "一个没有标点的句子".repeat(3000);
        assert_eq!(split(&text).concat(), text);
    }
}
