//! Cutting documents to the model's context.

/// Part of a document that the model reads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The document, by its place in the chunk.
    pub document: usize,
    /// First token that is read, in the document with a document-end token before it.
    pub first: usize,
    /// First token that is scored, in the document itself: that at `scored` is predicted from
    /// the one that stands before it.
    pub scored: usize,
    /// Behind the last token that is scored.
    pub end: usize,
}

impl Window {
    /// Tokens that are read.
    pub fn length(&self) -> usize {
        self.end - self.first
    }
}

/// Windows over a document of `tokens` tokens: each reads at most `context` tokens and scores
/// the next `stride` that no window before it did (the first one scores all that it can).
///
/// With `stride` = `context` they are the disjoint windows of lm-evaluation-harness'
/// `loglikelihood_rolling` with one token of context: a window knows of the text before it one
/// token, and the last window as many as fill it up.
pub(crate) fn windows(
    document: usize,
    tokens: usize,
    context: usize,
    stride: usize,
) -> impl Iterator<Item = Window> {
    let mut scored = 0;
    std::iter::from_fn(move || {
        if scored >= tokens {
            return None;
        }
        let step = if scored == 0 { context } else { stride };
        let end = tokens.min(scored + step);
        let window = Window {
            document,
            first: end.saturating_sub(context),
            scored,
            end,
        };
        scored = end;
        Some(window)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(tokens: usize, context: usize, stride: usize) -> Vec<(usize, usize, usize)> {
        windows(0, tokens, context, stride)
            .map(|window| (window.first, window.scored, window.end))
            .collect()
    }

    #[test]
    fn windows_are_those_of_the_harness() {
        // lm_eval.utils.get_rolling_token_windows(range(10), prefix, max_seq_len=4, context_len=1)
        assert_eq!(cut(10, 4, 4), [(0, 0, 4), (4, 4, 8), (6, 8, 10)]);
        // the same with context_len=3
        assert_eq!(cut(8, 4, 2), [(0, 0, 4), (2, 4, 6), (4, 6, 8)]);
        assert_eq!(cut(3, 4, 4), [(0, 0, 3)]);
        assert!(cut(0, 4, 4).is_empty());
    }

    proptest! {
        #[test]
        fn each_token_is_scored_once_within_the_context(
            tokens in 0usize..200, context in 1usize..30, part in 0.0f64..=1.0,
        ) {
            let stride = 1 + (part * (context - 1) as f64) as usize;
            let mut next = 0;
            for window in windows(3, tokens, context, stride) {
                prop_assert_eq!(window.scored, next);
                prop_assert!(window.first <= window.scored && window.scored < window.end);
                prop_assert!(window.length() <= context);
                next = window.end;
            }
            prop_assert_eq!(next, tokens);
        }
    }
}
