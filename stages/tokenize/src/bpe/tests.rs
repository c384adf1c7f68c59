use proptest::prelude::*;

use super::merging::Merging;
use super::{Bpe, Parts, Scratch};
use crate::pieces::Family;

/// A vocabulary of the bytes and these merges, given as places in the list of tokens so far; those
/// that spell a token that is there already make that one.
fn parts(merges: &[(usize, usize)]) -> Parts {
    let mut tokens: Vec<Option<Box<[u8]>>> = (0..=255u8).map(|b| Some(Box::from([b]))).collect();
    let mut ranked: Vec<(u32, u32, u32)> = Vec::new();
    for &(left, right) in merges {
        // The bytes a to d are likelier than others, so that merges meet.
        let place = |p: usize| {
            if !p.is_multiple_of(4) || tokens.len() == 256 {
                97 + p % 4
            } else {
                256 + p % (tokens.len() - 256)
            }
        };
        let (left, right) = (place(left), place(right));
        let bytes: Box<[u8]> = [
            &*tokens[left].clone().unwrap(),
            &*tokens[right].clone().unwrap(),
        ]
        .concat()
        .into();
        if bytes.len() > 12
            || ranked
                .iter()
                .any(|m| (m.0, m.1) == (left as u32, right as u32))
        {
            continue;
        }
        let known = tokens.iter().position(|t| t.as_ref() == Some(&bytes));
        let token = known.unwrap_or_else(|| {
            tokens.push(Some(bytes));
            tokens.len() - 1
        });
        ranked.push((left as u32, right as u32, token as u32));
    }
    Parts {
        pattern: Family::Gpt2.pattern(),
        tokens,
        merges: ranked,
        whole_first: false,
    }
}

fn by_definition(bpe: &Bpe, piece: &[u8]) -> Vec<u32> {
    let mut merging = Merging::default();
    merging.merge(&bpe.pairs, piece.iter().map(|b| bpe.bytes[usize::from(*b)]));
    merging.tokens().collect()
}

/// The same the slow way: all pairs looked at again after each merge.
fn naively(parts: &Parts, piece: &[u8]) -> Vec<u32> {
    let mut symbols: Vec<u32> = piece.iter().map(|b| u32::from(*b)).collect();
    loop {
        let rank = |pair: &[u32]| parts.merges.iter().position(|m| [m.0, m.1] == *pair);
        let ranks = symbols
            .windows(2)
            .enumerate()
            .filter_map(|(at, pair)| Some((rank(pair)?, at)));
        let Some((rank, at)) = ranks.min() else {
            return symbols;
        };
        symbols.splice(at..at + 2, [parts.merges[rank].2]);
    }
}

fn encode_piece(bpe: &Bpe, piece: &[u8]) -> Vec<u32> {
    let (mut scratch, mut tokens) = (Scratch::default(), Vec::new());
    bpe.encode_piece(piece, &mut scratch, &mut tokens);
    tokens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn pieces_are_encoded_as_defined(
        merges in prop::collection::vec((0usize..1000, 0usize..1000), 0..60),
        pieces in prop::collection::vec("[a-d]{0,40}", 1..5),
    ) {
        let parts = parts(&merges);
        let bpe = Bpe::new(&parts).unwrap();
        for piece in pieces {
            let expected = naively(&parts, piece.as_bytes());
            prop_assert_eq!(&by_definition(&bpe, piece.as_bytes()), &expected);
            prop_assert_eq!(encode_piece(&bpe, piece.as_bytes()), expected);
        }
    }
}

/// Vocabularies whose merges are in an order of their own must not be backtracked.
#[test]
fn merges_before_their_parts_are_noticed() {
    let merges = |list: &[(u32, u32, u32)]| {
        let mut parts = parts(&[]);
        for text in ["ab", "abc"] {
            parts.tokens.push(Some(text.as_bytes().into()));
        }
        parts.merges = list.to_vec();
        Bpe::new(&parts).unwrap()
    };
    let (ab, abc) = ((97, 98, 256), (256, 99, 257));
    assert!(merges(&[ab, abc]).ordered);
    let reversed = merges(&[abc, ab]);
    assert!(!reversed.ordered);
    assert_eq!(encode_piece(&reversed, b"abcab"), [257, 256]);
}

#[test]
fn a_vocabulary_without_all_bytes_is_refused() {
    let mut parts = parts(&[]);
    parts.tokens[7] = None;
    assert!(Bpe::new(&parts).is_none());
}

#[test]
fn tokens_that_nothing_merges_to_are_whole_pieces_where_the_vocabulary_says_so() {
    let mut parts = parts(&[]);
    parts.tokens.push(Some(b"abcd".as_slice().into()));
    assert_eq!(encode_piece(&Bpe::new(&parts).unwrap(), b"abcd").len(), 4);
    parts.whole_first = true;
    assert_eq!(encode_piece(&Bpe::new(&parts).unwrap(), b"abcd"), [256]);
    assert_eq!(encode_piece(&Bpe::new(&parts).unwrap(), b"abcda").len(), 5);
}
