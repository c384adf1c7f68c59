//! Whether a document is written in more than one language.

use std::borrow::Cow;

use super::script::Script;

/// Share of a document's letters, in pieces that are surely of another language or script than
/// most, from which it is called mixed. A bilingual page has up to half; an article that quotes
/// a sentence has less.
const SHARE: f64 = 0.15;
/// Least confidence for a piece to count.
const SURE: f64 = 0.85;
/// Least letters of a piece that counts; a Chinese character is as much as three.
const LETTERS: usize = 40;
/// Languages that are too alike for one sentence to tell which it is.
const ALIKE: [&[&str]; 12] = [
    &["zh", "yue", "wuu"],
    &["no", "nn", "da"],
    &["hr", "bs", "sr", "sh"],
    &["id", "ms", "min", "jv", "su"],
    &["cs", "sk"],
    &["pt", "gl"],
    &["es", "gl", "ast"],
    &["ca", "oc"],
    &["nl", "af"],
    &["hi", "mr", "ne", "sa"],
    &["zu", "xh", "ss", "nr"],
    &["st", "tn", "nso"],
];

/// What a piece of a document is written in.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub code: Cow<'static, str>,
    pub script: Script,
    pub confidence: f64,
    /// Number of letters, weighed by script.
    pub letters: usize,
}

/// Whether the pieces of a document whose language is `main` are in more than one language. It
/// takes one other language for that: lists and code are taken now for this language, now for
/// that.
pub(super) fn is_mixed(main: &str, pieces: &[Piece]) -> bool {
    let all: usize = pieces.iter().map(|piece| piece.letters).sum();
    let counts = |piece: &&Piece| {
        piece.letters >= LETTERS
            && piece.confidence >= SURE
            && !alike(main, &piece.code)
            && !is_japanese(main, piece)
    };
    let mut others: Vec<(&str, usize)> = Vec::new();
    for piece in pieces.iter().filter(counts) {
        match others.iter_mut().find(|(code, _)| *code == piece.code) {
            Some((_, letters)) => *letters += piece.letters,
            None => others.push((&piece.code, piece.letters)),
        }
    }
    let most = others.iter().map(|(_, letters)| *letters).max();
    most.is_some_and(|letters| letters as f64 >= SHARE * all as f64)
}

fn alike(a: &str, b: &str) -> bool {
    a == b
        || ALIKE
            .iter()
            .any(|group| group.contains(&a) && group.contains(&b))
}

/// Names, titles and addresses in Japanese text have no kana.
fn is_japanese(main: &str, piece: &Piece) -> bool {
    main == "ja" && piece.script == Script::Han && piece.letters < 120
}
