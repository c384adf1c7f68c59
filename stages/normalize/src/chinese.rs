//! Traditional Chinese in Simplified characters, by OpenCC's tables of characters and phrases
//! (`t2s`; ferrous-opencc).

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

use crate::error::Error;

/// Writes Traditional Chinese in Simplified characters.
pub(crate) struct Simplify(OpenCC);

impl Simplify {
    pub fn new() -> Result<Self, Error> {
        let tables = OpenCC::from_config(BuiltinConfig::T2s);
        tables
            .map(Self)
            .map_err(|error| Error::Tables(error.to_string()))
    }

    /// Rewrites the lines that hold Han characters and no kana, which make them Japanese.
    pub fn rewrite(&self, text: &str, counter: &mut u32) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut changed = 0usize;
        for line in text.split_inclusive('\n') {
            if !is_chinese(line) {
                out.push_str(line);
                continue;
            }
            let simple = self.0.convert(line);
            changed += line
                .chars()
                .zip(simple.chars())
                .filter(|(a, b)| a != b)
                .count();

            out.push_str(&simple);
        }
        if out == text {
            return None;
        }
        let changed = u32::try_from(changed.max(1)).unwrap_or(u32::MAX);
        *counter = counter.saturating_add(changed);
        Some(out)
    }
}

fn is_chinese(line: &str) -> bool {
    let han = |c: char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{2_0000}'..='\u{3_FFFF}');
    let kana = |c: char| matches!(c, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}');
    line.chars().any(han) && !line.chars().any(kana)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_phrases_and_japanese() {
        let simplify = Simplify::new().unwrap();
        let mut count = 0;
        let text = "臺灣的頭髮與發展\n日本語の漢字は國語\nplain\n";
        let expected = "台湾的头发与发展\n日本語の漢字は國語\nplain\n";
        assert_eq!(
            simplify.rewrite(text, &mut count).as_deref(),
            Some(expected)
        );
        assert_eq!(count, 6);
        assert_eq!(simplify.rewrite(expected, &mut count), None);
        assert_eq!(
            simplify.rewrite("乾坤與乾燥", &mut count).as_deref(),
            Some("乾坤与干燥")
        );
    }
}
