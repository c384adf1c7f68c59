//! Unigram vocabularies (Kudo 2018), over bytes: every byte is a token, so nothing is unknown, and
//! what is decoded is what was encoded.
//!
//! It begins with the tokens of a larger BPE vocabulary, one of the ways that Kudo names. Then, in
//! turn, the probabilities of the tokens are estimated by expectation maximization over all
//! segmentations of the counted pieces, and the tokens whose loss costs least likelihood are
//! removed. Sums are taken over runs of pieces of a fixed length, so threads do not show in them.
//! (The `tokenizers` crate's trainer gives another vocabulary each time it is run.)

use rayon::prelude::*;
use serde_json::{Value, json};

use super::counting::Counts;
use super::lattice::{Lattice, Scored};
use super::merges::{Limits, Start, learn};
use crate::bpe::characters_of;

/// Tokens to begin with, as a multiple of those wanted.
const SEEDS: usize = 4;
/// Rounds of expectation maximization between removals.
const ROUNDS: usize = 2;
/// Share of the tokens that stays at a removal, as in SentencePiece.
const STAYS: f64 = 0.75;
/// Tokens expected less often than this are removed at once.
const RARE: f64 = 0.5;
/// Pieces whose sums are taken together.
const RUN: usize = 2048;

/// The model, as it stands in a tokenizer.json: special tokens, then all others by their scores.
pub(super) fn train(
    counts: &[Counts],
    start: &Start,
    special: &[&String],
    limits: Limits,
    mut go_on: impl FnMut() -> bool,
) -> Value {
    let seeds = Limits {
        vocab_size: limits.vocab_size.saturating_mul(SEEDS),
        ..limits
    };
    let learnt = learn(counts, start, seeds, |_| go_on());
    let bytes = (0..=255u8).map(|byte| vec![byte]);
    let mut pieces: Vec<(&[u8], f64)> = counts
        .iter()
        .flat_map(Counts::iter)
        .map(|(piece, count)| (piece, count as f64))
        .collect();
    pieces.sort_unstable_by_key(|(piece, _)| *piece);
    let seeds: Vec<Vec<u8>> = bytes.chain(learnt.tokens).collect();
    let mut tokens = first_scores(seeds, &pieces);
    let wanted = limits.vocab_size.saturating_sub(special.len()).max(256);
    while go_on() {
        for _ in 0..ROUNDS {
            tokens = maximized(&tokens, &expected(&tokens, &pieces));
        }
        if tokens.len() <= wanted {
            break;
        }
        tokens = pruned(tokens, &pieces, wanted);
    }
    tokens.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.bytes.cmp(&b.bytes))
    });
    let special = special.iter().map(|token| json!([token, 0.0]));
    let scored = tokens
        .iter()
        .map(|token| json!([characters_of(&token.bytes), token.score]));
    let vocabulary: Vec<Value> = special.chain(scored).collect();
    json!({ "type": "Unigram", "unk_id": null, "byte_fallback": false, "vocab": vocabulary })
}

/// Scores by how often the seeds stand in the pieces at all.
fn first_scores(seeds: Vec<Vec<u8>>, pieces: &[(&[u8], f64)]) -> Vec<Scored> {
    let even = |bytes| Scored { bytes, score: 0.0 };
    let tokens: Vec<Scored> = seeds.into_iter().map(even).collect();
    let lattice = Lattice::new(&tokens);
    let frequencies = sums(tokens.len(), pieces, |sum, piece, count| {
        for from in 0..piece.len() {
            lattice.tokens_at(&piece[from..], |token, _| sum[token as usize] += count);
        }
    });
    let weight = |token: &Scored, n: f64| n.max(1.0) * token.bytes.len() as f64;
    let weights: Vec<f64> = tokens
        .iter()
        .zip(frequencies)
        .map(|(t, n)| weight(t, n))
        .collect();
    let total = weights.iter().sum::<f64>().ln();
    let scored = |(token, weight): (Scored, f64)| Scored {
        score: weight.ln() - total,
        ..token
    };
    tokens.into_iter().zip(weights).map(scored).collect()
}

/// How often each token is expected over all segmentations of the pieces.
fn expected(tokens: &[Scored], pieces: &[(&[u8], f64)]) -> Vec<f64> {
    let lattice = Lattice::new(tokens);
    sums(tokens.len(), pieces, |sum, piece, count| {
        lattice.add_expected(piece, count, sum);
    })
}

