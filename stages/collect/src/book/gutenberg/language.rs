//! Names of languages in heads, to codes of BCP 47.

/// English names, and codes.
const NAMES: &[(&str, &str)] = &[
    ("english", "en"),
    ("french", "fr"),
    ("german", "de"),
    ("spanish", "es"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("finnish", "fi"),
    ("swedish", "sv"),
    ("danish", "da"),
    ("norwegian", "no"),
    ("icelandic", "is"),
    ("latin", "la"),
    ("greek", "el"),
    ("chinese", "zh"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("russian", "ru"),
    ("polish", "pl"),
    ("czech", "cs"),
    ("hungarian", "hu"),
    ("esperanto", "eo"),
    ("tagalog", "tl"),
    ("catalan", "ca"),
    ("welsh", "cy"),
    ("hebrew", "he"),
    ("arabic", "ar"),
    ("persian", "fa"),
    ("turkish", "tr"),
    ("bulgarian", "bg"),
    ("serbian", "sr"),
    ("slovenian", "sl"),
    ("slovak", "sk"),
    ("romanian", "ro"),
    ("ukrainian", "uk"),
    ("lithuanian", "lt"),
    ("estonian", "et"),
    ("irish", "ga"),
    ("scots", "sco"),
    ("frisian", "fy"),
    ("afrikaans", "af"),
    ("galician", "gl"),
    ("breton", "br"),
    ("occitan", "oc"),
    ("telugu", "te"),
    ("tamil", "ta"),
    ("sanskrit", "sa"),
    ("hindi", "hi"),
    ("yiddish", "yi"),
    ("maori", "mi"),
    ("interlingua", "ia"),
    ("volapük", "vo"),
    ("old english", "ang"),
    ("middle english", "enm"),
];

/// The code of a language; of several, of the first.
pub(super) fn code(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let name = lower.split([',', '/', ';', '(', '[']).next()?.trim();
    let known = NAMES.iter().find(|(known, _)| *known == name);
    let is_code =
        (2..=3).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase());
    known
        .map(|(_, code)| (*code).to_owned())
        .or_else(|| is_code.then(|| name.to_owned()))
}
