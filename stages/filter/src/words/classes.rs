//! Character classes that the word rules speak of.

use std::cmp::Ordering;

type Ranges = &'static [(char, char)];

fn within(ranges: Ranges, c: char) -> bool {
    let order = |&(first, last): &(char, char)| {
        if last < c {
            Ordering::Less
        } else if first > c {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    };
    ranges.binary_search_by(order).is_ok()
}

/// White space as Python's `str.isspace` has it: Unicode's, and the four ASCII separators.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1C}'..='\u{1F}')
}

/// The pieces of `text` between white space, none of them empty.
pub(crate) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(is_space);
        let end = chunk_len(rest);
        let (chunk, after) = rest.split_at(end);
        rest = after;
        (end > 0).then_some(chunk)
    })
}

/// Bytes before the first white space.
pub(crate) fn chunk_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        // First bytes of the spaces beyond ASCII: U+0085 and U+00A0, U+1680, U+2000…, U+3000.
        if byte > b' ' && !matches!(byte, 0xC2 | 0xE1..=0xE3) {
            at += 1;
            continue;
        }
        // Of these the first two bytes tell most.
        let second = bytes.get(at + 1).copied().unwrap_or(0);
        let is_letter = match byte {
            0xC2 => !matches!(second, 0x85 | 0xA0),
            0xE1 => second != 0x9A,
            0xE2 => !matches!(second, 0x80 | 0x81),
            0xE3 => second != 0x80,
            _ => false,
        };
        if is_letter {
            at += 2;
            continue;
        }
        match text[at..].chars().next() {
            Some(c) if !is_space(c) => at += c.len_utf8(),
            _ => break,
        }
    }
    at
}

/// A letter of a script without case, with the marks and signs of its block.
fn is_uncased(c: char) -> bool {
    c >= '\u{591}' && within(UNCASED, c)
}

/// A lower-case letter, or a letter of a script without case.
pub(super) fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase()
        || (!c.is_ascii() && ((c.is_lowercase() && !matches!(c, 'ª' | 'º')) || is_uncased(c)))
}

/// An upper-case letter, or a letter of a script without case.
pub(super) fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || (!c.is_ascii() && (c.is_uppercase() || is_uncased(c)))
}

/// A letter of any script.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && (is_lower(c) || is_upper(c)))
}

/// Punctuation that always ends or begins a word.
pub(super) fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '…' | ','
            | ':'
            | ';'
            | '!'
            | '?'
            | '¿'
            | '؟'
            | '¡'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '_'
            | '#'
            | '*'
            | '&'
            | '。'
            | '？'
            | '！'
            | '，'
            | '、'
            | '；'
            | '：'
            | '～'
            | '·'
            | '।'
            | '،'
            | '۔'
            | '؛'
            | '٪'
    )
}

/// Quotation marks and brackets used as such.
pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '"'
            | '”'
            | '“'
            | '`'
            | '‘'
            | '´'
            | '’'
            | '‚'
            | ','
            | '„'
            | '»'
            | '«'
            | '「'
            | '」'
            | '『'
            | '』'
            | '（'
            | '）'
            | '〔'
            | '〕'
            | '【'
            | '】'
            | '《'
            | '》'
            | '〈'
            | '〉'
            | '\u{2329}'
            | '\u{232A}'
            | '⟦'
            | '⟧'
    )
}

/// Currency signs.
pub(super) fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '฿' | '﷼' | '\u{20A0}'..='\u{20BF}')
}

/// Pictures and other symbols (Unicode category So).
pub(super) fn is_icon(c: char) -> bool {
    c >= '\u{A6}' && within(ICONS, c)
}

/// A mark that ends a sentence, in any script.
#[must_use]
pub fn is_terminal(c: char) -> bool {
    match c {
        '.' | '!' | '?' => true,
        _ if c < '\u{589}' || is_east_asian_letter(c) => false,
        _ => within(TERMINAL, c),
    }
}

