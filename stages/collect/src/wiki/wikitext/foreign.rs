//! Templates for words of other languages and scripts: the word, how it is said, what it means.

use super::args::Args;
use super::expand::Expander;
use super::languages;
use super::phrases::{is_chinese, lang};
use super::template::{all, arg, named};

/// `{{zh|s=…|t=…|p=…}}`, with the labels that it shows.
pub(super) fn zh(expander: &mut Expander, args: &Args) -> String {
    const LABELS: &[(&[&str], &str, &str)] = &[
        (&["c", "hanzi"], "Chinese: ", "中文："),
        (&["s"], "simplified Chinese: ", "简体中文："),
        (&["t"], "traditional Chinese: ", "繁體中文："),
        (&["p"], "pinyin: ", "拼音："),
        (&["tp"], "Tongyong Pinyin: ", "通用拼音："),
        (&["w"], "Wade–Giles: ", "威妥玛拼音："),
        (&["j"], "Jyutping: ", "粤拼："),
        (&["cy"], "Cantonese Yale: ", "耶鲁拼音："),
        (&["poj"], "Pe̍h-ōe-jī: ", "白話字："),
        (&["l", "lit"], "lit. ", "直译："),
    ];
    let chinese = is_chinese(expander);
    let mut parts = Vec::new();
    for (names, english, own) in LABELS {
        let text = named(expander, args, names);
        if !text.is_empty() {
            parts.push(format!("{}{text}", if chinese { own } else { english }));
        }
    }
    if parts.is_empty() {
        return all(expander, args).join(", ");
    }
    parts.join(if chinese { "；" } else { "; " })
}

/// `{{nihongo|English|漢字|romaji|extra}}`
pub(super) fn nihongo(expander: &mut Expander, args: &Args) -> String {
    let head = arg(expander, args, 1);
    let mut rest: Vec<String> = Vec::new();
    for at in 2..=5 {
        let text = args
            .at(at)
            .map(|range| expander.text(range))
            .unwrap_or_default();
        if !text.is_empty() {
            rest.push(text);
        }
    }
    match (head.is_empty(), rest.is_empty()) {
        (_, true) => head,
        (true, false) => rest.join(", "),
        (false, false) if is_chinese(expander) => format!("{head}（{}）", rest.join("，")),
        (false, false) => format!("{head} ({})", rest.join(", ")),
    }
}

/// `{{langx|de|Wort}}`
pub(super) fn langx(expander: &mut Expander, args: &Args) -> String {
    let code = arg(expander, args, 1);
    let text = arg(expander, args, 2);
    let label = languages::label(&code, lang(expander));
    if text.is_empty() {
        text
    } else {
        format!("{label}{text}")
    }
}

/// `{{IPAc-en|h|ə|ˈ|l|oʊ}}`
pub(super) fn ipac(expander: &mut Expander, args: &Args) -> String {
    const LABELS: &[&str] = &[
        "lang", "pron", "also", "local", "locally", "us", "uk", "usalso", "ukalso", "audio", "ipa",
        "an", "au", "nz", "sa", "ca", "ussense", "icon", "english",
    ];
    let sounds = all(expander, args);
    let sounds = sounds.iter().map(|sound| match sound.as_str() {
        "_" | "," => " ",
        sound if LABELS.contains(&sound.to_lowercase().as_str()) => "",
        sound if sound.to_lowercase().ends_with(".ogg") => "",
        sound => sound,
    });
    let sounds: String = sounds.collect();
    if sounds.trim().is_empty() {
        String::new()
    } else {
        format!("/{}/", sounds.trim())
    }
}

/// `{{ruby|漢字|かんじ}}`
pub(super) fn ruby(expander: &mut Expander, args: &Args) -> String {
    let base = arg(expander, args, 1);
    let reading = args
        .at(2)
        .map(|range| expander.text(range))
        .unwrap_or_default();
    if reading.is_empty() {
        base
    } else {
        format!("{base}（{reading}）")
    }
}

fn labelled(expander: &mut Expander, args: &Args, names: &[&str]) -> String {
    let mut parts = Vec::new();
    for name in names {
        let text = named(expander, args, &[name]);
        if !text.is_empty() {
            parts.push(text);
        }
    }
    if parts.is_empty() {
        parts = all(expander, args);
    }
    parts.join(if is_chinese(expander) { "，" } else { ", " })
}

/// `{{korean|hangul=…|hanja=…|rr=…}}`, `{{kor|h=…|hg=…}}`
pub(super) fn korean(expander: &mut Expander, args: &Args) -> String {
    labelled(
        expander,
        args,
        &["hangul", "hg", "hanja", "h", "rr", "mr", "lk", "rm", "lit"],
    )
}

/// `{{vie|v=…|hn=…}}`
pub(super) fn vietnamese(expander: &mut Expander, args: &Args) -> String {
    labelled(expander, args, &["v", "hn", "q"])
}

/// `{{jpn|j=…|hg=…|rm=…}}`
pub(super) fn japanese(expander: &mut Expander, args: &Args) -> String {
    labelled(
        expander,
        args,
        &["j", "k", "hg", "kana", "r", "rm", "romaji"],
    )
}

/// Chinese conversion rules of a page: `{{NoteTA|T=…|1=zh-cn:A;zh-tw:B|zh-cn:C;zh-tw:D}}`.
pub(super) fn note_ta(expander: &mut Expander, args: &Args) -> String {
    let mut rules = all(expander, args);
    let named: Vec<_> = args
        .names()
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit()))
        .map(|(_, range)| range)
        .collect();
    rules.extend(named.into_iter().map(|range| expander.text(range)));
    rules.dedup();
    let variant = &expander.page.options.variant;
    for rule in rules {
        expander.rules.add(&rule, variant);
    }
    String::new()
}
