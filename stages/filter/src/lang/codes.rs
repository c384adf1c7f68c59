//! From the names that models give to languages to the codes of this crate.

use std::borrow::Cow;

use super::Script;

/// The code of a language and, if the name tells it, its script.
///
/// Knows names such as `__label__en` (lid.176, by Wikipedia's codes) and `__label__eng_Latn`
/// (GlotLID and NLLB, by ISO 639-3 and ISO 15924).
pub(super) fn of_label(label: &str) -> (Cow<'static, str>, Option<Cow<'static, str>>) {
    let name = label.strip_prefix("__label__").unwrap_or(label);
    match name.split_once('_') {
        Some((code, script)) if script.len() == 4 => (by_iso(code), Some(written(script))),
        _ => (by_wikipedia(name), None),
    }
}

/// ISO 639-1 for an ISO 639-3 code, where there is one.
fn by_iso(code: &str) -> Cow<'static, str> {
    let lines = include_str!("../../data/language_codes.txt").lines();
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    match pairs.find(|(three, _)| *three == code) {
        Some((_, two)) => Cow::Borrowed(two),
        None => Cow::Owned(code.to_string()),
    }
}

/// Where Wikipedia's code means another language in ISO 639, or is none of it.
fn by_wikipedia(code: &str) -> Cow<'static, str> {
    match code {
        "als" => "gsw".into(),
        "bh" => "bho".into(),
        "eml" => "egl".into(),
        "nah" => "nhn".into(),
        "sh" => "hbs".into(),
        _ => by_iso(code),
    }
}

/// The script of a label as a script of this crate, where it knows it.
fn written(script: &str) -> Cow<'static, str> {
    let known = Script::ALL.map(Script::code);
    let all = known.into_iter().chain(["Hans", "Hant"]);
    match all.into_iter().find(|code| *code == script) {
        Some(code) => Cow::Borrowed(code),
        None => Cow::Owned(script.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_codes() {
        for (label, code, script) in [
            ("__label__en", "en", None),
            ("__label__ceb", "ceb", None),
            ("__label__als", "gsw", None),
            ("__label__eng_Latn", "en", Some("Latn")),
            ("__label__als_Latn", "sq", Some("Latn")),
            ("__label__cmn_Hani", "zh", Some("Hani")),
            ("__label__arb_Arab", "ar", Some("Arab")),
            ("__label__yue_Hant", "yue", Some("Hant")),
        ] {
            let (found, written) = of_label(label);
            assert_eq!((&*found, written.as_deref()), (code, script), "{label}");
        }
    }
}
