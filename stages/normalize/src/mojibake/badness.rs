//! How unlikely a sequence of characters is, as a sign of mojibake.
//!
//! The categories and the rules follow ftfy 6.3 (Robyn Speer, Apache-2.0, `ftfy.badness` and
//! `ftfy.chardata`): about 400 characters occur in UTF-8 that was read as a single-byte charset, and
//! some of them hardly ever stand next to each other otherwise.

use std::sync::LazyLock;

use regex::Regex;

/// Characters of many contexts.
const COMMON: &str = "\u{a0}\u{ad}´·–-―’…";
/// Control characters that only mojibake brings into text.
const C1: &str = "\u{80}-\u{9f}";
/// Characters that occur in little else than mojibake.
const BAD: &str = "¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊\u{fffd}";
/// Signs of legal texts.
const LAW: &str = "§¶";
const CURRENCY: &str = "¢£¥₧€";
/// Marks that begin a word.
const START_PUNCTUATION: &str = "¡©«¿΄΅‘‚“„•‹\u{f8ff}";
/// Marks that end a word.
const END_PUNCTUATION: &str = "®»˝”›™";
/// Signs of numbers and formulas.
const NUMERIC: &str = "±-³µ¹¼-¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥";
/// Letters and signs that faces are made of.
const KAOMOJI: &str = "°Ò-ÖÙ-Üò-öø-üŌŐŪŲ";
const UPPER_ACCENTED: &str = "À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ";
const LOWER_ACCENTED: &str = "ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ";
/// Capitals of words in Greek and Cyrillic.
const UPPER_COMMON: &str = "ÞΆΈ-ΊΌΎΏΑ-ΫЁ-Я";
const LOWER_COMMON: &str = "ά-ωа-џ";
/// Lines and blocks of code page 437.
const BOX: &str = "│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓";
/// Characters that the lead byte of two turns into, in any of the charsets.
const UTF8_FIRST_OF_2: &str = "Â-ßĀĂĆČĎĐĒĖĘĚĞĢĪİĶĹĻŁŃŅŇŌŐŘŚŞŠŢŪŮŰŲŹŻŽΒ-ΡΣ-ίВ-Я";
const UTF8_FIRST_OF_3: &str = "à-ïāăąćčďēėęěģīįķĺļŕźΰ-οа-п";
const UTF8_FIRST_OF_4: &str = "ðóđğšπσру";
/// Characters that a continuation byte turns into; a space for A0.
const UTF8_CONTINUATION: &str =
    " \u{80}-¿ÆØæøĄąĽľŁłŒœŖŗŚśŞ-šŤťŸ-žƒˆˇ˘˛-˝΄-ΆΈ-ΊΌΎΏЁ-ЌЎЏё-ќўџҐґ–-―‘-‚“-„†-•…‰‹›€№™";
/// The same without spaces, dashes and quotation marks.
const UTF8_CONTINUATION_STRICT: &str =
    "\u{80}-¿ÆØæøĄąĽľŁłŒœŖŗŚśŞ-šŤťŸ-žƒˆˇ˘˛-˝΄-ΆΈ-ΊΌΎΏЁ-ЌЎЏё-ќўџҐґ†‡‰‹›€№™";

