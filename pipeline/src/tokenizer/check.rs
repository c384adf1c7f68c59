//! `textmill tokenizer check`: the encoder against the `tokenizers` crate, text by text.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use textmill_tokenize::Encoder;

use super::Vocabulary;
use super::spell::spell;
use super::texts::{Text, Texts};
use crate::config::Config;
use crate::explore::{bytes, cut, escape};
use crate::output::sayln;

/// Columns of a difference.
const WIDTH: usize = 120;
/// Tokens and bytes to show around a difference.
const TOKENS: usize = 6;
const BYTES: usize = 40;

/// Checks all texts; fails where one differs.
pub fn check(vocabulary: &Vocabulary, texts: Texts, config: &Config, top: usize) -> Result<()> {
    let encoder = &vocabulary.encoder;
    let threads = config.run.resolved_threads();
    let (tallies, passed_over) = texts.work(threads, Tally::default, |tally, number, text| {
        let checked = tally.check(encoder, number, &text, top);
        checked.with_context(|| text.place.clone())
    })?;
    let mut all = Tally::default();
    tallies.into_iter().for_each(|tally| all.add(tally, top));
    print(&all, vocabulary, passed_over);
    if all.texts == 0 {
        bail!("there is no text in these files");
    }
    match all.ids_differ + all.text_differs {
        0 => Ok(()),
        _ => bail!(
            "{} of {} texts have other ids than the tokenizers crate gives, {} are not decoded to themselves",
            all.ids_differ,
            all.texts,
            all.text_differs
        ),
    }
}

fn print(all: &Tally, vocabulary: &Vocabulary, passed_over: u64) {
    sayln!(
        "{}: {}",
        escape(&vocabulary.name),
        match vocabulary.encoder.slow_because() {
            None => "takes the fast path".to_owned(),
            Some(why) =>
                format!("takes the path of the tokenizers crate, as {why}: ids say nothing"),
        }
    );
    let rate = |time: Duration| {
        let seconds = time.as_secs_f64();
        format!("{:.1} MB/s", all.bytes as f64 / 1e6 / seconds.max(1e-9))
    };
    sayln!(
        "{} texts, {}, {} tokens; on one thread {} against {} of the crate",
        all.texts,
        bytes(all.bytes),
        all.tokens,
        rate(all.ours),
        rate(all.theirs)
    );
    if passed_over > 0 {
        sayln!("{passed_over} lines without `text` were passed over");
    }
    sayln!("ids differ: {}", all.ids_differ);
    sayln!("decoded text differs: {}", all.text_differs);
    for difference in all.first.values() {
        sayln!("\n{difference}");
    }
}

/// What was found in some texts.
#[derive(Default)]
struct Tally {
    texts: u64,
    bytes: u64,
    tokens: u64,
    ids_differ: u64,
    text_differs: u64,
    ours: Duration,
    theirs: Duration,
    /// The first differences, by the number of the text.
    first: BTreeMap<u64, String>,
}

impl Tally {
    fn check(&mut self, encoder: &Encoder, number: u64, text: &Text, top: usize) -> Result<()> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let start = Instant::now();
        encoder.encode(&text.text, &mut ours)?;
        let between = Instant::now();
        encoder.encode_by_crate(&text.text, &mut theirs)?;
        self.ours += between - start;
        self.theirs += between.elapsed();
        self.texts += 1;
        self.bytes += text.text.len() as u64;
        self.tokens += ours.len() as u64;
        let place = escape(&text.place);
        if ours != theirs {
            self.ids_differ += 1;
            self.keep(number, top, || ids(&place, encoder, &ours, &theirs));
        }
        let (decoded, expected) = (encoder.decode(&ours)?, encoder.normalized(&text.text)?);
        if decoded != expected {
            self.text_differs += 1;
            let found = || texts(&place, expected.as_bytes(), decoded.as_bytes());
            self.keep(number, top, found);
        }
        Ok(())
    }

    /// Keeps a difference if it is one of the first.
    fn keep(&mut self, number: u64, top: usize, found: impl FnOnce() -> String) {
        if self.first.len() < top
            || self
                .first
                .keys()
                .next_back()
                .is_some_and(|last| number < *last)
        {
            self.first.entry(number).or_insert_with(found);
        }
        while self.first.len() > top {
            self.first.pop_last();
        }
    }

    fn add(&mut self, other: Self, top: usize) {
        self.texts += other.texts;
        self.bytes += other.bytes;
        self.tokens += other.tokens;
        self.ids_differ += other.ids_differ;
        self.text_differs += other.text_differs;
        self.ours += other.ours;
        self.theirs += other.theirs;
        for (number, found) in other.first {
            self.keep(number, top, || found);
        }
    }
}

/// Where the ids of a text differ.
fn ids(place: &str, encoder: &Encoder, ours: &[u32], theirs: &[u32]) -> String {
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let before = ours
        .get(same.saturating_sub(TOKENS)..same)
        .unwrap_or_default();
    let shown = |ids: &[u32]| {
        let tokens = ids.iter().skip(same).take(TOKENS).map(|id| {
            format!(
                "{id} [{}]",
                spell(encoder.token_bytes(*id).unwrap_or_default())
            )
        });
        cut(&tokens.collect::<Vec<_>>().join(" "), WIDTH)
    };
    let text = before.iter().filter_map(|id| encoder.token_bytes(*id));
    let text = spell(&text.collect::<Vec<_>>().concat());
    format!(
        "{place}: ids differ from token {same} on\n  after  {}\n  ours   {}\n  crate  {}",
        cut(&text, WIDTH),
        shown(ours),
        shown(theirs)
    )
}

/// Where a text differs from what it was decoded to.
fn texts(place: &str, text: &[u8], decoded: &[u8]) -> String {
    let same = text.iter().zip(decoded).take_while(|(a, b)| a == b).count();
    let shown = |bytes: &[u8]| {
        let end = bytes.len().min(same + BYTES);
        spell(
            bytes
                .get(same.saturating_sub(BYTES)..end)
                .unwrap_or_default(),
        )
    };
    format!(
        "{place}: decoded text differs from byte {same} on\n  text     {}\n  decoded  {}",
        cut(&shown(text), WIDTH),
        cut(&shown(decoded), WIDTH)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differences_are_kept_in_whatever_order_they_come() {
        for order in [[1, 5, 3, 2], [5, 3, 2, 1]] {
            let mut all = Tally::default();
            for number in order {
                let mut tally = Tally::default();
                tally.keep(number, 2, || number.to_string());
                all.add(tally, 2);
            }
            assert!(all.first.keys().eq(&[1, 2]));
        }
        let mut none = Tally::default();
        none.keep(1, 0, || "x".to_owned());
        assert!(none.first.is_empty());
    }

    #[test]
    fn a_difference_of_texts_is_shown_from_where_it_begins() {
        let shown = texts("a:1", "ab 磨\n".as_bytes(), "ab 磨 ".as_bytes());
        assert_eq!(
            shown,
            "a:1: decoded text differs from byte 6 on\n  text     ab·磨⏎\n  decoded  ab·磨·"
        );
    }
}
