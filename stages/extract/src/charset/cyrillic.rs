//! Which Cyrillic encoding bytes are in, by the frequency of letters and by case.

use encoding_rs::{Encoding, IBM866, ISO_8859_5, KOI8_R, WINDOWS_1251, X_MAC_CYRILLIC};

use super::Decoded;

/// Score from which text is believed to be Cyrillic.
const ENOUGH: f64 = 0.5;
/// Letters that make up most of Russian, Bulgarian, Ukrainian, Serbian and Macedonian text.
const FREQUENT: &str = "оеаинтсрвлкмдпуя";

/// IBM855, the one code page in use that the WHATWG does not know: characters of 0x80 to 0xff.
const IBM855: &str = "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}";

/// The Cyrillic encoding that fits, if one does.
pub(super) fn guess(sample: &[u8]) -> Option<&'static Encoding> {
    let candidates = [WINDOWS_1251, KOI8_R, ISO_8859_5, IBM866, X_MAC_CYRILLIC];
    let scored = candidates.map(|encoding| {
        let (text, _) = encoding.decode_without_bom_handling(sample);
        (score(&text), encoding)
    });
    // The first of equals: windows-1251 is by far the most used.
    let best = scored.iter().rev().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ENOUGH).then_some(best.1)
}

/// Decodes IBM855 if that fits better than the others.
pub(super) fn ibm855(body: &[u8], sample: &[u8]) -> Option<Decoded> {
    let table: Vec<char> = IBM855.chars().collect();
    let decode = |bytes: &[u8]| -> String {
        let high = |byte: u8| {
            table
                .get(usize::from(byte & 0x7f))
                .copied()
                .unwrap_or('\u{fffd}')
        };
        bytes
            .iter()
            .map(|b| {
                if b.is_ascii() {
                    char::from(*b)
                } else {
                    high(*b)
                }
            })
            .collect()
    };
    let own = score(&decode(sample));
    let other = guess(sample).map_or(0.0, |encoding| {
        score(&encoding.decode_without_bom_handling(sample).0)
    });
    (own >= ENOUGH && own > other).then(|| Decoded {
        text: decode(body),
        charset: "ibm855".to_owned(),
    })
}

/// How much text reads like Cyrillic: about 0.7 for real text, below 0.3 for a wrong guess.
fn score(text: &str) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    let mut previous = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            all += 1.0;
            sum += value(c, previous);
        }
        previous = c;
    }
    if all < 4.0 { 0.0 } else { sum / all }
}

fn value(c: char, previous: char) -> f64 {
    // A capital inside a word, or a Cyrillic letter in a Latin word, shows a wrong guess.
    let inside = previous.is_lowercase() && c.is_uppercase();
    match c {
        '\u{fffd}' | '\u{80}'..='\u{9f}' => -2.0,
        'а'..='я' | 'ё' if previous.is_ascii_alphabetic() => -0.5,
        _ if FREQUENT.contains(c) => 1.0,
        'а'..='я' | 'ё' | 'ђ'..='џ' => 0.4,
        'А'..='Я' | 'Ё' | 'Ђ'..='Џ' if inside => -1.0,
        'А'..='Я' | 'Ё' | 'Ђ'..='Џ' => 0.3,
        '░'..='▓' | '─'..='╬' | '█' | '▄' | '▀' => -0.5,
        _ => 0.0,
    }
}
