//! Precision and recall of the masks, by kind, on planted private data in English and Chinese
//! sentences, with hard negatives. Everything is generated here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod items;
mod negatives;

use items::Dice;
use textmill_normalize::{Config, Counts, Normalize, PrivateKind};

/// Sentences around an item; `{}` is where it stands.
const ENGLISH: &[&str] = &[
    "You can find it here: {}.",
    "He wrote {} on the back of the envelope, then left.",
    "({}) was on the form",
    "My details are {}, please keep them.",
    "- {}",
    "\"{}\"",
    "Ask for Ann {} or come by on Monday",
];
const CHINESE: &[&str] = &[
    "我的是{}，请记下。",
    "资料如下：{}",
    "（{}）",
    "他留下了{}就走了。",
    "登记的是{}；请核对",
    "{}",
    "用户{}已经确认",
];

type Maker = fn(&mut Dice) -> (String, String);

/// Every kind, with what draws a word before an item and the item.
const KINDS: &[(PrivateKind, Maker)] = &[
    (PrivateKind::Email, |dice| {
        (String::new(), items::email(dice))
    }),
    (PrivateKind::Phone, |dice| {
        (String::new(), items::phone(dice))
    }),
    (PrivateKind::Phone, |dice| {
        (String::new(), items::phone(dice))
    }),
    (PrivateKind::Phone, items::told_phone),
    (PrivateKind::Ip, |dice| (String::new(), items::ip(dice))),
    (PrivateKind::ResidentId, |dice| {
        (String::new(), items::resident_id(dice))
    }),
    (PrivateKind::Card, |dice| (String::new(), items::card(dice))),
    (PrivateKind::Iban, |dice| (String::new(), items::iban(dice))),
    (PrivateKind::Passport, items::passport),
    (PrivateKind::Secret, |dice| {
        (String::new(), items::secret(dice))
    }),
    (PrivateKind::Secret, items::told_secret),
];

const ROUNDS: usize = 240;

#[derive(Clone, Default)]
struct Score {
    planted: usize,
    found: usize,
    /// Masks of this kind where nothing of it was planted.
    wrong: usize,
    examples: Vec<String>,
}

fn score() -> Vec<Score> {
    let stage = Normalize::new(&Config::default()).unwrap();
    let mut dice = Dice(20_261_124);
    let mut scores = vec![Score::default(); PrivateKind::ALL.len()];
    for round in 0..ROUNDS {
        let frames = if round % 2 == 0 { ENGLISH } else { CHINESE };
        for (kind, make) in KINDS {
            let (word, item) = make(&mut dice);
            let frame = dice.pick(frames);
            let text = frame.replace("{}", &format!("{word}{item}"));
            let masked = format!("{word}<{}>", kind.label());
            let (clean, counts) = stage.normalize(&text);
            let right = clean == frame.replace("{}", &masked);
            let own = &mut scores[*kind as usize];
            own.planted += 1;
            own.found += usize::from(right);
            if !right {
                own.examples.push(format!("missed: {text} -> {clean}"));
            }
            let extra = |other: PrivateKind| {
                counts.masked[other as usize] as usize - usize::from(right && other == *kind)
            };
            blame(&mut scores, extra, &text, &clean);
        }
        for _ in 0..KINDS.len() {
            let text = dice.pick(frames).replace("{}", &negatives::draw(&mut dice));
            let (clean, counts) = stage.normalize(&text);
            if counts != Counts::default() {
                blame(
                    &mut scores,
                    |kind| counts.masked[kind as usize] as usize,
                    &text,
                    &clean,
                );
            }
        }
    }
    scores
}

fn blame(scores: &mut [Score], extra: impl Fn(PrivateKind) -> usize, text: &str, clean: &str) {
    for kind in PrivateKind::ALL {
        let own = &mut scores[kind as usize];
        if extra(kind) > 0 {
            own.wrong += extra(kind);
            own.examples.push(format!("wrong: {text} -> {clean}"));
        }
    }
}

#[test]
fn precision_and_recall() {
    let scores = score();
    let mut bad = Vec::new();
    let (mut planted, mut found, mut wrong) = (0, 0, 0);
    for (kind, score) in PrivateKind::ALL.into_iter().zip(&scores) {
        let recall = score.found as f64 / score.planted as f64;
        let precision = score.found as f64 / (score.found + score.wrong).max(1) as f64;
        println!(
            "{kind:?}: planted {}, recall {recall:.4}, precision {precision:.4}",
            score.planted
        );
        if recall <= 0.98 || precision <= 0.98 {
            bad.push(format!(
                "{kind:?}: recall {recall:.4}, precision {precision:.4}"
            ));
            bad.extend(score.examples.iter().take(12).cloned());
        }
        (planted, found, wrong) = (
            planted + score.planted,
            found + score.found,
            wrong + score.wrong,
        );
    }
    println!(
        "all: planted {planted}, recall {:.4}, precision {:.4}",
        found as f64 / planted as f64,
        found as f64 / (found + wrong) as f64
    );
    assert!(planted >= 2_000, "{planted} cases");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
