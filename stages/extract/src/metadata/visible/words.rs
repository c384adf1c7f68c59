//! Quick tests of short texts and attributes for what may be a byline or a day.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::metadata::author;
use crate::words;

/// Whether one of the words of an attribute is this one, in any case.
pub(super) fn has_word(value: &str, word: &str) -> bool {
    value
        .split_ascii_whitespace()
        .any(|other| other.eq_ignore_ascii_case(word))
}

/// Whether a short text may hold a year from 1990 on; a quick test before a close look.
pub(super) fn has_year(text: &str) -> bool {
    text.len() >= 8
        && text.as_bytes().windows(4).any(|four| {
            matches!(four, [b'2', b'0', ..] | [b'1', b'9', b'9', _])
                && four[2].is_ascii_digit()
                && four[3].is_ascii_digit()
        })
}

/// Whether a text may be a byline or its label; a quick test before a close look.
pub(super) fn may_be_byline(text: &str) -> bool {
    let text = text.trim_start();
    match text.as_bytes() {
        [b'b' | b'B', b'y' | b'Y', ..] => true,
        [b'w' | b'W' | b'p' | b'P' | b'a' | b'A', ..] => {
            author::is_label(text)
                || ["Written by ", "Posted by ", "Author: "]
                    .iter()
                    .any(|s| text.starts_with(s))
        }
        [b'A'..=b'z', ..] | [] => false,
        _ => {
            static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
            let names = ["作者", "记者", "記者", "文／", "文/", "撰文"];
            let words = WORDS.get_or_init(|| automaton(&names));
            words.as_ref().is_some_and(|words| words.is_match(text))
        }
    }
}

/// Whether a class name is one of bylines; of long values the end is not read.
pub(super) fn names_author(class: &str) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    const NAMES: [&str; 9] = [
        "author", "byline", "by-line", "by_line", "zuozhe", "作者", "writer", "autor", "auteur",
    ];
    let start = &class[..class.floor_char_boundary(class.len().min(128))];
    let words = WORDS.get_or_init(|| automaton(&NAMES));
    let Some(words) = words else {
        return false;
    };
    // Not authorized, authority, author-note.
    words.find_iter(start).any(|word| {
        let after = &start.as_bytes()[word.end()..];
        let others: [&[u8]; 4] = [b"i", b"-note", b"-bio", b"_bio"];
        !others.iter().any(|other| after.starts_with(other))
    })
}

/// Whether a class name or id is one of dates.
pub(super) fn names_date(class: &str) -> bool {
    static BIT: OnceLock<words::Classes> = OnceLock::new();
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let mut classes = 0;
    words::add_classes(class, &mut classes);
    let start = &class[..class.floor_char_boundary(class.len().min(128))];
    let words = WORDS.get_or_init(|| automaton(&["publish", "pubtime", "pubdate", "posted"]));
    classes & *BIT.get_or_init(|| words::class_bit("date")) != 0
        || words.as_ref().is_some_and(|words| words.is_match(start))
}

/// Whether a line says that its day is that of publication.
pub(super) fn has_date_label(line: &str) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    const LABELS: [&str; 22] = [
        "发布",
        "發布",
        "发表",
        "發表",
        "日期",
        "时间",
        "時間",
        "更新",
        "published",
        "posted on",
        "posted:",
        "date:",
        "updated",
        "veröffentlicht",
        "publié le",
        "publicado",
        "pubblicato",
        "опубликовано",
        "submitted",
        "公開日",
        "投稿日",
        "등록",
    ];
    let words = WORDS.get_or_init(|| automaton(&LABELS));
    words.as_ref().is_some_and(|words| words.is_match(line))
}

/// Whether a text, or else the one before it, says that a day is that of a change.
pub(super) fn is_update(text: &str, before: &str) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    const LABELS: [&str; 11] = [
        "updat",
        "modified",
        "revised",
        "edited",
        "更新",
        "修改",
        "aktualisiert",
        "mis à jour",
        "actualizado",
        "aggiornato",
        "обновлен",
    ];
    let Some(words) = WORDS.get_or_init(|| automaton(&LABELS)) else {
        return false;
    };
    // What stands before the day; what follows is about another one.
    let own = text.split(|c: char| c.is_ascii_digit()).next();
    let is_label = !before.contains(|c: char| c.is_ascii_digit());
    words.is_match(own.unwrap_or_default()) || (is_label && words.is_match(before))
}

fn automaton(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()
}
