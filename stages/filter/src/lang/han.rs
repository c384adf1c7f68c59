//! Telling Chinese, Cantonese and Japanese apart, and Simplified from Traditional.

use std::sync::LazyLock;

use super::script::{Script, ScriptCounts};

const FIRST: u32 = 0x4E00;
const BLOCK: usize = 0x5200;

/// Which Chinese script a character belongs to alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Both,
    Simplified,
    Traditional,
}

static VARIANTS: LazyLock<Vec<Variant>> = LazyLock::new(|| {
    let mut table = vec![Variant::Both; BLOCK];
    let mut section = Variant::Both;
    for line in include_str!("../../data/han_variants.txt").lines() {
        match line {
            "[Hans]" => section = Variant::Simplified,
            "[Hant]" => section = Variant::Traditional,
            _ if line.starts_with('#') => {}
            _ => {
                for c in line.chars() {
                    if let Some(slot) = slot(c).and_then(|at| table.get_mut(at)) {
                        *slot = section;
                    }
                }
            }
        }
    }
    table
});

fn slot(c: char) -> Option<usize> {
    u32::from(c)
        .checked_sub(FIRST)
        .map(|offset| offset as usize)
}

/// Characters that written Cantonese uses and Mandarin does not.
const CANTONESE: [char; 12] = [
    '嘅', '咗', '喺', '嘢', '冇', '佢', '哋', '唔', '嚟', '啲', '嗰', '咁',
];

/// What the Han characters of a text say.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    simplified: usize,
    traditional: usize,
    cantonese: usize,
}

/// Language, script and confidence of a text whose dominant script is Han or Kana.
pub(super) fn identify(text: &str, counts: &ScriptCounts) -> (&'static str, &'static str, f64) {
    let (han, kana) = (counts.count(Script::Han), counts.count(Script::Kana));
    let letters = (han + kana).max(1) as f64;
    let share = kana as f64 / letters;
    // Japanese prose is more than a third kana; titles and tables go lower, Chinese that quotes
    // Japanese names stays below a tenth.
    if share >= 0.1 {
        let certainty = 0.5 + share / 0.4;
        return ("ja", "Jpan", certainty.min(1.0));
    }
    let found = evidence(text);
    let certainty = 1.0 - share * 4.0;
    let script = found.script();
    // A twentieth of the characters of Cantonese prose are of these; a quotation has fewer.
    let cantonese = found.cantonese >= 2 && found.cantonese as f64 / letters >= 0.02;
    (if cantonese { "yue" } else { "zh" }, script, certainty)
}

/// The Chinese script of a text: `Hant` or `Hans`.
pub(super) fn script(text: &str) -> &'static str {
    evidence(text).script()
}

impl Evidence {
    fn script(&self) -> &'static str {
        if self.traditional > self.simplified {
            "Hant"
        } else {
            "Hans"
        }
    }
}

fn evidence(text: &str) -> Evidence {
    let mut found = Evidence::default();
    for c in text.chars() {
        match slot(c).and_then(|at| VARIANTS.get(at)) {
            Some(Variant::Simplified) => found.simplified += 1,
            Some(Variant::Traditional) => found.traditional += 1,
            _ => {}
        }
        found.cantonese += usize::from(CANTONESE.contains(&c));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (&'static str, &'static str) {
        let (lang, script, _) = identify(text, &ScriptCounts::of(text));
        (lang, script)
    }

    #[test]
    fn tells_the_languages_apart() {
        assert_eq!(of("这是一篇关于历史的文章，请仔细阅读。"), ("zh", "Hans"));
        assert_eq!(of("這是一篇關於歷史的文章，請仔細閱讀。"), ("zh", "Hant"));
        assert_eq!(of("これは歴史についての文章です。"), ("ja", "Jpan"));
        assert_eq!(of("佢哋喺度做緊嘢，唔知點解咁遲。"), ("yue", "Hant"));
        assert_eq!(
            of("作者介绍了「の」这个假名在中文里的用法和来历，并且说明它为什么流行。"),
            ("zh", "Hans")
        );
    }
}