/// Sequences that are much more likely mojibake than intended.
static BAD_SEQUENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let accented = format!("{LOWER_ACCENTED}{UPPER_ACCENTED}");
    let marks = format!("{START_PUNCTUATION}{END_PUNCTUATION}");
    let signs = format!("{CURRENCY}{NUMERIC}{LAW}");
    let rules = [
        format!("[{C1}]"),
        format!("[{BAD}{accented}{BOX}{marks}{signs}][{BAD}]"),
        format!("[a-zA-Z][{LOWER_COMMON}{UPPER_COMMON}][{BAD}]"),
        format!("[{BAD}][{accented}{BOX}{marks}{signs}]"),
        format!(
            "[{LOWER_ACCENTED}{LOWER_COMMON}{BOX}{END_PUNCTUATION}{CURRENCY}{NUMERIC}][{UPPER_ACCENTED}]"
        ),
        format!("[{BOX}{END_PUNCTUATION}{CURRENCY}{NUMERIC}][{LOWER_ACCENTED}]"),
        format!("[{LOWER_ACCENTED}{BOX}{END_PUNCTUATION}][{CURRENCY}]"),
        format!("\\s[{UPPER_ACCENTED}][{CURRENCY}]"),
        format!("[{UPPER_ACCENTED}{BOX}][{NUMERIC}{LAW}]"),
        format!("[{accented}{BOX}{CURRENCY}{END_PUNCTUATION}][{START_PUNCTUATION}][{NUMERIC}]"),
        format!(
            "[{accented}{CURRENCY}{NUMERIC}{BOX}{LAW}][{END_PUNCTUATION}][{START_PUNCTUATION}]"
        ),
        format!("[{CURRENCY}{NUMERIC}{BOX}][{START_PUNCTUATION}]"),
        format!("[a-z][{UPPER_ACCENTED}][{START_PUNCTUATION}{CURRENCY}]"),
        format!("[{BOX}][{KAOMOJI}]"),
        format!("[{accented}{CURRENCY}{NUMERIC}{marks}{LAW}][{BOX}]"),
        format!("[{BOX}][{END_PUNCTUATION}]"),
        format!("[{accented}][{marks}]\\w"),
        // The ligature œ, when no plain Latin letter follows.
        "[Œœ][^A-Za-z]".to_owned(),
        format!("[{UPPER_ACCENTED}]°"),
        // Frequent pairs of Windows-1252 that the rules above leave out.
        format!("[ÂÃÎÐ][€œŠš¢£Ÿž\u{a0}\u{ad}®©°·»{marks}–—´]"),
        "×[²³]".to_owned(),
        // Arabic in Windows-1252 needs the common characters too; so four of them are asked for.
        format!("(?:[ØÙ][{COMMON}{CURRENCY}{BAD}{NUMERIC}{START_PUNCTUATION}ŸŠ®°µ»]){{2}}"),
        // South Asian scripts in Windows-1252.
        "à[²µ¹¼½¾]".to_owned(),
        // Mac Roman.
        "√[±∂†≠®™´≤≥¥µø]|≈[°¢]|‚Ä[ìîïòôúùû†°¢π]|‚[âó][àä°ê]".to_owned(),
        // Windows-1251: U+2000 to U+203F, then Latin-1 and Cyrillic.
        "вЂ".to_owned(),
        format!("[ВГРС][{C1}{BAD}{marks}{CURRENCY}°µ][ВГРС]"),
        "ГўВЂВ.[A-Za-z ]".to_owned(),
        // à, á and the no-break space in Windows-1252.
        "Ã[\u{a0}¡]|[a-z]\\s?[ÃÂ] |^[ÃÂ] ".to_owned(),
        format!("[a-z.,?!{END_PUNCTUATION}]Â[ {marks}]"),
        // Windows-1253 and 1257: U+2000 to U+203F, then Latin-1 and Greek.
        "β€[™\u{a0}Ά\u{ad}®°]".to_owned(),
        format!("[ΒΓΞΟ][{C1}{BAD}{marks}{CURRENCY}°][ΒΓΞΟ]"),
        "ā€".to_owned(),
    ];
    Regex::new(&rules.join("|")).ok()
});

/// A plain letter that touches a letter of another alphabet, a sign or a box line.
static ODD_NEIGHBOURS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let odd = format!("{LOWER_COMMON}{UPPER_COMMON}{BOX}{BAD}{CURRENCY}{LAW}─Ђ-ЏΪ-ώ");
    let formula = format!("[a-z]{{2}}[{NUMERIC}][^ ]");
    Regex::new(&format!(
        "[A-Za-z][{odd}]|[{odd}][A-Za-z]|{formula}|[a-z]â[€„†‰ˆ˜œ]"
    ))
    .ok()
});

/// Runs of characters that could be UTF-8 read as any of the charsets.
static UTF8_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let next = format!("[{UTF8_CONTINUATION}]");
    Regex::new(&format!(
        "(?:[{UTF8_FIRST_OF_2}]{next}|[{UTF8_FIRST_OF_3}]{next}{{2}}|[{UTF8_FIRST_OF_4}]{next}{{3}})+"
    ))
    .ok()
});

/// Whether a text holds a sequence that is much more likely mojibake than intended.
pub(super) fn is_bad(text: &str) -> bool {
    matches(&BAD_SEQUENCE, text)
}

/// Whether a text holds neighbours that are odd, but not odd enough to prove mojibake alone.
pub(super) fn is_odd(text: &str) -> bool {
    matches(&ODD_NEIGHBOURS, text)
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// The next run at or after `from` that could be UTF-8 read as any of the charsets.
pub(super) fn next_run(text: &str, from: usize) -> Option<std::ops::Range<usize>> {
    Some(UTF8_RUN.as_ref()?.find_at(text, from)?.range())
}

/// Whether a character is most likely the rest of a damaged sequence: what follows it had better
/// not be repaired alone.
pub(super) fn continues_damage(c: char) -> bool {
    let mut class = UTF8_CONTINUATION_STRICT.chars().peekable();
    while let Some(low) = class.next() {
        let high = class
            .next_if_eq(&'-')
            .and_then(|_| class.next())
            .unwrap_or(low);
        if (low..=high).contains(&c) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert!(BAD_SEQUENCE.is_some() && ODD_NEIGHBOURS.is_some() && UTF8_RUN.is_some());
    }

    #[test]
    fn tells_mojibake_from_text() {
        for bad in [
            "schÃ¶n",
            "âœ” No",
            "вЂњNon LinearвЂќ",
            "wei√ü",
            "Ä°stanbul",
            "DOS AÃ‘OS",
        ] {
            assert!(is_bad(bad), "{bad}");
        }
        for good in [
            "schön",
            "«À bientôt»",
            "Привет, «мир»",
            "10 µm², 5 °C",
            "你好，世界",
        ] {
            assert!(!is_bad(good), "{good}");
        }
        assert!(is_odd("VerГ¶ffentlichung") && is_odd("confirmaci├│n") && is_odd("pi√π presto"));
        assert!(!is_odd("Москва и Paris"));
    }
}
