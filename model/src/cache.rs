//! Keys and values of the tokens already read, so that each new token costs one position.

use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::config::ModelConfig;

/// Keys and values of every block for up to a whole context of tokens.
#[derive(Debug)]
pub struct KvCache {
    /// One pair a block, each `[batch, kv_heads, context, head_width]`.
    blocks: Vec<(Tensor, Tensor)>,
    length: i64,
    context: i64,
}

impl KvCache {
    pub(crate) fn new(
        config: &ModelConfig,
        batch: i64,
        kind: Kind,
        device: Device,
    ) -> Result<Self, Error> {
        let shape = [batch, config.kv_heads, config.context, config.head_width()];
        let zeros = || Tensor::f_zeros(shape, (kind, device));
        let blocks: Result<_, tch::TchError> = (0..config.layers)
            .map(|_| Ok((zeros()?, zeros()?)))
            .collect();
        Ok(Self {
            blocks: blocks?,
            length: 0,
            context: config.context,
        })
    }

    /// Tokens held.
    #[must_use]
    pub fn length(&self) -> i64 {
        self.length
    }

    /// Tokens that still fit.
    #[must_use]
    pub fn room(&self) -> i64 {
        self.context - self.length
    }

    /// Forgets all tokens but keeps the memory.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Adds a block's keys and values of new tokens, `[batch, kv_heads, new, head_width]`;
    /// returns those of all tokens.
    pub(crate) fn extend(
        &mut self,
        block: usize,
        keys: &Tensor,
        values: &Tensor,
    ) -> Result<(Tensor, Tensor), Error> {
        let new = keys.size()[2];
        let length = self.length;
        let (all_keys, all_values) = self.block_mut(block)?;
        let add = |all: &Tensor, part: &Tensor| {
            all.f_narrow(2, length, new)?.f_copy_(part)?;
            all.f_narrow(2, 0, length + new)
        };
        Ok((add(all_keys, keys)?, add(all_values, values)?))
    }

    /// A block's keys and values, `[batch, kv_heads, context, head_width]` each.
    pub(crate) fn block_mut(&mut self, block: usize) -> Result<(&mut Tensor, &mut Tensor), Error> {
        match self.blocks.get_mut(block) {
            Some((keys, values)) => Ok((keys, values)),
            None => Err(Error::Input(format!("the KV cache has no block {block}"))),
        }
    }

    pub(crate) fn advance(&mut self, tokens: i64) {
        self.length += tokens;
    }
}
