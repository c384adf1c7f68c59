//! Words of Chinese, by dictionary.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::classes::chunks;

/// Loaded on first use: a corpus without Chinese never pays for it.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Longest stretch, in bytes, that is segmented at once; bounds memory on text without breaks.
const MAX_STRETCH: usize = 4096;

/// Calls `emit` for each word of `text`.
pub(super) fn words<'a>(text: &'a str, emit: &mut impl FnMut(&'a str)) {
    for chunk in chunks(text) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let (stretch, after) = rest.split_at(rest.floor_char_boundary(MAX_STRETCH));
            for token in JIEBA.cut(stretch, false) {
                emit(token.word);
            }
            rest = after;
        }
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
    fn splits_by_dictionary() {
        assert_eq!(
            split("我们在北京大学读书，\n很高兴。 GPT-4"),
            [
                "我们",
                "在",
                "北京大学",
                "读书",
                "，",
                "很",
                "高兴",
                "。",
                "GPT",
                "-",
                "4"
            ]
        );
    }

    #[test]
    fn long_runs_are_cut_at_characters() {
        let text = "一个没有标点的句子".repeat(3000);
        assert_eq!(split(&text).concat(), text);
    }
}