/// Kana, Han and Hangul: most letters of languages whose every character is looked at.
#[inline]
pub(crate) fn is_east_asian_letter(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// A character that makes no word by itself: punctuation, terminal marks, control characters.
/// The set is datatrove's; symbols such as `=` and `|` are in it.
#[must_use]
pub fn is_symbol(c: char) -> bool {
    match c {
        '\t' | '\n' | ' ' => false,
        _ if c.is_ascii() => !c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{9F}' | '«' | '´' | '»' => true,
        _ if c < '\u{589}' || is_east_asian_letter(c) => false,
        '–' | '—' | '’' | '“' | '”' | '„' | '…' | '∶' | '━' | '►' | '、' | '〈' | '〉' | '《'
        | '》' | '「' | '」' | '【' | '】' | '％' | '（' | '）' | '，' | '１' | '：' | '；'
        | '～' => true,
        _ => within(TERMINAL, c),
    }
}

const UNCASED: Ranges = &[
    ('\u{591}', '\u{5F4}'),
    ('\u{620}', '\u{64A}'),
    ('\u{66E}', '\u{6D5}'),
    ('\u{6E5}', '\u{6FF}'),
    ('\u{750}', '\u{77F}'),
    ('\u{8A0}', '\u{8BD}'),
    ('\u{900}', '\u{97F}'),
    ('\u{980}', '\u{9FF}'),
    ('\u{B80}', '\u{BFF}'),
    ('\u{C00}', '\u{C7F}'),
    ('\u{C80}', '\u{CFF}'),
    ('\u{D80}', '\u{DFF}'),
    ('\u{1100}', '\u{11FF}'),
    ('\u{1200}', '\u{137F}'),
    ('\u{2E80}', '\u{2FDF}'),
    ('\u{2FF0}', '\u{303F}'),
    ('\u{3040}', '\u{30FF}'),
    ('\u{31C0}', '\u{31EF}'),
    ('\u{3200}', '\u{33FF}'),
    ('\u{3400}', '\u{4DBF}'),
    ('\u{4E00}', '\u{9FFF}'),
    ('\u{AC00}', '\u{D7AF}'),
    ('\u{F900}', '\u{FAFF}'),
    ('\u{FB1D}', '\u{FB4F}'),
    ('\u{FB50}', '\u{FBB1}'),
    ('\u{FBD3}', '\u{FD3D}'),
    ('\u{FD50}', '\u{FDC7}'),
    ('\u{FDF0}', '\u{FDFB}'),
    ('\u{FE30}', '\u{FE4F}'),
    ('\u{FE70}', '\u{FEFC}'),
    ('\u{1EE00}', '\u{1EEBB}'),
    ('\u{1F200}', '\u{1F2FF}'),
    ('\u{20000}', '\u{2A6DF}'),
    ('\u{2A700}', '\u{2EBEF}'),
    ('\u{2F800}', '\u{2FA1F}'),
];

/// Terminal punctuation of all scripts, ASCII included.
const TERMINAL: Ranges = &[
    ('\u{21}', '\u{21}'),
    ('\u{2E}', '\u{2E}'),
    ('\u{3F}', '\u{3F}'),
    ('\u{589}', '\u{589}'),
    ('\u{61D}', '\u{61F}'),
    ('\u{6D4}', '\u{6D4}'),
    ('\u{700}', '\u{702}'),
    ('\u{7F9}', '\u{7F9}'),
    ('\u{837}', '\u{837}'),
    ('\u{839}', '\u{839}'),
    ('\u{83D}', '\u{83E}'),
    ('\u{964}', '\u{965}'),
    ('\u{104A}', '\u{104B}'),
    ('\u{1362}', '\u{1362}'),
    ('\u{1367}', '\u{1368}'),
    ('\u{166E}', '\u{166E}'),
    ('\u{1735}', '\u{1736}'),
    ('\u{17D4}', '\u{17D6}'),
    ('\u{17D9}', '\u{17DA}'),
    ('\u{1803}', '\u{1803}'),
    ('\u{1809}', '\u{1809}'),
    ('\u{1944}', '\u{1945}'),
    ('\u{1AA8}', '\u{1AAB}'),
    ('\u{1B5A}', '\u{1B5B}'),
    ('\u{1B5E}', '\u{1B5F}'),
    ('\u{1B7D}', '\u{1B7E}'),
    ('\u{1C3B}', '\u{1C3C}'),
    ('\u{1C7E}', '\u{1C7F}'),
    ('\u{203C}', '\u{203D}'),
    ('\u{2047}', '\u{2049}'),
    ('\u{2E2E}', '\u{2E2E}'),
    ('\u{2E3C}', '\u{2E3C}'),
    ('\u{2E53}', '\u{2E54}'),
    ('\u{3002}', '\u{3002}'),
    ('\u{A4FF}', '\u{A4FF}'),
    ('\u{A60E}', '\u{A60F}'),
    ('\u{A6F3}', '\u{A6F3}'),
    ('\u{A6F7}', '\u{A6F7}'),
    ('\u{A876}', '\u{A877}'),
    ('\u{A8CE}', '\u{A8CF}'),
    ('\u{A92F}', '\u{A92F}'),
    ('\u{A9C8}', '\u{A9C9}'),
    ('\u{AA5D}', '\u{AA5F}'),
    ('\u{AAF0}', '\u{AAF1}'),
    ('\u{ABEB}', '\u{ABEB}'),
    ('\u{FE52}', '\u{FE52}'),
    ('\u{FE56}', '\u{FE57}'),
    ('\u{FF01}', '\u{FF01}'),
    ('\u{FF0E}', '\u{FF0E}'),
    ('\u{FF1F}', '\u{FF1F}'),
    ('\u{FF61}', '\u{FF61}'),
    ('\u{10A56}', '\u{10A57}'),
    ('\u{10F55}', '\u{10F59}'),
    ('\u{10F86}', '\u{10F89}'),
    ('\u{11047}', '\u{11048}'),
    ('\u{110BE}', '\u{110C1}'),
    ('\u{11141}', '\u{11143}'),
    ('\u{111C5}', '\u{111C6}'),
    ('\u{111CD}', '\u{111CD}'),
    ('\u{111DE}', '\u{111DF}'),
    ('\u{11238}', '\u{11239}'),
    ('\u{1123B}', '\u{1123C}'),
    ('\u{112A9}', '\u{112A9}'),
    ('\u{1144B}', '\u{1144C}'),
    ('\u{115C2}', '\u{115C3}'),
    ('\u{115C9}', '\u{115D7}'),
    ('\u{11641}', '\u{11642}'),
    ('\u{1173C}', '\u{1173E}'),
    ('\u{11944}', '\u{11944}'),
    ('\u{11946}', '\u{11946}'),
    ('\u{11A42}', '\u{11A43}'),
    ('\u{11A9B}', '\u{11A9C}'),
    ('\u{11C41}', '\u{11C42}'),
    ('\u{11EF7}', '\u{11EF8}'),
    ('\u{11F43}', '\u{11F44}'),
    ('\u{16A6E}', '\u{16A6F}'),
    ('\u{16AF5}', '\u{16AF5}'),
    ('\u{16B37}', '\u{16B38}'),
    ('\u{16B44}', '\u{16B44}'),
    ('\u{16E98}', '\u{16E98}'),
    ('\u{1BC9F}', '\u{1BC9F}'),
    ('\u{1DA88}', '\u{1DA88}'),
];

const ICONS: Ranges = &[
    ('\u{A6}', '\u{A6}'),
    ('\u{A9}', '\u{A9}'),
    ('\u{AE}', '\u{AE}'),
    ('\u{B0}', '\u{B0}'),
    ('\u{482}', '\u{482}'),
    ('\u{58D}', '\u{58D}'),
    ('\u{58E}', '\u{58E}'),
    ('\u{60E}', '\u{60E}'),
    ('\u{60F}', '\u{60F}'),
    ('\u{6DE}', '\u{6DE}'),
    ('\u{6E9}', '\u{6E9}'),
    ('\u{6FD}', '\u{6FD}'),
    ('\u{6FE}', '\u{6FE}'),
    ('\u{7F6}', '\u{7F6}'),
    ('\u{9FA}', '\u{9FA}'),
    ('\u{B70}', '\u{B70}'),
    ('\u{BF3}', '\u{BF8}'),
    ('\u{BFA}', '\u{BFA}'),
    ('\u{C7F}', '\u{C7F}'),
    ('\u{D4F}', '\u{D4F}'),
    ('\u{D79}', '\u{D79}'),
    ('\u{F01}', '\u{F03}'),
    ('\u{F13}', '\u{F13}'),
    ('\u{F15}', '\u{F17}'),
    ('\u{F1A}', '\u{F1F}'),
    ('\u{F34}', '\u{F34}'),
    ('\u{F36}', '\u{F36}'),
    ('\u{F38}', '\u{F38}'),
    ('\u{FBE}', '\u{FC5}'),
    ('\u{FC7}', '\u{FCC}'),
    ('\u{FCE}', '\u{FCE}'),
    ('\u{FCF}', '\u{FCF}'),
    ('\u{FD5}', '\u{FD8}'),
    ('\u{109E}', '\u{109E}'),
    ('\u{109F}', '\u{109F}'),
    ('\u{1390}', '\u{1399}'),
    ('\u{1940}', '\u{1940}'),
    ('\u{19DE}', '\u{19FF}'),
    ('\u{1B61}', '\u{1B6A}'),
    ('\u{1B74}', '\u{1B7C}'),
    ('\u{2100}', '\u{2100}'),
    ('\u{2101}', '\u{2101}'),
    ('\u{2103}', '\u{2106}'),
    ('\u{2108}', '\u{2108}'),
    ('\u{2109}', '\u{2109}'),
    ('\u{2114}', '\u{2114}'),
    ('\u{2116}', '\u{2116}'),
    ('\u{2117}', '\u{2117}'),
    ('\u{211E}', '\u{2123}'),
    ('\u{2125}', '\u{2125}'),
    ('\u{2127}', '\u{2127}'),
    ('\u{2129}', '\u{2129}'),
    ('\u{212E}', '\u{212E}'),
    ('\u{213A}', '\u{213A}'),
    ('\u{213B}', '\u{213B}'),
    ('\u{214A}', '\u{214A}'),
    ('\u{214C}', '\u{214C}'),
    ('\u{214D}', '\u{214D}'),
    ('\u{214F}', '\u{214F}'),
    ('\u{218A}', '\u{218A}'),
    ('\u{218B}', '\u{218B}'),
    ('\u{2195}', '\u{2199}'),
    ('\u{219C}', '\u{219F}'),
    ('\u{21A1}', '\u{21A1}'),
    ('\u{21A2}', '\u{21A2}'),
    ('\u{21A4}', '\u{21A4}'),
    ('\u{21A5}', '\u{21A5}'),
    ('\u{21A7}', '\u{21AD}'),
    ('\u{21AF}', '\u{21CD}'),
    ('\u{21D0}', '\u{21D0}'),
    ('\u{21D1}', '\u{21D1}'),
    ('\u{21D3}', '\u{21D3}'),
    ('\u{21D5}', '\u{21F3}'),
    ('\u{2300}', '\u{2307}'),
    ('\u{230C}', '\u{231F}'),
    ('\u{2322}', '\u{2328}'),
    ('\u{232B}', '\u{237B}'),
    ('\u{237D}', '\u{239A}'),
    ('\u{23B4}', '\u{23DB}'),
    ('\u{23E2}', '\u{2426}'),
    ('\u{2440}', '\u{244A}'),
    ('\u{249C}', '\u{24E9}'),
    ('\u{2500}', '\u{25B6}'),
    ('\u{25B8}', '\u{25C0}'),
    ('\u{25C2}', '\u{25F7}'),
    ('\u{2600}', '\u{266E}'),
    ('\u{2670}', '\u{2767}'),
    ('\u{2794}', '\u{27BF}'),
    ('\u{2800}', '\u{28FF}'),
    ('\u{2B00}', '\u{2B2F}'),
    ('\u{2B45}', '\u{2B45}'),
    ('\u{2B46}', '\u{2B46}'),
    ('\u{2B4D}', '\u{2B73}'),
    ('\u{2B76}', '\u{2B95}'),
    ('\u{2B98}', '\u{2BC8}'),
    ('\u{2BCA}', '\u{2BFE}'),
    ('\u{2CE5}', '\u{2CEA}'),
    ('\u{2E80}', '\u{2E99}'),
    ('\u{2E9B}', '\u{2EF3}'),
    ('\u{2F00}', '\u{2FD5}'),
    ('\u{2FF0}', '\u{2FFB}'),
    ('\u{3004}', '\u{3004}'),
    ('\u{3012}', '\u{3012}'),
    ('\u{3013}', '\u{3013}'),
    ('\u{3020}', '\u{3020}'),
    ('\u{3036}', '\u{3036}'),
    ('\u{3037}', '\u{3037}'),
    ('\u{303E}', '\u{303E}'),
    ('\u{303F}', '\u{303F}'),
    ('\u{3190}', '\u{3190}'),
    ('\u{3191}', '\u{3191}'),
    ('\u{3196}', '\u{319F}'),
    ('\u{31C0}', '\u{31E3}'),
    ('\u{3200}', '\u{321E}'),
    ('\u{322A}', '\u{3247}'),
    ('\u{3250}', '\u{3250}'),
    ('\u{3260}', '\u{327F}'),
    ('\u{328A}', '\u{32B0}'),
    ('\u{32C0}', '\u{32FE}'),
    ('\u{3300}', '\u{33FF}'),
    ('\u{4DC0}', '\u{4DFF}'),
    ('\u{A490}', '\u{A4C6}'),
    ('\u{A828}', '\u{A82B}'),
    ('\u{A836}', '\u{A836}'),
    ('\u{A837}', '\u{A837}'),
    ('\u{A839}', '\u{A839}'),
    ('\u{AA77}', '\u{AA79}'),
    ('\u{FDFD}', '\u{FDFD}'),
    ('\u{FFE4}', '\u{FFE4}'),
    ('\u{FFE8}', '\u{FFE8}'),
    ('\u{FFED}', '\u{FFED}'),
    ('\u{FFEE}', '\u{FFEE}'),
    ('\u{FFFC}', '\u{FFFC}'),
    ('\u{FFFD}', '\u{FFFD}'),
    ('\u{10137}', '\u{1013F}'),
    ('\u{10179}', '\u{10189}'),
    ('\u{1018C}', '\u{1018E}'),
    ('\u{10190}', '\u{1019B}'),
    ('\u{101A0}', '\u{101A0}'),
    ('\u{101D0}', '\u{101FC}'),
    ('\u{10877}', '\u{10877}'),
    ('\u{10878}', '\u{10878}'),
    ('\u{10AC8}', '\u{10AC8}'),
    ('\u{1173F}', '\u{1173F}'),
    ('\u{16B3C}', '\u{16B3F}'),
    ('\u{16B45}', '\u{16B45}'),
    ('\u{1BC9C}', '\u{1BC9C}'),
    ('\u{1D000}', '\u{1D0F5}'),
    ('\u{1D100}', '\u{1D126}'),
    ('\u{1D129}', '\u{1D164}'),
    ('\u{1D16A}', '\u{1D16C}'),
    ('\u{1D183}', '\u{1D183}'),
    ('\u{1D184}', '\u{1D184}'),
    ('\u{1D18C}', '\u{1D1A9}'),
    ('\u{1D1AE}', '\u{1D1E8}'),
    ('\u{1D200}', '\u{1D241}'),
    ('\u{1D245}', '\u{1D245}'),
    ('\u{1D300}', '\u{1D356}'),
    ('\u{1D800}', '\u{1D9FF}'),
    ('\u{1DA37}', '\u{1DA3A}'),
    ('\u{1DA6D}', '\u{1DA74}'),
    ('\u{1DA76}', '\u{1DA83}'),
    ('\u{1DA85}', '\u{1DA85}'),
    ('\u{1DA86}', '\u{1DA86}'),
    ('\u{1ECAC}', '\u{1ECAC}'),
    ('\u{1F000}', '\u{1F02B}'),
    ('\u{1F030}', '\u{1F093}'),
    ('\u{1F0A0}', '\u{1F0AE}'),
    ('\u{1F0B1}', '\u{1F0BF}'),
    ('\u{1F0C1}', '\u{1F0CF}'),
    ('\u{1F0D1}', '\u{1F0F5}'),
    ('\u{1F110}', '\u{1F16B}'),
    ('\u{1F170}', '\u{1F1AC}'),
    ('\u{1F1E6}', '\u{1F202}'),
    ('\u{1F210}', '\u{1F23B}'),
    ('\u{1F240}', '\u{1F248}'),
    ('\u{1F250}', '\u{1F250}'),
    ('\u{1F251}', '\u{1F251}'),
    ('\u{1F260}', '\u{1F265}'),
    ('\u{1F300}', '\u{1F3FA}'),
    ('\u{1F400}', '\u{1F6D4}'),
    ('\u{1F6E0}', '\u{1F6EC}'),
    ('\u{1F6F0}', '\u{1F6F9}'),
    ('\u{1F700}', '\u{1F773}'),
    ('\u{1F780}', '\u{1F7D8}'),
    ('\u{1F800}', '\u{1F80B}'),
    ('\u{1F810}', '\u{1F847}'),
    ('\u{1F850}', '\u{1F859}'),
    ('\u{1F860}', '\u{1F887}'),
    ('\u{1F890}', '\u{1F8AD}'),
    ('\u{1F900}', '\u{1F90B}'),
    ('\u{1F910}', '\u{1F93E}'),
    ('\u{1F940}', '\u{1F970}'),
    ('\u{1F973}', '\u{1F976}'),
    ('\u{1F97A}', '\u{1F97A}'),
    ('\u{1F97C}', '\u{1F9A2}'),
    ('\u{1F9B0}', '\u{1F9B9}'),
    ('\u{1F9C0}', '\u{1F9C2}'),
    ('\u{1F9D0}', '\u{1F9FF}'),
    ('\u{1FA60}', '\u{1FA6D}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for table in [UNCASED, TERMINAL, ICONS] {
            assert!(table.iter().all(|(first, last)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    proptest::proptest! {
        #[test]
        fn chunks_are_what_stands_between_spaces(text in "[a é中\u{A0}\u{1F}\u{2003}\u{3000}。\u{1680}\n]{0,30}") {
            let expected: Vec<&str> = text.split(is_space).filter(|chunk| !chunk.is_empty()).collect();
            proptest::prop_assert_eq!(chunks(&text).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn classes_hold_across_scripts() {
        assert!(is_terminal('。') && is_terminal('.') && is_terminal('؟') && !is_terminal('，'));
        assert!(is_symbol('=') && is_symbol('，') && !is_symbol('中') && !is_symbol('a'));
        assert!(is_lower('中') && is_upper('中') && is_lower('é') && !is_lower('É'));
        assert!(is_icon('★') && !is_icon('中') && is_space('\u{1F}') && is_space('\u{3000}'));
    }
}
