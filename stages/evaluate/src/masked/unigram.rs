//! The baseline: how often each token occurs in the training documents.

use textmill_schemas::{ShardReader, Side, StageInput, TaskContext, Tokens};

use crate::Error;
use crate::baseline::Discounted;
use crate::inputs::{Vocabulary, shards};

/// Counts all training documents; the tokens that end them, which are never hidden, are left out.
/// Memory: 8 bytes a token of the vocabulary.
pub(super) fn unigram(
    tokenized: &StageInput,
    vocabulary: Vocabulary,
    ctx: &TaskContext,
) -> Result<Discounted, Error> {
    let mut counts = vec![0u64; vocabulary.size];
    for (path, _) in shards(tokenized, Side::Train) {
        for group in ShardReader::<Tokens>::open(&path)? {
            ctx.check_cancelled()?;
            for document in group? {
                vocabulary.check(&path, &document)?;
                for &token in &document.tokens {
                    if let Some(count) = counts.get_mut(token as usize) {
                        *count += 1;
                    }
                }
            }
        }
    }
    Ok(Discounted::new(counts))
}
