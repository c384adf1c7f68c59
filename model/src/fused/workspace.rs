//! The buffers of a training pass, made once for a shape of batch and used again.

use tch::{Device, Kind, Tensor};

use super::attention::{Scratch, Sequence};
use super::heads::{Angles, Shape};
use super::norm::RowStats;
use crate::Error;
use crate::config::{Architecture, ModelConfig};

/// Logits that one chunk of the head holds.
const LOGITS: i64 = 1 << 22;

/// What the backward pass needs of a block.
pub(crate) struct Saved {
    /// The residual stream before the block, `[rows, width]`.
    pub before: Tensor,
    pub sequences: Vec<Sequence>,
    /// Outputs of the heads, `[rows, width]`.
    pub mixed: Tensor,
    /// The residual stream between attention and feed-forward layer.
    pub middle: Tensor,
    /// The feed-forward layer before its activation, `[rows, up]`.
    pub up: Tensor,
    pub stats1: Vec<RowStats>,
    pub stats2: Vec<RowStats>,
    /// Dropout of what the two halves add to the stream.
    pub masks: [Option<Vec<f32>>; 2],
}

/// All buffers; a row is a token.
pub(crate) struct Workspace {
    batch: i64,
    tokens: i64,
    pub shape: Shape,
    pub angles: Option<Angles>,
    pub blocks: Vec<Saved>,
    /// Dropout of the embeddings.
    pub mask: Option<Vec<f32>>,
    /// The residual stream behind the last block.
    pub last: Tensor,
    pub last_stats: Vec<RowStats>,
    /// A norm's output, `[rows, width]`.
    pub normed: Tensor,
    /// The gradient by a norm's output, or by heads' outputs.
    pub by_normed: Tensor,
    /// The gradient by the residual stream.
    pub stream: Tensor,
    /// The same behind a dropout mask.
    pub masked: Tensor,
    /// Queries, keys and values of all heads, or their gradient.
    pub qkv: Tensor,
    /// The feed-forward layer's activation, `[rows, feed_forward]`.
    pub active: Tensor,
    /// The gradient by it.
    pub by_active: Tensor,
    /// For SwiGLU, the gradient by what is before it.
    pub by_up: Option<Tensor>,
    pub logits: Tensor,
    /// A product before it is added to an fp32 gradient; as large as the largest matrix.
    pub product: Option<Tensor>,
    pub attention: Scratch,
}

impl Workspace {
    /// Buffers for `batch` sequences of `tokens` tokens.
    pub fn new(config: &ModelConfig, kind: Kind, batch: i64, tokens: i64) -> Result<Self, Error> {
        let shape = Shape {
            tokens: tokens as usize,
            heads: config.heads as usize,
            kv_heads: config.kv_heads as usize,
            width: config.head_width() as usize,
        };
        let (rows, width) = (batch * tokens, config.width);
        let qkv = (config.heads + 2 * config.kv_heads) * config.head_width();
        let gated = config.architecture == Architecture::Llama;
        let up = config.feed_forward * if gated { 2 } else { 1 };
        let empty = |columns: i64| Tensor::f_empty([rows, columns], (kind, Device::Cpu));
        let stats = || vec![RowStats::default(); rows as usize];
        let block = || -> Result<Saved, Error> {
            let sequences = (0..batch).map(|_| Sequence::new(shape, kind));
            Ok(Saved {
                before: empty(width)?,
                sequences: sequences.collect::<Result<_, _>>()?,
                mixed: empty(width)?,
                middle: empty(width)?,
                up: empty(up)?,
                stats1: stats(),
                stats2: stats(),
                masks: [None, None],
            })
        };
        let padded = config.padded_vocab();
        let largest = width * padded.max(up).max(qkv);
        let chunk = (LOGITS / padded).clamp(1, rows);
        let flat = |numel: i64| Tensor::f_empty([numel], (kind, Device::Cpu));
        Ok(Self {
            batch,
            tokens,
            shape,
            angles: gated.then(|| Angles::new(config, tokens)),
            blocks: (0..config.layers)
                .map(|_| block())
                .collect::<Result<_, _>>()?,
            mask: None,
            last: empty(width)?,
            last_stats: stats(),
            normed: empty(width)?,
            by_normed: empty(width)?,
            stream: empty(width)?,
            masked: empty(width)?,
            qkv: empty(qkv)?,
            active: empty(config.feed_forward)?,
            by_active: empty(config.feed_forward)?,
            by_up: gated.then(|| empty(up)).transpose()?,
            logits: flat(chunk * padded)?,
            product: (kind != Kind::Float).then(|| flat(largest)).transpose()?,
            attention: Scratch::new(shape, kind)?,
        })
    }

    /// Whether the buffers are for this shape.
    pub fn fits(&self, batch: i64, tokens: i64) -> bool {
        (self.batch, self.tokens) == (batch, tokens)
    }
}