/// Adds up over all pieces what each adds to the tokens: in runs, then run by run.
fn sums(
    tokens: usize,
    pieces: &[(&[u8], f64)],
    add: impl Fn(&mut [f64], &[u8], f64) + Sync,
) -> Vec<f64> {
    let mut total = vec![0.0; tokens];
    // As many runs at a time as keep the threads busy: a run's sums take memory.
    for runs in pieces.chunks(RUN * 64) {
        let parts: Vec<Vec<f64>> = runs
            .par_chunks(RUN)
            .map(|run| {
                let mut sum = vec![0.0; tokens];
                run.iter()
                    .for_each(|(piece, count)| add(&mut sum, piece, *count));
                sum
            })
            .collect();
        for part in parts {
            total
                .iter_mut()
                .zip(part)
                .for_each(|(total, part)| *total += part);
        }
    }
    total
}

/// New scores of the tokens that are not rare, by the expectations of a Dirichlet process, which
/// leaves fewer of the rare ones than plain shares do (SentencePiece's way).
fn maximized(tokens: &[Scored], expected: &[f64]) -> Vec<Scored> {
    let kept = tokens.iter().zip(expected).map(|(token, n)| {
        let byte = token.bytes.len() == 1;
        (token, if byte { n.max(RARE) } else { *n })
    });
    let kept: Vec<(&Scored, f64)> = kept.filter(|(_, n)| *n >= RARE).collect();
    let total = digamma(kept.iter().map(|(_, n)| n).sum());
    let scored = |(token, n): (&Scored, f64)| Scored {
        bytes: token.bytes.clone(),
        score: digamma(n) - total,
    };
    kept.into_iter().map(scored).collect()
}

/// Removes the tokens that are missed least: as often as a token is used, its best replacement by
/// others would be used instead.
fn pruned(tokens: Vec<Scored>, pieces: &[(&[u8], f64)], wanted: usize) -> Vec<Scored> {
    let lattice = Lattice::new(&tokens);
    let used = sums(tokens.len(), pieces, |sum, piece, count| {
        lattice.best(piece, None, |token| sum[token as usize] += count);
    });
    let loss: Vec<f64> = (0..tokens.len())
        .into_par_iter()
        .map(|place| {
            let token = &tokens[place];
            if token.bytes.len() == 1 {
                return f64::INFINITY;
            }
            let replacement = lattice.best(&token.bytes, Some(place as u32), |_| {});
            used[place] * (token.score - replacement)
        })
        .collect();
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    order.sort_by(|a, b| {
        let by_loss = loss[*b].total_cmp(&loss[*a]);
        by_loss.then_with(|| tokens[*a].bytes.cmp(&tokens[*b].bytes))
    });
    order.truncate(((tokens.len() as f64 * STAYS) as usize).max(wanted));
    order.sort_unstable();
    let mut stays = order.into_iter().peekable();
    let numbered = tokens.into_iter().enumerate();
    let kept = numbered.filter(|(place, _)| stays.next_if_eq(place).is_some());
    kept.map(|(_, token)| token).collect()
}

/// The logarithmic derivative of the gamma function, for positive numbers: recurrence up to 7, then
/// the asymptotic series.
fn digamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 7.0 {
        below -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = inverse * (1.0 / 12.0 - inverse * (1.0 / 120.0 - inverse / 252.0));
    below + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_is_known_at_some_places() {
        for (x, expected) in [
            (1.0, -0.577_215_664_901_532_9),
            (0.5, -1.963_510_026_021_423_5),
            (10.0, 2.251_752_589_066_721),
        ] {
            assert!((digamma(x) - expected).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn what_repeats_becomes_a_token_and_the_rest_goes() {
        let mut counts = Counts::default();
        for (word, times) in [
            ("milling", 40),
            ("mill", 60),
            ("rolling", 30),
            ("roll", 50),
            ("xq", 1),
        ] {
            counts.add(word.as_bytes(), times);
        }
        let special = "<|end|>".to_owned();
        let start = crate::vocabulary::start(&[&special]);
        let limits = Limits {
            vocab_size: 260,
            min_frequency: 2,
            max_token_length: 128,
        };
        let model = train(&[counts], &start, &[&special], limits, || true);
        let tokens: Vec<&str> = model["vocab"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t[0].as_str().unwrap())
            .collect();
        assert_eq!(tokens.len(), 260);
        assert_eq!(tokens[0], "<|end|>");
        for word in ["milling", "mill", "roll"] {
            assert!(tokens.contains(&word), "{word}: {tokens:?}");
        }
    }
}
