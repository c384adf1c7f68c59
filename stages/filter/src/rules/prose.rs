//! Shape of prose in Chinese: how much of a text stands on lines that read as sentences.
//!
//! Our own rule, in place of FineWeb's on punctuated lines, which counts lines: a page's menu of
//! 150 lines passes at 0.106 if there are 16 teasers among them, and a review in one line fails if
//! it is written with Latin full stops. Weighed by characters the two are far apart: articles of
//! real Chinese pages have a median of 0.96 of their characters on such lines, the rest of their
//! pages 0.13. Of 238 such rests FineWeb's rule left 43, this one leaves 8, and the articles
//! that stay are as many (`quality/chinese.py`).

use crate::words::{is_space, is_terminal};

/// Least share of characters on lines that read as sentences, for Chinese.
pub const MIN_SENTENCE_SHARE: f64 = 0.5;

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// Characters on all lines, white space at their ends left out.
    pub chars: usize,
    /// Characters on lines that read as sentences.
    pub sentence_chars: usize,
}

impl Prose {
    /// Measures `text`, line by line.
    #[must_use]
    pub fn measure(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.split('\n') {
            let line = line.trim_matches(is_space);
            let chars = line.chars().count();
            found.chars += chars;
            if is_sentence(line) {
                found.sentence_chars += chars;
            }
        }
        found
    }

    /// Share of characters on lines that read as sentences; 1 of nothing.
    #[must_use]
    pub fn sentence_share(&self) -> f64 {
        if self.chars == 0 {
            1.0
        } else {
            self.sentence_chars as f64 / self.chars as f64
        }
    }
}

/// Whether a line has a full stop or two other marks of a sentence in it, or ends as a sentence or
/// a line of verse does.
fn is_sentence(line: &str) -> bool {
    let mut pauses = 0;
    ends_sentence(line)
        || line.chars().any(|c| {
            pauses += usize::from(is_pause(c));
            c == '。' || pauses == 2
        })
}

fn is_pause(c: char) -> bool {
    matches!(c, '，' | ',' | '；' | ';' | '！' | '!' | '？' | '?')
}

fn ends_sentence(line: &str) -> bool {
    let closing =
        |c| is_space(c) || matches!(c, '”' | '’' | '」' | '』' | '）' | '"' | ')' | '】' | '》');
    line.trim_end_matches(closing)
        .ends_with(|c| is_terminal(c) || matches!(c, '…' | '；' | '：' | ':' | '，'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_characters_of_sentences() {
        let found = Prose::measure("首页\n新闻 体育\n 今天的天气很好，我们去了公园。 \n“真的吗？”");
        assert_eq!(
            (found.chars, found.sentence_chars),
            (2 + 5 + 15 + 6, 15 + 6)
        );
        assert_eq!(Prose::measure("").sentence_share(), 1.0);
    }

    #[test]
    fn lines_that_read_as_sentences() {
        for (line, is) in [
            ("他来了，坐下，又走了", true),
            ("他来了，又走了", false),
            ("我在清晨的窗前写一封信，", true),
            ("如下：", true),
            ("酒店很好.早餐也不错.", true),
            ("首页 | 新闻 | 体育", false),
            ("油价今晚调整 加满一箱多花八元", false),
        ] {
            assert_eq!(is_sentence(line), is, "{line}");
        }
    }
}
