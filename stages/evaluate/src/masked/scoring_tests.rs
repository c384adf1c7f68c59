use std::ops::Range;

use textmill_schemas::Cancelled;

use super::*;
use crate::test_support::{Context, bert, document, tokenizer};

const VOCAB: usize = 60;
const END: u32 = 59;
const MASK: u32 = 58;
const CONTEXT: usize = 9;

fn judge(places: &Places, stride: usize, batch: usize) -> Judge<'_> {
    Judge {
        shape: Shape {
            context: CONTEXT - 1,
            stride,
            batch,
            end: END,
        },
        mask: MASK,
        places,
    }
}

fn places() -> Places {
    Places::new(0.3, 1, &tokenizer(), [END, MASK])
}

/// Lengths below, at and beyond the context; two are alike.
fn documents() -> Vec<Tokens> {
    let lengths = [3, 8, 9, 30, 1, 16, 8];
    let tokens = |length: u32| -> Vec<u32> { (0..length).map(|i| 1 + i * i * 7 % 50).collect() };
    lengths.map(|length| document(&tokens(length))).to_vec()
}

/// The place's token from the logits of a row that begins with the document-end token.
fn told(gpt: &Gpt, tokens: &[u32], read: Range<usize>, hidden: &[usize], place: usize) -> Score {
    let first = read.start;
    let mut row = vec![i64::from(END)];
    row.extend(read.map(|at| match hidden.contains(&at) {
        true => i64::from(MASK),
        false => i64::from(tokens[at]),
    }));
    let logits = gpt.logits(&Tensor::from_slice(&row).unsqueeze(0)).unwrap();
    let logits = logits.get(0).get((1 + place - first) as i64);
    let logits = Vec::<f32>::try_from(logits).unwrap();
    let target = f64::from(logits[tokens[place] as usize]);
    let total: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
    let rank = logits.iter().filter(|&&l| f64::from(l) > target).count();
    let mut score = Score::default();
    score.count(total.ln() - target, rank as u64);
    score
}

fn plainly(gpt: &Gpt, judge: &Judge, document: &Tokens, alone: bool) -> Score {
    let mut sum = Score::default();
    let Shape {
        context, stride, ..
    } = judge.shape;
    let places = match alone {
        true => judge.places.all(document),
        false => judge.places.drawn(document),
    };
    for window in windows(0, document.tokens.len(), context, stride) {
        for &place in &places {
            if (window.scored..window.end).contains(&place) {
                let hidden = if alone { &[place][..] } else { &places };
                let read = window.first..window.end;
                sum.add(&told(gpt, &document.tokens, read, hidden, place));
            }
        }
    }
    sum
}

fn assert_near(found: &Score, expected: &Score) {
    assert!(
        (found.nats - expected.nats).abs() < 1e-4,
        "{found:?} {expected:?}"
    );
    let nats = expected.nats;
    assert_eq!(Score { nats, ..*found }, *expected);
}

#[test]
fn scores_are_those_of_plain_logits() {
    let gpt = bert(VOCAB, CONTEXT as i64, MASK);
    let mut workers = Workers::new(gpt.share().unwrap(), 2).unwrap();
    let (ctx, documents, places) = (Context::new(), documents(), places());
    for judge in [judge(&places, 8, 4), judge(&places, 3, 2)] {
        let masked = judge.masked(&mut workers, &documents, &ctx.borrow());
        let pseudo = judge.pseudo(&mut workers, &documents, &ctx.borrow());
        for (found, alone) in [(masked.unwrap(), false), (pseudo.unwrap(), true)] {
            for (document, found) in documents.iter().zip(&found) {
                assert_near(found, &plainly(&gpt, &judge, document, alone));
                let all = document.tokens.len() as u64;
                assert!(if alone {
                    found.tokens == all
                } else {
                    found.tokens >= 1
                });
            }
        }
    }
}

#[test]
fn neither_threads_nor_batches_show() {
    let gpt = bert(VOCAB, CONTEXT as i64, MASK);
    let (ctx, documents, places) = (Context::new(), documents(), places());
    let run = |threads, batch| {
        let mut workers = Workers::new(gpt.share().unwrap(), threads).unwrap();
        let judge = judge(&places, 8, batch);
        let mut all = judge
            .masked(&mut workers, &documents, &ctx.borrow())
            .unwrap();
        all.extend(
            judge
                .pseudo(&mut workers, &documents, &ctx.borrow())
                .unwrap(),
        );
        all
    };
    let expected = run(1, 3);
    assert_eq!(run(3, 3), expected);
    // Other batches are other matrix products, which round otherwise.
    for batch in [1, 100] {
        for (found, expected) in run(2, batch).iter().zip(&expected) {
            assert_near(found, expected);
        }
    }
}

#[test]
fn nothing_to_hide_is_no_error() {
    let mut workers = Workers::new(bert(VOCAB, CONTEXT as i64, MASK), 1).unwrap();
    let (ctx, places) = (Context::new(), places());
    let documents = [document(&[END, MASK]), document(&[])];
    let judge = judge(&places, 8, 2);
    let none = [Score::default(); 2];
    let masked = judge.masked(&mut workers, &documents, &ctx.borrow());
    assert_eq!(masked.unwrap(), none);
    let pseudo = judge.pseudo(&mut workers, &documents, &ctx.borrow());
    assert_eq!(pseudo.unwrap(), none);
}

#[test]
fn a_stop_is_heeded() {
    let mut workers = Workers::new(bert(VOCAB, CONTEXT as i64, MASK), 2).unwrap();
    let (mut ctx, places) = (Context::new(), places());
    *ctx.cancel.get_mut() = true;
    let found = judge(&places, 8, 2).masked(&mut workers, &documents(), &ctx.borrow());
    assert!(matches!(found, Err(Error::Cancelled(Cancelled))));
}
