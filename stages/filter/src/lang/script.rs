//! Scripts, by code point.

/// Declares the scripts with their ISO 15924 codes and, where one language writes them by far the
/// most, that language.
macro_rules! scripts {
    ($($variant:ident $code:literal $lang:expr, $($first:literal..=$last:literal)|+;)*) => {
        /// A script; Han stands for all Chinese characters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Script { $(#[doc = $code] $variant,)* }

        impl Script {
            /// Number of scripts.
            pub const COUNT: usize = [$($code,)*].len();
            /// All scripts.
            pub const ALL: [Script; Self::COUNT] = [$(Script::$variant,)*];

            /// ISO 15924 code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Script::$variant => $code,)* }
            }

            /// The language, if one language is meant by the script alone.
            #[must_use]
            pub fn only_language(self) -> Option<&'static str> {
                match self { $(Script::$variant => $lang,)* }
            }

            /// The script of a letter or mark; none for digits, punctuation and rare scripts.
            #[must_use]
            pub fn of(c: char) -> Option<Script> {
                match c {
                    $($($first..=$last)|+ => Some(Script::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

scripts! {
    Latin "Latn" None, 'A'..='Z' | 'a'..='z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24F}' | '\u{250}'..='\u{2AF}' | '\u{1E00}'..='\u{1EFF}' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ';
    Han "Hani" None, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3005}'..='\u{3007}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}';
    Kana "Jpan" Some("ja"), '\u{3041}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9F}';
    Hangul "Hang" Some("ko"), '\u{AC00}'..='\u{D7AF}' | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}';
    Cyrillic "Cyrl" None, '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C88}';
    Arabic "Arab" None, '\u{620}'..='\u{65F}' | '\u{66E}'..='\u{6D3}' | '\u{6D5}'..='\u{6EF}' | '\u{6FA}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{8A0}'..='\u{8FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}';
    Devanagari "Deva" None, '\u{900}'..='\u{963}' | '\u{970}'..='\u{97F}';
    Greek "Grek" Some("el"), '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}';
    Hebrew "Hebr" None, '\u{591}'..='\u{5F2}' | '\u{FB1D}'..='\u{FB4F}';
    Bengali "Beng" None, '\u{980}'..='\u{9E3}' | '\u{9F0}'..='\u{9FE}';
    Gurmukhi "Guru" Some("pa"), '\u{A01}'..='\u{A76}';
    Gujarati "Gujr" Some("gu"), '\u{A81}'..='\u{AFF}';
    Oriya "Orya" Some("or"), '\u{B01}'..='\u{B77}';
    Tamil "Taml" Some("ta"), '\u{B82}'..='\u{BFA}';
    Telugu "Telu" Some("te"), '\u{C00}'..='\u{C7F}';
    Kannada "Knda" Some("kn"), '\u{C80}'..='\u{CF3}';
    Malayalam "Mlym" Some("ml"), '\u{D00}'..='\u{D7F}';
    Sinhala "Sinh" Some("si"), '\u{D81}'..='\u{DF4}';
    Thai "Thai" Some("th"), '\u{E01}'..='\u{E3A}' | '\u{E40}'..='\u{E4E}';
    Lao "Laoo" Some("lo"), '\u{E81}'..='\u{EDF}';
    Tibetan "Tibt" Some("bo"), '\u{F00}'..='\u{FDA}';
    Myanmar "Mymr" Some("my"), '\u{1000}'..='\u{109F}';
    Georgian "Geor" Some("ka"), '\u{10A0}'..='\u{10FF}' | '\u{1C90}'..='\u{1CBF}';
    Ethiopic "Ethi" None, '\u{1200}'..='\u{139F}';
    Khmer "Khmr" Some("km"), '\u{1780}'..='\u{17DD}';
    Armenian "Armn" Some("hy"), '\u{531}'..='\u{58A}';
    Mongolian "Mong" Some("mn"), '\u{1820}'..='\u{1878}';
    Thaana "Thaa" Some("dv"), '\u{780}'..='\u{7B1}';
    Syllabics "Cans" Some("iu"), '\u{1400}'..='\u{167F}';
    Cherokee "Cher" Some("chr"), '\u{13A0}'..='\u{13FD}' | '\u{AB70}'..='\u{ABBF}';
}

/// Letters of a text by script.
#[derive(Clone, Debug, Default)]
pub struct ScriptCounts {
    counts: [usize; Script::COUNT],
}

impl ScriptCounts {
    /// Counts the letters of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut counts = [0; Script::COUNT];
        for c in text.chars() {
            if c.is_ascii() {
                counts[Script::Latin as usize] += usize::from(c.is_ascii_alphabetic());
            } else if let Some(script) = Script::of(c) {
                counts[script as usize] += 1;
            }
        }
        Self { counts }
    }

    /// Letters of one script.
    #[must_use]
    pub fn count(&self, script: Script) -> usize {
        self.counts[script as usize]
    }

    /// All letters.
    #[must_use]
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Takes in the letters of more text.
    pub fn add(&mut self, more: &Self) {
        for (count, more) in self.counts.iter_mut().zip(more.counts) {
            *count += more;
        }
    }

    /// The letters of one script by weight: a character of a script that writes syllables or words
    /// by one character weighs more than a letter of an alphabet.
    fn weight(&self, script: Script) -> usize {
        let factor = match script {
            Script::Han => 3,
            Script::Kana | Script::Hangul | Script::Ethiopic => 2,
            _ => 1,
        };
        self.count(script) * factor
    }

    /// The weight of all letters.
    #[must_use]
    pub fn total_weight(&self) -> usize {
        Script::ALL.iter().map(|&script| self.weight(script)).sum()
    }

    /// The script with the most weight, and its share of all weight.
    #[must_use]
    pub fn dominant(&self) -> Option<(Script, f64)> {
        let total = self.total_weight();
        let best = Script::ALL
            .into_iter()
            .rev()
            .max_by_key(|&script| self.weight(script))?;
        (total > 0).then(|| (best, self.weight(best) as f64 / total as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_scripts() {
        for (c, code) in [
            ('a', "Latn"),
            ('é', "Latn"),
            ('中', "Hani"),
            ('の', "Jpan"),
            ('한', "Hang"),
            ('ж', "Cyrl"),
            ('ش', "Arab"),
            ('ह', "Deva"),
        ] {
            assert_eq!(Script::of(c).map(Script::code), Some(code), "{c}");
        }
        assert_eq!(Script::of('1'), None);
        assert_eq!(Script::of('。'), None);
    }

    #[test]
    fn the_dominant_script_has_the_most_weight() {
        let dominant = |text| ScriptCounts::of(text).dominant().map(|(script, _)| script);
        assert_eq!(dominant("Python 是一种编程语言"), Some(Script::Han));
        assert_eq!(
            dominant("See 中文 for the Chinese pages"),
            Some(Script::Latin)
        );
        assert_eq!(dominant("123 …"), None);
    }
}
