use textmill_schemas::Cancelled;

use super::*;
use crate::test_support::{Context, document, model};

const VOCAB: usize = 40;
const END: u32 = 39;

fn shape(stride: usize, batch: usize) -> Shape {
    Shape {
        context: 8,
        stride,
        batch,
        end: END,
    }
}

/// Lengths below, at and beyond the context of 8.
fn documents() -> Vec<Tokens> {
    let lengths = [3, 8, 9, 30, 1, 16, 5];
    let tokens = |length: u32| -> Vec<u32> { (0..length).map(|i| i * i * 7 % 39).collect() };
    lengths.map(|length| document(&tokens(length))).to_vec()
}

/// Token by token, from the logits of all that the token's window has before it.
fn plainly(gpt: &Gpt, shape: Shape, document: &Tokens) -> Score {
    let mut sequence = vec![i64::from(END)];
    sequence.extend(document.tokens.iter().map(|&token| i64::from(token)));
    let mut score = Score::default();
    for window in windows(0, document.tokens.len(), shape.context, shape.stride) {
        for at in window.scored..window.end {
            let read = Tensor::from_slice(&sequence[window.first..=at]).unsqueeze(0);
            let logits = gpt.logits(&read).unwrap().select(1, -1).squeeze();
            let logits = Vec::<f32>::try_from(logits).unwrap();
            let target = f64::from(logits[sequence[at + 1] as usize]);
            let total: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
            let rank = logits.iter().filter(|&&l| f64::from(l) > target).count();
            score.count(total.ln() - target, rank as u64);
        }
    }
    score
}

#[test]
fn batched_scores_are_those_of_plain_logits() {
    let gpt = model(VOCAB, 8);
    let mut workers = Workers::new(gpt.share().unwrap(), 2).unwrap();
    let (ctx, documents) = (Context::new(), documents());
    for shape in [shape(8, 4), shape(3, 2), shape(1, 100)] {
        let found = score(&mut workers, shape, &documents, &ctx.borrow()).unwrap();
        for (document, found) in documents.iter().zip(&found) {
            let expected = plainly(&gpt, shape, document);
            assert!(
                (found.nats - expected.nats).abs() < 1e-4,
                "{found:?} {expected:?}"
            );
            assert_eq!(
                Score {
                    nats: expected.nats,
                    ..*found
                },
                expected
            );
        }
    }
}

#[test]
fn scores_do_not_depend_on_the_threads() {
    let gpt = model(VOCAB, 8);
    let (ctx, documents) = (Context::new(), documents());
    let run = |threads| {
        let mut workers = Workers::new(gpt.share().unwrap(), threads).unwrap();
        score(&mut workers, shape(8, 2), &documents, &ctx.borrow()).unwrap()
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_document_has_as_many_windows_as_are_cut() {
    for stride in [1, 3, 8] {
        for document in documents() {
            let cut = windows(0, document.tokens.len(), 8, stride).count();
            assert_eq!(shape(stride, 1).windows(&document), cut);
        }
    }
}

#[test]
fn a_stop_is_heeded() {
    let mut workers = Workers::new(model(VOCAB, 8), 2).unwrap();
    let mut ctx = Context::new();
    *ctx.cancel.get_mut() = true;
    let error = score(&mut workers, shape(8, 2), &documents(), &ctx.borrow()).unwrap_err();
    assert!(matches!(error, Error::Cancelled(Cancelled)));
}
